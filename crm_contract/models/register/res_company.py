from odoo import fields, models


class ResCompany(models.Model):
    """Who gets the register of contracts each month."""

    _inherit = "res.company"

    contract_register_user_ids = fields.Many2many(
        "res.users",
        "res_company_contract_register_rel",
        "company_id",
        "user_id",
        string="Register of contracts by mail",
        domain=[("share", "=", False)],
        help="On the first of each month, everybody here gets the register of what was "
        "signed in the month before: the contracts that he may read, in his language.",
    )
    contract_register_sent = fields.Date(
        string="Register sent until",
        readonly=True,
        copy=False,
        help="Last day of the month whose register was sent.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    contract_register_user_ids = fields.Many2many(
        related="company_id.contract_register_user_ids", readonly=False
    )
