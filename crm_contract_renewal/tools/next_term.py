"""How dates move from one term to the next: by the calendar, not by a number of days."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from odoo.addons.crm_contract.tools.period import shift, term_end
from odoo.addons.crm_contract.tools.plan import share_out

_DAY = timedelta(days=1)
_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


class Move(NamedTuple):
    """By how much the dates of a term move: `months`, or `days` where it has none.

    `day` is the day of the month that stands behind a first day which its month was
    too short for (31 for a term that begins on 28 February instead), else None.
    """

    months: int = 0
    days: int = 0
    day: int | None = None


class Turn(NamedTuple):
    """From one term to the next one, which begins on `start`.

    `last` is the last day of the first one. `is_clipped`: the next one begins on a day
    that its month is too short for.
    """

    move: Move
    last: date
    start: date
    is_clipped: bool


def shift_months(start: date, months: int, day: int | None = None) -> date:
    """Return the day some months later, on a day of the month if that is given.

    >>> shift_months(date(2027, 2, 28), 1, 31)
    datetime.date(2027, 3, 31)
    >>> shift_months(date(2027, 1, 31), 1)
    datetime.date(2027, 2, 28)
    """
    first = shift(start.replace(day=1), months, "month")
    last = shift(first, 1, "month") - _DAY
    return first.replace(day=min(day or start.day, last.day))


def end_of_term(start: date, count: int, unit: str, day: int | None = None) -> date:
    """Return the last day of a term, whose first day stands for a day of the month.

    >>> end_of_term(date(2027, 2, 28), 1, "month", 31)
    datetime.date(2027, 3, 30)
    >>> end_of_term(date(2027, 2, 28), 1, "month")
    datetime.date(2027, 3, 27)
    >>> end_of_term(date(2027, 2, 28), 2, "week", 31)
    datetime.date(2027, 3, 13)
    """
    if day is None or unit not in _MONTHS:
        return term_end(start, count, unit)
    return shift_months(start, count * _MONTHS[unit], day) - _DAY


def move_of(start: date, following: date, unit: str = "", day: int | None = None):
    """Return how the dates of a term move to the one that follows (`Move`).

    By months if it lasts so many of them, otherwise by days.

    >>> move_of(date(2028, 1, 1), date(2029, 1, 1))
    Move(months=12, days=0, day=None)
    >>> move_of(date(2027, 2, 28), date(2027, 3, 31), day=31)
    Move(months=1, days=0, day=31)
    >>> move_of(date(2027, 2, 1), date(2027, 3, 1), unit="week")
    Move(months=0, days=28, day=None)

    :param unit: of the length of the term; empty if its end was entered as a date
    """
    months = 12 * (following.year - start.year) + following.month - start.month
    by_days = unit in ("day", "week") or not months
    if by_days or shift_months(start, months, day) != following:
        return Move(days=(following - start).days)
    return Move(months=months, day=day)


def move_first(day: date, move: Move) -> date:
    """Return a first day (of a line, of its grid) in the term that follows.

    >>> move_first(date(2027, 1, 31), Move(months=1))
    datetime.date(2027, 2, 28)
    >>> move_first(date(2027, 2, 28), Move(months=1, day=31))
    datetime.date(2027, 3, 31)
    >>> move_first(date(2028, 3, 1), Move(months=12))
    datetime.date(2029, 3, 1)
    """
    if not move.months:
        return day + timedelta(days=move.days)
    stands_for = move.day if move.day and _is_last_of_month(day) else None
    return shift_months(day, move.months, stands_for)


def move_anchor(day: date, move: Move) -> date:
    """Return the day that periods are counted from in the term that follows.

    One that a month is too short for stays where it is, so that periods keep their day.

    >>> move_anchor(date(2027, 1, 31), Move(months=1))
    datetime.date(2027, 1, 31)
    >>> move_anchor(date(2028, 3, 1), Move(months=12))
    datetime.date(2029, 3, 1)
    """
    moved = move_first(day, move._replace(day=None))
    return day if move.months and moved.day != day.day else moved


def move_last(day: date, move: Move) -> date:
    """Return a last day in the term that follows: the day before the first one moves.

    >>> move_last(date(2027, 4, 30), Move(months=3))
    datetime.date(2027, 7, 31)
    """
    return move_first(day + _DAY, move) - _DAY


def move_due(day: date, move: Move) -> date:
    """Return a due date in the term that follows; the last day of a month stays one.

    >>> move_due(date(2027, 2, 28), Move(months=1))
    datetime.date(2027, 3, 31)
    >>> move_due(date(2028, 3, 1), Move(months=12))
    datetime.date(2029, 3, 1)
    """
    if not move.months:
        return day + timedelta(days=move.days)
    return shift_months(day, move.months, 31 if _is_last_of_month(day) else None)


def steps_from(
    steps: Sequence[tuple[date, Any]], start: date, terms: Any
) -> tuple[Any, list[tuple[date, Any]]]:
    """Return (terms on the first day, steps after it): steps go on, they don't restart.

    >>> steps = [(date(2027, 7, 1), 110), (date(2028, 7, 1), 120)]
    >>> steps_from(steps, date(2028, 1, 1), 100)
    (110, [(datetime.date(2028, 7, 1), 120)])

    :param terms: before the first step
    """
    begun = [step for step in steps if step[0] <= start]
    if begun:
        terms = max(begun, key=lambda step: step[0])[1]
    return terms, [step for step in steps if step[0] > start]


def fixed_amounts(
    total: float, percents: float, fixed: Sequence[float], rounding: float
) -> list[float]:
    """Return what fixed installments become when the value that they cover changes.

    They share what percentages leave, in proportion to what they were.

    >>> fixed_amounts(1050, 0, [400, 600], 0.01)
    [420.0, 630.0]
    >>> fixed_amounts(110, 33, [10, 20, 37], 0.01)
    [11.49, 22.99, 42.52]

    :param total: new value that the plan covers
    :param percents: new amounts of the rows that are percentages of it
    :param fixed: amounts so far, above zero
    """
    rest = Decimal(str(total)) - Decimal(str(percents))
    return share_out(rest, fixed, rounding)


def _is_last_of_month(day):
    return (day + _DAY).day == 1
