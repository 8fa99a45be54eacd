from odoo import api, models

from odoo.addons.crm_contract.models.contract.crm_contract_checklist import Missing


class CrmContractChecklist(models.AbstractModel):
    _inherit = "crm.contract.checklist"

    @api.model
    def _get_problems(self, contracts):
        """Add the steps that nobody could decide on."""
        problems = super()._get_problems(contracts)
        plans = self.env["crm.contract.approval.policy"]._plan(contracts)
        for contract, missing in problems.items():
            missing += [
                Missing(step.problem, step.step)
                for step in plans[contract]
                if step.problem
            ]
        return problems
