from odoo import api, models

from .secret_fields import UNREADABLE, SecretChar, find_by

_GROUPS = (
    "crm_contract.crm_contract_group_reader,crm_contract.crm_contract_group_user,"
    "crm_contract.crm_contract_group_reveal"
)


class ResPartner(models.Model):
    """What only contracts need of a person or a customer, and nobody else is to read."""

    _name = "res.partner"
    _inherit = ["res.partner", "crm.contract.secret.mixin"]

    contract_id_number = SecretChar(
        string="ID number",
        copy=False,
        prefetch=False,
        groups=_GROUPS,
        help="Of a person who signs, or of the legal representative of a company.",
    )
    contract_private_phone = SecretChar(
        string="Private phone", copy=False, prefetch=False, groups=_GROUPS
    )
    contract_bank_account = SecretChar(
        string="Protected bank account",
        copy=False,
        # Forms of contracts read it with the rest of their customer.
        prefetch=True,
        groups=_GROUPS,
        help="Bank and number as contracts name them that choose none of the customer's "
        "bank accounts. Those are Odoo's own, and stored in clear.",
    )

    _contract_id_number_idx = models.Index(find_by("contract_id_number"))
    _contract_private_phone_idx = models.Index(find_by("contract_private_phone"))
    _contract_bank_account_idx = models.Index(find_by("contract_bank_account"))


class CrmContractParty(models.AbstractModel):
    _inherit = "crm.contract.party"

    @api.model
    def _get_data(self, contract):
        """Return the parties with the protected account of the customer.

        It is masked unless the type prints what is protected: what is frozen is what
        people read.
        """
        data = super()._get_data(contract)
        customer = self._get_protected_customer(contract)
        account = customer.contract_bank_account
        # Where the key is gone, forms open all the same.
        if contract.type_id.prints_secrets and account not in (False, UNREADABLE):
            account = customer._get_secret("contract_bank_account")
        if account:
            data["customer"]["bank_account"] = account
        return data

    @api.model
    def _get_protected_customer(self, contract):
        """Return whose protected account a contract names (sudo), if it names one."""
        if contract.customer_bank_id:
            return self.env["res.partner"]
        return self._get_printed(contract, "partner_id").commercial_partner_id
