from odoo import api, models


class CrmContractEvent(models.Model):
    _inherit = "crm.contract.event"

    @api.model
    def _get_step_kinds(self):
        return {
            **super()._get_step_kinds(),
            "take_effect": "effective",
            "supersede": "superseded",
            "revive": "reopened",
            "reinstate": "reopened",
        }
