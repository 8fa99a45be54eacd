"""Interest on overdue amounts, as contracts agree on it: simple, by the day."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple

from .rounding import decimal, rounded

_DAY = timedelta(days=1)
# A year of 365 days in every year, as contracts usually count.
_DAYS_PER_YEAR = 365


class LateTerms(NamedTuple):
    """What is agreed: `rate` in percent per `unit`, `cap` in percent (0: none)."""

    rate: float
    unit: Literal["day", "year"]
    grace_days: int = 0
    cap: float = 0.0


class Claim(NamedTuple):
    """An amount, the day on which it was due, and what was paid of it when."""

    due: date
    amount: float
    payments: Sequence[tuple[date, float]] = ()


def late_interest(
    terms: LateTerms, claim: Claim, since: date | None, until: date
) -> Decimal:
    """Return the interest of a claim, not rounded, in currency units.

    It runs from the day after the due date on what is open when a day begins, so that
    the day of a payment still counts. What is paid within the grace days bears none;
    what is paid later bears it from the day after the due date.

    >>> terms = LateTerms(0.05, "day")
    >>> claim = Claim(date(2026, 1, 31), 1000, [(date(2026, 2, 10), 400)])
    >>> float(late_interest(terms, claim, None, date(2026, 2, 20)))  # 5 + 3
    8.0

    :param since: first day that was not charged yet; None for all days
    :param until: last day to charge, inclusive
    """
    first = max(filter(None, (since, claim.due + _DAY)))
    grace_end = claim.due + timedelta(days=terms.grace_days)
    if until <= grace_end:
        return Decimal(0)
    # The balance of the grace days is what is still open when they are over.
    changes = {max(day, grace_end) for day, _amount in claim.payments}
    total, day = Decimal(0), first
    for change in sorted({*changes, until}):
        last = min(change, until)
        if last >= day:
            days = (last - day).days + 1
            total += _open_on(claim, max(last, grace_end + _DAY)) * days
            day = last + _DAY
    return total * _daily_rate(terms)


def disputed_interest(
    terms: LateTerms,
    claim: Claim,
    spans: Sequence[tuple[date, date, float]],
    since: date | None,
    until: date,
) -> Decimal:
    """Return what of the interest of a claim is for disputed amounts on disputed days.

    What was paid is paid on what is not disputed first.

    >>> terms = LateTerms(0.05, "day")
    >>> claim = Claim(date(2026, 1, 31), 1000, [(date(2026, 2, 10), 400)])
    >>> half = [(date(2026, 2, 6), date(2026, 2, 15), 500)]
    >>> float(disputed_interest(terms, claim, half, None, date(2026, 2, 20)))
    2.5
    >>> whole = [(date(2026, 1, 1), date(2026, 12, 31), 1000)]
    >>> float(disputed_interest(terms, claim, whole, None, date(2026, 2, 20)))
    8.0

    :param spans: first day, last day and amount of what is disputed of the claim
    """
    edges = {until + _DAY}
    for first, last, _amount in spans:
        edges |= {first, last + _DAY}
    total, days = Decimal(0), sorted(edge for edge in edges if edge <= until + _DAY)
    for first, after in zip(days, days[1:], strict=False):
        disputed = sum(
            decimal(amount)
            for start, end, amount in spans
            if start <= first and end >= first
        )
        undisputed = max(decimal(claim.amount) - disputed, Decimal(0))
        rest = claim._replace(amount=undisputed)
        begin = max(filter(None, (since, first)))
        for part, sign in ((claim, 1), (rest, -1)):
            total += sign * late_interest(terms, part, begin, until)
            total -= sign * late_interest(terms, part, max(begin, after), until)
    return total


def capped(
    interest: Decimal, terms: LateTerms, amount: float, charged: float, rounding: float
) -> float:
    """Return what may be charged of an interest, rounded half-up to the currency.

    >>> capped(Decimal("8"), LateTerms(0.05, "day", cap=1), 1000, 4.5, 0.01)
    5.5

    :param amount: of the invoice, which the cap is a percentage of
    :param charged: interest that was charged for the invoice before
    """
    if terms.cap:
        limit = decimal(amount) * decimal(terms.cap) / 100 - decimal(charged)
        interest = max(min(interest, limit), Decimal(0))
    return float(rounded(interest, rounding))


def _open_on(claim, day):
    """Return what is open of a claim when a day begins."""
    paid = sum(decimal(amount) for paid_on, amount in claim.payments if paid_on < day)
    return max(decimal(claim.amount) - paid, Decimal(0))


def _daily_rate(terms):
    rate = decimal(terms.rate) / 100
    return rate if terms.unit == "day" else rate / _DAYS_PER_YEAR
