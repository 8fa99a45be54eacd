from odoo import api, fields, models

FORUMS = [("arbitration", "Arbitration"), ("court", "Court")]


class CrmContractType(models.Model):
    """Where disputes end that contracts say nothing of, and when claims are barred."""

    _inherit = "crm.contract.type"

    dispute_forum = fields.Selection(
        FORUMS,
        string="Disputes end in",
        help="Where contracts of this type don't say it themselves; empty: either.",
    )
    limitation_years = fields.Integer(
        string="Limitation (years)",
        help="After so many years without an interruption, a claim is barred; 0: as the "
        "company's settings say.",
    )

    _limitation_range = models.Constraint(
        "CHECK (limitation_years >= 0 AND limitation_years <= 30)",
        "The limitation period is 0 to 30 years.",
    )

    @api.model
    def _get_bounds(self, field):
        if field.name == "limitation_years":
            return 0, 30
        return super()._get_bounds(field)


class ResCompany(models.Model):
    _inherit = "res.company"

    contract_limitation_years = fields.Integer(
        string="Limitation of claims (years)", default=3, required=True
    )

    _contract_limitation_range = models.Constraint(
        "CHECK (contract_limitation_years >= 1 AND contract_limitation_years <= 30)",
        "The limitation period is 1 to 30 years.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    contract_limitation_years = fields.Integer(
        related="company_id.contract_limitation_years", readonly=False
    )
