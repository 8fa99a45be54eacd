from odoo import fields, models

from ...tools.secret import MASK, Secret
from .secret_fields import SecretText


class CrmContract(models.Model):
    """Confidential terms, and who looked at the contract."""

    _name = "crm.contract"
    _inherit = ["crm.contract", "crm.contract.secret.mixin"]

    confidential_terms = SecretText(content=True, prefetch=False)
    has_confidential_terms = fields.Boolean(related="type_id.has_confidential_terms")

    def web_read(self, specification):
        """Return what a form shows; opening one is recorded."""
        result = super().web_read(specification)
        # Lists read many, and never the lines.
        if len(result) == 1 and "line_ids" in specification:
            self.env["crm.contract.access"]._note(self, "opened", minutes=5)
        return result

    # Asked of a server that can write, where others read from a replica.
    web_read._readonly = False

    def _freeze(self):
        """Refuse to freeze an account that can't be read."""
        party = self.env["crm.contract.party"]
        for contract in self:
            customer = party._get_protected_customer(contract)
            if customer.contract_bank_account:
                customer._get_secret("contract_bank_account")
        return super()._freeze()

    def _get_content_value(self, name):
        if name == "confidential_terms":
            return self._get_secret(name) or None
        return super()._get_content_value(name)

    def _describe_entry(self, name, value):
        if name == "confidential_terms":
            return MASK if value else ""
        return super()._describe_entry(name, value)

    def _prepare_content_vals(self):
        vals = super()._prepare_content_vals()
        if vals.get("confidential_terms"):
            vals["confidential_terms"] = Secret(self._get_secret("confidential_terms"))
        return vals
