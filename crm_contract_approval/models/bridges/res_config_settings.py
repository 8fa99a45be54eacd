from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    group_contract_certified = fields.Boolean(
        string="Approval certificate as last page",
        implied_group="crm_contract_approval.crm_contract_approval_group_certified",
        group="base.group_user",
    )
