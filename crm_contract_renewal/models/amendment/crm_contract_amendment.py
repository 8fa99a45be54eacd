from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from odoo.addons.crm_contract.models.contract.crm_contract_lifecycle import (
    Transition,
)
from odoo.addons.crm_contract.tools.plan import share_out
from odoo.addons.crm_contract.tools.records import one

REQUESTERS = [
    ("us", "Us"),
    ("customer", "Customer"),
    ("both", "Both sides"),
]
# An amendment is never performed: it is in force while its contract is.
AMENDMENT = {
    "take_effect": Transition(("signed",), "in_force"),
    "supersede": Transition(("signed", "in_force"), "superseded"),
    "revive": Transition(("superseded",), "in_force"),
    "reinstate": Transition(("superseded",), "signed"),
}
# Content of the amendment itself, not of what the contract is to become.
OWN_CONTENT = ("date_effective", "amendment_reason", "billed_days")


class CrmContract(models.Model):
    """Amendment: what a contract is to become, as a draft that has to be signed."""

    _inherit = "crm.contract"

    kind = fields.Selection(
        selection_add=[("amendment", "Amendment"), ("renewal", "Renewal")],
        ondelete={"amendment": "set default", "renewal": "set default"},
    )
    state = fields.Selection(
        selection_add=[
            ("in_force", "In force"),
            ("superseded", "No longer in force"),
            ("ended",),
        ],
        ondelete={"in_force": "set default", "superseded": "set default"},
    )
    date_effective = fields.Date(
        string="In effect from",
        tracking=True,
        copy=False,
        index="btree_not_null",
        help="Day from which the amendment changes the contract.",
        content=True,
    )
    amendment_reason = fields.Text(
        string="Reason of the amendment",
        copy=False,
        help="Printed in the amendment letter.",
        content=True,
    )
    requested_by = fields.Selection(REQUESTERS, string="Requested by", copy=False)
    base_version_id = fields.Many2one(
        "crm.contract.version",
        string="Drafted on",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="Text of the contract that this amendment starts from.",
        owned=True,
    )
    amount_base = fields.Monetary(
        string="Value before", readonly=True, copy=False, owned=True
    )
    amount_effect = fields.Monetary(
        string="Effect on the value",
        compute="_compute_amount_effect",
        store=True,
        help="Contract value after the amendment, less the value before it.",
    )
    amendment_ids = fields.One2many(
        "crm.contract",
        "origin_id",
        string="Amendments",
        domain=[("kind", "=", "amendment")],
        owned=True,
    )
    amendment_count = fields.Integer(compute="_compute_amendment_count")

    _amendment_complete = models.Constraint(
        "CHECK (kind != 'amendment'"
        " OR (date_effective IS NOT NULL AND origin_id IS NOT NULL))",
        "An amendment needs its contract and the day from which it is in effect.",
    )

    @api.depends("amount_total", "amount_base", "kind")
    def _compute_amount_effect(self):
        for contract in self:
            contract.amount_effect = contract._is_amendment() and (
                contract.amount_total - contract.amount_base
            )

    @api.depends("amendment_ids.state")
    def _compute_amendment_count(self):
        for contract in self:
            contract.amendment_count = len(
                contract.amendment_ids.filtered(lambda row: row.state != "cancelled")
            )

    @api.depends("kind", "origin_id.number")
    def _compute_display_name(self):
        super()._compute_display_name()
        for contract in self:
            if contract._is_amendment() and not contract.number:
                contract.display_name = self.env._(
                    "Amendment of %s", contract.origin_id.display_name
                )

    @api.model
    def _get_copied_fields(self):
        return tuple(
            name for name in super()._get_copied_fields() if name not in OWN_CONTENT
        )

    def action_view_amendments(self):
        """Open the amendments of the contract."""
        one(self)
        return self.amendment_ids._get_records_action(name=self.env._("Amendments"))

    @api.model
    def _get_agreement_transitions(self):
        return {**super()._get_agreement_transitions(), **AMENDMENT}

    @api.model
    def _get_performing_domain(self):
        return super()._get_performing_domain() & Domain("kind", "!=", "amendment")

    @api.model
    def _get_archivable_states(self):
        return (*super()._get_archivable_states(), "superseded")

    @api.depends("kind", "date_effective")
    def _compute_state_note(self):
        return super()._compute_state_note()

    def _get_state_note(self):
        if not self._is_amendment():
            return super()._get_state_note()
        if self.state == "signed":
            day = format_date(self.env, self.date_effective)
            return self.env._("In force from %s", day)
        return ""

    def _track_subtype(self, initial_values):
        if "state" in initial_values and self.state == "in_force":
            return self.env.ref("crm_contract_renewal.mt_amendment_in_force")
        return super()._track_subtype(initial_values)

    def _is_amendment(self):
        """Return whether the record holds what a contract is to become, or became.

        It has no ledger of its own: what it changes is billed by the contract.
        """
        return self.kind == "amendment"

    def _amend(self, date, reason="", requested_by=False):
        """Draft an amendment from the present content; see `crm.contract.amendment`."""
        self.ensure_one()
        return self.env["crm.contract.amendment"]._draft(
            self, date, reason, requested_by
        )

    def _get_signed_amendments(self):
        """Return the amendments that were signed, in the order of their effect."""
        signed = self.amendment_ids.filtered(
            lambda row: row.version_id.state == "signed"
        )
        return signed.sorted(lambda row: (row.date_effective, row.version_id.position))

    def _get_pending_amendments(self):
        """Return the amendments that are signed and not in effect yet, in their order."""
        return self._get_signed_amendments().filtered(lambda row: row.state == "signed")

    def _get_present_version(self):
        """Return the record with the content that was signed last.

        While an amendment is signed and not in effect yet, it is the one that was signed
        last: each builds on those that were signed before it.
        """
        self.ensure_one()
        # sudo: whoever may read the contract may read its next version
        contract = self.sudo()
        if not contract._get_pending_amendments():
            return self
        signed = contract._get_signed_amendments()
        last = signed.sorted(lambda row: row.version_id.position)[-1:]
        return last.with_env(self.env)

    def _get_rows_by_key(self, name):
        """Return the rows of a part of the content: {content key: row}."""
        self.ensure_one()
        return {row.content_key: row for row in self[name]._filter_content()}

    def action_spread_difference(self):
        """Let the installments that aren't billed share what the plan lacks.

        :raise UserError: if there is none, or they can't give what is too much
        """
        self.check_access("write")
        for amendment in self.filtered("plan_difference"):
            # sudo: what the contract billed
            billed = amendment.origin_id.sudo().installment_ids._get_billed_by_key()
            rows = amendment.installment_ids.filtered(
                lambda row, billed=billed: row.content_key not in billed
            )
            weights = rows.mapped("amount")
            total = sum(weights) + amendment.plan_difference
            if not rows or not all(weight > 0 for weight in weights) or total <= 0:
                raise UserError(
                    self.env._(
                        "No installment that isn't invoiced can take the difference: "
                        "add one to the payment plan."
                    )
                )
            rounding = amendment.currency_id.rounding
            for row, amount in zip(
                rows, share_out(total, weights, rounding), strict=True
            ):
                row._fix_amount(amount)
        return True

    def _set_number(self):
        """Number amendments after their contract: …-A1, -A2."""
        if not self._is_amendment():
            return super()._set_number()
        if self.number:
            return None
        # sudo: owned fields, and amendments that the user may not see
        amendment, contract = self.sudo(), self.sudo().origin_id
        # Two submissions at once come one after the other.
        contract._serialise()
        taken = (
            self.with_context(active_test=False)
            .sudo()
            .search_count(
                Domain("origin_id", "=", contract.id)
                & Domain([("kind", "=", "amendment"), ("number", "!=", False)])
            )
        )
        return amendment.write(
            {
                "date_number": contract.company_id._get_today(),
                "number": f"{contract.number}-A{taken + 1}",
            }
        )

    def _must_check_constrains_date_sequence(self):
        # The year in the number of an amendment is that of its contract.
        return (
            not self._is_amendment() and super()._must_check_constrains_date_sequence()
        )

    def _prepare_version_vals(self):
        """A version of an amendment is a text of its contract, compared with its base."""
        vals = super()._prepare_version_vals()
        if self._is_amendment():
            vals["agreement_id"] = self.origin_id.id
            vals["base_id"] = self.base_version_id.id
            vals["envelope"]["base"] = self.base_version_id.sudo().content_hash
        return vals

    def _get_effective_day(self):
        if self._is_amendment():
            return self.date_effective
        return super()._get_effective_day()

    def _action_sign(self, *args, **kwargs):
        if self._is_amendment():
            # Of two that are signed at once, the second one has to see the first.
            self.origin_id.sudo()._serialise()
            self.env["crm.contract.amendment.check"]._check(self)
        return super()._action_sign(*args, **kwargs)


class CrmContractPlaceholder(models.AbstractModel):
    _inherit = "crm.contract.placeholder"

    @api.model
    def _get_value(self, contract, expression):
        names = self._get_path(expression)
        if contract._is_amendment() and names and names[0] in ("number", "date_number"):
            # Clauses speak of the contract, whose text they become.
            return self._get_value(contract.origin_id, expression)
        return super()._get_value(contract, expression)
