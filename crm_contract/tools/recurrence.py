"""Periods of a recurring fee: anchored, prorated by days, paused and stepped."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from .period import shift

_DAY = timedelta(days=1)
# Mean days of a unit: to estimate where a date falls, never to bill.
_MEAN_DAYS = {
    "day": 1,
    "week": 7,
    "month": 30.436875,
    "quarter": 91.310625,
    "half_year": 182.62125,
    "year": 365.2425,
}
_UNITS_PER_YEAR = {
    "day": 365,
    "week": 52,
    "month": 12,
    "quarter": 4,
    "half_year": 2,
    "year": 1,
}

Pause = tuple[date, date | None]


class Recurrence(NamedTuple):
    """When something recurs.

    `start` is the first day and `end` the last one (None: open end). Periods last
    `interval` units and are counted from the anchor, which is the start if not given.
    Days before the `cut` are left out; periods keep the numbers that they have without
    it.
    """

    start: date
    interval: int
    unit: str
    end: date | None = None
    anchor: date | None = None
    cut: date | None = None


class Period(NamedTuple):
    """A period, cut where the recurrence begins or ends; all days inclusive."""

    index: int
    start: date
    end: date
    full_start: date
    full_end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    @property
    def full_days(self) -> int:
        return (self.full_end - self.full_start).days + 1


def periods(
    recurrence: Recurrence, until: date, since: date | None = None
) -> Iterator[Period]:
    """Yield the periods that begin by `until` and, if given, end on `since` or later.

    They tile the time from start to end without gap or overlap. The cost depends on
    the periods yielded, not on the age of the recurrence.

    >>> monthly = Recurrence(date(2026, 1, 31), 1, "month")
    >>> [p.start.isoformat() for p in periods(monthly, date(2026, 4, 30))]
    ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30']
    >>> [first] = periods(
    ...     Recurrence(date(2026, 1, 17), 1, "month", anchor=date(2026, 1, 1)),
    ...     date(2026, 1, 31))
    >>> (first.days, first.full_days)
    (15, 31)
    >>> [rest] = periods(monthly._replace(cut=date(2026, 3, 10)), date(2026, 3, 30))
    >>> (rest.index, rest.start.isoformat(), rest.days)
    (1, '2026-03-10', 21)

    :raise ValueError: interval under 1, unknown unit
    """
    if recurrence.interval < 1:
        raise ValueError(f"A period lasts at least one unit, not {recurrence.interval}")
    last = min(until, recurrence.end or until)
    first_slot = _slot_of(recurrence, recurrence.start)
    first = max(recurrence.start, recurrence.cut or recurrence.start)
    slot = _slot_of(recurrence, max(since or first, first))
    while True:
        full_start = _slot_start(recurrence, slot)
        full_end = _slot_start(recurrence, slot + 1) - _DAY
        start = max(full_start, first)
        if start > last:
            return
        end = min(full_end, recurrence.end or full_end)
        if since is None or end >= since:
            yield Period(slot - first_slot, start, end, full_start, full_end)
        slot += 1


def count_periods(recurrence: Recurrence, last: date) -> int:
    """Return how many periods begin by a day, roughly, without going through them.

    >>> count_periods(Recurrence(date(2026, 1, 1), 1, "month"), date(2026, 12, 31))
    12
    """
    first = max(recurrence.start, recurrence.cut or recurrence.start)
    days = (min(last, recurrence.end or last) - first).days + 1
    return max(0, round(days / (_MEAN_DAYS[recurrence.unit] * recurrence.interval)))


def billed_days(period: Period, pauses: Sequence[Pause]) -> int:
    """Return the days of the period that lie in none of the pauses.

    A pause is (first day, last day or None); pauses may overlap.

    >>> june = Period(0, *[date(2026, 6, 1), date(2026, 6, 30)] * 2)
    >>> billed_days(june, [(date(2026, 6, 11), date(2026, 6, 20))])
    20
    """
    paused, covered = 0, period.start - _DAY
    for first, last in sorted(pauses, key=lambda pause: pause[0]):
        first = max(first, covered + _DAY)
        last = min(last or period.end, period.end)
        if first <= last:
            paused += (last - first).days + 1
            covered = last
    return period.days - paused


def monthly_value(amount: float, interval: int, unit: str) -> float:
    """Return what an amount per period is worth a month.

    A year counts 52 weeks and 365 days.

    >>> monthly_value(1200, 1, "year")
    100.0
    """
    return amount * _UNITS_PER_YEAR[unit] / interval / 12


def step_at(steps: Sequence[tuple[date, Any]], day: date) -> Any:
    """Return the value of the last step that began by the day, or None.

    >>> step_at([(date(2027, 1, 1), 110), (date(2028, 1, 1), 120)], date(2027, 5, 5))
    110
    """
    begun = [step for step in steps if step[0] <= day]
    return max(begun, key=lambda step: step[0])[1] if begun else None


def _slot_start(recurrence, slot):
    anchor = recurrence.anchor or recurrence.start
    return shift(anchor, slot * recurrence.interval, recurrence.unit)


def _slot_of(recurrence, day):
    """Return the number of the period of the grid in which a day lies."""
    anchor = recurrence.anchor or recurrence.start
    length = _MEAN_DAYS[recurrence.unit] * recurrence.interval
    slot = int((day - anchor).days // length)
    while _slot_start(recurrence, slot) > day:
        slot -= 1
    while _slot_start(recurrence, slot + 1) <= day:
        slot += 1
    return slot
