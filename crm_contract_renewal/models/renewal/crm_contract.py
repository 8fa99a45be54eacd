from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from odoo.addons.crm_contract.tools.records import one

from ...tools.next_term import end_of_term
from ..deadline.crm_contract import IN_FORCE


class CrmContract(models.Model):
    """Renewal: what was decided, the successor, and how it takes over."""

    _inherit = "crm.contract"

    renewal_decision_id = fields.Many2one(
        "crm.contract.renewal.decision",
        string="Renewal decision",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="What holds for the present deadline.",
        owned=True,
    )
    renewal_decision = fields.Selection(
        string="Decision",
        related="renewal_decision_id.decision",
        store=True,
        tracking=True,
        index=True,
    )
    renewal_risk = fields.Selection(
        [("low", "Low"), ("medium", "Medium"), ("high", "High")],
        string="Risk",
        compute="_compute_renewal_risk",
    )
    renewal_ids = fields.One2many(
        "crm.contract",
        "origin_id",
        string="Renewals",
        domain=[("kind", "=", "renewal")],
        owned=True,
    )
    uplift_note = fields.Text(
        string="Price adjustment",
        help="How the prices were computed from those of the term before; printed.",
        content=True,
    )
    has_live_renewal = fields.Boolean(compute="_compute_has_live_renewal")

    _renewal_uniq = models.UniqueIndex(
        "(origin_id) WHERE kind = 'renewal' AND state != 'cancelled'",
        "This contract has a renewal already.",
    )

    def _compute_renewal_risk(self):
        decisions = self.env["crm.contract.renewal.decision"]
        for contract, risks in decisions._get_risks_of(self).items():
            contract.renewal_risk = ("low", "medium", "high")[min(len(risks), 2)]

    @api.depends("renewal_ids.state")
    def _compute_has_live_renewal(self):
        for contract in self:
            # The family is read anyway, wherever somebody looks at a contract.
            contract.has_live_renewal = any(
                row.kind == "renewal"
                and row.origin_id == contract._origin
                and row.state != "cancelled"
                for row in contract.family_ids.filtered("active")
            )

    @api.depends("kind")
    def _compute_date_end(self):
        super()._compute_date_end()
        # A term that begins on the last day of too short a month ends as it would have
        # if the month had been longer.
        next_term = self.env["crm.contract.next.term"]
        for contract in self.filtered(lambda c: c.kind == "renewal" and c.date_end):
            # sudo: the first day of predecessors
            start = contract.date_start
            day = start and next_term._get_day_of_month(contract.sudo(), start)
            if day and contract.duration > 0:
                contract.date_end = end_of_term(
                    start, contract.duration, contract.duration_unit, day
                )

    @api.constrains("date_start")
    def _check_renewal_start(self):
        for contract in self.filtered(lambda c: c.kind == "renewal"):
            # sudo: the end that was agreed on last, by an amendment to come may be
            end = contract.origin_id.sudo()._get_present_version().date_end
            if end and contract.date_start and contract.date_start <= end:
                raise ValidationError(
                    self.env._(
                        "%(contract)s would begin on %(start)s, before the term of its "
                        "predecessor ends on %(end)s.",
                        contract=contract.display_name,
                        start=format_date(self.env, contract.date_start),
                        end=format_date(self.env, end),
                    )
                )

    def _get_state_note(self):
        today = self.company_id._get_today()
        if self.state in IN_FORCE and self.date_end and self.date_end < today:
            return self.env._("The term is over: its renewal is not signed yet")
        return super()._get_state_note()

    def action_view_renewals(self):
        """Open what the contract was renewed by."""
        one(self)
        return self.renewal_ids._get_records_action(name=self.env._("Renewals"))

    def action_view_origin(self):
        """Open the predecessor."""
        one(self)
        return self.origin_id._get_records_action()

    def action_reopen_decision(self):
        """Take the decision back, as long as nothing came of it; return the contracts."""
        self.env["crm.contract.renewal.decision"]._reopen(self)
        return self

    def _decide_renewal(self, decision, reason="", competitor=""):
        """Record what follows the term; the reminders are done with.

        :param decision: key of `DECISIONS`
        :raise UserError: for contracts that are not in force, or terminated
        """
        model = self.env["crm.contract.renewal.decision"]
        model._decide(self, decision, reason, competitor)

    def _renew(self, uplifts=None, automatic=False, refresh=False):
        """Create the successors, in one batch; they are drafts.

        :param uplifts: {contract: (Uplift, text)}; contracts that are not in it keep
            their prices
        :param refresh: take the present versions of library clauses
        :return: the successors, in the order of the contracts
        :raise UserError: for the first that can't be renewed
        """
        model = self.env["crm.contract.renewal"]
        return model._renew(self, uplifts, automatic=automatic, refresh=refresh)

    def _get_live_renewals(self):
        return self.renewal_ids.filtered(lambda contract: contract.state != "cancelled")

    def _on_signed(self):
        """Let renewals that have begun take over."""
        self.env["crm.contract.grace"]._follow_signatures(self)
        super()._on_signed()
        renewals = self.filtered(lambda contract: contract.kind == "renewal")
        self.env["crm.contract.event"]._add_many(
            # sudo: what happened to a predecessor, whoever signs the renewal
            [
                (
                    row.origin_id.sudo(),
                    "renewed",
                    {"by": row.number},
                    row.version_id,
                    None,
                )
                for row in renewals
            ]
        )
        domain = self.env["crm.contract.renewal"]._get_supersede_domain()
        self.filtered_domain(domain)._supersede_origin()

    def _supersede_origin(self):
        """End the predecessors as superseded, on the day before the renewals begin."""
        for contract in self:
            # sudo: who signs the renewal need not have rights on the predecessor
            origin = contract.origin_id.sudo()
            if origin.state in IN_FORCE:
                last = contract.date_start - timedelta(days=1)
                last = min(last, origin.date_end or last)
                is_suspended = origin.state == "suspended"
                # What was billed after it, while the renewal was not signed, is credited.
                origin._action_end("superseded", last, settle=True)
                if is_suspended:
                    self.env["crm.contract.linked"]._go_on_suspended(contract)

    def _advance_expire(self):
        """End as terminated, or as superseded, what does not simply expire.

        A notice to the end of the term, or a renewal that is signed: it does not matter
        which daily job is first.
        """
        if self.termination_id:
            return self.termination_id._take_effect()
        signed = self._get_live_renewals().filtered(
            lambda c: (
                c.date_signed and not (c.date_ended and c.date_ended < c.date_start)
            )
        )
        if not signed:
            return super()._advance_expire()
        return signed[0]._supersede_origin()
