from odoo import fields, models


class CrmContract(models.Model):
    """Where the papers of a contract are."""

    _inherit = "crm.contract"

    sealing_ids = fields.One2many(
        "crm.contract.sealing", "contract_id", string="Seal register", copy=False
    )
    archive_ids = fields.One2many(
        "crm.contract.archive", "contract_id", string="Archive files", copy=False
    )
