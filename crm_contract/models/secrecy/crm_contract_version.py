from odoo import models

from .secret_fields import SecretText


class _Content(SecretText):
    """Bytes under a hash: ciphertext in the database, and read as they were written."""

    masked = False


class CrmContractVersion(models.Model):
    """What was submitted is protected as a whole; its bytes and their hash stay.

    How the bytes are stored changes with the keys, by the job of these alone; what they
    are never does.
    """

    _name = "crm.contract.version"
    _inherit = ["crm.contract.version", "crm.contract.secret.mixin"]

    content = _Content(
        required=True,
        prefetch=False,
        # Whole, with what the contract itself shows as a mask.
        groups="crm_contract.crm_contract_group_reveal",
        help="Canonical JSON, in UTF-8, that the hash was taken of.",
    )
