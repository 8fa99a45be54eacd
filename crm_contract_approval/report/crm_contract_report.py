from odoo import api, fields, models
from odoo.tools import SQL


class CrmContractReport(models.Model):
    """How often a contract was submitted, and who it waits for."""

    _inherit = "crm.contract.report"
    _depends = {"crm.contract": ["approval_deadline", "approval_round"]}

    approval_round = fields.Integer(
        string="Times submitted",
        readonly=True,
        aggregator="avg",
        help="How often it was submitted for approval.",
    )
    approval_deadline = fields.Date(string="Decision due", readonly=True)

    @api.model
    def _get_columns(self):
        return {
            **super()._get_columns(),
            "approval_round": SQL("NULLIF(contract.approval_round, 0)"),
            "approval_deadline": SQL("contract.approval_deadline"),
        }
