from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crm_contract.tools.records import one


class CrmContractTextOn(models.TransientModel):
    """Print the text of a contract as it is amended, for any day."""

    _name = "crm.contract.text.on"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Contract text as amended"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="cascade"
    )
    date = fields.Date(
        string="As of",
        required=True,
        default=lambda self: self.env.company._get_today(),
    )
    version_ids = fields.Many2many(
        "crm.contract.version", compute="_compute_version_ids", string="Made of"
    )

    @api.depends("contract_id", "date")
    def _compute_version_ids(self):
        for wizard in self:
            contract = wizard._get_contract()
            wizard.version_ids = wizard.date and self.env[
                "crm.contract.version"
            ]._get_on(contract, wizard.date)

    def _get_contract(self):
        """Return the contract, also if the dialog was opened on an amendment of it."""
        contract = self.contract_id
        return contract.origin_id if contract._is_amendment() else contract

    def action_print(self):
        """Print the consolidated text; before any amendment, the text as signed."""
        one(self)
        contract = self._get_contract()
        if not contract.version_id:
            raise UserError(self.env._("The contract was not submitted yet."))
        if len(self.version_ids) < 2:
            report = self.env.ref("crm_contract.action_report_contract")
            return report.report_action(contract, config=False)
        report = self.env.ref("crm_contract_renewal.action_report_consolidated")
        # A report with data has no other way to name its records.
        data = {"date": fields.Date.to_string(self.date), "ids": contract.ids}
        return report.report_action(contract, data=data, config=False)
