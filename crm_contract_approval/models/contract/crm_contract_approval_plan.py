from odoo import models


class CrmContract(models.Model):
    """What keeps a contract from being submitted for approval."""

    _inherit = "crm.contract"

    def _get_submission_problems(self):
        problems = super()._get_submission_problems()
        plans = self.env["crm.contract.approval.policy"]._plan(self)
        for contract, missing in problems.items():
            missing += [step.problem for step in plans[contract] if step.problem]
        return problems
