from odoo import api, models

from ..job.crm_contract_job import Step


class CrmContractSchedule(models.AbstractModel):
    """What the daily job does about disputes: it reminds of limitation and deadlines."""

    _inherit = "crm.contract.schedule"

    @api.model
    def _get_steps(self):
        disputes = self.env["crm.contract.dispute"]
        return [
            *super()._get_steps(),
            Step(
                "dispute_remind",
                self.env._("Remind of disputes"),
                disputes,
                disputes._get_reminder_domain,
                lambda row: row._advance_reminder(),
                order="date_reminder, id",
            ),
        ]
