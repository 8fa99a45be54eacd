"""What of a price is earned on a day, and what is billed before or after it is earned.

Revenue by IFRS 15 and 企业会计准则第14号: a price is earned over the days on which a
service is given, or by progress. Amounts are Decimals without taxes; each figure is the
rounded sum of all days up to one, never a sum of rounded months, so that over its life
what is earned is what is billed, to the cent.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

_DAY = timedelta(days=1)


class Span(NamedTuple):
    """Days on which something is given, both inclusive, less pauses (first, last)."""

    first: date
    last: date
    pauses: Sequence[tuple[date, date]] = ()


class Progress(NamedTuple):
    """How much is done: steps (day, weight) that are done, of a whole weight.

    `planned` are the steps (day or None, weight) that are to come.
    """

    done: Sequence[tuple[date, Fraction]]
    whole: Fraction
    planned: Sequence[tuple[date | None, Fraction]] = ()


class Item(NamedTuple):
    """A promise with a price.

    `billed` are (day, amount) of invoices, credit notes with a minus; `rest` is what is
    still to be billed. It is given over a `Span` or by `Progress`. A price that changes
    catches up at once; what counts from a day on alone is an item of its own, whose span
    begins there.
    """

    given: Span | Progress
    billed: Sequence[tuple[date, Decimal]] = ()
    rest: Decimal = Decimal(0)


class Position(NamedTuple):
    """Where promises stand on a day."""

    billed: Decimal
    earned: Decimal
    remaining: Decimal

    @property
    def liability(self) -> Decimal:
        """Billed, and not earned yet (合同负债)."""
        return max(self.billed - self.earned, Decimal(0))

    @property
    def asset(self) -> Decimal:
        """Earned, and not billed yet (合同资产)."""
        return max(self.earned - self.billed, Decimal(0))


def rounded(amount: Decimal | Fraction, unit: Decimal) -> Decimal:
    """Return an amount in whole units of a currency, halves away from zero.

    >>> rounded(Fraction(2, 3), Decimal("0.01")), rounded(Decimal("-0.5"), Decimal(1))
    (Decimal('0.67'), Decimal('-1'))
    """
    part, whole = amount.as_integer_ratio()
    up, down = unit.as_integer_ratio()
    part, whole = part * down, whole * up
    units = (2 * abs(part) + whole) // (2 * whole)
    return (units if part > 0 else -units) * unit


def billed_until(item: Item, day: date) -> Decimal:
    """Return what was billed of an item by the end of a day."""
    return sum((bill[1] for bill in item.billed if bill[0] <= day), Decimal(0))


def price_on(item: Item, day: date) -> Decimal:
    """Return the price as it was known on a day.

    What is billed later belongs to it, what is credited later does not yet.

    >>> item = Item(
    ...     Span(date(2026, 1, 1), date(2026, 1, 31)),
    ...     [(date(2026, 1, 1), Decimal(100)), (date(2026, 3, 1), Decimal(-40))],
    ... )
    >>> price_on(item, date(2026, 1, 31)), price_on(item, date(2026, 3, 1))
    (Decimal('100'), Decimal('60'))
    """
    billed = billed_until(item, day)
    later = item.rest + sum((bill[1] for bill in item.billed if bill[0] > day), 0)
    whole = billed + item.rest
    return billed + (later if later * (whole or later) > 0 else Decimal(0))


def share_on(given: Span | Progress, day: date) -> Fraction:
    """Return how much of something is given by the end of a day (0 to 1).

    >>> share_on(Span(date(2026, 1, 1), date(2026, 1, 4)), date(2026, 1, 1))
    Fraction(1, 4)
    >>> pause = (date(2026, 1, 2), date(2026, 1, 3))
    >>> share_on(Span(date(2026, 1, 1), date(2026, 1, 4), [pause]), date(2026, 1, 3))
    Fraction(1, 2)
    >>> half = Progress([(date(2026, 1, 2), Fraction(1))], Fraction(2))
    >>> share_on(half, date(2026, 1, 1)), share_on(half, date(2026, 1, 2))
    (Fraction(0, 1), Fraction(1, 2))
    """
    if isinstance(given, Progress):
        done = sum((weight for on, weight in given.done if on <= day), Fraction(0))
        return min(done / given.whole, Fraction(1)) if given.whole else Fraction(1)
    if day >= given.last:
        return Fraction(1)
    if day < given.first:
        return Fraction(0)
    whole = _count(given, given.last)
    return Fraction(_count(given, day), whole) if whole else Fraction(0)


def _count(span, until):
    """Return the days of a span up to one, less its pauses."""
    days = (until - span.first).days + 1
    for first, last in span.pauses:
        first, last = max(first, span.first), min(last, until)
        days -= max((last - first).days + 1, 0)
    return days


def earned_until(item: Item, day: date, unit: Decimal) -> Decimal:
    """Return what is earned of an item by the end of a day.

    >>> jan = Span(date(2026, 1, 1), date(2026, 1, 31))
    >>> item = Item(jan, [(date(2026, 1, 1), Decimal("100.00"))])
    >>> [earned_until(item, date(2026, 1, day), Decimal("0.01")) for day in (1, 10, 31)]
    [Decimal('3.23'), Decimal('32.26'), Decimal('100.00')]
    >>> steps = [(date(2026, month, 1), Fraction(1)) for month in (1, 2, 3, 4)]
    >>> item = Item(Progress(steps, Fraction(4)), (), Decimal(160))
    >>> [earned_until(item, date(2026, month, 28), Decimal(1)) for month in (1, 2, 4)]
    [Decimal('40'), Decimal('80'), Decimal('160')]
    """
    given = item.given
    if isinstance(given, Span):
        # Most of what there is: past, or to come.
        if day >= given.last:
            return price_on(item, day)
        if day < given.first:
            return Decimal(0)
    return rounded(Fraction(price_on(item, day)) * share_on(given, day), unit)


def position(items: Iterable[Item], day: date, unit: Decimal) -> Position:
    """Return where items of one contract stand by the end of a day.

    >>> year = Span(date(2026, 1, 1), date(2026, 12, 31))
    >>> item = Item(year, [(date(2026, 1, 1), Decimal(365))])
    >>> now = position([item], date(2026, 1, 31), Decimal("0.01"))
    >>> now.billed, now.earned, now.liability, now.asset, now.remaining
    (Decimal('365'), Decimal('31.00'), Decimal('334.00'), Decimal('0'), Decimal('334.00'))
    """
    billed = earned = remaining = Decimal(0)
    for item in items:
        mine = earned_until(item, day, unit)
        billed += billed_until(item, day)
        earned += mine
        remaining += price_on(item, day) - mine
    return Position(billed, earned, remaining)


def remaining_by_year(item: Item, day: date, unit: Decimal) -> Mapping[int, Decimal]:
    """Return what is still to be earned of an item after a day, by year.

    >>> span = Span(date(2026, 7, 1), date(2027, 6, 30))
    >>> item = Item(span, [(date(2026, 7, 1), Decimal(365))])
    >>> remaining_by_year(item, date(2026, 11, 30), Decimal("0.01"))
    {2026: Decimal('31.00'), 2027: Decimal('181.00')}
    >>> plan = [(date(2027, 3, 1), Fraction(1)), (None, Fraction(1))]
    >>> item = Item(Progress((), Fraction(2), plan), (), Decimal(100))
    >>> remaining_by_year(item, date(2026, 11, 30), Decimal("0.01"))
    {2027: Decimal('50.00'), 2026: Decimal('50.00')}
    """
    earned = earned_until(item, day, unit)
    rest = price_on(item, day) - earned
    if not rest:
        return {}
    if isinstance(item.given, Progress):
        return _share_out(rest, _get_planned(item.given, day), unit)
    years, past = {}, earned
    for year in range(day.year, max(item.given.last.year, day.year) + 1):
        until = earned_until(item, max(date(year, 12, 31), day), unit)
        if until != past:
            years[year] = until - past
        past = until
    if price_on(item, day) != past:
        # What the price becomes later is not known on the day.
        last = max(item.given.last.year, day.year)
        years[last] = years.get(last, Decimal(0)) + price_on(item, day) - past
    return {year: amount for year, amount in years.items() if amount}


def _get_planned(given, day):
    """Return the weights to come by year; what has no day, or a past one, is of this."""
    years = {}
    for on, weight in given.planned:
        year = on.year if on and on > day else day.year
        years[year] = years.get(year, Fraction(0)) + weight
    return years or {day.year: Fraction(1)}


def _share_out(amount, weights, unit):
    """Share an amount out by weights; the last one takes what rounding leaves."""
    whole, given, past, shares = sum(weights.values()), Fraction(0), Decimal(0), {}
    for key, weight in weights.items():
        given += weight
        part = (
            amount
            if given == whole
            else rounded(Fraction(amount) * given / whole, unit)
        )
        shares[key] = part - past
        past = part
    return {key: share for key, share in shares.items() if share}


def months_between(first: date, last: date) -> list[date]:
    """Return the last days of the months from one day to another.

    >>> months_between(date(2026, 1, 15), date(2026, 3, 1))
    [datetime.date(2026, 1, 31), datetime.date(2026, 2, 28), datetime.date(2026, 3, 31)]
    """
    ends, day = [], first
    while day.replace(day=1) <= last:
        following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        ends.append(following - _DAY)
        day = following
    return ends
