from odoo import api, fields, models

from ...tools.records import one


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "crm.contract.link.mixin"]

    contract_ids = fields.One2many(
        "crm.contract",
        "opportunity_id",
        string="Contracts",
        groups="crm_contract.crm_contract_group_reader,"
        "crm_contract.crm_contract_group_user",
    )
    contract_count = fields.Integer(
        string="Number of contracts", compute="_compute_contract_count"
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_contract_count(self):
        counts = dict(
            self.env["crm.contract"]._read_group(
                [("opportunity_id", "in", self.ids)], ["opportunity_id"], ["__count"]
            )
            if self.env["crm.contract"].has_access("read")
            else []
        )
        for lead in self:
            lead.contract_count = counts.get(lead._origin, 0)

    def action_new_contract(self):
        """Open the form of a new contract with the values of the opportunity."""
        one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract.crm_contract_action"
        )
        return dict(
            action,
            views=[(False, "form")],
            view_mode="form",
            context=self._prepare_contract_context(),
        )

    def action_view_contracts(self):
        """Open the contracts of the opportunity."""
        one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract.crm_contract_action"
        )
        return dict(
            action,
            domain=[("opportunity_id", "=", self.id)],
            context=self._prepare_contract_context(),
        )

    def _prepare_contract_context(self):
        """Return the context defaults of a contract made from the opportunity."""
        self.ensure_one()
        values = {
            "opportunity_id": self.id,
            "partner_id": self.partner_id.id,
            "name": self.name,
            "user_id": self.user_id.id,
            "team_id": self.team_id.id,
            "company_id": self.company_id.id or self.env.company.id,
            "tag_ids": [fields.Command.set(self.tag_ids.ids)],
        }
        return {f"default_{name}": value for name, value in values.items() if value}

    @api.model
    def _win_signed(self, contracts):
        """Win the opportunities that the user may write; tell who may of the others."""
        for contract in contracts:
            # sudo: that it is signed, to whoever works on the opportunity
            lead = contract.opportunity_id.sudo()
            if not lead or lead.won_status == "won":
                continue
            mine = lead.sudo(self.env.su)
            if mine.has_access("write"):
                mine.action_set_won()
            elif lead.user_id:
                lead.activity_schedule(
                    "mail.mail_activity_data_todo",
                    user_id=lead.user_id.id,
                    summary=self.env._(
                        "%s is signed: mark the opportunity as won",
                        contract.display_name,
                    ),
                )

    def _merge_dependences(self, opportunities):
        super()._merge_dependences(opportunities)
        # sudo: the contracts stay with the opportunity, whoever merges it
        merged = opportunities.sudo().with_context(active_test=False)
        merged.contract_ids.opportunity_id = self


class CrmContract(models.Model):
    """The signature wins the opportunity, whoever signs: who links it must be able to."""

    _inherit = "crm.contract"

    @api.model_create_multi
    def create(self, vals_list):
        contracts = super().create(vals_list)
        contracts._check_opportunities()
        return contracts

    def write(self, vals):
        result = super().write(vals)
        if "opportunity_id" in vals:
            self._check_opportunities()
        return result

    def _check_opportunities(self):
        # Without any, the question would be whether the user may write at all.
        if self.opportunity_id:
            self.opportunity_id.check_access("write")
