from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.records import search_flag


class CrmContractQualification(models.Model):
    """A licence or the like that a customer holds, with the days that it is valid."""

    _name = "crm.contract.qualification"
    _description = "Qualification of a customer"
    _inherit = ["crm.contract.expiry.mixin", "crm.contract.named.mixin"]
    _order = "counterparty_id, kind_id, date_until desc, id desc"
    _rec_name = "kind_id"

    counterparty_id = fields.Many2one(
        "crm.contract.counterparty",
        string="Counterparty file",
        required=True,
        index=True,
        ondelete="cascade",
    )
    partner_id = fields.Many2one(related="counterparty_id.partner_id")
    company_id = fields.Many2one(
        related="counterparty_id.company_id", store=True, index="btree_not_null"
    )
    active = fields.Boolean(default=True)
    kind_id = fields.Many2one(
        "crm.contract.qualification.kind",
        required=True,
        index=True,
        ondelete="restrict",
    )
    number = fields.Char()
    issuer = fields.Char(string="Issued by")
    date_from = fields.Date(string="From")
    date_until = fields.Date(
        string="Until",
        index="btree_not_null",
        help="Last day; empty: it does not expire.",
    )
    file = fields.Binary(string="Copy")
    file_name = fields.Char()
    is_valid = fields.Boolean(
        string="Valid", compute="_compute_is_valid", search="_search_is_valid"
    )

    _dates_order = models.Constraint(
        "CHECK (date_until >= date_from)",
        "A qualification ends on or after its first day.",
    )

    @api.depends("date_from", "date_until")
    def _compute_is_valid(self):
        for row in self:
            row.is_valid = row._holds((row.company_id or self.env.company)._get_today())

    def _search_is_valid(self, operator, value):
        return search_flag(operator, value, self._get_valid_domain)

    @api.model
    def _get_valid_domain(self):
        today = self.env.company._get_today()
        begun = Domain("date_from", "=", False) | Domain("date_from", "<=", today)
        return begun & (
            Domain("date_until", "=", False) | Domain("date_until", ">=", today)
        )

    @api.model_create_multi
    def create(self, vals_list):
        self._check_named(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_named([vals])
        return super().write(vals)

    def _holds(self, day):
        """Return whether it is valid on a day."""
        self.ensure_one()
        first, last = self.date_from or day, self.date_until or day
        return first <= day <= last
