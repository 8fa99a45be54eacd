"""Calendar arithmetic of terms, billing periods and notice."""

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

_LENGTHS = {
    "day": relativedelta(days=1),
    "week": relativedelta(weeks=1),
    "month": relativedelta(months=1),
    "quarter": relativedelta(months=3),
    "half_year": relativedelta(months=6),
    "year": relativedelta(years=1),
}
UNITS = tuple(_LENGTHS)
# One day is left for whoever asks for the neighbour.
_FIRST, _LAST = date.min + timedelta(days=1), date.max - timedelta(days=1)


def shift(anchor: date, count: int, unit: str) -> date:
    """Return the date `count` units after the anchor (before it, if negative).

    A day that the target month does not have becomes that month's last day. Dates of
    a series must all be computed from the same anchor: a clipped date has forgotten
    its day, and going on from it would stay on the 28th for ever.

    >>> [shift(date(2026, 1, 31), n, "month").isoformat() for n in (1, 2, 3)]
    ['2026-02-28', '2026-03-31', '2026-04-30']
    >>> shift(date(2026, 5, 31), -1, "quarter")
    datetime.date(2026, 2, 28)

    Beyond the ends of the calendar it is the last or the first day but one:

    >>> shift(date(2026, 5, 31), 9999, "year"), shift(date(2026, 5, 31), -9999, "year")
    (datetime.date(9999, 12, 30), datetime.date(1, 1, 2))

    :param unit: one of `UNITS`; a quarter is 3 months
    :raise ValueError: unknown unit
    """
    if unit not in _LENGTHS:
        raise ValueError(f"Unknown unit {unit!r}, expected one of {', '.join(UNITS)}")
    try:
        return anchor + _LENGTHS[unit] * count
    except (OverflowError, ValueError):
        return _LAST if count > 0 else _FIRST


def term_end(start: date, count: int, unit: str) -> date:
    """Return the last day, inclusive, of a term of that length beginning on `start`.

    It is the day before the next term begins, so that terms follow each other without
    gap or overlap. When the start day is missing in the next term's month, the next
    term begins on that month's last day and this one ends a day earlier.

    >>> term_end(date(2026, 1, 1), 12, "month")
    datetime.date(2026, 12, 31)
    >>> term_end(date(2026, 1, 31), 1, "month")
    datetime.date(2026, 2, 27)

    :raise ValueError: count under 1, unknown unit
    """
    if count < 1:
        raise ValueError(f"A term lasts at least one unit, not {count}")
    return shift(start, count, unit) - timedelta(days=1)


def notice_deadline(end: date, count: int, unit: str) -> date:
    """Return the last day on which notice can still be given.

    It is the day of the month on which the contract ends, carried back by the notice
    period and clipped to the month's last day. The full notice period therefore always
    fits before the end: the deadline can be earlier than a law that counts from month
    end to month end would ask (1 month before 2026-02-28 is 2026-01-28, not the 31st),
    never later.

    >>> notice_deadline(date(2026, 5, 31), 3, "month")
    datetime.date(2026, 2, 28)
    >>> notice_deadline(date(2026, 12, 31), 0, "day")
    datetime.date(2026, 12, 31)

    :param end: last day of the contract, inclusive
    :param count: length of the notice period in units; 0 allows notice on the last day
    :raise ValueError: count under 0, unknown unit
    """
    if count < 0:
        raise ValueError(f"A notice period cannot be negative, got {count}")
    return shift(end, -count, unit)
