from odoo import api, fields, models

from ...tools.records import one

IN_FORCE = ("signed", "running", "suspended")


class ResPartner(models.Model):
    _inherit = "res.partner"

    legal_representative = fields.Char(
        string="Legal representative",
        help="Person who represents the company by law; printed on contracts.",
    )
    contract_count = fields.Integer(
        string="Contracts",
        compute="_compute_contracts",
        groups="crm_contract.crm_contract_group_reader,"
        "crm_contract.crm_contract_group_user",
    )
    contract_amount = fields.Monetary(
        string="Value in force",
        compute="_compute_contracts",
        groups="crm_contract.crm_contract_group_reader,"
        "crm_contract.crm_contract_group_user",
        help="Of all companies at hand: foreign contracts at their own rates, other "
        "companies at today's.",
    )

    contract_amount_owed = fields.Monetary(
        string="Owed for contracts",
        compute="_compute_contract_amount_owed",
        groups="crm_contract.crm_contract_group_reader,"
        "crm_contract.crm_contract_group_user,account.group_account_invoice",
        help="Posted invoices of contracts that the company has not paid, at the rates "
        "of the invoices.",
    )

    @api.depends_context("uid", "company", "allowed_company_ids")
    def _compute_contract_amount_owed(self):
        totals = dict.fromkeys(self.commercial_partner_id.ids, 0.0)
        today = self.env.company._get_today()
        for partner, company, amount in self.env["crm.contract.ageing"]._read_group(
            [("partner_id", "in", list(totals))],
            ["partner_id", "company_id"],
            ["amount_company:sum"],
        ):
            totals[partner.id] += company.sudo().currency_id._convert(
                amount, partner.currency_id, self.env.company, today
            )
        for partner in self:
            owed = totals.get(partner.commercial_partner_id.id, 0.0)
            partner.contract_amount_owed = owed

    @api.depends_context("uid", "company", "allowed_company_ids")
    def _compute_contracts(self):
        family = self.with_context(active_test=False).search(
            [("id", "child_of", self.ids)]
        )
        totals = {partner.id: [0, 0.0] for partner in self}
        today = self.env.company._get_today()
        for partner, company, state, count, amount in self.env[
            "crm.contract"
        ]._read_group(
            [("partner_id", "in", family.ids), ("performs", "=", True)],
            ["partner_id", "company_id", "state"],
            ["__count", "amount_company:sum"],
        ):
            # Each company's value is in its own currency.
            source = company.sudo().currency_id
            value = amount if state in IN_FORCE else 0.0
            while partner:
                if partner.id in totals:
                    target = partner.currency_id
                    totals[partner.id][0] += count
                    totals[partner.id][1] += source._convert(
                        value, target, self.env.company, today
                    )
                partner = partner.parent_id
        for partner in self:
            count, amount = totals.get(partner.id, (0, 0.0))
            partner.contract_count = count
            partner.contract_amount = amount

    def action_view_contracts(self):
        """Open the contracts of the partner and its contacts."""
        one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract.crm_contract_action"
        )
        return dict(
            action,
            domain=[("partner_id", "child_of", self.ids)],
            context={"default_partner_id": self.id},
        )

    def action_view_contracts_owed(self):
        """Open what the company of the partner owes for contracts."""
        one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract.crm_contract_ageing_action_debtors"
        )
        partner = self.commercial_partner_id
        return dict(action, domain=[("partner_id", "=", partner.id)], context={})

    def action_archive(self):
        """Archive the contacts; whose contracts are in force, after a question.

        :return: the question (action), or False where there is none
        """
        # Code that archives on behalf of somebody has nobody to ask.
        asks = not self.env.su and self.env.user._is_internal()
        if not asks or not self._get_contracts_in_force():
            return super().action_archive() or False
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Contracts are in force"),
            "res_model": "crm.contract.archive.customer",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_partner_ids": self.ids},
        }

    def _get_contracts_in_force(self):
        """Return the contracts in force with the contacts (sudo)."""
        # sudo: that there are some, whoever may open them
        return (
            self.env["crm.contract"]
            .sudo()
            .search([("partner_id", "in", self.ids), ("state", "in", IN_FORCE)])
        )
