from odoo import api, models


class CrmContractSignatureCheck(models.AbstractModel):
    """An amendment that can't be agreed on any more is not sent to be signed."""

    _inherit = "crm.contract.signature.check"

    @api.model
    def _get_text_problems(self, request):
        # sudo: what else is signed, whoever sends
        amendment = request.contract_id.sudo()
        return [
            *super()._get_text_problems(request),
            *self.env["crm.contract.amendment.check"]._get_problems(amendment),
        ]


class CrmContractSealing(models.Model):
    """Nor is it sealed, unless it is signed already."""

    _inherit = "crm.contract.sealing"

    @api.model
    def _get_problem_of(self, contract):
        problem = super()._get_problem_of(contract)
        if problem or contract.state != "to_sign":
            return problem
        check = self.env["crm.contract.amendment.check"]
        return "\n".join(check._get_problems(contract))
