from odoo import fields, models

# Approvers and others who may read a contract need not see where its papers are.
_GROUPS = ",".join(
    (
        "crm_contract.crm_contract_group_reader",
        "crm_contract.crm_contract_group_user",
        "account.group_account_invoice",
    )
)


class CrmContract(models.Model):
    """Where the papers of a contract are."""

    _inherit = "crm.contract"

    sealing_ids = fields.One2many(
        "crm.contract.sealing",
        "contract_id",
        string="Seal register",
        copy=False,
        groups=_GROUPS,
    )
    archive_ids = fields.One2many(
        "crm.contract.archive",
        "contract_id",
        string="Archive files",
        copy=False,
        groups=_GROUPS,
    )
