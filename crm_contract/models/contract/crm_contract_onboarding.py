from typing import NamedTuple

from markupsafe import Markup

from odoo import api, models


class Step(NamedTuple):
    """What somebody does before the first contract: texts, where, and whether it is done.

    *attributes* are those of the link: `href`, or `type` and `name` of an action.
    """

    name: str
    help: str
    attributes: dict
    is_done: bool


class CrmContractOnboarding(models.AbstractModel):
    """What an empty list of contracts shows to those who set contracts up."""

    _name = "crm.contract.onboarding"
    _description = "First steps with contracts"

    @api.model
    def _get_help(self):
        """Return the first steps (Markup), "" if there are contracts or others see to it."""
        manager = "crm_contract.crm_contract_group_manager"
        if not self.env.user.has_group(manager) or self._has_contracts():
            return Markup()
        steps = Markup().join(self._render(step) for step in self._get_steps())
        return Markup(
            '<p class="o_view_nocontent_smiling_face">%s</p>'
            '<ol class="o_contract_onboarding list-unstyled text-start d-inline-block">'
            "%s</ol>"
        ) % (self.env._("Four steps to your first contract"), steps)

    @api.model
    def _has_contracts(self):
        domain = [("company_id", "in", self.env.companies.ids)]
        contracts = self.env["crm.contract"].with_context(active_test=False)
        # sudo: whether there is any at all
        return bool(contracts.sudo().search_count(domain, limit=1))

    @api.model
    def _render(self, step):
        attributes = Markup().join(
            Markup(' %s="%s"') % item for item in step.attributes.items()
        )
        icon = "fa-check-circle text-success" if step.is_done else "fa-circle-o"
        return Markup(
            '<li class="mb-2"><i class="fa fa-fw me-1 %s"></i>'
            '<a class="fw-bold"%s>%s</a><br/><span class="ms-4">%s</span></li>'
        ) % (icon, attributes, step.name, step.help)

    @api.model
    def _get_steps(self):
        """Return the steps, in their order (list of `Step`); extended by satellites."""
        partner = self.env.company.partner_id
        # sudo: which data there is, for a hint
        has_data = bool(partner.company_registry and partner.sudo().street)
        types = self.env["crm.contract.type"].search_count([], limit=1)
        clauses = self.env["crm.contract.clause.template"].search_count([], limit=1)
        return [
            Step(
                self.env._("Your company"),
                self.env._(
                    "Registration number, address, legal representative: printed."
                ),
                {"href": f"/odoo/res.partner/{partner.id}"},
                has_data,
            ),
            Step(
                self.env._("Contract types"),
                self.env._("Numbers, usual terms, and what a contract has to say."),
                self._link("crm_contract.crm_contract_type_action"),
                bool(types),
            ),
            Step(
                self.env._("Clauses and templates"),
                self.env._("Load examples in English or Chinese, or write your own."),
                self._link("crm_contract.crm_contract_load_examples_action"),
                bool(clauses),
            ),
            Step(
                self.env._("Your first contract"),
                self.env._("Choose a template and a customer; the rest is filled in."),
                {"href": "/odoo/contracts/new"},
                False,
            ),
        ]

    @api.model
    def _link(self, xmlid):
        return {"type": "action", "name": xmlid}


class CrmContract(models.Model):
    _inherit = "crm.contract"

    @api.model
    def get_empty_list_help(self, help_message):
        """Show the first steps where there is no contract at all."""
        steps = self.env["crm.contract.onboarding"]._get_help()
        return steps or super().get_empty_list_help(help_message)
