from odoo import api, models

from ..job.crm_contract_job import Step


class CrmContractSchedule(models.AbstractModel):
    """What the daily job does about obligations: it makes the next ones, and reminds."""

    _inherit = "crm.contract.schedule"

    @api.model
    def _get_steps(self):
        return [*super()._get_steps(), *self._get_obligation_steps()]

    @api.model
    def _get_obligation_steps(self):
        plan = self.env["crm.contract.obligation.plan"]
        milestones = self.env["crm.contract.milestone"]
        obligations = self.env["crm.contract.obligation"]
        return [
            Step(
                "obligation_next",
                self.env._("Add the coming obligations"),
                milestones,
                plan._get_due_domain,
                lambda rows: plan._derive(rows.contract_id),
                batch=True,
                chunk=100,
            ),
            Step(
                "obligation_missed",
                self.env._("Add what follows from missed payments"),
                milestones,
                plan._get_missed_domain,
                lambda rows: plan._derive(rows.contract_id),
                keep=plan._filter_missed,
                batch=True,
                chunk=100,
            ),
            Step(
                "obligation_remind",
                self.env._("Remind of obligations"),
                obligations,
                obligations._get_reminder_domain,
                lambda rows: rows._advance_reminder(),
                order="date_reminder, id",
                batch=True,
                chunk=100,
            ),
        ]
