from odoo import api, fields, models
from odoo.tools import SQL


class CrmContractReport(models.Model):
    """What is in dispute, and how content customers are."""

    _inherit = "crm.contract.report"
    _depends = {
        "crm.contract.dispute": ["contract_id", "is_open"],
        "crm.contract.survey": ["contract_id", "score", "state"],
    }

    dispute_count = fields.Integer(string="Open disputes", readonly=True)
    score = fields.Float(
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="Average of what the customer answered, 1 (bad) to 5 (very good).",
    )

    @api.model
    def _get_columns(self):
        return {
            **super()._get_columns(),
            "dispute_count": SQL(
                "(SELECT COUNT(*) FROM crm_contract_dispute dispute"
                " WHERE dispute.contract_id = contract.id AND dispute.is_open)"
            ),
            "score": SQL(
                "(SELECT AVG(survey.score) FROM crm_contract_survey survey"
                " WHERE survey.contract_id = contract.id"
                " AND survey.state = 'answered')"
            ),
        }
