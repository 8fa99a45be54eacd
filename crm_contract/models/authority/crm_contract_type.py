from odoo import fields, models


class CrmContractType(models.Model):
    """Whether the register says who may sign contracts of a type for us."""

    _inherit = "crm.contract.type"

    needs_authority = fields.Boolean(
        string="Only with authority",
        help="Whoever signs for us has to be in the register of authorities, for such a "
        "contract and its value. Checked on submission and on signature.",
    )
