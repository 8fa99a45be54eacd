"""Plays rows of the matrix in an Odoo shell, and compares the books with the oracle."""

import logging
from itertools import groupby

from ledger_matrix.cells import PRICE, Row
from ledger_matrix.oracle import cents

_logger = logging.getLogger(__name__)
JOBS = ("advance", "bill", "renew")
FIELDS = {"price": "price_unit", "quantity": "quantity"}


class Player:
    """One row: a contract with a customer of its own, and what the oracle says of it."""

    def __init__(self, world, row):
        self.world, self.row, self.oracle = world, row, row.oracle()
        self.problem = ""
        self.customer = world.make_customer(str(row.cell))
        count, unit = row.oracle().interval
        line = {
            "price_unit": PRICE,
            "quantity": 2,
            "is_recurring": True,
            "recurrence_interval": count,
            "recurrence_unit": unit,
            "billed_in": row.cell.billed,
            "prorate": row.by_day,
        }
        self.contract = world.draft(
            self.customer,
            str(row.cell),
            row.start,
            row.end,
            [line],
        )
        world.as_user(self.contract, "manager").billing_mode = (
            "draft" if row.draft else "post"
        )

    def do(self, act):
        """Do an act with what users have, and tell the oracle."""
        if self.problem:
            return
        try:
            with self.world.env.cr.savepoint():
                getattr(self, f"do_{act.verb}")(**act.arguments)
        except Exception as error:
            _logger.info("%s", self.row.cell, exc_info=True)
            self.problem = f"{act.day} {act.verb}: {error!r}"

    def compare(self, booked):
        """Note the first day on which books and oracle disagree."""
        if self.problem:
            return
        expected, booked = self.oracle.total(), cents(booked)
        if booked != expected:
            self.problem = (
                f"{self.world.today}: booked {booked}, expected {expected} ("
                + ", ".join(
                    f"{part.first}–{part.last} {part.amount}"
                    for part in self.oracle.billed
                )
                + ")"
            )

    # What happens to the ledger

    def do_sign(self):
        self.world.sign(self.contract)

    def do_suspend(self):
        self.contract.action_suspend()
        self.oracle.suspend(self.world.today)

    def do_resume(self):
        self.contract.action_resume()
        self.oracle.resume(self.world.today)

    def do_amend(self, effect, **terms):
        values = {FIELDS[name]: value for name, value in terms.items()}
        self.world.amend(self.contract, effect, **values)
        self.oracle.amend(effect, **terms)

    def do_end(self, last):
        self.world.end(self.contract, last)
        self._post_drafts("out_refund")
        self.oracle.stop(last)

    def do_reopen(self):
        self.world.reopen(self.contract)
        self.oracle.reopen()

    def do_renew(self):
        self.world.renew(self.contract)

    # What happens to the first invoice

    def _invoice(self):
        return self.world.invoices(self.customer)[:1]

    def _post_drafts(self, kind):
        self.world.invoices(self.customer, kind, ("draft",)).action_post()

    def do_credit_part(self, amount):
        self.world.credit(self._invoice(), amount)
        self.oracle.credit(amount)

    def do_credit_full(self):
        self.world.credit(self._invoice())
        self.oracle.take_back(0)

    def do_replace(self):
        self.world.replace(self._invoice())

    def do_cancel_draft(self):
        self._invoice().button_cancel()
        self.oracle.take_back(0)

    def do_delete_draft(self):
        self._invoice().unlink()
        self.oracle.take_back(0)

    def do_edit_draft(self, price):
        self._invoice().invoice_line_ids.write({"price_unit": price, "quantity": 1})
        self.oracle.correct(0, price)


def play(world, cells, fail_fast=False):
    """Play cells; return {cell: what is wrong, or ""}.

    Cells with one interval and one anchor have one calendar, and share its jobs.
    """
    outcomes = {}

    def calendar(cell):
        return cell.anchor, cell.interval

    for _calendar, group in groupby(sorted(cells, key=calendar), calendar):
        outcomes |= _play_group(world, [Row(cell) for cell in group])
        if fail_fast and any(outcomes.values()):
            break
    return outcomes


def _play_group(world, rows):
    with world.taken_back():
        world.move_to(rows[0].start)
        players = [Player(world, row) for row in rows]
        acts = [(act, player) for player in players for act in player.row.acts()]
        days = sorted({act.day for act, _player in acts})
        for day in days:
            todays = [pair for pair in acts if pair[0].day == day]
            _play_day(world, day, todays, players)
        return {player.row.cell: player.problem for player in players}


def _play_day(world, day, acts, players):
    world.move_to(day)
    for act, player in acts:
        if act.verb == "sign":
            player.do(act)
    if any(act.verb == "jobs" for act, _player in acts):
        world.run_jobs(JOBS)
        for player in players:
            player.oracle.bill(day)
        booked = world.booked([player.customer for player in players])
        for player in players:
            player.compare(booked[player.customer.id])
    for act, player in acts:
        if act.verb not in ("sign", "jobs"):
            player.do(act)
