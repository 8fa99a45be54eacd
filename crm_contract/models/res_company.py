from odoo import fields, models

from .crm_contract_billing import BILLING_MODES


class ResCompany(models.Model):
    _inherit = "res.company"

    contract_win_opportunity = fields.Boolean(
        string="Signature wins the opportunity", default=True
    )
    contract_horizon = fields.Integer(
        string="Ledger horizon",
        default=12,
        help="Months for which the periods of recurring lines are in the ledger.",
    )
    contract_billing_mode = fields.Selection(
        BILLING_MODES,
        string="Billing run makes",
        default="draft",
        required=True,
    )

    _contract_horizon_positive = models.Constraint(
        "CHECK (contract_horizon >= 1)",
        "The ledger needs a horizon of one month at least.",
    )
