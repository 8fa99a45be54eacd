from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    contract_win_opportunity = fields.Boolean(
        related="company_id.contract_win_opportunity", readonly=False
    )
