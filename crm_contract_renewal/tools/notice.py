"""When a notice ends a contract."""

from datetime import date, timedelta

from odoo.addons.crm_contract.tools.period import notice_deadline, shift


def earliest_end(
    notice: date,
    count: int,
    unit: str,
    end: date | None = None,
    deadline: date | None = None,
    following: date | None = None,
) -> date:
    """Return the last day of a contract at the earliest, by a notice of a day.

    Without an end it is the first day that leaves the whole notice period: notice on
    31 January with a month's notice can't end the contract in February.

    >>> earliest_end(date(2026, 1, 15), 1, "month")
    datetime.date(2026, 2, 15)
    >>> earliest_end(date(2026, 1, 31), 1, "month")
    datetime.date(2026, 3, 1)

    With an end, notice ends the contract with its term. What comes late, ends it with
    the term that follows, if one begins by itself.

    >>> term = {"end": date(2026, 12, 31), "deadline": date(2026, 9, 30)}
    >>> earliest_end(date(2026, 9, 30), 3, "month", **term)
    datetime.date(2026, 12, 31)
    >>> earliest_end(date(2026, 10, 1), 3, "month", **term, following=date(2027, 12, 31))
    datetime.date(2027, 12, 31)

    :param end: last day of the term; None without an end
    :param deadline: last day for notice in this term
    :param following: last day of the next term, if it begins by itself
    :raise ValueError: count under 0, unknown unit
    """
    if end:
        late = deadline and notice > deadline
        return following or end if late else end
    day = shift(notice, count, unit)
    # A month can be too short for the day on which notice was given.
    while notice_deadline(day, count, unit) < notice:
        day += timedelta(days=1)
    return day
