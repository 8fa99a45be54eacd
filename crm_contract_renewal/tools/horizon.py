"""How far off a day is: the columns in which deadlines stand."""

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

HORIZONS = ("overdue", "week", "month", "quarter", "later")


def horizon_ends(today: date, first_weekday: int = 1) -> tuple[date, ...]:
    """Return the last day of each of `HORIZONS` but the last one, which has no end.

    A week that reaches into the next month or quarter takes its days along: a day has
    one horizon, and what is nearer comes first.

    :param first_weekday: day that weeks begin on, 1 for Monday to 7 for Sunday

    >>> [day.isoformat() for day in horizon_ends(date(2026, 2, 11))]
    ['2026-02-10', '2026-02-15', '2026-02-28', '2026-03-31']
    >>> [day.isoformat() for day in horizon_ends(date(2026, 3, 30), first_weekday=7)]
    ['2026-03-29', '2026-04-04', '2026-04-04', '2026-04-04']
    """
    week = today + timedelta(days=6 - (today.isoweekday() - first_weekday) % 7)
    month = today + relativedelta(day=31)
    quarter = today + relativedelta(month=(today.month + 2) // 3 * 3, day=31)
    return (
        today - timedelta(days=1),
        week,
        max(week, month),
        max(week, quarter),
    )


def horizon_of(day: date, ends: tuple[date, ...]) -> str:
    """Return the horizon of a day, given the ends of the horizons.

    >>> ends = horizon_ends(date(2026, 2, 11))
    >>> [horizon_of(date(2026, 2, number), ends) for number in (10, 11, 15, 16)]
    ['overdue', 'week', 'week', 'month']
    >>> horizon_of(date(2026, 4, 1), ends)
    'later'
    """
    return HORIZONS[sum(day > end for end in ends)]
