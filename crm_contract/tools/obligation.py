"""When obligations fall due, what a delay costs, and how far they are."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from .period import shift

_DAY = timedelta(days=1)
WEEKDAYS = frozenset(range(5))
# A calendar without any working day would never come to an end.
_MOST_FREE_DAYS = 366


class Part(NamedTuple):
    """An obligation that counts: its weight, the day it is due, how much is done (0-1)."""

    weight: float
    due: date | None
    done: float


class Progress(NamedTuple):
    """Shares of the whole (0 to 1), and what the difference means.

    `light` is "green", "amber" or "red"; "" where nothing is to be fulfilled.
    """

    planned: float
    actual: float
    light: str


def add_working_days(
    day: date,
    count: int,
    weekdays: Collection[int] = WEEKDAYS,
    holidays: Collection[date] = frozenset(),
) -> date:
    """Return the day that comes so many working days after another one.

    The day itself is not counted. Without working days in the calendar, all days count.

    >>> add_working_days(date(2026, 11, 27), 1).isoformat()  # from a Friday
    '2026-11-30'
    >>> add_working_days(date(2026, 11, 27), 1, holidays={date(2026, 11, 30)}).isoformat()
    '2026-12-01'
    >>> add_working_days(date(2026, 11, 28), 0).isoformat()
    '2026-11-28'

    :param weekdays: those that are worked on, 0 for Monday
    """
    weekdays = set(weekdays) or set(range(7))
    free = 0
    while count > 0:
        day += _DAY
        works = day.weekday() in weekdays and day not in holidays
        free = 0 if works else free + 1
        if works or free > _MOST_FREE_DAYS:
            count -= 1
    return day


def due_days(first: date, interval: int, unit: str, last: date) -> list[date]:
    """Return the days from the first one until the last one, each so much later.

    All are counted from the first one, as periods of a fee are.

    >>> [day.isoformat() for day in due_days(date(2026, 1, 31), 1, "month",
    ...                                      date(2026, 4, 1))]
    ['2026-01-31', '2026-02-28', '2026-03-31']

    :raise ValueError: interval under 1, unknown unit
    """
    if interval < 1:
        raise ValueError(f"A period lasts at least one unit, not {interval}")
    days, number, day = [], 0, first
    while day <= last:
        days.append(day)
        number += 1
        day = shift(first, number * interval, unit)
        if day <= days[-1]:
            break
    return days


def next_due_day(first: date, interval: int, unit: str, after: date) -> date:
    """Return the first of the due days that comes after a day.

    >>> next_due_day(date(2026, 1, 31), 1, "month", date(2026, 2, 28)).isoformat()
    '2026-03-31'
    """
    number, day = 0, first
    while day <= after:
        number += 1
        later = shift(first, number * interval, unit)
        if later <= day:
            return later
        day = later
    return day


def open_days(
    days: Iterable[date],
    closed: Collection[date],
    known: Collection[date],
    interval: int,
    unit: str,
) -> list[date]:
    """Return on which of the due days something is to be open.

    What is closed is not owed anew, nor what was over before it was known here,
    wherever an amendment moves the days to; and nothing that is open gets lost.

    >>> def march(*days): return [date(2026, 3, day) for day in days]
    >>> week = march(2, 9, 16, 23, 30)
    >>> open_days(week, march(2, 9), march(16, 23, 30), 1, "week") == march(16, 23, 30)
    True
    >>> open_days(week, march(2, 16), march(9, 23), 1, "week") == march(9, 23, 30)
    True
    >>> open_days(week, [], march(16, 23), 1, "week") == march(16, 23, 30)
    True

    The days move from Mondays to Wednesdays, of which one comes before what is closed:

    >>> moved = march(4, 11, 18, 25)
    >>> open_days(moved, march(2, 9), march(16, 23, 30), 1, "week") == march(11, 18, 25)
    True
    >>> open_days(moved, march(2, 16), march(9, 23, 30), 1, "week") == march(4, 18, 25)
    True

    :param days: on which it is due by now, in their order
    :param closed: days of what is closed
    :param known: days of what is open
    :param interval: of the recurrence, in units
    """
    days = list(days)
    wanted = [day for day in days if day not in closed]
    first = min(known, default=None)
    since = None
    if first is not None:
        # A grid that did not move begins where it began.
        since = first - _DAY if first in days else shift(first, -interval, unit)
    last = max(closed, default=None)
    if last is None:
        return [day for day in wanted if since is None or day > since]
    room = sum(day <= last for day in known)
    early = [day for day in wanted if day <= last and (since is None or day > since)]
    early = sorted(early, key=lambda day: (day not in known, day))[:room]
    return [*sorted(early), *(day for day in wanted if day > last)]


def find_cycle(waits_for: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the keys that wait for each other in a circle, empty if none do.

    >>> find_cycle({"a": ["b"], "b": ["c"], "c": ["b"]})
    ['b', 'c']
    >>> find_cycle({"a": ["b", "c"], "b": ["c"], "c": []})
    []
    """
    finished: set[str] = set()
    for start in waits_for:
        path: list[str] = []
        stack = [(start, iter(waits_for.get(start, ())))]
        path.append(start)
        while stack:
            key, others = stack[-1]
            other = next(others, None)
            if other is None:
                stack.pop()
                path.pop()
                finished.add(key)
            elif other in path:
                return path[path.index(other) :]
            elif other not in finished:
                stack.append((other, iter(waits_for.get(other, ()))))
                path.append(other)
    return []


def penalty(
    kind: str | None, amount: float, percent: float, cap: float, base: float, days: int
) -> float:
    """Return what a delay of so many days costs.

    >>> penalty("fixed", 500, 0, 0, 10000, 3)
    500
    >>> penalty("daily", 0, 0.5, 10, 10000, 3), penalty("daily", 0, 0.5, 10, 10000, 90)
    (150.0, 1000.0)
    >>> penalty("daily", 0, 0.5, 0, 10000, 0)
    0.0

    :param kind: "fixed" once, "daily" percent of the base a day; None for nothing
    :param percent: of the base, each day
    :param cap: percent of the base that it comes to at most; 0 for no limit
    """
    if not kind or days <= 0:
        return 0.0
    if kind == "fixed":
        return amount
    cost = base * percent * days / 100
    return min(cost, base * cap / 100) if cap else cost


def get_progress(parts: Iterable[Part], today: date, tolerance: float) -> Progress:
    """Return how far obligations should be on a day, and how far they are.

    What is due by the day should be done. Up to the tolerance behind is amber.

    >>> january, june = date(2026, 1, 1), date(2026, 6, 1)
    >>> get_progress([Part(1, january, 1), Part(3, june, 0.5)], date(2026, 3, 1), 0.1)
    Progress(planned=0.25, actual=0.625, light='green')
    >>> get_progress([Part(1, january, 0.0), Part(3, june, 0.0)], date(2026, 3, 1), 0.1)
    Progress(planned=0.25, actual=0.0, light='red')

    :param tolerance: share of the whole
    """
    parts = list(parts)
    whole = sum(part.weight for part in parts)
    if whole <= 0:
        return Progress(0.0, 0.0, "")
    due = sum(part.weight for part in parts if part.due and part.due <= today)
    done = sum(part.weight * part.done for part in parts)
    planned, actual = due / whole, done / whole
    behind = planned - actual
    late = any(part.due and part.due < today and part.done < 1 for part in parts)
    if behind > tolerance:
        return Progress(planned, actual, "red")
    return Progress(planned, actual, "amber" if late or behind > 1e-9 else "green")
