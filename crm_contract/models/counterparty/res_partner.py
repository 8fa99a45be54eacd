from odoo import api, fields, models

from ...tools.records import one
from .crm_contract_counterparty import LISTS

_GROUPS = "crm_contract.crm_contract_group_reader,crm_contract.crm_contract_group_user"


class ResPartner(models.Model):
    """On which list a customer is, and the way to its file."""

    _inherit = "res.partner"

    contract_list_status = fields.Selection(
        LISTS, string="List", compute="_compute_contract_list_status", groups=_GROUPS
    )

    @api.depends_context("uid", "company", "allowed_company_ids")
    def _compute_contract_list_status(self):
        rows = self.env["crm.contract.counterparty"].search(
            [("partner_id.commercial_partner_id", "in", self.commercial_partner_id.ids)]
        )
        order = [key for key, _label in LISTS]
        today = self.env.company._get_today()
        found = {}
        for row in rows:
            partner = row.partner_id.commercial_partner_id
            statuses = (row._get_list(today), found.get(partner, "none"))
            found[partner] = max(statuses, key=order.index)
        for partner in self:
            partner.contract_list_status = found.get(
                partner.commercial_partner_id, "none"
            )

    def action_view_counterparty(self):
        """Open the file of the company of the partner, or begin one."""
        bearer = one(self).commercial_partner_id
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract.crm_contract_counterparty_action"
        )
        rows = self.env["crm.contract.counterparty"].search(
            [("partner_id.commercial_partner_id", "=", bearer.id)]
        )
        if len(rows) == 1:
            action |= {"res_id": rows.id, "views": [(False, "form")]}
        return dict(
            action,
            domain=[("id", "in", rows.ids)],
            context={"default_partner_id": bearer.id},
        )
