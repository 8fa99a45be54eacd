from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ...tools.records import search_flag

STATES = [
    ("draft", "Draft"),
    ("review", "In review"),
    ("to_sign", "To sign"),
    ("signed", "Signed"),
    ("running", "Running"),
    ("suspended", "Suspended"),
    ("ended", "Ended"),
    ("cancelled", "Cancelled"),
]
END_REASONS = [
    ("completed", "Completed"),
    ("expired", "Expired"),
    ("terminated", "Terminated"),
    ("superseded", "Superseded"),
]

# Of what is to be done after an end that came by itself
ENDED_ACTIVITY = "crm_contract.mail_activity_type_ended"


class Transition(NamedTuple):
    sources: tuple
    target: str


# The two life cycles: what is not here does not exist. The agreement is that of a text
# that both sides sign; the performance that of the contract which it makes.
AGREEMENT = {
    "submit": Transition(("draft",), "review"),
    "approve": Transition(("review",), "to_sign"),
    "reject": Transition(("review",), "draft"),
    "recall": Transition(("review",), "draft"),
    "withdraw": Transition(("to_sign",), "draft"),
    "sign": Transition(("to_sign",), "signed"),
    "cancel": Transition(("draft", "review", "to_sign"), "cancelled"),
}
PERFORMANCE = {
    "start": Transition(("signed",), "running"),
    "suspend": Transition(("running",), "suspended"),
    "resume": Transition(("suspended",), "running"),
    "end": Transition(("signed", "running", "suspended"), "ended"),
    "reopen": Transition(("ended",), "running"),
}


class CrmContract(models.Model):
    """Life cycle: the state, its single door, and what happens on the way."""

    _inherit = "crm.contract"

    state = fields.Selection(
        STATES,
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        group_expand="_expand_states",
        owned=True,
    )
    date_submitted = fields.Datetime(
        string="Submitted on", readonly=True, copy=False, owned=True
    )
    submitted_by_id = fields.Many2one(
        "res.users", string="Submitted by", readonly=True, copy=False, owned=True
    )
    date_signed = fields.Date(
        string="Signed on",
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        owned=True,
    )
    signed_by_customer = fields.Char(
        string="Signed for the customer by", readonly=True, copy=False, owned=True
    )
    signed_by_company = fields.Char(
        string="Signed for us by", readonly=True, copy=False, owned=True
    )
    end_reason = fields.Selection(
        END_REASONS, readonly=True, copy=False, tracking=True, owned=True
    )
    date_ended = fields.Date(string="Ended on", readonly=True, copy=False, owned=True)
    performs = fields.Boolean(
        compute="_compute_performs",
        search="_search_performs",
        help="It runs, is billed and ends; other texts only change such a contract.",
    )
    state_note = fields.Char(
        string="What comes next",
        compute="_compute_state_note",
        help="What a signed contract waits for.",
    )

    @api.depends("kind")
    def _compute_performs(self):
        performing = self.filtered_domain(self._get_performing_domain())
        for contract in self:
            contract.performs = contract in performing

    def _search_performs(self, operator, value):
        return search_flag(operator, value, self._get_performing_domain)

    @api.depends("state", "date_start")
    @api.depends_context("lang")
    def _compute_state_note(self):
        """Say what the state does not; extended by fields that this depends on."""
        for contract in self:
            contract.state_note = contract._get_state_note()

    def _get_state_note(self):
        """Return what the state does not say by itself (str, empty for nothing).

        Extended by satellites in which something else is waited for.
        """
        self.ensure_one()
        if self.state == "signed" and self.date_start:
            return self.env._("Begins on %s", format_date(self.env, self.date_start))
        return ""

    @api.model
    def _expand_states(self, states, domain):
        """Return the states that make a column of the kanban, in their order."""
        main = ("draft", "to_sign", "signed", "running", *states)
        return [state for state, _label in STATES if state in main]

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {
            "sequence_prefix",
            "sequence_number",
            "content_hash",
        }

    def action_submit(self):
        """Freeze text and parties, number the contract, and send it on its way.

        Without a review to wait for, the contract goes on to be signed.

        :return: the contracts
        :raise UserError: naming all that is missing, at once
        """
        self.check_access("write")
        self.env["crm.contract.installment"]._plan_what_has_no_plan(self)
        self.env["crm.contract.authority"]._name_signatories(self)
        self.env["crm.contract.split"]._serialise(self)
        findings = self.env["crm.contract.checklist"]._check(self)
        self._transition(
            "submit",
            date_submitted=fields.Datetime.now(),
            submitted_by_id=self.env.uid,
        )
        for contract in self:
            contract._set_number()
        self._freeze()
        self.env["crm.contract.finding"]._keep(findings)
        (self - self._start_review())._action_approve()
        return self

    def action_recall(self):
        """Take a contract out of review, back to draft; return it."""
        self._transition("recall")
        self._unfreeze()
        return self

    def action_withdraw(self):
        """Take a contract that is not signed yet back to draft; return it."""
        self._transition("withdraw")
        self._unfreeze()
        return self

    def action_suspend(self):
        """Suspend a running contract from today on, return it; its ledger waits."""
        self._perform("suspend")
        self.env["crm.contract.ledger"]._suspend(self)
        return self

    def action_resume(self):
        """Let a suspended contract run again from today on; return it."""
        self._perform("resume")
        ledger = self.env["crm.contract.ledger"]
        for company, contracts in self.grouped("company_id").items():
            ledger._resume(contracts, company._get_today())
        return self

    def action_cancel(self):
        """Cancel a contract that was not signed; return it."""
        self._transition("cancel")
        self.version_id._withdraw()
        return self

    def _action_approve(self):
        """Let reviewed contracts be signed; an approval add-on calls it at its end."""
        self._transition("approve")
        self.env["crm.contract.verification"]._check_unchanged(self)

    def _action_reject(self):
        """Send reviewed contracts back to draft; called by an approval add-on."""
        self._transition("reject")
        self._unfreeze()

    def _action_sign(
        self, date, customer_name, company_name, signed_hash, signed_copy=None
    ):
        """Record the signatures of both sides.

        :param date: day of the last signature
        :param customer_name: who signed for the customer
        :param company_name: who signed for us
        :param signed_hash: content hash that the signatures name
        :param signed_copy: `(file name, bytes)` of the signed paper, if there is one
        :raise UserError: if a name is missing or the content is another one
        """
        self.ensure_one()
        if not ((customer_name or "").strip() and (company_name or "").strip()):
            raise UserError(self.env._("Say who signed for each side."))
        self._transition(
            "sign",
            date_signed=date,
            signed_by_customer=customer_name,
            signed_by_company=company_name,
        )
        if signed_hash != self.content_hash:
            raise UserError(
                self.env._(
                    "The contract changed since you opened it. Look at it again."
                )
            )
        self.env["crm.contract.verification"]._check_unchanged(self)
        # sudo: written by code alone, after the checks
        version = self.version_id.sudo()
        # Of two texts of a contract that are signed at once, one comes first.
        version.agreement_id._serialise()
        version._sign(date, self._get_effective_day())
        if signed_copy:
            self.env["crm.contract.document"]._store(self, "signed", *signed_copy)
        self._on_signed()

    def _get_effective_day(self):
        """Return the first day on which a signed text holds (date).

        Extended by satellites whose texts take effect later than their contract.
        """
        self.ensure_one()
        return self.date_start

    def _action_end(self, reason, date, settle=False):
        """End the contracts; of a terminated one, the plan is billed no further.

        :param settle: take back what invoices bill beyond the date, see
            `crm.contract.settlement`
        :return: the credit notes that this drafts
        """
        self._perform("end", end_reason=reason, date_ended=date)
        credit_notes = self.env["account.move"]
        if settle:
            credit_notes = self.env["crm.contract.settlement"]._settle(self, date)
        self.env["crm.contract.ledger"]._end(self, date)
        if reason == "terminated":
            # sudo: owned by the ledger
            self.installment_ids._filter_dropped(date).sudo().is_cancelled = True
        self.env["crm.contract.obligation.plan"]._derive(self)
        return credit_notes

    def _action_reopen(self):
        """Let ended contracts run again, and the ledger go on where it ended.

        Satellites check before whether they may.
        """
        last_days = {contract: contract.date_ended for contract in self}
        self._perform("reopen", end_reason=False, date_ended=False)
        # sudo: activities of others, about an end that is none any more
        self.sudo().activity_unlink([ENDED_ACTIVITY])
        plan = self.installment_ids._filter_plan()
        # sudo: owned by the ledger
        plan.filtered("is_cancelled").sudo().is_cancelled = False
        for contract, day in last_days.items():
            self.env["crm.contract.ledger"]._reopen(contract, day)
        self.env["crm.contract.obligation.plan"]._derive(self)

    def _on_signed(self):
        """Win the opportunity, note what is owed, start if it is time."""
        winning = self.filtered("company_id.contract_win_opportunity")
        self.env["crm.lead"]._win_signed(winning)
        self.env["crm.contract.obligation.plan"]._derive(self)
        self.env["crm.contract.ledger"]._extend(self)
        self.filtered_domain(self._get_start_due_domain())._perform("start")

    def _start_review(self):
        """Ask those who have to agree; return the contracts that wait for somebody.

        Extended by satellites. The contracts are frozen and in review.
        """
        return self.browse()

    def _get_unreviewed(self):
        """Return the contracts that a review would have to see and that none saw.

        Extended by satellites; where no reviews are in use, nothing misses one.
        """
        return self.browse()

    @api.model
    def _get_agreement_transitions(self):
        """Return the life cycle of agreements: {name: Transition}.

        Extended by satellites whose texts have states of their own.
        """
        return AGREEMENT

    @api.model
    def _get_performing_domain(self):
        """Return the domain of records that are performed: they run, are billed, end.

        Extended by satellites with texts that only change another contract.
        """
        return Domain.TRUE

    def _transition(self, name, **vals):
        """Move all records over one transition of their agreement: its only door.

        :param name: key of `_get_agreement_transitions`
        :param vals: other owned fields to write along
        """
        self._move(name, self._get_agreement_transitions()[name], vals)

    def _perform(self, name, **vals):
        """Move all records over one transition of their performance: its only door.

        :param name: key of `PERFORMANCE`
        :param vals: other owned fields to write along
        :raise UserError: for a text that only changes another contract
        """
        idle = self.filtered(lambda contract: not contract.performs)
        if idle:
            raise UserError(
                self.env._(
                    "%s changes another contract: it is neither started nor ended.",
                    ", ".join(idle.mapped("display_name")),
                )
            )
        self._move(name, PERFORMANCE[name], vals)

    def _move(self, name, transition, vals):
        """Write the state, for both doors, and the event that it is.

        Waits for nobody: whoever comes second gets a clear error, or is retried by the
        server and then finds the state changed.
        """
        if not self:
            return
        self.check_access("write")
        self._lock_rows()
        wrong = self.filtered(lambda c: c.state not in transition.sources)
        if wrong:
            raise UserError(wrong._describe_wrong_state(transition))
        # sudo: the fields are owned by the life cycle; rights and state are checked
        self.sudo().write({"state": transition.target, **vals})
        self.env["crm.contract.event"]._follow(self, name, vals)

    def _describe_wrong_state(self, transition):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return "\n".join(
            self.env._(
                "%(contract)s is in the state “%(state)s”; this step is possible from: "
                "%(sources)s.",
                contract=contract.display_name,
                state=labels[contract.state],
                sources=", ".join(labels[source] for source in transition.sources),
            )
            for contract in self
        )
