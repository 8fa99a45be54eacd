from odoo import api, fields, models

from odoo.addons.crm_contract.tools.records import one

from ..models.renewal.crm_contract_renewal_decision import DECISIONS


class CrmContractDecideRenewal(models.TransientModel):
    """Record what follows the term of contracts, and why."""

    _name = "crm.contract.decide.renewal"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Decide on renewal"

    contract_ids = fields.Many2many("crm.contract", required=True)
    decision = fields.Selection(DECISIONS, required=True, default="renew")
    reason = fields.Text()
    competitor = fields.Char(string="Lost to")
    risk = fields.Text(compute="_compute_risk", string="Risks")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        context = self.env.context
        chosen = context.get("active_model") == "crm.contract"
        if chosen and "contract_ids" in fields and not values.get("contract_ids"):
            values["contract_ids"] = [(6, 0, context.get("active_ids") or [])]
        return values

    @api.depends("contract_ids")
    def _compute_risk(self):
        decisions = self.env["crm.contract.renewal.decision"]
        for wizard in self:
            risks = decisions._get_risks_of(wizard.contract_ids)
            wizard.risk = "\n".join(
                "\n".join([f"{contract.display_name}: {reasons[0]}", *reasons[1:]])
                for contract, reasons in risks.items()
                if reasons
            )

    def action_decide(self):
        """Record the decision; open the renewal dialog if it is to renew."""
        one(self)
        self.contract_ids.action_decide_renewal(
            self.decision, self.reason, self.competitor
        )
        model = self.env["crm.contract.renewal"]
        renewable = self.contract_ids.filtered(lambda c: not model._get_refusal(c))
        if self.decision == "expire" or not renewable:
            return {"type": "ir.actions.act_window_close"}
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract_renewal.crm_contract_renew_action"
        )
        return dict(action, context={"default_contract_ids": renewable.ids})
