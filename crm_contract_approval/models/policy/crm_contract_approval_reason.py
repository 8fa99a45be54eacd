from odoo import fields, models


class CrmContractApprovalReason(models.Model):
    _name = "crm.contract.approval.reason"
    _description = "Reason of a rejection"
    _inherit = ["crm.contract.bounds.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
