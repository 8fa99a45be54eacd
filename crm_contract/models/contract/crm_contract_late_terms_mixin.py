from odoo import fields, models

LATE_UNITS = [("day", "Day"), ("year", "Year")]
LATE_FIELDS = ("late_rate", "late_rate_unit", "late_grace_days", "late_cap")


class CrmContractLateTermsMixin(models.AbstractModel):
    """What new contracts of a type, or of a template, charge for late payment."""

    _name = "crm.contract.late.terms.mixin"
    _description = "Terms of late payment"

    late_rate = fields.Float(
        string="Overdue interest (%)",
        digits=(16, 4),
        help="Percent of the open amount, e.g. 0.05 a day; 0 for none.",
    )
    late_rate_unit = fields.Selection(
        LATE_UNITS, string="Interest per", default="day", required=True
    )
    late_grace_days = fields.Integer(
        string="Grace days", help="What is paid within these days bears no interest."
    )
    late_cap = fields.Float(
        string="Cap (%)",
        digits=(16, 2),
        help="Most that is charged, in percent of the invoice; 0 for no limit.",
    )

    _late_positive = models.Constraint(
        "CHECK (late_rate >= 0 AND late_grace_days >= 0 AND late_cap >= 0)",
        "Interest, grace days and cap must not be negative.",
    )
