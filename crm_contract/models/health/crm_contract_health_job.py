from odoo import api, models
from odoo.fields import Domain

from ..job.crm_contract_job import Step

# Files are read, and contents compared: a batch takes a few seconds.
CHUNK = 50


class CrmContractHealthJob(models.AbstractModel):
    """The daily job: scan what has to be read, look at what is due, tell what is new.

    Files and chains of events are read daily, the rest weekly. A scan that is interrupted goes on where it stopped.
    """

    _name = "crm.contract.health.job"
    _inherit = "crm.contract.job"
    _description = "Look after the health of contracts"

    @api.model
    def _get_steps(self):
        checks = self.env["crm.contract.health.check"]
        scans = self.env["crm.contract.health"]._get_scans()
        return [
            *super()._get_steps(),
            *(self._get_scan_step(scan) for scan in scans),
            Step(
                "health",
                self.env._("Look after the health of contracts"),
                checks,
                self._get_due_domain,
                lambda row: row._look(),
                order="sequence, id",
            ),
        ]

    @api.model
    def _get_due_domain(self):
        return Domain("date_next", "=", False) | Domain("date_next", "<=", "today")

    @api.model
    def _get_scan_step(self, scan):
        return Step(
            f"health_{scan.name}",
            self.env._("Look for: %s", scan.label),
            self.env[scan.model].with_context(active_test=False),
            lambda: self._get_scan_domain(scan),
            lambda records: self._scan(scan, records),
            batch=True,
            chunk=CHUNK,
        )

    @api.model
    def _get_scan_domain(self, scan):
        """Return the domain of what a scan that is due has not looked at yet."""
        check = self._get_row(scan)
        if not check or not check._is_due():
            return Domain.FALSE
        return scan.domain() & Domain("id", ">", check.position)

    @api.model
    def _get_row(self, scan):
        return self.env["crm.contract.health.check"].search(
            [("name", "=", scan.name)], limit=1
        )

    @api.model
    def _scan(self, scan, records):
        self.env["crm.contract.health"]._scan(scan, records)
        self._get_row(scan).position = max(records.ids)

    @api.model
    def _find(self, step, ids=None, failures=None):
        if step.name == "health" and step.retry:
            # Somebody looks now, whenever the job would.
            step = step._replace(domain=lambda: Domain.TRUE)
        return super()._find(step, ids, failures)

    @api.model
    def _run(self, *names):
        self.env["crm.contract.health.check"]._sync()
        super()._run(*names)
        self.env["crm.contract.health.count"]._tell()
