from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    contract_win_opportunity = fields.Boolean(
        string="Signature wins the opportunity", default=True
    )
