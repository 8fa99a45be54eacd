"""What is owed besides money, objected to, and thought of it: deeds of a life."""

from types import SimpleNamespace

from ledger_matrix.oracle import cents

from odoo.exceptions import UserError
from odoo.fields import Command

OBLIGATION, DISPUTE, SURVEY = (
    f"crm.contract.{name}" for name in ("obligation", "dispute", "survey")
)
PENALTY, COMPENSATION = 50, 25
# What each contract owes, or is owed.
TERMS = (
    {
        "name": "Handover",
        "trigger": "signature",
        "trigger_days": 10,
        "evidence": "file",
        "needs_acceptance": True,
        "penalty_kind": "fixed",
        "penalty_amount": PENALTY,
    },
    {
        "name": "Report",
        "trigger": "start",
        "trigger_days": 20,
        "recurrence_interval": 2,
        "recurrence_unit": "month",
        "evidence": "note",
    },
    {
        "name": "Data",
        "party": "customer",
        "trigger": "start",
        "trigger_days": 15,
        "evidence": "confirmation",
    },
    {
        "name": "Warning",
        "trigger": "overdue",
        "trigger_days": 3,
        "days_kind": "working",
    },
)
IN_FORCE = ("signed", "running", "suspended", "ended")
STARTED = ("running", "suspended", "ended")
STEPS = ("negotiate", "mediate", "arbitrate", "sue")
INTERRUPTIONS = ("demand", "acknowledged", "payment")


class WrongError(AssertionError):
    """Something is not as it was promised."""


def prepare(world):
    """Let contracts of the world ask their customers, after acceptances and at times."""
    world.type.write(
        {"survey_accepted": True, "survey_months": 4, "survey_gap_days": 45}
    )


class Duties:
    """Obligations, disputes and surveys of a life; `Life` has the rest of it."""

    # What settlements added to what is to be billed
    extra = cents(0)

    def _prepare_duties(self):
        person = self.customer.child_ids[:1]
        person.email = f"{self.name.lower().replace(' ', '')}@customer.example.com"
        return [Command.create(dict(terms)) for terms in TERMS]

    # Obligations

    def _find_obligations(self, *states):
        rows = self.world.as_user(self.world.env[OBLIGATION], "sales")
        return rows.search(
            [("contract_id", "=", self.contract.id), ("state", "in", states)]
        )

    def _choose(self, rows, number):
        return rows[number % len(rows)]

    def fulfil(self, number):
        """With the evidence that it takes."""
        row = self._choose(self._find_obligations("open"), number)
        if row.evidence == "confirmation":
            self._confirm(row)
            return
        if row.evidence == "file":
            files = row.env["ir.attachment"]
            row.evidence_ids = files.create({"name": "protocol.txt", "raw": b"Done"})
        row.action_done(note="As agreed")

    def _confirm(self, row):
        visit = SimpleNamespace(
            contract=self.contract.sudo(),
            partner=self.customer.child_ids[:1],
            can_write=True,
        )
        self.world.env["crm.contract.portal"]._confirm(visit, row.id, "yes", "")

    def shirk(self, number):
        """Say that it is fulfilled, without the evidence that it takes."""
        rows = self._find_obligations("open").filtered("evidence")
        row = self._choose(rows, number)
        row.write({"note": False, "evidence_ids": [Command.clear()]})
        try:
            with self.world.env.cr.savepoint():
                row.action_done()
        except UserError:
            self.world.env.invalidate_all(flush=False)
        else:
            raise WrongError(f"{row.name} is fulfilled without its evidence")

    def accept(self, number):
        rows = self._find_obligations("done").filtered("needs_acceptance")
        row = self._choose(rows, number)
        if number % 3:
            row.action_accept("Signatory")
        else:
            row.action_refuse("Something is missing")

    def let_go(self, number):
        row = self._choose(self._find_obligations("waiting", "open"), number)
        self.world.as_user(row, "manager").action_waive("Not needed any more")

    def take_up_again(self, number):
        rows = self._find_obligations("done", "accepted", "waived")
        self._choose(rows, number).action_reopen("It was not right")

    def charge_penalty(self, number):
        """A row that is billed only when somebody asks for it."""
        rows = self._find_obligations("open", "done", "accepted")
        row = self._choose(rows.filtered("amount_penalty"), number)
        made = self.world.as_user(row, "manager").action_charge_penalty()
        if abs(made.sudo().amount_fixed) != PENALTY:
            raise WrongError(f"a penalty of {made.amount_fixed} for {row.name}")

    # Disputes

    def _find_disputes(self, is_open=True):
        rows = self.world.as_user(self.world.env[DISPUTE], "manager")
        return rows.search(
            [("contract_id", "=", self.contract.id), ("is_open", "=", is_open)]
        )

    def dispute(self, number):
        """Over an invoice; the claim is old enough for its limitation to matter."""
        line = self._lines(number, "posted")
        rows = self.world.as_user(self.world.env[DISPUTE], "sales")
        day = self.world.today
        rows.create(
            {
                "name": "Objection",
                "contract_id": self.contract.id,
                "cause_id": rows.env["crm.contract.dispute.cause"].search([])[:1].id,
                "raised_by": "theirs",
                "amount_claim": 10,
                "installment_ids": [Command.set(line.sudo().installment_id.ids)],
                "date_opened": day,
                "date_accrued": day.replace(year=day.year - 3, day=28, month=2)
                if number % 2
                else day,
            }
        )

    def interrupt(self, number):
        row = self._choose(self._find_disputes(), number)
        row.action_interrupt(self._choose(INTERRUPTIONS, number), note="A letter")

    def escalate(self, number):
        row = self._choose(self._find_disputes(), number)
        row.action_escalate(self._choose(STEPS, number // 3))

    def _creditable(self):
        """Open disputes with the line of their row that nobody credited or paid."""
        lines = self._open_lines("posted")
        return [
            (dispute, line)
            for dispute in self._find_disputes()
            for line in lines
            if line.sudo().installment_id == dispute.sudo().installment_ids
        ]

    def settle_by_credit(self, number):
        dispute, line = self._choose(self._creditable(), number)
        amount = round(line.price_total / (2 + number % 3), 2)
        dispute.action_settle("Agreed", pay="credit", amount=amount)
        if not dispute.installment_ids.is_disputed:
            raise WrongError("not disputed any more before the credit is posted")
        self._post_settlement(dispute)
        part = self.lines.pop(line.id)
        part.amount -= cents(amount)
        part.credited += cents(amount)

    def settle_by_compensation(self, number):
        dispute = self._choose(self._find_disputes(), number)
        dispute.action_settle("Agreed", pay="compensation", amount=COMPENSATION)
        self._post_settlement(dispute)
        self.extra -= cents(COMPENSATION)

    def _post_settlement(self, dispute):
        moves = self.world.as_user(dispute.sudo().settlement_move_ids, "accountant")
        moves.filtered(lambda move: move.state == "draft").action_post()

    def give_up(self, number):
        row = self._choose(self._find_disputes(), number)
        if number % 2:
            row.action_withdraw("No case")
        else:
            row.action_settle("Both bear their costs")

    def dispute_again(self, number):
        row = self._choose(self._find_disputes(is_open=False), number)
        row.action_reopen("New evidence")

    # Surveys

    def _find_surveys(self):
        rows = self.world.env[SURVEY].sudo()
        found = rows.search(
            [("contract_id", "=", self.contract.id), ("state", "=", "asked")]
        )
        return found.filtered(lambda row: row._is_live())

    def ask(self, _number):
        """As the daily job does, at any time."""
        self.world.env[SURVEY].sudo()._ask(self.contract.sudo(), "regular")

    def answer(self, number):
        """By the key of the mail, which is good for once."""
        row = self._choose(self._find_surveys(), number)
        row._answer(row.access_token, 1 + number % 5, "What I think")
        try:
            with self.world.env.cr.savepoint():
                row._answer(row.access_token, 5, "Another thought")
        except UserError:
            self.world.env.invalidate_all(flush=False)
        else:
            raise WrongError("a key was good for two answers")


def _has_obligations(*states, where=None, during=IN_FORCE):
    def can(life):
        if life.state not in during:
            return False
        rows = life._find_obligations(*states)
        return bool(rows.filtered(where) if where else rows)

    return can


def _is_disputed(life):
    return life.state in IN_FORCE and bool(life._find_disputes())


DEEDS = {
    "fulfil": _has_obligations("open"),
    "shirk": _has_obligations("open", where="evidence"),
    "accept": _has_obligations("done", where="needs_acceptance", during=STARTED),
    "let_go": _has_obligations("waiting", "open"),
    "take_up_again": _has_obligations("done", "accepted", "waived"),
    "charge_penalty": _has_obligations(
        "open", "done", "accepted", where="amount_penalty", during=STARTED
    ),
    "dispute": lambda life: (
        life.state in STARTED
        and bool(life._open_lines("posted"))
        and len(life._find_disputes()) < 2
    ),
    "interrupt": _is_disputed,
    "escalate": _is_disputed,
    "settle_by_credit": lambda life: life.state in STARTED and bool(life._creditable()),
    "settle_by_compensation": _is_disputed,
    "give_up": _is_disputed,
    "dispute_again": lambda life: (
        life.state in IN_FORCE and bool(life._find_disputes(is_open=False))
    ),
    "ask": lambda life: life.state == "running",
    "answer": lambda life: life.state in STARTED and bool(life._find_surveys()),
}
