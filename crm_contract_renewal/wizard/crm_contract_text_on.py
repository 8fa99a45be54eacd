from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmContractTextOn(models.TransientModel):
    """Print the text of a contract as it is amended, for any day."""

    _name = "crm.contract.text.on"
    _description = "Contract text as amended"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="cascade"
    )
    date = fields.Date(string="As of", required=True, default=fields.Date.context_today)
    version_id = fields.Many2one("crm.contract", compute="_compute_version_id")

    @api.depends("contract_id", "date")
    def _compute_version_id(self):
        for wizard in self:
            contract = wizard.contract_id
            if contract._is_amendment():
                contract = contract.origin_id
            wizard.version_id = wizard.date and contract._get_version_on(wizard.date)

    def action_print(self):
        """Print the consolidated text; before any amendment, the text as signed."""
        self.ensure_one()
        contract = self.version_id
        if not contract.content_hash:
            raise UserError(self.env._("The contract was not submitted yet."))
        name = "crm_contract_renewal.action_report_consolidated"
        if not contract._is_amendment():
            name = "crm_contract.action_report_contract"
        return self.env.ref(name).report_action(contract, config=False)
