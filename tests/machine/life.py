"""The life of a contract: what people may do next, and what has to be true after it.

Each deed is done with what users have, and told to the oracle of the ledger matrix. A
deed may be refused with a reason that people can read; nothing else may go wrong.
"""

from collections import Counter
from decimal import Decimal

from ledger_matrix.oracle import DAY, Billed, Oracle, cents, later

from odoo.exceptions import UserError

from machine import duties
from machine.duties import Duties, WrongError

PRICES = (310, 100, 33.33, 999.99)
INTERVALS = (
    (7, "day"),
    (2, "week"),
    (1, "month"),
    (2, "month"),
    (1, "quarter"),
    (1, "half_year"),
    (1, "year"),
)
DEPOSIT = Decimal(400)
# What a state may become, as the design says
PATHS = {
    "draft": {"draft", "to_sign", "cancelled"},
    "to_sign": {"to_sign", "draft", "signed", "running", "cancelled"},
    "signed": {"signed", "running", "ended"},
    "running": {"running", "suspended", "ended"},
    "suspended": {"suspended", "running", "ended"},
    "ended": {"ended", "running"},
    "cancelled": {"cancelled"},
}
LIVE = ("running", "suspended")


class Deposit:
    """A one-off amount that falls due with the signature."""

    def __init__(self, due):
        self.due, self.billed = due, False
        self.amount = DEPOSIT


class Life(Duties):
    """A contract of one customer, its renewal, and the oracle of each of them.

    :param shape: (interval, in advance, by the day, price, periods of the term, with a
        deposit, whether invoices are posted)
    """

    def __init__(self, world, name, shape, start=None):
        self.world, self.name = world, name
        self.history = []
        interval, advance, by_day, price, periods, deposit, posts = shape
        self.customer = world.make_customer(name)
        start = start or world.today
        end = later(start, periods * interval[0], interval[1]) - DAY
        fee = {
            "price_unit": price,
            "is_recurring": True,
            "recurrence_interval": interval[0],
            "recurrence_unit": interval[1],
            "billed_in": "advance" if advance else "arrears",
            "prorate": by_day,
        }
        lines, more = [fee], {"milestone_ids": self._prepare_duties()}
        if (end - start).days < 60:
            # A notice of a month, as the type proposes, would not fit.
            more["notice_period"] = 0
        if deposit:
            lines.append({"name": "Set-up", "price_unit": float(DEPOSIT)})
            plan = {"name": "Deposit", "trigger": "signature", "percentage": 100}
            more["installment_ids"] = [(0, 0, plan)]
        self.contract = world.draft(self.customer, name, start, end, lines, **more)
        world.as_user(self.contract, "manager").billing_mode = (
            "post" if posts else "draft"
        )
        terms = {"price": price, "quantity": 1}
        self.oracle = Oracle(start, end, interval, advance, by_day, terms)
        self.has_deposit, self.deposit = deposit, None
        self.amendment = self.terms = self.effect = None
        self.renewal, self.past = None, []
        self.number, self.state = False, "draft"
        # {id of an invoice line: what it bills}
        self.lines, self.received = {}, Decimal(0)
        self.open_before, self.refused = {}, Counter()

    def __str__(self):
        return f"{self.name}: " + "; ".join(self.history)

    @property
    def is_over(self):
        return self.state == "cancelled" or (self.state == "ended" and not self.renewal)

    # Deeds

    def do(self, name, number=0):
        """Do something; return whether it was not refused.

        :param number: chooses among several things, from 0 to 99
        """
        self.history.append(f"{self.world.today} {name} {number}")
        try:
            with self.world.env.cr.savepoint():
                getattr(self, name)(number)
                self.world.env.flush_all()
        except UserError as refusal:
            self.history[-1] += f" refused: {str(refusal)[:300]}"
            self.refused[name] += 1
            self.world.env.invalidate_all(flush=False)
            return False
        self.note_books()
        self.note_state()
        return True

    def submit(self, _number):
        self.contract.action_submit()

    def withdraw(self, _number):
        self.contract.action_withdraw()

    def edit(self, number):
        price = PRICES[number % len(PRICES)]
        fee = self.contract.line_ids.filtered("is_recurring")
        fee.price_unit = price
        self.oracle.terms["price"] = price

    def cancel(self, _number):
        self.contract.action_cancel()

    def sign(self, _number):
        self.world.sign_submitted(self.contract)
        if self.has_deposit:
            self.deposit = Deposit(self.world.today)

    def suspend(self, _number):
        self.contract.action_suspend()
        self.oracle.suspend(self.world.today)

    def resume(self, _number):
        self.contract.action_resume()
        self.oracle.resume(self.world.today)

    def draft_amendment(self, number):
        """In effect from 15 days ago to 34 days ahead."""
        effect = max(self.world.today + (number % 50 - 15) * DAY, self.oracle.start)
        amendment = self.world.draft_amendment(self.contract, effect)
        price = {"price": PRICES[number % len(PRICES)] + number}
        terms = price if number % 3 else {"quantity": 2 + number % 5}
        names = {"price": "price_unit", "quantity": "quantity"}
        fee = amendment.line_ids.filtered("is_recurring")
        fee.write({names[name]: value for name, value in terms.items()})
        self.amendment, self.terms, self.effect = amendment, terms, effect

    def sign_amendment(self, _number):
        self.world.sign(self.amendment)
        self.oracle.amend(self.effect, **self.terms)
        self.amendment = None

    def rebase(self, _number):
        self.amendment.action_rebase()

    def drop_amendment(self, _number):
        self.amendment.action_cancel()
        self.amendment = None

    def terminate(self, number):
        """To today, or up to 49 days ahead."""
        day = self.world.today + (number % 50 if number % 2 else 0) * DAY
        self._end(min(day, self.oracle.end), "terminated")

    def complete(self, _number):
        self._end(self.world.today, "completed")

    def _end(self, day, reason):
        self.world.end(self.contract, day, reason)
        self.world.invoices(self.customer, "out_refund", ("draft",)).action_post()
        self.note_books()
        # What fell due by then is owed: the deposit, too.
        self.oracle.stop(day)

    def file(self, number):
        """Put the originals away, also of what is over."""
        archive = self.world.as_user(self.contract.archive_ids, "manager")
        archive.write({"originals": 1 + number % 3, "place": "Shelf 4"})
        archive.action_file()

    def reopen(self, _number):
        self.world.reopen(self.contract)
        self.oracle.reopen()

    def renew(self, _number):
        self.renewal = self.world.draft_renewal(self.contract)

    def sign_renewal(self, _number):
        self.world.sign(self.renewal)

    # Deeds of accountants

    def _lines(self, number, *states):
        lines = self._open_lines(*states)
        return lines and lines[number % len(lines)]

    def _open_lines(self, *states):
        """Lines of fees that stand, whose invoice was neither credited nor paid in part."""
        ids = [id_ for id_, part in self.lines.items() if isinstance(part, Billed)]
        return self.world.lines(ids).filtered(
            lambda line: (
                line.parent_state in states
                and not line.move_id.reversal_move_ids
                and line.move_id.payment_state == "not_paid"
                and len(line.move_id.invoice_line_ids) == 1
            )
        )

    def _open_rows(self):
        return self.contract.installment_ids.filtered(
            lambda row: row.trigger == "period" and row.state == "planned"
        )

    def post(self, number):
        self._lines(number, "draft").move_id.action_post()

    def pay(self, number):
        move = self._lines(number, "posted").move_id
        self.received += cents(move.amount_residual)
        self.world.pay(move)

    def credit_full(self, number):
        line = self._lines(number, "posted")
        self.world.credit(line.move_id).action_bill_credited_again()
        self._take_back(line.id)

    def keep_credited(self, number):
        line = self._lines(number, "posted")
        self.world.credit(line.move_id).action_keep_credited()
        self.lines.pop(line.id).amount = cents(0)

    def waive(self, number):
        rows = self._open_rows()
        row = rows[number % len(rows)]
        self.world.waive(row)
        self.oracle.waive(row.period_start, row.period_end)

    def credit_part(self, number):
        line = self._lines(number, "posted")
        amount = round(line.price_total / (2 + number % 3), 2)
        self.world.credit(line.move_id, amount)
        part = self.lines.pop(line.id)
        part.amount -= cents(amount)
        part.credited += cents(amount)

    def replace(self, number):
        line = self._lines(number, "posted")
        part = self.lines.pop(line.id)
        before = self.world.invoices(self.customer)
        self.world.replace(line.move_id)
        [made] = self.world.invoices(self.customer) - before
        self.lines[made.invoice_line_ids.id] = part

    def cancel_invoice(self, number):
        self._lines(number, "draft").move_id.button_cancel()

    def delete_invoice(self, number):
        self._lines(number, "draft").move_id.unlink()

    def edit_invoice(self, number):
        line = self._lines(number, "draft")
        line.price_unit = line.price_unit * (50 + number) / 100

    def note_state(self):
        """Each state follows on another one that may lead to it."""
        state = self.contract.state
        if state not in PATHS[self.state]:
            raise WrongError(f"{self.state} became {state}\n{self}")
        self.state = state

    # What the books say, and what the oracle makes of it

    def _take_back(self, line_id):
        part = self.lines.pop(line_id)
        for oracle in (self.oracle, *self.past):
            if any(part is other for other in oracle.billed):
                oracle.billed = [other for other in oracle.billed if other is not part]

    def note_books(self):
        """Take from the books what people changed in drafts."""
        there = {line.id: line for line in self.world.lines(list(self.lines))}
        for id_, part in [*self.lines.items()]:
            line = there.get(id_)
            if line is None or line.parent_state == "cancel":
                if isinstance(part, Billed):
                    self._take_back(id_)
                else:
                    self.lines.pop(id_)
                    part.billed = False
            elif line.parent_state == "draft":
                part.amount = cents(line.price_total)

    def note_jobs(self, new_lines):
        """Compare what the jobs of a day invoiced with what is to be charged.

        :param new_lines: invoice lines of the customer that were made since
        """
        today = self.world.today
        expected = []
        for oracle in (self.oracle, *self.past):
            if self.contract.state in ("signed", "running", "suspended", "ended"):
                before = len(oracle.billed)
                oracle.bill(today)
                expected += oracle.billed[before:]
        if self.deposit and not self.deposit.billed and self.deposit.due <= today:
            self.deposit.billed = True
            expected.append(self.deposit)
        found = sorted((cents(line.price_total), line.id) for line in new_lines)
        wanted = sorted(expected, key=lambda part: part.amount)
        if [amount for amount, _id in found] != [part.amount for part in wanted]:
            raise WrongError(
                f"invoiced {[str(amount) for amount, _id in found]}, to be charged "
                + str([_describe(part) for part in wanted])
            )
        for (_amount, id_), part in zip(found, wanted, strict=True):
            self.lines[id_] = part

    def end_pauses(self):
        """What was suspended when it ended, was so until the last day."""
        self.oracle.resume((self.contract.date_ended or self.oracle.end) + DAY)

    def follow_renewal(self):
        """Go on with the renewal when it has taken over."""
        renewal = self.renewal
        # Whose term was over when it was signed, began and ended in one go.
        begun = renewal and renewal.state in (*LIVE, "ended")
        if begun and self.contract.state == "ended":
            line = renewal.line_ids.filtered("is_recurring")
            old = self.oracle
            self.past.append(old)
            terms = {"price": line.price_unit, "quantity": line.quantity}
            self.oracle = Oracle(
                old.end + DAY,
                renewal.date_end,
                old.interval,
                old.advance,
                old.by_day,
                terms,
            )
            self.contract, self.renewal = renewal, None
            self.state, self.number = renewal.state, renewal.number
            self.amendment = None

    def total(self):
        deposit = self.deposit.amount if self.deposit and self.deposit.billed else 0
        return (
            self.extra
            + deposit
            + sum(oracle.total() for oracle in (self.oracle, *self.past))
        )


def _describe(part):
    if isinstance(part, Billed):
        return f"{part.first}–{part.last} {part.amount}"
    return f"deposit {part.amount}"


def _has_lines(*states):
    return lambda life: bool(life._open_lines(*states))


def _in_state(*states):
    return lambda life: life.state in states and not life.renewal


def _can_end(life):
    return (
        life.state == "running"
        and not life.renewal
        and not life.contract.date_termination
        and life.oracle.start <= life.world.today <= life.oracle.end
    )


# {name: function of a life that says whether it can be done}
DEEDS = {
    "submit": _in_state("draft"),
    "edit": _in_state("draft"),
    "withdraw": _in_state("to_sign"),
    "cancel": _in_state("draft", "to_sign"),
    "sign": _in_state("to_sign"),
    "suspend": _in_state("running"),
    "resume": _in_state("suspended"),
    "draft_amendment": lambda life: (
        life.state in LIVE and not life.renewal and not life.amendment
    ),
    "sign_amendment": lambda life: bool(life.amendment) and life.state in LIVE,
    "rebase": lambda life: bool(life.amendment),
    "drop_amendment": lambda life: bool(life.amendment),
    "terminate": _can_end,
    "complete": _can_end,
    "file": lambda life: "to_file" in life.contract.archive_ids.mapped("state"),
    "reopen": lambda life: (
        not life.renewal
        and (life.state == "ended" or bool(life.contract.date_termination))
        and (life.deposit or not life.has_deposit)
    ),
    "renew": lambda life: (
        life.state == "running"
        and not life.renewal
        and not life.amendment
        and not life.contract.date_termination
    ),
    "sign_renewal": lambda life: bool(life.renewal) and life.renewal.state == "draft",
    "post": _has_lines("draft"),
    "pay": _has_lines("posted"),
    "credit_full": _has_lines("posted"),
    "credit_part": _has_lines("posted"),
    "keep_credited": _has_lines("posted"),
    "waive": lambda life: life.state == "running" and bool(life._open_rows()),
    "replace": _has_lines("posted"),
    "cancel_invoice": _has_lines("draft"),
    "delete_invoice": _has_lines("draft"),
    "edit_invoice": _has_lines("draft"),
    **duties.DEEDS,
}


def possible_deeds(life):
    """Return the names of what can be done now."""
    return [name for name, can in DEEDS.items() if can(life)]


def live_through(world, lives, day):
    """Let a day come: its jobs run, and each life is compared with what they did.

    :return: {life: what is not as it was promised}
    """
    world.move_to(day)
    last = world.last_line()
    world.run_jobs()
    new = world.new_lines(last)
    problems = {}
    for life in lives:
        if life.contract.state == "ended" and life.state != "ended":
            life.end_pauses()
        try:
            life.note_state()
            life.follow_renewal()
            life.note_jobs(new.get(life.customer.id, ()))
        except WrongError as error:
            problems[life] = f"{day} {error}\n{life}"
    return problems
