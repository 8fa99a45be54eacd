import io

from odoo import api, models
from odoo.tools.pdf import merge_pdf

_CERTIFIED = "crm_contract_approval.report_certified"
_CERTIFICATE = "crm_contract_approval.report_certificate"


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    @api.model
    def _get_contract_reports(self):
        return super()._get_contract_reports() | {_CERTIFIED, _CERTIFICATE}

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        """Put the certificate behind the contract, whose own file stays as it is."""
        if self._get_report(report_ref).report_name != _CERTIFIED:
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids)
        parts = [
            super(IrActionsReport, self)._render_qweb_pdf_prepare_streams(
                ref, data, res_ids
            )
            for ref in (
                "crm_contract.action_report_contract",
                "crm_contract_approval.action_report_certificate",
            )
        ]
        return {
            res_id: {
                "stream": io.BytesIO(
                    merge_pdf([part[res_id]["stream"].getvalue() for part in parts])
                ),
                "attachment": None,
            }
            for res_id in res_ids
        }
