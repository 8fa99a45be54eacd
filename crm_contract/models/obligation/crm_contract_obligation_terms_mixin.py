from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..contract.crm_contract_type import TERM_UNITS

TRIGGERS = [
    ("date", "On a date"),
    ("signature", "After the signature"),
    ("start", "After the start"),
    ("obligation", "After other obligations"),
    ("overdue", "After a missed payment"),
]
DAYS_KINDS = [("calendar", "Days"), ("working", "Working days")]
EVIDENCE = [
    ("note", "A note"),
    ("file", "A file"),
    ("confirmation", "The customer's confirmation"),
]
PENALTIES = [("fixed", "Amount"), ("daily", "Percent per day")]
# What stands for nothing agreed, see `_LEFT_OUT` of `tools.version`: a content has the
# same bytes as before there were such terms.
NOTHING = {
    "trigger": "date",
    "trigger_days": 0,
    "days_kind": "calendar",
    "recurrence_interval": 0,
    "recurrence_unit": "month",
    "evidence": False,
    "needs_acceptance": False,
    "weight": 1,
    "penalty_kind": False,
    "penalty_amount": 0.0,
    "penalty_percent": 0.0,
    "penalty_cap": 0.0,
}


class CrmContractObligationTermsMixin(models.AbstractModel):
    """When an obligation falls due, how it is closed, what a delay costs.

    Shared by milestones and those of templates.
    """

    _name = "crm.contract.obligation.terms.mixin"
    _description = "Terms of an obligation"

    trigger = fields.Selection(
        TRIGGERS,
        string="Falls due",
        default="date",
        help="What its deadline is counted from.",
    )
    trigger_days = fields.Integer(
        string="Number of days", help="Days after that; the day itself is not counted."
    )
    days_kind = fields.Selection(
        DAYS_KINDS,
        string="Kind of days",
        default="calendar",
        help="Working days are those of the company's working hours, less its public "
        "holidays.",
    )
    recurrence_interval = fields.Integer(
        string="Every", help="Falls due again each so many units; 0 for once."
    )
    recurrence_unit = fields.Selection(
        TERM_UNITS, string="Unit of the recurrence", default="month"
    )
    evidence = fields.Selection(EVIDENCE, help="What is needed to close it.")
    needs_acceptance = fields.Boolean(
        string="Acceptance",
        help="Closed once the other side has accepted it.",
    )
    weight = fields.Integer(
        default=1, help="How much it counts in the progress of the contract."
    )
    penalty_kind = fields.Selection(
        PENALTIES, string="Penalty for delay", help="What a delay costs."
    )
    penalty_amount = fields.Float(string="Amount of the penalty", digits=(16, 2))
    penalty_percent = fields.Float(
        string="Percent per day",
        digits=(16, 4),
        help="Of the contract value, for each day of delay.",
    )
    penalty_cap = fields.Float(
        string="Cap (%)",
        digits=(16, 2),
        help="Most that it comes to, in percent of the contract value; 0 for no limit.",
    )

    @api.model
    def _get_bounds(self, field):
        if field.name in ("trigger_days", "recurrence_interval", "weight"):
            return 0, super()._get_bounds(self._fields["trigger_days"])[1]
        if field.name in ("penalty_percent", "penalty_cap"):
            return 0, 100
        if field.name == "penalty_amount":
            return 0, super()._get_bounds(field)[1]
        return super()._get_bounds(field)

    @api.constrains("trigger", "recurrence_interval")
    def _check_recurrence(self):
        for row in self:
            if row.trigger == "overdue" and row.recurrence_interval:
                raise ValidationError(
                    self.env._(
                        "“%s” falls due after each missed payment: it does not recur "
                        "besides.",
                        row.name,
                    )
                )

    def _is_recurring(self):
        """Return whether it falls due again and again by the calendar."""
        return self.recurrence_interval > 0 and self.trigger != "overdue"

    def _prepare_terms_vals(self):
        """Return the terms as create values of another record that has them."""
        self.ensure_one()
        return {name: self[name] for name in NOTHING}
