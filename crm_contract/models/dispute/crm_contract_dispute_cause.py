from odoo import fields, models


class CrmContractDisputeCause(models.Model):
    _name = "crm.contract.dispute.cause"
    _description = "Cause of disputes"
    _inherit = ["crm.contract.bounds.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
