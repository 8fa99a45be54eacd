from odoo import api, models


class CrmContractInterface(models.AbstractModel):
    """The copy that comes with the signatures is looked at as other scans are."""

    _inherit = "crm.contract.interface"

    @api.model
    def _sign(self, contract, content_hash, date, names, signed_copy, filename):
        result = super()._sign(
            contract, content_hash, date, names, signed_copy, filename
        )
        if signed_copy:
            self._register_signed_copy(contract)
        return result

    @api.model
    def _register_signed_copy(self, contract):
        """Compare the copy that both sides signed with the text that they signed."""
        # sudo: what was just stored by whoever signs
        documents = contract.sudo().document_ids
        copy = documents.filtered(lambda row: row.kind == "signed").sorted("id")[-1:]
        self.env["crm.contract.scan"]._keep(contract, "both", copy)
