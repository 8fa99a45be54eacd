from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.records import one


class CrmContractInterest(models.TransientModel):
    _name = "crm.contract.interest"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Invoice overdue interest"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="contract_id.currency_id")
    date = fields.Date(
        string="Up to",
        required=True,
        default=lambda self: self.env.company._get_today(),
    )
    line_ids = fields.One2many(
        "crm.contract.interest.line", "wizard_id", compute="_compute_line_ids"
    )
    amount = fields.Monetary(string="Total", compute="_compute_line_ids")

    @api.depends("contract_id", "date")
    def _compute_line_ids(self):
        names = ("name", "period_start", "period_end", "amount_fixed")
        for wizard in self:
            today = wizard.contract_id.company_id._get_today()
            rows = self.env["crm.contract.late.interest"]._prepare_rows(
                wizard.contract_id, wizard.date or today
            )
            wizard.line_ids = [fields.Command.clear()] + [
                fields.Command.create({name: row[name] for name in names})
                for row in rows
            ]
            wizard.amount = sum(row["amount_fixed"] for row in rows)

    @api.constrains("date")
    def _check_date(self):
        for wizard in self:
            if wizard.date > wizard.contract_id.company_id._get_today():
                raise ValidationError(
                    self.env._("Interest can't be charged for days to come.")
                )

    def action_charge(self):
        """Invoice the interest and open the invoice."""
        one(self)
        late = self.env["crm.contract.late.interest"]
        invoices = late._charge(self.contract_id, self.date)
        if not invoices.has_access("read"):
            return {"type": "ir.actions.act_window_close"}
        return self.env["sale.order"].action_view_invoice(invoices)


class CrmContractInterestLine(models.TransientModel):
    _name = "crm.contract.interest.line"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Overdue interest of an invoice"

    wizard_id = fields.Many2one("crm.contract.interest", ondelete="cascade")
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    name = fields.Char(string="Description")
    period_start = fields.Date(string="From")
    period_end = fields.Date(string="To")
    amount_fixed = fields.Monetary(string="Interest")
