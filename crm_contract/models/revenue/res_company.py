from odoo import fields, models

AMENDMENTS = [
    ("prospective", "From the amendment on"),
    ("catch_up", "Catch up with the days before"),
]


class ResCompany(models.Model):
    """How revenue of contracts is told, and where its entries go."""

    _inherit = "res.company"

    contract_revenue_amendment = fields.Selection(
        AMENDMENTS,
        string="Differences of amendments",
        required=True,
        default="prospective",
        help="Whether the difference that an amendment makes to days that are billed "
        "counts from its day on, or is earned over the days that it settles.",
    )
    contract_revenue_entries = fields.Boolean(
        string="Entries of revenue",
        help="The statement of a month makes journal entries for what is billed and not "
        "earned, or earned and not billed, and their reversals on the next day.",
    )
    contract_revenue_journal_id = fields.Many2one(
        "account.journal",
        string="Journal of revenue",
        domain=[("type", "=", "general")],
        check_company=True,
    )
    contract_revenue_liability_id = fields.Many2one(
        "account.account",
        string="Contract liabilities",
        check_company=True,
        help="Account of what is billed and not earned yet.",
    )
    contract_revenue_asset_id = fields.Many2one(
        "account.account",
        string="Contract assets",
        check_company=True,
        help="Account of what is earned and not billed yet.",
    )
    contract_revenue_income_id = fields.Many2one(
        "account.account",
        string="Revenue account",
        check_company=True,
        help="Account of revenue of contracts that no invoice and no product names one "
        "for.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    contract_revenue_amendment = fields.Selection(
        related="company_id.contract_revenue_amendment", readonly=False, required=True
    )
    contract_revenue_entries = fields.Boolean(
        related="company_id.contract_revenue_entries", readonly=False
    )
    contract_revenue_journal_id = fields.Many2one(
        related="company_id.contract_revenue_journal_id", readonly=False
    )
    contract_revenue_liability_id = fields.Many2one(
        related="company_id.contract_revenue_liability_id", readonly=False
    )
    contract_revenue_asset_id = fields.Many2one(
        related="company_id.contract_revenue_asset_id", readonly=False
    )
    contract_revenue_income_id = fields.Many2one(
        related="company_id.contract_revenue_income_id", readonly=False
    )
