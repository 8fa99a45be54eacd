from odoo import fields, models

PARTS = [
    ("breach", "Breach liability"),
    ("dispute", "Dispute resolution"),
    ("other", "Other terms"),
]


class CrmContractClauseCategory(models.Model):
    _name = "crm.contract.clause.category"
    _description = "Clause category"
    _inherit = ["crm.contract.bounds.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char()
    sequence = fields.Integer(default=10)
    part = fields.Selection(
        PARTS,
        required=True,
        default="other",
        help="Part of the contract in which the clauses of this category stand.",
    )
