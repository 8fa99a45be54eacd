from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools.date_utils import add

from ..tools.period import shift
from ..tools.plan import parse_pattern
from ..tools.records import one


class CrmContractPlan(models.TransientModel):
    """Makes the payment plan of a draft from a pattern or from payment terms."""

    _name = "crm.contract.plan"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Generate a payment plan"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="contract_id.currency_id")
    company_id = fields.Many2one(related="contract_id.company_id")
    source = fields.Selection(
        [("pattern", "Pattern"), ("term", "Payment terms")],
        required=True,
        default="pattern",
    )
    pattern = fields.Char(
        default="30/60/10", help="Percentages that add up to 100, e.g. 30/60/10."
    )
    following = fields.Selection(
        [("milestone", "Milestones, in their order"), ("month", "Month by month")],
        string="After the signature",
        default="month",
        help="What the rows after the first one, which is due on signature, wait for.",
    )
    payment_term_id = fields.Many2one("account.payment.term", check_company=True)
    retention = fields.Float(
        string="Retention (%)",
        digits=(16, 2),
        help="Kept back from the last row until the warranty is over.",
    )
    retention_days = fields.Integer(
        string="Days after the end", default=365, help="When the retention is due."
    )
    line_ids = fields.One2many(
        "crm.contract.plan.line", "wizard_id", compute="_compute_line_ids"
    )
    problem = fields.Char(compute="_compute_line_ids")

    @api.depends(
        "contract_id",
        "source",
        "pattern",
        "following",
        "payment_term_id",
        "retention",
        "retention_days",
    )
    def _compute_line_ids(self):
        for wizard in self:
            wizard.problem, rows = "", []
            try:
                rows = wizard._prepare_rows()
            except UserError as error:
                wizard.problem = str(error)
            wizard.line_ids = [Command.clear()] + [
                Command.create(wizard._prepare_preview_vals(row)) for row in rows
            ]

    def action_apply(self):
        """Replace the payment plan of the contract by the rows of the preview."""
        one(self)
        rows = self._prepare_rows()
        contract = self.contract_id
        contract.write(
            {
                "installment_ids": [
                    *(Command.delete(row.id) for row in contract.installment_ids),
                    *map(Command.create, rows),
                ]
            }
        )
        return {"type": "ir.actions.act_window_close"}

    def _prepare_rows(self):
        """Return create values of the rows of the plan (list of dicts).

        :raise UserError: if the choices don't make a plan, with the reason
        """
        self.ensure_one()
        if not self.contract_id.date_start:
            raise UserError(self.env._("Set the start date of the contract first."))
        rows = (
            self._prepare_pattern_rows()
            if self.source == "pattern"
            else self._prepare_term_rows()
        )
        rows += self._prepare_retention(rows)
        return [dict(row, sequence=10 * (i + 1)) for i, row in enumerate(rows)]

    def _prepare_pattern_rows(self):
        try:
            shares = parse_pattern(self.pattern or "")
        except ValueError as error:
            raise UserError(
                self.env._(
                    "“%s” is not a pattern: write percentages that add up to 100, such "
                    "as 30/60/10.",
                    self.pattern or "",
                )
            ) from error
        milestones = self.contract_id.milestone_ids.sorted("sequence")
        if self.following == "milestone" and len(milestones) < len(shares) - 1:
            raise UserError(
                self.env._(
                    "The pattern needs %(needed)s milestones after the signature; the "
                    "contract has %(present)s.",
                    needed=len(shares) - 1,
                    present=len(milestones),
                )
            )
        first = {
            "name": self.env._("On signature"),
            "trigger": "signature",
            "amount_type": "percent",
            "percentage": float(shares[0]),
        }
        return [first] + [
            {
                "amount_type": "percent",
                "percentage": float(share),
                **self._prepare_following_vals(number, milestones),
            }
            for number, share in enumerate(shares[1:])
        ]

    def _prepare_following_vals(self, number, milestones):
        if self.following == "milestone":
            milestone = milestones[number]
            return {
                "name": milestone.name,
                "trigger": "milestone",
                "milestone_id": milestone.id,
            }
        return {
            "name": self.env._("Payment %s", number + 2),
            "trigger": "date",
            "date": shift(self.contract_id.date_start, number + 1, "month"),
        }

    def _prepare_term_rows(self):
        if not self.payment_term_id:
            raise UserError(self.env._("Choose the payment terms."))
        start = self.contract_id.date_start
        return [
            {
                "name": self.env._("Payment %s", number + 1),
                "trigger": "date",
                "date": line._get_due_date(start),
                "amount_type": line.value,
                "percentage": line.value_amount if line.value == "percent" else 0,
                "amount_fixed": line.value_amount if line.value == "fixed" else 0,
            }
            for number, line in enumerate(self.payment_term_id.line_ids)
        ]

    def _prepare_retention(self, rows):
        """Take the retention off the last row; return its row, in a list."""
        if not self.retention:
            return []
        last, end = rows[-1], self.contract_id.date_end
        if (
            last["amount_type"] != "percent"
            or not 0 < self.retention < last["percentage"]
        ):
            raise UserError(
                self.env._(
                    "The retention must be less than the percentage of the last row."
                )
            )
        if not end:
            raise UserError(
                self.env._("A retention is due after the end: set an end date first.")
            )
        last["percentage"] -= self.retention
        return [
            {
                "name": self.env._("Retention money"),
                "trigger": "date",
                "date": add(end, days=self.retention_days),
                "amount_type": "percent",
                "percentage": self.retention,
                "is_retention": True,
            }
        ]

    def _prepare_preview_vals(self, row):
        total = self.contract_id.amount_one_off
        fixed = row["amount_type"] == "fixed"
        return {
            "name": row["name"],
            "date": row.get("date"),
            "percentage": row.get("percentage"),
            "amount": row["amount_fixed"] if fixed else total * row["percentage"] / 100,
        }


class CrmContractPlanLine(models.TransientModel):
    _name = "crm.contract.plan.line"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Row of a payment plan to be generated"

    wizard_id = fields.Many2one("crm.contract.plan", ondelete="cascade")
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    name = fields.Char(string="Description")
    date = fields.Date()
    percentage = fields.Float(string="%", digits=(16, 2))
    amount = fields.Monetary()
