from odoo import fields, models


class CrmContractType(models.Model):
    """When customers are asked how content they are; never, unless a type says so."""

    _inherit = "crm.contract.type"

    survey_accepted = fields.Boolean(
        string="After an acceptance",
        help="Whoever looks after an obligation on the customer's side is asked once it "
        "is accepted.",
    )
    survey_months = fields.Integer(
        string="Each (months)", help="While the contract runs; 0 for never."
    )
    survey_ahead_days = fields.Integer(
        string="Before the notice deadline (days)",
        help="Before somebody decides on what follows; 0 for never.",
    )
    survey_gap_days = fields.Integer(
        string="Nobody twice within (days)",
        default=60,
        help="Of all contracts with the company together.",
    )

    _survey_positive = models.Constraint(
        "CHECK (survey_months >= 0 AND survey_ahead_days >= 0 AND survey_gap_days >= 0)",
        "Months and days of surveys must not be negative.",
    )


class ResPartner(models.Model):
    _inherit = "res.partner"

    contract_no_survey = fields.Boolean(
        string="No surveys",
        help="Neither this person, nor anybody of this company, is asked how content "
        "they are.",
    )
