"""Plays rows of the matrix in an Odoo shell, and compares the books with the oracle."""

import logging
from itertools import groupby

from ledger_matrix import cells, known
from ledger_matrix.oracle import cents
from ledger_matrix.world import World

_logger = logging.getLogger(__name__)
STRIDE = 8
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
            "price_unit": cells.PRICE,
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
        """Note the first day on which oracle, books and figures disagree."""
        if self.problem:
            return
        expected, booked = self.oracle.total(), cents(booked)
        family = self.contract | self.contract.renewal_ids
        told = cents(sum(family.mapped("amount_invoiced")))
        if told != booked:
            self.problem = f"{self.world.today}: booked {booked}, said to be {told}"
        if booked != expected:
            self.problem = (
                f"{self.world.today}: booked {booked}, expected {expected} ("
                + ", ".join(
                    f"{part.first}–{part.last} {part.amount}"
                    for part in self.oracle.billed
                )
                + ")"
            )
        if self.contract.end_reason == "expired" and self.world.today <= self.row.end:
            self.problem = (
                f"{self.world.today}: expired, its last day is {self.row.end}"
            )
        last = self.contract.date_termination
        if last and last < self.world.today and self.contract.state != "ended":
            self.problem = f"{self.world.today}: goes on after {last}"

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

    def do_end(self, last, reason):
        self.world.end(self.contract, last, reason)
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

    def do_pay(self):
        self.world.pay(self._invoice())

    def do_credit_part(self, amount):
        self.world.credit(self._invoice(), amount)
        self.oracle.credit(amount)

    def do_credit_full(self):
        self.world.credit(self._invoice()).action_bill_credited_again()
        self.oracle.take_back(0)

    def do_keep_credited(self):
        self.world.credit(self._invoice()).action_keep_credited()
        self.oracle.correct(0, 0)

    def do_replace(self):
        self.world.replace(self._invoice())

    def do_cancel_draft(self):
        self._invoice().button_cancel()
        self.oracle.take_back(0)

    def do_delete_draft(self):
        self._invoice().unlink()
        self.oracle.take_back(0)

    def do_bill_rest(self):
        """Bill what the changed invoice lacks of its row."""
        self._invoice().action_post()
        self._rows("invoiced")[:1].action_bill_rest()
        self.oracle.correct(0, self.oracle.billed[0].price)

    def do_waive_next(self):
        """Waive the row that falls due next."""
        row = self._rows("planned")[:1]
        self.world.waive(row)
        self.oracle.waive(row.period_start, row.period_end)

    def _rows(self, state):
        rows = self.world.as_user(self.contract.installment_ids, "accountant")
        rows = rows.filtered(lambda row: row.state == state)
        return rows.sorted("period_start")

    def do_edit_draft(self, price):
        self._invoice().invoice_line_ids.write({"price_unit": price, "quantity": 1})
        self.oracle.correct(0, price)


# What the played cells have to reach of what the models can be: {model: fields}
SELECTIONS = {
    "crm.contract.line": ("recurrence_unit", "billed_in"),
    "crm.contract.installment": ("state",),
    "crm.contract": ("end_reason",),
}


def main(env, part, share=(0, 1), fail_fast=False):
    """Play the cells of a part: "pairs", or "all".

    :param share: (which, of how many) groups of cells
    :param fail_fast: end with the first group in which a cell fails unexpectedly
    :return: {"failed", "right": list of str, "cells": number of cells, "pairs":
        (pairs of values that the part has, that there are), "reached": (what the
        models' selections were, what they can be)}
    """
    chosen = cells.all_cells()
    if part == "pairs":
        chosen = cells.in_pairs(chosen)
    reached = set()
    with World(env, "2027-01-01") as world:
        outcomes = play(world, chosen, share, fail_fast, reached)
        can_be = cells.selection_values(env)
    failed, right = known.judge(outcomes)
    return {
        "failed": failed,
        "right": right,
        "cells": len(outcomes),
        "pairs": cells.coverage(chosen, can_be),
        "reached": sorted(map(list, reached)),
        "selections": sorted(map(list, selections(env))),
    }


def selections(env):
    """Return what the models can be: {(model, field, value)}."""
    return {
        (model, name, value)
        for model, names in SELECTIONS.items()
        for name in names
        for value in dict(env[model]._fields[name]._description_selection(env))
    }


def play(world, chosen, share=(0, 1), fail_fast=False, reached=None):
    """Play cells; return {cell: what is wrong, or ""}.

    Cells with one interval and one anchor have one calendar, and share its jobs.

    :param reached: set to which what the models' selections were is added
    """
    outcomes = {}

    for group in _in_groups(chosen)[share[0] :: share[1]]:
        rows = [cells.Row(cell) for cell in group]
        outcomes |= _play_group(world, rows, set() if reached is None else reached)
        if fail_fast and known.judge(outcomes)[0]:
            break
    return outcomes


def _in_groups(chosen):
    """Return lists of cells with one calendar, unlike ones first: errors show early."""

    def calendar(cell):
        return cell.anchor, cell.interval

    found = [
        list(group) for _key, group in groupby(sorted(chosen, key=calendar), calendar)
    ]
    order = sorted(range(len(found)), key=lambda number: number * STRIDE % len(found))
    return [found[number] for number in order]


def _play_group(world, rows, reached):
    with world.taken_back():
        world.move_to(rows[0].start)
        players = [Player(world, row) for row in rows]
        acts = [(act, player) for player in players for act in player.row.acts()]
        for day in sorted({act.day for act, _player in acts}):
            todays = [pair for pair in acts if pair[0].day == day]
            _play_day(world, day, todays, players)
            reached |= _get_values([player.contract for player in players])
        return {player.row.cell: player.problem for player in players}


def _get_values(contracts):
    contracts = contracts[0].sudo().union(*contracts[1:])
    records = {
        record._name: record
        for record in (contracts, contracts.line_ids, contracts.installment_ids)
    }
    return {
        (model, name, value)
        for model, names in SELECTIONS.items()
        for name in names
        for value in records[model].mapped(name)
        if value
    }


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
