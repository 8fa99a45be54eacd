from odoo import api, models

_NO_DELAY = "data-report-javascript-delay"


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    @api.model
    def _get_contract_reports(self):
        """Return the names of the reports laid out by us, which have no scripts.

        Extended by satellites with reports of their own.
        """
        return {
            "crm_contract.report_contract",
            "crm_contract.report_contract_summary",
        }

    def _get_layout(self):
        # Pages of our own: they need no asset, hence no web server, and no time to load.
        if self.report_name in self._get_contract_reports():
            layout = self.env.ref("crm_contract.report_page", raise_if_not_found=False)
            return layout or super()._get_layout()
        return super()._get_layout()

    @api.model
    def _run_wkhtmltopdf(
        self,
        bodies,
        report_ref=False,
        header=None,
        footer=None,
        landscape=False,
        specific_paperformat_args=None,
        set_viewport_size=False,
    ):
        """Don't wait for scripts in our reports, which have none."""
        report = report_ref and self._get_report(report_ref)
        if report and report.report_name in self._get_contract_reports():
            specific_paperformat_args = dict(
                specific_paperformat_args or {}, **{_NO_DELAY: "0"}
            )
        return super()._run_wkhtmltopdf(
            bodies,
            report_ref=report_ref,
            header=header,
            footer=footer,
            landscape=landscape,
            specific_paperformat_args=specific_paperformat_args,
            set_viewport_size=set_viewport_size,
        )

    @api.model
    def _build_wkhtmltopdf_args(
        self,
        paperformat_id,
        landscape,
        specific_paperformat_args=None,
        set_viewport_size=False,
    ):
        command = super()._build_wkhtmltopdf_args(
            paperformat_id,
            landscape,
            specific_paperformat_args=specific_paperformat_args,
            set_viewport_size=set_viewport_size,
        )
        delay = (specific_paperformat_args or {}).get(_NO_DELAY)
        if delay is not None:
            command[command.index("--javascript-delay") + 1] = delay
        return command

    @api.private
    def retrieve_attachment(self, record):
        """Print the frozen text once a contract may be signed."""
        if self.report_name == "crm_contract.report_contract":
            return record._get_frozen_attachment()
        return super().retrieve_attachment(record)
