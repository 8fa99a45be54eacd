from odoo import api, fields, models

from ...tools.records import one

_GROUPS = "crm_contract.crm_contract_group_reader,crm_contract.crm_contract_group_user"


class ResPartner(models.Model):
    """Open disputes with the company of a partner."""

    _inherit = "res.partner"

    contract_dispute_count = fields.Integer(
        string="Open disputes",
        compute="_compute_contract_dispute_count",
        groups=_GROUPS,
    )

    @api.depends_context("uid", "company", "allowed_company_ids")
    def _compute_contract_dispute_count(self):
        counts = dict.fromkeys(self.commercial_partner_id.ids, 0)
        for partner, count in self.env["crm.contract.dispute"]._read_group(
            [
                ("partner_id.commercial_partner_id", "in", list(counts)),
                ("is_open", "=", True),
            ],
            ["partner_id"],
            ["__count"],
        ):
            # sudo: the company of a customer whose disputes may be read
            counts[partner.sudo().commercial_partner_id.id] += count
        for partner in self:
            count = counts.get(partner.commercial_partner_id.id, 0)
            partner.contract_dispute_count = count

    def action_view_contract_disputes(self):
        """Open the disputes with the company of the partner."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract.crm_contract_dispute_action"
        )
        partner = one(self).commercial_partner_id
        return dict(
            action,
            domain=[("partner_id", "child_of", partner.ids)],
            context={"search_default_filter_open": 1},
        )
