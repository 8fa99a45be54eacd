from odoo import api, fields, models
from odoo.tools import SQL


class CrmContractReport(models.Model):
    """Amendments are in the figures of what they change; what follows a term."""

    _inherit = "crm.contract.report"
    _depends = {
        "crm.contract": [
            "amount_signed",
            "date_deadline",
            "origin_id",
            "renewal_decision",
            "renewal_mode",
        ]
    }

    amendment_count = fields.Integer(
        string="Amendments", readonly=True, help="Signed ones."
    )
    date_deadline = fields.Date(string="Deadline", readonly=True)
    renewal_mode = fields.Selection(
        "_get_renewal_modes", string="Renewal", readonly=True
    )

    @api.model
    def _get_renewal_modes(self):
        field = self.env["crm.contract"]._fields["renewal_mode"]
        return field._description_selection(self.env)

    @api.model
    def _get_columns(self):
        return {
            **super()._get_columns(),
            "amount_signed": SQL(
                "COALESCE(NULLIF(contract.amount_signed, 0), contract.amount_total)"
                " / money.rate"
            ),
            "amendment_count": SQL(
                "(SELECT COUNT(*) FROM crm_contract amendment"
                " WHERE amendment.origin_id = contract.id"
                " AND amendment.kind = 'amendment'"
                " AND amendment.date_signed IS NOT NULL)"
            ),
            "date_deadline": SQL("contract.date_deadline"),
            "renewal_mode": SQL("contract.renewal_mode"),
        }

    @api.model
    def _get_condition(self):
        return SQL("%s AND contract.kind != 'amendment'", super()._get_condition())
