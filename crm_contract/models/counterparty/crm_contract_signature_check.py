from odoo import api, models

# Of what is found of a customer, what may have changed since the submission.
AGAIN = ("list:", "twin:")


class CrmContractSignatureCheck(models.AbstractModel):
    """A customer that came on the black list meanwhile gets nothing to sign."""

    _inherit = "crm.contract.signature.check"

    @api.model
    def _get_text_problems(self, request):
        contract = request.contract_id
        found = self.env["crm.contract.counterparty"]._find(contract)
        return [
            *super()._get_text_problems(request),
            *(
                item.message
                for item in found.get(contract, ())
                if item.refuses and item.key.startswith(AGAIN)
            ),
        ]
