from odoo import api, fields, models


class CrmContractType(models.Model):
    """What of a customer keeps contracts of a type from being submitted."""

    _inherit = "crm.contract.type"

    qualification_kind_ids = fields.Many2many(
        "crm.contract.qualification.kind",
        "crm_contract_type_qualification_kind_rel",
        string="Qualifications needed",
        help="The customer has to hold a valid one of each.",
    )
    refuse_listed = fields.Boolean(
        string="Refuse the black list",
        help="Contracts with customers on the black list can't be submitted. Otherwise "
        "the salesperson and the approvers are told.",
    )
    refuse_unqualified = fields.Boolean(
        string="Refuse without qualifications",
        help="Contracts with customers whose qualifications are missing or have expired "
        "can't be submitted.",
    )
    refuse_credit = fields.Boolean(
        string="Refuse beyond the credit limit",
        help="Contracts that go beyond what the customer may owe can't be submitted.",
    )
    refuse_numbers = fields.Boolean(
        string="Refuse wrong numbers",
        help="Contracts with customers whose registration or tax number can't be right "
        "can't be submitted.",
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    split_days = fields.Integer(
        string="Split within (days)",
        help="Contracts of a customer of this type, submitted within so many days of each "
        "other, are looked at together; 0 for never.",
    )
    split_amount = fields.Monetary(
        string="Threshold",
        help="In the currency of the company. Contracts that reach it together, and not "
        "alone, are told to the salesperson and the approvers.",
    )

    _split_positive = models.Constraint(
        "CHECK (split_days >= 0 AND split_amount >= 0)",
        "Days and threshold of split contracts must not be negative.",
    )

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_currency_id(self):
        for row in self:
            row.currency_id = (row.company_id or self.env.company).currency_id
