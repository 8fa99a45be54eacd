"""What a recurring line is to be charged, and what of that is not billed yet.

A line has terms, and after an amendment other ones: they follow each other in time. All
of it is a function of what was agreed. What was billed is taken off afterwards, so that
no order of events matters.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from .recurrence import Pause, Period, Recurrence, billed_days, periods, step_at

_DAY = timedelta(days=1)
_ALWAYS = date(1900, 1, 1)


class Terms(NamedTuple):
    """How a line is billed.

    `steps` are (day, (quantity, price)) that hold for periods which begin from that day
    on. Without `prorate`, a part of a period is charged like a full one. The first
    `free_periods` and all days up to `billed_until` cost nothing.
    """

    recurrence: Recurrence
    quantity: float
    price: float
    steps: Sequence[tuple[date, tuple[float, float]]] = ()
    prorate: bool = True
    free_periods: int = 0
    billed_until: date | None = None


class Span(NamedTuple):
    """Days on which terms hold, both inclusive; None is without a bound.

    Without terms, nothing is charged. The `source` is handed on to the charges.
    """

    first: date | None
    last: date | None
    terms: Terms | None
    source: Any = None

    def has_days(self) -> bool:
        """Return whether the terms recur on one of the days."""
        return bool(self.terms and _within(self))


class Charge(NamedTuple):
    """A period, or a part of one, that is to be billed.

    Its amount is quantity × price × `days` / days of the full period.
    """

    period: Period
    days: int
    quantity: float
    price: float
    source: Any = None
    prorate: bool = True

    @property
    def first(self) -> date:
        return self.period.start

    @property
    def last(self) -> date:
        return self.period.end


class Billed(NamedTuple):
    """Days that are billed, both inclusive, by terms of a source."""

    first: date
    last: date
    source: Any = None


def spans(changes: Iterable[tuple[date | None, Terms | None, Any]]) -> list[Span]:
    """Return the days on which terms hold that begin on the days of changes.

    Terms that are not prorated, or give way to such, hold until one of their periods
    is over: otherwise it would be charged twice. What gives way before it could begin
    has no days.

    >>> month = Recurrence(date(2026, 1, 1), 1, "month")
    >>> whole, dear = Terms(month, 1, 100, prorate=False), Terms(month, 1, 120)
    >>> for span in spans([(None, whole, "a"), (date(2026, 3, 10), dear, "b")]):
    ...     print(span.source, span.first, span.last)
    a None 2026-03-31
    b 2026-04-01 None

    :param changes: (first day, terms, source) in the order of days; the first one may
        hold from ever (None), and terms that are None end the line
    """
    begun: list[tuple[date | None, Terms | None, Any]] = []
    for day, terms, source in changes:
        while begun and begun[-1][0] and day <= begun[-1][0]:
            begun.pop()
        if begun:
            day = _giving_way(*begun[-1][:2], day, terms)
        begun.append((day, terms, source))
    lasts = [day - _DAY for day, _terms, _source in begun[1:]]
    return [
        Span(day, last, terms, source)
        for (day, terms, source), last in zip(begun, [*lasts, None], strict=True)
    ]


def charges(
    timeline: Iterable[Span],
    until: date,
    since: date | None = None,
    pauses: Sequence[Pause] = (),
) -> Iterator[Charge]:
    """Yield what is to be charged for the periods that begin by `until`.

    >>> month = Recurrence(date(2026, 1, 1), 1, "month")
    >>> old, new = Terms(month, 1, 100), Terms(month, 2, 100)
    >>> for charge in charges(
    ...     [Span(None, date(2026, 1, 10), old), Span(date(2026, 1, 11), None, new)],
    ...     date(2026, 2, 1), pauses=[(date(2026, 1, 31), date(2026, 1, 31))]):
    ...     print(charge.first, charge.days, charge.quantity)
    2026-01-01 10 1
    2026-01-11 20 2
    2026-02-01 28 2

    :param timeline: spans that don't overlap, in the order of days
    :param since: if given, periods that end earlier are left out
    :param pauses: days that are not charged, see `billed_days`
    """
    for span in timeline:
        recurrence = span.terms and _within(span)
        if recurrence:
            for period in periods(recurrence, until, since):
                charge = _charge(span, period, pauses)
                if charge.days and charge.quantity * charge.price:
                    yield charge


def less_billed(
    due: Iterable[Charge],
    billed: Iterable[Billed],
    pauses: Sequence[Pause] = (),
) -> Iterator[Charge]:
    """Yield what of the charges is not billed, none of its days being so.

    A charge that is not prorated belongs to its source as a whole: a part of it that is
    billed by the same terms is all of it. After other terms, its rest is charged like a
    full one.

    >>> january = Period(0, *[date(2026, 1, 1), date(2026, 1, 31)] * 2)
    >>> paid = [Billed(date(2026, 1, 6), date(2026, 1, 10))]
    >>> for rest in less_billed([Charge(january, 31, 1, 310.0)], paid):
    ...     print(rest.first, rest.last, rest.days)
    2026-01-01 2026-01-05 5
    2026-01-11 2026-01-31 21
    """
    taken = sorted(billed, key=lambda row: row.first)
    for charge in due:
        mine = [r for r in taken if r.first <= charge.last and r.last >= charge.first]
        if not mine:
            yield charge
        elif charge.prorate or all(row.source != charge.source for row in mine):
            yield from _rests(charge, mine, pauses)


def cut_at(
    due: Iterable[Charge], days: Iterable[date], pauses: Sequence[Pause] = ()
) -> Iterator[Charge]:
    """Yield charges of which none has days both before and from one of some days on.

    What is not prorated stays whole.

    >>> january = Period(0, *[date(2026, 1, 1), date(2026, 1, 31)] * 2)
    >>> for part in cut_at([Charge(january, 31, 1, 310.0)], [date(2026, 1, 11)]):
    ...     print(part.first, part.last, part.days)
    2026-01-01 2026-01-10 10
    2026-01-11 2026-01-31 21
    """
    ordered = sorted(set(days))
    for charge in due:
        inside = [day for day in ordered if charge.first < day <= charge.last]
        if not inside or not charge.prorate:
            yield charge
            continue
        lasts = [*(day - _DAY for day in inside), charge.last]
        for start, end in zip([charge.first, *inside], lasts, strict=True):
            period = charge.period._replace(start=start, end=end)
            if count := billed_days(period, pauses):
                yield charge._replace(period=period, days=count)


def _giving_way(first, terms, day, successor):
    """Return the day from which terms give way that were to on a day."""
    if not terms or (terms.prorate and (not successor or successor.prorate)):
        return day
    recurrence = _within(Span(first, None, terms))
    if not recurrence:
        return day
    following = periods(recurrence, date.max, since=day)
    end = recurrence.end and recurrence.end + _DAY
    return next((p.start for p in following if p.start >= day), max(day, end or day))


def _within(span):
    """Return the recurrence of a span, None if none of its days is in it."""
    recurrence = span.terms.recurrence
    cut = max(filter(None, (recurrence.cut, span.first)), default=None)
    end = min(filter(None, (recurrence.end, span.last)), default=None)
    if end and end < max(recurrence.start, cut or recurrence.start):
        return None
    return recurrence._replace(cut=cut, end=end)


def _charge(span, period, pauses):
    terms = span.terms
    quantity, price = step_at(terms.steps, period.start) or (
        terms.quantity,
        terms.price,
    )
    days = 0
    if period.index >= terms.free_periods:
        days = _days(terms, period, pauses)
    return Charge(period, days, quantity, price, span.source, terms.prorate)


def _days(terms, period, pauses):
    paid = terms.billed_until
    days = billed_days(period, [*pauses, (_ALWAYS, paid)] if paid else pauses)
    if terms.prorate or not days:
        return days
    # A period that was billed in part before the take-over was billed whole.
    return 0 if paid and period.start <= paid else period.full_days


def _rests(charge, billed, pauses):
    gaps, first = [], charge.first
    for row in billed:
        if row.first > first:
            gaps.append((first, min(row.first - _DAY, charge.last)))
        first = max(first, row.last + _DAY)
    if first <= charge.last:
        gaps.append((first, charge.last))
    for start, end in gaps:
        period = charge.period._replace(start=start, end=end)
        days = billed_days(period, pauses)
        if days and not charge.prorate and len(gaps) == 1:
            days = period.full_days
        if days:
            yield charge._replace(period=period, days=days)
