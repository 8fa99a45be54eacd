from odoo import fields, models


class CrmContractSuspension(models.Model):
    """Span in which a contract is suspended."""

    _name = "crm.contract.suspension"
    _description = "Suspension of a contract"
    _order = "date_start, id"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="cascade"
    )
    date_start = fields.Date(string="First day", required=True)
    date_end = fields.Date(string="Last day", help="Empty while it lasts.")

    # Two that last at once would be one that nobody can end.
    _open_uniq = models.UniqueIndex(
        "(contract_id) WHERE date_end IS NULL", "The contract is suspended already."
    )
