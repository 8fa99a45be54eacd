from odoo import api, models
from odoo.fields import Domain

from ..contract.crm_contract_lifecycle import ENDED_ACTIVITY
from .crm_contract_job import Step


class CrmContractSchedule(models.AbstractModel):
    """The daily job: what the calendar alone makes happen.

    Looks at states and dates only, so that days of downtime are caught up.
    """

    _name = "crm.contract.schedule"
    _inherit = "crm.contract.job"
    _description = "Start, expire and let fall due"

    @api.model
    def _get_steps(self):
        return [
            *super()._get_steps(),
            *self._get_contract_steps(),
            *self._get_row_steps(),
        ]

    @api.model
    def _get_contract_steps(self):
        contracts = self.env["crm.contract"]
        return [
            Step(
                "ledger",
                self.env._("Add the coming periods to the ledger"),
                contracts,
                contracts._get_extend_due_domain,
                lambda contracts: contracts._advance_ledger(),
                batch=True,
                chunk=100,
            ),
            Step(
                "start",
                self.env._("Start on the first day"),
                contracts,
                contracts._get_start_due_domain,
                lambda contract: contract._perform("start"),
            ),
            Step(
                "expire",
                self.env._("End after the last day"),
                contracts,
                self._get_expire_due_domain,
                lambda contract: contract._advance_expire(),
            ),
        ]

    @api.model
    def _get_row_steps(self):
        rows = self.env["crm.contract.installment"]
        return [
            Step(
                "overrun",
                self.env._("Cut the periods after the end"),
                rows,
                rows._get_overrun_domain,
                lambda row: row._advance_overrun(),
            ),
            Step(
                "true_up",
                self.env._("Adjust differences to what they settle"),
                rows,
                rows._get_follow_domain,
                lambda row: row._advance_true_up(),
                keep=lambda row: row._is_off(),
            ),
            Step(
                "fall_due",
                self.env._("Let amounts fall due"),
                rows,
                rows._get_fall_due_domain,
                lambda due: due._advance_due(),
                batch=True,
                chunk=100,
            ),
            Step(
                "overdue",
                self.env._("Tell of overdue payments"),
                rows,
                rows._get_become_overdue_domain,
                lambda row: row._advance_overdue(),
            ),
        ]

    @api.model
    def _get_expire_due_domain(self):
        """Return the domain of contracts whose last day is over, by their company's day.

        Extended by satellites in which some of them go on.
        """
        running = Domain("state", "in", ("running", "suspended"))
        return running & self.env["res.company"]._on_days(
            lambda today: Domain("date_end", "<", today)
        )


class CrmContract(models.Model):
    _inherit = "crm.contract"

    @api.model
    def _get_start_due_domain(self):
        signed = self._get_performing_domain() & Domain("state", "=", "signed")
        return signed & self.env["res.company"]._on_days(
            lambda today: Domain("date_start", "<=", today)
        )

    def _advance_expire(self):
        """End one contract whose last day is over, and tell who is in charge."""
        last = self.env["crm.contract.ledger"]._get_last_day(self)
        self._action_end("expired", last)
        self._tell_person_in_charge(
            self.env._("Contract expired"),
            self.env._("Check open amounts and what comes next."),
            ENDED_ACTIVITY,
        )
