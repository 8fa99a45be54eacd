from odoo import models

from .secret_fields import SecretChar, find_by

_GROUPS = (
    "crm_contract.crm_contract_group_reader,crm_contract.crm_contract_group_user,"
    "crm_contract.crm_contract_group_reveal"
)


class ResPartner(models.Model):
    """Legal representatives and signatories: what only contracts need of a person."""

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

    _contract_id_number_idx = models.Index(find_by("contract_id_number"))
    _contract_private_phone_idx = models.Index(find_by("contract_private_phone"))
