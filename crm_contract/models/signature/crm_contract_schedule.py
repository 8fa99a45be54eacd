from odoo import api, models
from odoo.fields import Domain

from ..job.crm_contract_job import Step


class CrmContractSchedule(models.AbstractModel):
    """What the calendar makes of signature requests."""

    _inherit = "crm.contract.schedule"

    @api.model
    def _get_steps(self):
        requests = self.env["crm.contract.signature.request"]
        return [
            *super()._get_steps(),
            Step(
                "signature_expiry",
                self.env._("End signature requests whose time is over"),
                requests,
                requests._get_expiry_domain,
                lambda request: request._close("expired"),
            ),
            Step(
                "signature_reminder",
                self.env._("Remind those who have not signed"),
                requests,
                requests._get_reminder_domain,
                lambda request: request._remind(),
            ),
        ]


class CrmContractSignatureRequest(models.Model):
    _inherit = "crm.contract.signature.request"

    @api.model
    def _get_expiry_domain(self):
        return Domain("state", "=", "open") & self.env["res.company"]._on_days(
            lambda today: Domain("date_expiry", "<", today)
        )

    @api.model
    def _get_reminder_domain(self):
        # Nobody is asked again for a signature that would be refused once more.
        waiting = Domain("state", "=", "open") & Domain("problem", "=", False)
        return waiting & self.env["res.company"]._on_days(
            lambda today: Domain("date_reminder", "<=", today)
        )
