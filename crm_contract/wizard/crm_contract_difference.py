from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.records import one


class CrmContractDifference(models.TransientModel):
    """Decide on what the books lack of rows of the ledger, or have beyond them."""

    _name = "crm.contract.difference"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Difference of ledger and books"

    installment_ids = fields.Many2many(
        "crm.contract.installment", string="Rows", required=True, readonly=True
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_amount")
    amount = fields.Monetary(string="Not invoiced", compute="_compute_amount")
    decision = fields.Selection(
        [("bill", "Bill the rest"), ("waive", "Waive")], required=True, default="bill"
    )
    is_open = fields.Boolean(
        compute="_compute_amount", help="Rows that are billed when they are due."
    )
    reason = fields.Text(string="Why")

    @api.depends("installment_ids")
    def _compute_amount(self):
        for wizard in self:
            rows = wizard.installment_ids
            wizard.currency_id = rows.currency_id[:1]
            wizard.amount = sum(rows.mapped("amount_rest"))
            wizard.is_open = not all(rows.mapped("is_billed"))

    def action_apply(self):
        """Carry out the decision; open what was drafted.

        :raise UserError: if a row has no difference, or a waiver no reason
        """
        one(self)
        rows = self.installment_ids
        if not rows:
            raise UserError(self.env._("Choose rows of the ledger."))
        if self.decision == "bill":
            return rows.action_bill_rest()
        rows._waive(self.reason)
        return {"type": "ir.actions.act_window_close"}
