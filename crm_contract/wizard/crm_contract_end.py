from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class CrmContractEnd(models.TransientModel):
    _name = "crm.contract.end"
    _description = "End a contract"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="cascade"
    )
    reason = fields.Selection(
        [("completed", "Completed"), ("terminated", "Terminated")],
        required=True,
        default="completed",
    )
    date = fields.Date(
        string="Ended on", required=True, default=fields.Date.context_today
    )
    note = fields.Text(string="Why")
    currency_id = fields.Many2one(related="contract_id.currency_id")
    amount_remaining = fields.Monetary(related="contract_id.amount_remaining")

    @api.constrains("date", "contract_id")
    def _check_date(self):
        for wizard in self:
            if wizard.date > fields.Date.context_today(wizard):
                raise ValidationError(
                    self.env._("A contract is ended today or on an earlier day.")
                )
            signed = wizard.contract_id.date_signed
            if signed and wizard.date < signed:
                raise ValidationError(
                    self.env._("A contract can't end before it was signed.")
                )

    def action_end(self):
        """End the contract for the reason given."""
        self.ensure_one()
        if self.reason == "terminated" and not (self.note or "").strip():
            raise UserError(self.env._("Say why the contract is terminated."))
        self.contract_id._action_end(self.reason, self.date)
        if self.note:
            self.contract_id.message_post(body=self.note)
        return {"type": "ir.actions.act_window_close"}
