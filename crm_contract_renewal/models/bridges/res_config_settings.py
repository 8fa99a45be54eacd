from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    contract_deadline_digest = fields.Selection(
        related="company_id.contract_deadline_digest", readonly=False
    )
