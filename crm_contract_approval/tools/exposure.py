"""What a contract may come to, at its full price: the value that thresholds compare."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from odoo.addons.crm_contract.tools.recurrence import Recurrence, periods, step_at

_DAY = timedelta(days=1)
_LAST = date(9000, 12, 31)


class Price(NamedTuple):
    """A price of a whole period, or of all: without discounts, and as agreed."""

    gross: float
    net: float


class Fee(NamedTuple):
    """What a line charges: once, or each period, at a price that may change by steps.

    `steps` are pairs of first day and price; the first `free` periods are not charged.
    """

    price: Price
    recurrence: Recurrence | None = None
    steps: tuple[tuple[date, Price], ...] = ()
    free: int = 0


class Exposure(NamedTuple):
    """What fees come to in the currency that they are in.

    `value` is at the agreed prices, `gross` without discounts and rebates. Neither is
    lowered by free periods. `discount` is the highest percentage by which a fee, or all
    together, is cheaper, free periods included.
    """

    value: float
    gross: float
    discount: float


def reckon(fees: Iterable[Fee], months: int, end: date | None = None) -> Exposure:
    """Return the exposure over the months or the term, whichever is longer.

    A fee counts from its own first day on. If the months that begin with one of its price
    steps come to more, these count: a low price at the beginning hides no high one.

    >>> monthly = Recurrence(date(2026, 1, 1), 1, "month")
    >>> reckon([Fee(Price(100, 90), monthly)], 12)
    Exposure(value=1080, gross=1200, discount=10.0)

    Free for a year, and 50,000 a month afterwards:

    >>> reckon([Fee(Price(50000, 50000), monthly, free=12)], 12)
    Exposure(value=600000, gross=600000, discount=100.0)

    1 a month, and 50,000 after a year, with and without an end:

    >>> stepped = Fee(Price(1, 1), monthly, ((date(2027, 1, 1), Price(50000, 50000)),))
    >>> reckon([stepped], 12).value
    600000
    >>> reckon([stepped], 12, date(2027, 12, 31)).value
    600012

    A term of three months counts as twelve; a rebate lowers the value, not the gross:

    >>> reckon([Fee(Price(100, 100), monthly)], 12, date(2026, 3, 31)).value
    1200
    >>> reckon([Fee(Price(1000, 1000)), Fee(Price(-200, -200))], 12)
    Exposure(value=800, gross=1000, discount=20.0)

    :param months: 1 or more
    :param end: last day of the contract, None if it is open
    """
    value = gross = full = charged = 0
    discounts = []
    for fee in fees:
        spans = _get_spans(fee, months, end)
        sums = [_sum_up(fee, *span) for span in spans]
        now = _sum_up(fee, *spans[0], is_charged=True).net
        value += max(row.net for row in sums)
        charged += now
        highest = max(row.gross for row in sums)
        if highest > 0:
            gross += highest
            full += sums[0].gross
            discounts.append(_percentage(sums[0].gross, now))
    discounts.append(_percentage(full, charged))
    return Exposure(value, gross, max(discounts))


def _percentage(full, charged):
    return min(max(0.0, 100 * (full - charged) / full), 100.0) if full > 0 else 0.0


def _get_spans(fee, months, end):
    """Return the spans in which a fee is looked at, as (first day, last day)."""
    if not fee.recurrence:
        return [(None, None)]
    start = fee.recurrence.start
    spans = [(start, max(end or start, _after(start, months)))]
    for day, _price in fee.steps:
        # A step holds from the first period that begins by then.
        later = (p.start for p in periods(fee.recurrence, _LAST, day) if p.start >= day)
        begin = next(later, None) if day > start else None
        if begin:
            spans.append((begin, _after(begin, months)))
    return spans


def _after(day, months):
    try:
        return day + relativedelta(months=months) - _DAY
    except (OverflowError, ValueError):
        return _LAST


def _sum_up(fee, first, last, is_charged=False):
    """Return what a fee comes to in a span.

    A period that the span cuts counts by its days, the first one whole: a fee for three
    years in advance is due in the first of them.

    :param is_charged: without the free periods
    """
    if not fee.recurrence:
        return fee.price
    gross = net = 0
    for period in periods(fee.recurrence, last, first):
        if period.start < first or (is_charged and period.index < fee.free):
            continue
        price = step_at(fee.steps, period.start) or fee.price
        days, full_days = period.days, period.full_days
        if period.end > last and period.start > first:
            days = (last - period.start).days + 1
        part = 1 if days == full_days else days / full_days
        gross += price.gross * part
        net += price.net * part
    return Price(gross, net)
