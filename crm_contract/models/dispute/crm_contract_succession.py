from odoo import api, models
from odoo.fields import Domain


class CrmContractSuccession(models.AbstractModel):
    """Who leaves hands over the disputes that he sees to."""

    _inherit = "crm.contract.succession"

    @api.model
    def _get_duties(self, users):
        rows = self.env["crm.contract.dispute"].search(
            [("user_id", "in", users.ids), ("is_open", "=", True)]
        )
        return [
            *super()._get_duties(users),
            *self._list(rows, "user_id", self.env._("Dispute")),
        ]

    @api.model
    def _get_activity_domain(self):
        return super()._get_activity_domain() | Domain(
            "res_model", "=", "crm.contract.dispute"
        )
