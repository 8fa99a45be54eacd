import logging

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools.misc import find_in_path

from ...tools.pdf_engine import EngineError, EngineTimeoutError, make_pdf

_logger = logging.getLogger(__name__)

# Says to the method that makes the options that the pages are ours; no page can say it
# for itself.
_OWN = {"crm_contract": True}
# Less than the time that a worker has by default.
_TIMEOUT = 90
# A port of this machine on which nobody answers.
_NOBODY = "http://127.0.0.1:1"


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
            "crm_contract.report_contract_file",
            "crm_contract.report_signature_evidence",
            "crm_contract.report_loan_mark",
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
        """Print our reports in a process that fetches nothing, and ends in its time."""
        report = report_ref and self._get_report(report_ref)
        if not report or report.report_name not in self._get_contract_reports():
            return super()._run_wkhtmltopdf(
                bodies,
                report_ref=report_ref,
                header=header,
                footer=footer,
                landscape=landscape,
                specific_paperformat_args=specific_paperformat_args,
                set_viewport_size=set_viewport_size,
            )
        options = self._build_wkhtmltopdf_args(
            report.get_paperformat(),
            landscape,
            specific_paperformat_args={**(specific_paperformat_args or {}), **_OWN},
            set_viewport_size=set_viewport_size,
        )
        return self._make_contract_pdf(options, bodies, header, footer)

    @api.model
    def _make_contract_pdf(self, options, bodies, header, footer):
        """Return the PDF of pages, see `tools.pdf_engine`.

        :raise UserError: if there is none in time; the rest is in the log
        """
        parameters = self.env["ir.config_parameter"].sudo()
        seconds = float(parameters.get_param("crm_contract.print_timeout") or _TIMEOUT)
        command = [find_in_path("wkhtmltopdf"), *options]
        try:
            return make_pdf(command, list(bodies), header, footer, seconds)
        except EngineTimeoutError as error:
            _logger.warning("%s", error)
            raise UserError(
                self.env._(
                    "Printing took longer than %s seconds and was stopped. Print fewer "
                    "contracts at once, or ask an administrator to raise the time.",
                    f"{seconds:g}",
                )
            ) from error
        except (EngineError, OSError) as error:
            _logger.warning("%s", error)
            raise UserError(
                self.env._(
                    "The PDF engine failed; the server's log says why. Try again, or ask "
                    "an administrator."
                )
            ) from error

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
        if _OWN.items() <= (specific_paperformat_args or {}).items():
            # Pages without scripts that take time, which need nothing from elsewhere:
            # a proxy that is none refuses whatever a text might ask for.
            command[command.index("--javascript-delay") + 1] = "0"
            command += ["--proxy", _NOBODY]
        return command

    @api.private
    def retrieve_attachment(self, record):
        """Print the frozen text once a contract may be signed."""
        if self.report_name == "crm_contract.report_contract":
            return self.env["crm.contract.document"]._get_frozen_attachment(record)
        return super().retrieve_attachment(record)
