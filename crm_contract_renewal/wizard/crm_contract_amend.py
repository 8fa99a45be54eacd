from odoo import api, fields, models

from odoo.addons.crm_contract.tools.records import one

from ..models.amendment.crm_contract_amendment import REQUESTERS


class CrmContractAmend(models.TransientModel):
    """Draft an amendment of a contract, knowing what stands in its way."""

    _name = "crm.contract.amend"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Amend a contract"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="cascade"
    )
    date_effective = fields.Date(
        string="In effect from",
        required=True,
        default=lambda self: self.env.company._get_today(),
    )
    requested_by = fields.Selection(
        REQUESTERS, string="Requested by", default="customer"
    )
    reason = fields.Text(required=True)
    refusal = fields.Text(compute="_compute_hints")
    open_names = fields.Char(string="Open amendments", compute="_compute_hints")
    billed_beyond = fields.Text(compute="_compute_hints")

    @api.depends("contract_id", "date_effective")
    def _compute_hints(self):
        drafting = self.env["crm.contract.amendment"]
        for wizard in self:
            contract = wizard.contract_id
            wizard.refusal = drafting._get_refusal(contract)
            # sudo: names of amendments that somebody else drafts
            drafts = contract.sudo().amendment_ids.filtered(
                lambda row: row.state in ("draft", "review", "to_sign")
            )
            wizard.open_names = ", ".join(drafts.mapped("display_name"))
            # Where the difference is settled, the draft tells how much it is.
            stays = contract.type_id.billed_days != "settle"
            wizard.billed_beyond = (
                stays
                and wizard.date_effective
                and drafting._describe_billed_beyond(contract, wizard.date_effective)
            )

    def action_amend(self):
        """Draft the amendment and open it."""
        one(self)
        amendment = self.contract_id.action_amend(
            date_effective=self.date_effective,
            reason=self.reason,
            requested_by=self.requested_by,
        )
        return amendment._get_records_action()
