"""The cells of the matrix: what a line may be, and what may happen to its ledger.

A cell is a combination of one value of each dimension. Its row says set-up, dates and
expected amounts: acts on days that the interpreter does and the oracle reckons.
"""

import itertools
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ledger_matrix.oracle import DAY, Oracle, later

INTERVALS = {
    "10 days": (10, "day"),
    "2 weeks": (2, "week"),
    "month": (1, "month"),
    "2 months": (2, "month"),
    "quarter": (1, "quarter"),
    "half-year": (1, "half_year"),
    "year": (1, "year"),
}
ANCHORS = {
    "28": date(2027, 2, 28),
    "29": date(2027, 1, 29),
    "30": date(2027, 8, 30),
    "31": date(2027, 1, 31),
    "29 Feb": date(2028, 2, 29),
}
BILLED = ("advance", "arrears")
PARTS = ("by day", "whole")
PRICE, NEW_PRICE, LAST_PRICE = 365.5, 401.37, 333.33
# Periods of a term
TERM = 4


class Act(NamedTuple):
    """Something that is done on a day; `verb` is a method of `play.Player`."""

    day: date
    verb: str
    arguments: dict = {}


class Cell(NamedTuple):
    interval: str
    billed: str
    part: str
    anchor: str
    event: str

    def __str__(self):
        return " · ".join(self)


@dataclass
class Row:
    """A cell with its dates: p(n) is the first day of the n-th period."""

    cell: Cell

    def __post_init__(self):
        self.start = ANCHORS[self.cell.anchor]
        self.end = self.p(TERM) - DAY
        self.advance = self.cell.billed == "advance"
        self.by_day = self.cell.part == "by day"
        self.draft = self.cell.event in DRAFTS

    def p(self, number):
        count, unit = INTERVALS[self.cell.interval]
        return later(self.start, number * count, unit)

    def inside(self, number, tenths):
        """A day within the n-th period."""
        first, after = self.p(number), self.p(number + 1)
        return first + (after - first) * tenths // 10

    def acts(self):
        """What happens, in its order: signature, jobs, the event, jobs to the end.

        Jobs run in the morning of a day, people work after them; those who sign come
        before the first job of all.
        """
        acts = [Act(self.start, "sign"), *EVENTS[self.cell.event](self)]
        acts += [Act(day, "jobs") for day in self.job_days()]
        return sorted(
            acts, key=lambda act: (act.day, act.verb != "sign", act.verb != "jobs")
        )

    def job_days(self):
        """Days on which jobs run: those of all rows that are played at once add up."""
        days = [self.p(0), self.p(1), self.inside(1, 9), self.p(2), self.p(TERM)]
        if self.cell.event in ("terminate", "suspend twice", "waive"):
            days += [self.inside(2, 6), self.p(3)]
        if self.cell.event == "none":
            # It still runs on its last day.
            days += [self.end]
        if self.cell.event == "renew":
            days += [self.p(TERM + 1)]
        return days

    def oracle(self):
        return Oracle(
            self.start,
            self.p(2 * TERM) - DAY if self.cell.event == "renew" else self.end,
            INTERVALS[self.cell.interval],
            self.advance,
            self.by_day,
            {"price": PRICE, "quantity": 2},
        )


def _on_first_invoice(verb, **arguments):
    """Something done to the first invoice of the line, some days after it was made."""

    def acts(row):
        return [Act(row.inside(1, 3), verb, arguments)]

    return acts


def _none(row):
    return []


def _suspend(row):
    return [Act(row.inside(1, 3), "suspend"), Act(row.inside(1, 6), "resume")]


def _suspend_twice(row):
    return [
        *_suspend(row),
        Act(row.inside(1, 8), "suspend"),
        Act(row.inside(2, 4), "resume"),
    ]


def _amend(row, number=1, tenths=4, effect=None, **terms):
    day = row.inside(number, tenths)
    return Act(day, "amend", {"effect": effect or day, **terms})


def _amend_price(row):
    return [_amend(row, price=NEW_PRICE)]


def _amend_to_nothing(row):
    return [_amend(row, price=0)]


def _amend_quantity(row):
    return [_amend(row, quantity=3)]


def _amend_twice(row):
    return [_amend(row, price=NEW_PRICE), _amend(row, 1, 7, price=LAST_PRICE)]


def _amend_before(row):
    """The second one is signed later, and in effect earlier."""
    return [
        _amend(row, 1, 5, price=NEW_PRICE),
        _amend(row, 1, 7, effect=row.inside(1, 2), quantity=3),
    ]


def _amend_ahead(row):
    """It is signed before the period is billed inside of which it takes effect."""
    return [_amend(row, 0, 5, effect=row.inside(1, 4), price=NEW_PRICE)]


def _amend_next(row):
    """It is signed ahead, and takes effect when a period is billed."""
    return [_amend(row, 1, 3, effect=row.p(2), quantity=3)]


def _end(row):
    last = row.inside(1, 6)
    return [Act(last, "end", {"last": last, "reason": "completed"})]


def _terminate(row):
    return [
        Act(row.inside(1, 3), "end", {"last": row.inside(2, 5), "reason": "terminated"})
    ]


def _renew(row):
    return [Act(row.inside(3, 3), "renew")]


def _bill_the_rest(row):
    return [
        Act(row.inside(1, 3), "edit_draft", {"price": 300}),
        Act(row.inside(1, 4), "bill_rest"),
    ]


def _reopen(row):
    return [*_end(row), Act(row.inside(1, 9), "reopen")]


EVENTS = {
    "none": _none,
    "suspend once": _suspend,
    "suspend twice": _suspend_twice,
    "amend price": _amend_price,
    "amend quantity": _amend_quantity,
    "amend to nothing": _amend_to_nothing,
    "two amendments inside a period": _amend_twice,
    "amendment before one in effect": _amend_before,
    "amendment signed ahead": _amend_ahead,
    "amendment of the next period": _amend_next,
    "early end": _end,
    "terminate": _terminate,
    "renew": _renew,
    "pay": _on_first_invoice("pay"),
    "credit in part": _on_first_invoice("credit_part", amount=100),
    "credit in full": _on_first_invoice("credit_full"),
    "keep credited": _on_first_invoice("keep_credited"),
    "reverse and create": _on_first_invoice("replace"),
    "cancel": _on_first_invoice("cancel_draft"),
    "delete draft": _on_first_invoice("delete_draft"),
    "edit draft": _on_first_invoice("edit_draft", price=300),
    "bill the rest": _bill_the_rest,
    "waive": _on_first_invoice("waive_next"),
    "reopen": _reopen,
}
# Whose invoices stay drafts, so that they can be changed
DRAFTS = {"cancel", "delete draft", "edit draft", "bill the rest"}
DIMENSIONS = {
    "interval": tuple(INTERVALS),
    "billed": BILLED,
    "part": PARTS,
    "anchor": tuple(ANCHORS),
    "event": tuple(EVENTS),
}


def is_legal(cell):
    """Return whether a combination can be: a renewal needs to begin on its anchor.

    Where the term ends in a month without that day, who renews has to say which day of
    the month counts from then on.
    """
    if cell.event != "renew":
        return True
    row = Row(cell)
    return (
        row.cell.interval in ("10 days", "2 weeks") or row.p(TERM).day == row.start.day
    )


def all_cells():
    cells = itertools.starmap(Cell, itertools.product(*DIMENSIONS.values()))
    return [cell for cell in cells if is_legal(cell)]


def pairs_of(cell):
    """All pairs of values of two dimensions that a cell has."""
    return set(itertools.combinations(zip(Cell._fields, cell, strict=True), 2))


def in_pairs(cells):
    """Return as few cells as a greedy choice finds, that have every pair of values."""
    left = set().union(*map(pairs_of, cells))
    waiting = {cell: pairs_of(cell) for cell in cells}
    chosen = []
    while left:
        best = max(waiting, key=lambda cell: len(waiting[cell] & left))
        chosen.append(best)
        left -= waiting.pop(best)
    return chosen


def selection_values(env):
    """Return what a cell can have by the models themselves: {dimension: values}.

    Values of a selection that no cell uses are gaps of the matrix.
    """
    fields = env["crm.contract.line"]._fields
    return {
        **DIMENSIONS,
        "interval": tuple(dict(fields["recurrence_unit"].selection)),
        "billed": tuple(dict(fields["billed_in"].selection)),
    }


def coverage(chosen, can_be):
    """Return (pairs of values that the chosen cells have, that there can be)."""
    every = {
        frozenset({(one, a), (other, b)})
        for one, other in itertools.combinations(Cell._fields, 2)
        for a, b in itertools.product(can_be[one], can_be[other])
    }
    found = set()
    for cell in chosen:
        cell = cell._replace(interval=INTERVALS[cell.interval][1])
        found |= set(map(frozenset, pairs_of(cell)))
    return len(found & every), len(every)
