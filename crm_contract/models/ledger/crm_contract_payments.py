from odoo import api, models
from odoo.exceptions import AccessError


class CrmContract(models.Model):
    """Who may invoice a contract, and how invoices leave."""

    _inherit = "crm.contract"

    def _has_field_access(self, field, operation):
        # How invoices leave the company is not for each salesperson to say.
        if (
            field.name == "billing_mode"
            and operation == "write"
            and not self.env.su
            and not self.env.user.has_group("crm_contract.crm_contract_group_manager")
        ):
            return False
        return super()._has_field_access(field, operation)

    @api.model
    def default_get(self, fields):
        # Nobody asks for rights where somebody keeps a default for himself, and code
        # that creates contracts for him takes it as well.
        mode = self._fields["billing_mode"]
        if not self.sudo(False)._has_field_access(mode, "write"):
            fields = [name for name in fields if name != mode.name]
        return super().default_get(fields)

    def _check_access_to_invoice(self):
        accountant = self.env.user.has_group("account.group_account_invoice")
        if not self.has_access("read" if accountant else "write"):
            raise AccessError(
                self.env._(
                    "Only accountants and those who manage a contract may invoice it."
                )
            )
