from odoo import api, models
from odoo.fields import Domain

from .crm_contract_obligation import OPEN


class CrmContractSuccession(models.AbstractModel):
    """Who leaves hands over the obligations that he sees to."""

    _inherit = "crm.contract.succession"

    @api.model
    def _get_duties(self, users):
        rows = self.env["crm.contract.obligation"].search(
            [("user_id", "in", users.ids), ("state", "in", OPEN)]
        )
        # Those of a milestone with the same responsible follow it; what outlives its
        # contract is handed over by itself.
        rows = rows.filtered(
            lambda row: (
                row.milestone_id.user_id != row.user_id or row.contract_state == "ended"
            )
        )
        return [
            *super()._get_duties(users),
            *self._list(rows, "user_id", self.env._("Obligation")),
        ]

    @api.model
    def _get_activity_domain(self):
        return super()._get_activity_domain() | Domain(
            "res_model", "=", "crm.contract.obligation"
        )
