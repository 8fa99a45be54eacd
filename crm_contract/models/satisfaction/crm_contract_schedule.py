from odoo import api, models

from ..job.crm_contract_job import Step


class CrmContractSchedule(models.AbstractModel):
    """What the daily job asks customers, where types say so."""

    _inherit = "crm.contract.schedule"

    @api.model
    def _get_steps(self):
        surveys = self.env["crm.contract.survey"]
        contracts = self.env["crm.contract"]
        return [
            *super()._get_steps(),
            Step(
                "survey_regular",
                self.env._("Ask customers how content they are"),
                contracts,
                surveys._get_regular_domain,
                lambda row: surveys._ask(row, "regular"),
            ),
            Step(
                "survey_renewal",
                self.env._("Ask customers before the notice deadline"),
                contracts,
                surveys._get_renewal_domain,
                lambda row: surveys._ask(row, "renewal"),
            ),
        ]
