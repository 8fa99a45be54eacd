from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    contract_deadline_digest = fields.Selection(
        [("weekly", "Every week"), ("monthly", "Every month")],
        string="Mail of deadlines",
        help="To each salesperson and team leader; empty for none.",
    )
    contract_date_digest = fields.Date(readonly=True)
