from odoo import api, models
from odoo.fields import Domain


class CrmContractSuccession(models.AbstractModel):
    """Who leaves keeps no seal, and has nothing lent to ask back."""

    _inherit = "crm.contract.succession"

    @api.model
    def _get_duties(self, users):
        stamps = self.env["crm.contract.stamp"].search([("keeper_id", "in", users.ids)])
        loans = self.env["crm.contract.archive.loan"].search(
            [("user_id", "in", users.ids), ("date_back", "=", False)]
        )
        return [
            *super()._get_duties(users),
            *self._list(stamps, "keeper_id", self.env._("Company seal")),
            *self._list(loans, "user_id", self.env._("Loan from the archive")),
        ]

    @api.model
    def _find_successor(self, duty, leaving, successor):
        """A seal goes to who is named, a deputy, or a manager of its company.

        Its keeper need not read contracts.
        """
        if duty.record._name != "crm.contract.stamp":
            return super()._find_successor(duty, leaving, successor)
        stamp = duty.record
        managers = self.env["crm.contract"]._get_contract_managers(stamp.company_id)
        candidates = (successor or leaving.browse()) | stamp.deputy_ids | managers
        return candidates.filtered(
            lambda user: (
                user.active
                and not user.share
                and user not in leaving
                and stamp.company_id in user.company_ids
            )
        )[:1]

    @api.model
    def _get_activity_domain(self):
        return super()._get_activity_domain() | Domain(
            "res_model", "=", "crm.contract.sealing"
        )
