from odoo import fields, models


class CrmContractQualificationKind(models.Model):
    """What customers have to hold: a licence, a certificate, an insurance."""

    _name = "crm.contract.qualification.kind"
    _description = "Kind of qualification"
    _inherit = ["crm.contract.bounds.mixin"]
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
