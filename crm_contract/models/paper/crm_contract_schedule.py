from odoo import api, models
from odoo.fields import Domain

from ..job.crm_contract_job import Step


class CrmContractSchedule(models.AbstractModel):
    """What the daily job does about paper: it reminds, each time once."""

    _inherit = "crm.contract.schedule"

    @api.model
    def _get_steps(self):
        return [*super()._get_steps(), *self._get_paper_steps()]

    @api.model
    def _get_paper_steps(self):
        archives = self.env["crm.contract.archive"]
        sealings = self.env["crm.contract.sealing"]
        loans = self.env["crm.contract.archive.loan"]
        not_told = Domain("is_told_late", "=", False)
        return [
            Step(
                "archive_reopened",
                self.env._("Keep the papers of contracts that run again"),
                archives,
                archives._get_reopened_domain,
                lambda row: row._advance_reopened(),
            ),
            Step(
                "archive_remind",
                self.env._("Remind of originals that are not filed"),
                archives,
                archives._get_remind_domain,
                lambda row: row._advance_reminder(),
                order="date_reminder, id",
            ),
            Step(
                "archive_close",
                self.env._("Close the files of ended contracts"),
                archives,
                archives._get_closing_domain,
                lambda row: row._advance_closing(),
            ),
            Step(
                "sealing_late",
                self.env._("Tell of seals that are not back"),
                sealings,
                lambda: sealings._get_late_domain() & not_told,
                lambda row: row._advance_late(),
            ),
            Step(
                "loan_late",
                self.env._("Tell of originals that are not back"),
                loans,
                lambda: loans._get_late_domain() & not_told,
                lambda row: row._advance_late(),
            ),
        ]
