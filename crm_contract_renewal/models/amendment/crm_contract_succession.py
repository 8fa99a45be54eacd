from odoo import api, models


class CrmContractSuccession(models.AbstractModel):
    _inherit = "crm.contract.succession"

    @api.model
    def _get_duties(self, users):
        tasks = self.env["crm.contract.change.task"].search(
            [("user_id", "in", users.ids), ("date_done", "=", False)]
        )
        label = self.env._("Task of an amendment")
        # Before the activities, which go with their tasks.
        return [
            *[
                duty._replace(contract=duty.record.amendment_id)
                for duty in self._list(tasks, "user_id", label)
            ],
            *super()._get_duties(users),
        ]
