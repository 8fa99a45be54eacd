from odoo.http import request, route

from odoo.addons.web.controllers.report import ReportController


class ContractReportController(ReportController):
    @route()
    def report_routes(self, reportname, docids=None, converter=None, **data):
        """Print, and record who printed a contract."""
        response = super().report_routes(reportname, docids, converter, **data)
        reports = request.env["ir.actions.report"]
        if docids and reportname in reports._get_contract_reports():
            self._note_printed(reportname, docids)
        return response

    def _note_printed(self, reportname, docids):
        report = request.env["ir.actions.report"]._get_report_from_name(reportname)
        ids = [int(part) for part in str(docids).split(",") if part.isdigit()]
        records = request.env[report.model].browse(ids).exists()
        request.env["crm.contract.access"]._note(records, "printed")
