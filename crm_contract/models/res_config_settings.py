from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    contract_win_opportunity = fields.Boolean(
        related="company_id.contract_win_opportunity", readonly=False
    )
    contract_horizon = fields.Integer(
        related="company_id.contract_horizon", readonly=False
    )
    contract_billing_mode = fields.Selection(
        related="company_id.contract_billing_mode", readonly=False, required=True
    )
