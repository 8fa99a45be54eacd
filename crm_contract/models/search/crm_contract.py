from odoo import api, fields, models
from odoo.fields import Domain


class CrmContract(models.Model):
    _inherit = "crm.contract"

    search_text = fields.Char(
        string="Any text", store=False, search="_search_search_text"
    )
    similar_note = fields.Html(compute="_compute_similar_note")

    @api.depends("partner_id", "type_id", "date_start", "date_end", "amount_total")
    def _compute_similar_note(self):
        for contract in self:
            contract.similar_note = self.env["crm.contract.similar"]._get_note(contract)

    @api.model
    def _search_search_text(self, operator, value):
        if operator != "ilike" or not isinstance(value, str):
            return NotImplemented
        if not value.strip():
            return Domain.TRUE
        return Domain("id", "in", self.env["crm.contract.search"]._everywhere(value))

    @api.model
    def _search_display_name(self, operator, value):
        """Ask each index for itself: in one condition with customers, none is used."""
        if operator not in ("ilike", "like") or not value or not isinstance(value, str):
            return super()._search_display_name(operator, value)
        return Domain("id", "in", self.env["crm.contract.search"]._named(value))


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    contract_search_note = fields.Text(
        string="Search of contracts", compute="_compute_contract_search_note"
    )

    def _compute_contract_search_note(self):
        notes = self.env["crm.contract.search"].sudo()._get_notes()  # counts alone
        self.contract_search_note = "\n".join(notes)
