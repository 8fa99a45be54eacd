from odoo import api, models


class CrmContractSeal(models.AbstractModel):
    """The final file of a contract that was signed by request."""

    _name = "crm.contract.seal"
    _description = "Final file of signed contracts"

    @api.model
    def _make_final(self, request):
        """Return the file that is kept and mailed, once everybody has signed.

        :param request: `crm.contract.signature.request` with all signatures
        :return: `(file name, bytes)`
        """
        return request.text_id.name, request.text_id._get_file()
