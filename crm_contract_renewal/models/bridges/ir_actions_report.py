from odoo import api, models


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    @api.model
    def _get_contract_reports(self):
        return super()._get_contract_reports() | {
            "crm_contract_renewal.report_consolidated"
        }
