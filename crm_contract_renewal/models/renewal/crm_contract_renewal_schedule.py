from odoo import api, models

from odoo.addons.crm_contract.models.job.crm_contract_job import Step


class CrmContractRenewalSchedule(models.AbstractModel):
    """The daily job: end what is terminated, amend, renew by itself, take over.

    Looks at dates and states only, so that days of downtime are caught up.
    """

    _name = "crm.contract.renewal.schedule"
    _inherit = "crm.contract.job"
    _description = "Renew automatically, take over"

    @api.model
    def _get_steps(self):
        contracts = self.env["crm.contract"]
        automatic = self.env["crm.contract.renewal.automatic"]
        # Each contract makes others, or is printed: one at a time.
        return [
            *super()._get_steps(),
            Step(
                "terminate",
                self.env._("End what is terminated"),
                contracts,
                self.env["crm.contract.termination"]._get_due_domain,
                lambda contract: contract._advance_expire(),
                chunk=1,
            ),
            Step(
                "amend",
                self.env._("Let amendments take effect"),
                contracts,
                self.env["crm.contract.incorporation"]._get_due_domain,
                self.env["crm.contract.incorporation"]._incorporate,
                order="date_effective, id",
                chunk=1,
            ),
            Step(
                "renew",
                self.env._("Renew automatically"),
                contracts,
                automatic._get_due_domain,
                automatic._renew,
                chunk=1,
            ),
            Step(
                "sign",
                self.env._("Let automatic renewals be in force"),
                contracts,
                automatic._get_signature_domain,
                automatic._sign,
                chunk=1,
            ),
            Step(
                "take_over",
                self.env._("Let renewals take over"),
                contracts,
                self.env["crm.contract.renewal"]._get_supersede_domain,
                lambda renewal: renewal._supersede_origin(),
                chunk=1,
            ),
        ]
