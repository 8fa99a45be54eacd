from odoo import api, models


class CrmContract(models.Model):
    """The price adjustment that is agreed on for renewals."""

    _name = "crm.contract"
    _inherit = ["crm.contract", "crm.contract.adjustment.mixin"]

    @api.depends("type_id")
    def _compute_adjustment(self):
        for contract in self:
            contract._take_adjustment(contract.type_id)
