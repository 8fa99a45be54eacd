from odoo import api, fields, models

from ..tools.records import one


class CrmContractAnonymise(models.TransientModel):
    """Says what is erased of people and what stays, and does it."""

    _name = "crm.contract.anonymise"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Anonymise people"

    partner_ids = fields.Many2many(
        "res.partner",
        string="People",
        required=True,
        default=lambda self: self._get_chosen(),
    )
    note = fields.Text(compute="_compute_note")

    @api.model
    def _get_chosen(self):
        context = self.env.context
        is_ours = context.get("active_model") == "res.partner"
        return context.get("active_ids", []) if is_ours else []

    @api.depends("partner_ids")
    def _compute_note(self):
        privacy = self.env["crm.contract.privacy"]
        for wizard in self:
            wizard.note = wizard.partner_ids and privacy._describe(wizard.partner_ids)

    def action_confirm(self):
        """Erase what the contacts say of the people."""
        partners = one(self).partner_ids
        self.env["crm.contract.privacy"]._anonymise(partners)
        return {"type": "ir.actions.act_window_close"}
