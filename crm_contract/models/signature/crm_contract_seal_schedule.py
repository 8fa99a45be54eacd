from odoo import api, models

from ..job.crm_contract_job import Step


class CrmContractSchedule(models.AbstractModel):
    _inherit = "crm.contract.schedule"

    @api.model
    def _get_steps(self):
        return [*super()._get_steps(), self._get_stamp_step()]

    @api.model
    def _get_stamp_step(self):
        """What a time-stamp server that failed at the signature still owes."""
        seals = self.env["crm.contract.document.seal"]
        return Step(
            "timestamp",
            self.env._("Time-stamp signed contracts"),
            seals,
            seals._get_waiting_domain,
            lambda seal: seal._advance_stamp(),
            check=seals._get_unreachable,
            chunk=100,
        )
