from odoo import api, models
from odoo.fields import Domain


class CrmContractBilling(models.AbstractModel):
    """Billing by the terms of the day, whichever daily job is first."""

    _inherit = "crm.contract.billing"

    @api.model
    def _bring_up_to_date(self, contracts, domain):
        self.env["crm.contract.incorporation"]._catch_up(contracts)
        return super()._bring_up_to_date(contracts, domain)


class CrmContractIncorporation(models.AbstractModel):
    _inherit = "crm.contract.incorporation"

    @api.model
    def _catch_up(self, contracts):
        """Let amendments of contracts take effect whose day has come.

        Their job comes first, unless it runs in another worker, or is behind.
        """
        due = self._get_due_domain()
        mine = Domain("origin_id", "in", contracts.ids)
        # sudo: what both sides signed, whoever bills
        amendments = self.env["crm.contract"].sudo()
        for amendment in amendments.search(due & mine, order="date_effective, id"):
            self._try(amendment)
