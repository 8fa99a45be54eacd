from odoo import api, fields, models

from odoo.addons.crm_contract.tools.records import one


class CrmContractReopen(models.TransientModel):
    """Take back the end of a contract, or a termination to come."""

    _name = "crm.contract.reopen"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Reopen a contract"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="cascade"
    )
    reason = fields.Text(required=True)
    refusal = fields.Text(compute="_compute_refusal")
    is_ahead = fields.Boolean(compute="_compute_refusal")

    @api.depends("contract_id")
    def _compute_refusal(self):
        model = self.env["crm.contract.termination"]
        for wizard in self:
            contract = wizard.contract_id
            wizard.refusal = contract and model._get_reopen_refusal(contract)
            wizard.is_ahead = contract.state != "ended"

    def action_reopen(self):
        """Reopen the contract, or take its termination back."""
        one(self)
        self.env["crm.contract.termination"]._reopen(self.contract_id, self.reason)
        return {"type": "ir.actions.act_window_close"}
