"""When a claim is barred, and on which days somebody is told of what comes."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

# Days ahead of a limitation, and of a deadline, on which somebody is told; the day
# after it comes last.
LIMITATION_RUNGS = (180, 90, 30, 7, 0, -1)
DEADLINE_RUNGS = (7, 0, -1)


def limitation(begins: date, years: int, restarts: Iterable[date] = ()) -> date:
    """Return the last day of a period of limitation, from its last restart.

    >>> limitation(date(2024, 2, 29), 3)
    datetime.date(2027, 2, 28)
    >>> limitation(date(2024, 1, 5), 3, [date(2026, 12, 1), date(2025, 6, 1)])
    datetime.date(2029, 12, 1)
    """
    return max([begins, *restarts]) + relativedelta(years=years)


def next_rung(day: date, rungs: Sequence[int], told: date | None) -> date | None:
    """Return the day on which somebody is told of a day next, None after the last time.

    >>> next_rung(date(2026, 12, 31), (30, 0), None)
    datetime.date(2026, 12, 1)
    >>> next_rung(date(2026, 12, 31), (30, 0), date(2026, 12, 5))
    datetime.date(2026, 12, 31)
    >>> next_rung(date(2026, 12, 31), (30, 0), date(2026, 12, 31))

    :param told: day on which somebody was told last
    """
    days = (day - timedelta(days=rung) for rung in rungs)
    return next((each for each in days if not told or each > told), None)
