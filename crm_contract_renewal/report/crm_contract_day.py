from odoo import api, fields, models
from odoo.tools import SQL


class CrmContractDay(models.Model):
    """Deadlines that nobody has decided on."""

    _inherit = "crm.contract.day"
    _depends = {"crm.contract": ["date_deadline", "kind", "renewal_decision"]}

    kind = fields.Selection(selection_add=[("deadline", "Renewal deadline"), ("end",)])

    @api.model
    def _get_parts(self):
        return [
            *super()._get_parts(),
            (
                "deadline",
                SQL("c.id"),
                SQL("CASE WHEN c.renewal_decision IS NULL THEN c.date_deadline END"),
                SQL("NULL"),
                SQL(),
            ),
        ]
