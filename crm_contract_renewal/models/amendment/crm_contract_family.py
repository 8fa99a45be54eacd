from datetime import date

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.crm_contract.tools.in_force import PENDING, in_force


class CrmContract(models.Model):
    """The family: a contract, its amendments and renewals, as one history."""

    _inherit = "crm.contract"

    family_ids = fields.Many2many(
        "crm.contract",
        string="History",
        compute="_compute_family_ids",
        help="The contract with all its amendments, predecessors and renewals.",
    )
    family_count = fields.Integer(compute="_compute_family_ids")
    date_event = fields.Date(
        string="Since",
        compute="_compute_date_event",
        help="Day from which it is in force: its start, or that of the amendment.",
    )

    amount_event = fields.Monetary(
        string="Value from then",
        compute="_compute_amount_event",
        help="Contract value as it was signed: before later amendments.",
    )

    @api.depends("root_id", "kind")
    def _compute_family_ids(self):
        roots = self.root_id | self.filtered(lambda contract: not contract.root_id)
        members = self.with_context(active_test=False).search(
            Domain("root_id", "in", roots.ids) | Domain("id", "in", roots.ids)
        )
        families = members.grouped(lambda member: member.root_id or member)
        for contract in self:
            family = families.get(contract._origin.root_id or contract._origin)
            family = (family or contract.browse()).sorted(
                lambda row: (row.date_event or row.create_date.date(), row.id)
            )
            contract.family_ids = family
            contract.family_count = len(family)

    @api.depends("kind", "date_effective", "date_start")
    def _compute_date_event(self):
        for contract in self:
            contract.date_event = (
                contract.date_effective
                if contract._is_amendment()
                else contract.date_start
            )

    @api.depends("amount_total", "amount_signed")
    def _compute_amount_event(self):
        for contract in self:
            contract.amount_event = contract.amount_signed or contract.amount_total


class CrmContractVersion(models.Model):
    _inherit = "crm.contract.version"

    @api.model
    def _get_on(self, contract, day):
        """Return the signed versions that make up the text of a day, in their order.

        Before the contract begins, it is the one that it was signed in.
        """
        contract.ensure_one()
        # sudo: whoever may read the contract may read what became of it
        versions = self.sudo()
        domain = versions._get_agreed_domain(contract)
        signed = versions.search(domain, order="position")
        return signed.filtered(lambda row: row.date_effective <= day) or signed[:1]

    @api.model
    def _get_text_on(self, contract, day):
        """Return a contract in memory that says what was, or will be, agreed on a day."""
        versions = self._get_on(contract, day)
        later = versions.search(versions._get_agreed_domain(contract)) - versions
        agreed = [
            *versions._get_agreed(),
            *(text._replace(day=PENDING) for text in later._get_agreed()),
        ]
        return contract._new_from_content(in_force(agreed, date.max))


class CrmContractPrint(models.AbstractModel):
    _inherit = "crm.contract.print"

    def _get_template(self, contract):
        if contract._is_amendment():
            return "crm_contract_renewal.report_amendment_document"
        return super()._get_template(contract)

    @api.model
    def _get_effect_text(self, amendment):
        """Return from which day on an amendment holds, as its letter says it."""
        return self.env._(
            "This amendment is in effect from %s. It is a part of the contract. What it "
            "does not change stays in force.",
            format_date(
                self.env,
                amendment.date_effective,
                lang_code=amendment._get_print_lang(),
                date_format="long",
            ),
        )
