from odoo import api, models
from odoo.fields import Domain

from odoo.addons.crm_contract.models.job.crm_contract_job import Step


class CrmContractMrrSchedule(models.AbstractModel):
    """The daily job: log what dates alone change of the recurring revenue.

    These are price steps, and lines that begin and end. Each change is logged on its own
    day, so that days of downtime are caught up. Contracts that ran before the add-on was
    installed are logged from their start on.
    """

    _name = "crm.contract.mrr.schedule"
    _inherit = "crm.contract.job"
    _description = "Log movements of recurring revenue"

    @api.model
    def _get_steps(self):
        return [
            *super()._get_steps(),
            Step(
                "mrr",
                self.env._("Log movements of recurring revenue"),
                self.env["crm.contract"],
                # Archived contracts have a log as well.
                lambda: (
                    Domain("active", "in", (True, False))
                    & self.env["res.company"]._on_days(
                        lambda today: Domain("date_mrr_change", "<=", today)
                    )
                ),
                self._log,
                # Predecessors come before their renewals.
                order="date_start, id",
            ),
        ]

    @api.model
    def _log(self, contract):
        contract = contract.with_context(active_test=False)
        contract._recompute_as_of_today("amount_mrr")
        self.env["crm.contract.mrr.movement"]._log(contract)
