from odoo import api, models


class CrmContractChecklist(models.AbstractModel):
    """What is known of the customer of a draft."""

    _inherit = "crm.contract.checklist"

    @api.model
    def _get_findings(self, contracts):
        findings = super()._get_findings(contracts)
        for name in ("crm.contract.counterparty", "crm.contract.split"):
            for contract, found in self.env[name]._find(contracts).items():
                findings[contract] += found
        return findings
