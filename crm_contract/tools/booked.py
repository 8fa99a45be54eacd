"""What invoices, credit notes and their payments come to for each row of a ledger."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from .rounding import rounded


class Booked(NamedTuple):
    """A posted or draft invoice or credit note, as far as rows of a ledger are in it.

    All amounts are in one currency, taxes included, and positive for what the document
    is for: what a credit note takes back is positive as well.
    """

    key: Hashable
    sign: int  # 1 for an invoice, -1 for a credit note
    parts: Mapping[Hashable, float]  # by row
    rest: float = 0.0  # of lines that are no row's
    is_posted: bool = True
    settled: float = 0.0  # by payments and whatever else it was set off with
    origin: Hashable = None  # key of the document that it takes back
    set_off: float = 0.0  # part of `settled` that was set off with the origin
    maturities: Sequence[tuple[date, float]] = ()  # open amounts, and when they are due


class Standing(NamedTuple):
    """What came in for a row, what of it is late, and when more of it will be."""

    paid: float = 0.0
    overdue: float = 0.0
    next_maturity: date | None = None


def share_out(amount: float, weights: Sequence[float], rounding: float) -> list[float]:
    """Return the parts of an amount by weights; rounded, they add up to the amount.

    >>> share_out(100, [1, 1, 1], 0.01)
    [33.33, 33.34, 33.33]
    >>> share_out(5, [0, 0], 0.01)
    [0.0, 0.0]
    """
    total = sum(weights)
    if not total or not amount:
        return [0.0] * len(weights)
    parts, weight, done = [], 0.0, rounded(0, rounding)
    for one in weights:
        weight += one
        until = rounded(amount * weight / total, rounding)
        parts.append(float(until - done))
        done = until
    return parts


def spread_cents(
    amounts: Sequence[float], total: float, rounding: float
) -> list[float]:
    """Return amounts that add up to a total, which rounding made another one.

    The largest ones take a step each, until nothing is left.

    >>> spread_cents([10.01, 20.01, 5.01], 35.01, 0.01)
    [10.0, 20.0, 5.01]
    >>> spread_cents([], 3, 0.01)
    []
    """
    result = [rounded(amount, rounding) for amount in amounts]
    missing = rounded(total, rounding) - sum(result)
    if not result or not missing:
        return [float(amount) for amount in result]
    step = rounded(rounding, rounding).copy_sign(missing)
    steps = int(missing / step)
    order = sorted(range(len(result)), key=lambda index: -abs(result[index]))
    each, more = divmod(steps, len(order))
    for place, index in enumerate(order):
        result[index] += step * (each + (place < more))
    return [float(amount) for amount in result]


def standings(
    documents: Sequence[Booked], today: date, rounding: float
) -> dict[Hashable, Standing]:
    """Return what came in for each row of posted documents, by row.

    A payment is shared by what credit notes left of the rows of the document. What a
    credit note is set off with its own invoice is no money: it pays for nothing. What
    a customer paid beyond, before some of it was credited, stays with the rows that
    were credited, until it is paid back or set off elsewhere.

    >>> day = date(2026, 1, 31)
    >>> invoice = Booked("I", 1, {"a": 46, "b": 92, "c": 92}, settled=46 + 92)
    >>> credit = Booked("C", -1, {"a": 46}, settled=46, origin="I", set_off=46)
    >>> {row: of.paid for row, of in standings([invoice, credit], day, 0.01).items()}
    {'a': 0.0, 'b': 46.0, 'c': 46.0}

    Of 30 / 70 payment terms, the first part is late and the second one is not:

    >>> terms = [(date(2026, 1, 10), 30.0), (date(2026, 3, 10), 70.0)]
    >>> invoice = Booked("I", 1, {"a": 60, "b": 40}, maturities=terms)
    >>> standings([invoice], day, 0.01)["a"]
    Standing(paid=0.0, overdue=18.0, next_maturity=datetime.date(2026, 3, 10))
    """
    by_key = {document.key: document for document in documents}
    reversals: dict = {}
    for document in documents:
        if document.origin in by_key:
            reversals.setdefault(document.origin, []).append(document)
    netted = {key: _netted(one, by_key.get(one.origin)) for key, one in by_key.items()}
    found: dict = {}
    for document in documents:
        if document.is_posted:
            mine = reversals.get(document.key, ())
            for row, parts in _rows_of(document, mine, netted, today, rounding):
                found.setdefault(row, []).append((document.sign, *parts))
    return {row: _sum_up(parts, rounding) for row, parts in found.items()}


def _netted(document, origin):
    """Return (total, by row) of what was set off with the document's own origin."""
    if not origin or not document.set_off:
        return 0.0, {}
    if not document.is_posted:
        return document.set_off, {}
    common = {
        row: _least(amount, origin.parts.get(row, 0.0))
        for row, amount in document.parts.items()
    }
    whole = sum(common.values())
    if not whole:
        return 0.0, {}
    total = _least(document.set_off, whole)
    return total, {row: total * amount / whole for row, amount in common.items()}


def _rows_of(document, mine, netted, today, rounding):
    """Yield the rows of a document: (row, (paid, overdue, next maturity))."""
    total, own = netted[document.key]
    money = document.settled - total - sum(netted[one.key][0] for one in mine)
    taken = {
        row: _least(
            amount, sum(one.parts.get(row, 0.0) for one in mine if one.is_posted)
        )
        for row, amount in document.parts.items()
    }
    rows = list(document.parts)
    left = [
        _least(
            document.parts[row],
            document.parts[row] - taken[row] - own.get(row, 0.0),
        )
        for row in rows
    ]
    for_left, beyond = _split(money, [*left, document.rest], rounding)
    beyond_parts = share_out(beyond, [taken[row] for row in rows], rounding)
    late, following = _mature(document.maturities, today)
    for row, weight, paid, more in zip(
        rows, left, for_left[:-1], beyond_parts, strict=True
    ):
        yield row, (paid + more, (weight - paid) * late, following)


def _split(money, weights, rounding):
    """Return what each part gets of the money, and what is beyond all of them."""
    total = sum(weights)
    if abs(total) < rounding / 2:
        # Nothing is owed: what there is of parts settles itself.
        return list(weights), money
    due = _least(total, money) if money else 0.0
    return share_out(due, weights, rounding), money - due


def _mature(maturities, today):
    """Return which part of the open amounts is late, and when the next one will be."""
    total = sum(amount for _day, amount in maturities)
    late = sum(amount for day, amount in maturities if day < today)
    days = [day for day, amount in maturities if day >= today and amount]
    return (late / total if total else 0.0), min(days, default=None)


def _sum_up(parts, rounding):
    paid = sum(sign * amount for sign, amount, _late, _day in parts)
    overdue = sum(late for sign, _amount, late, _day in parts if sign > 0)
    days = [day for sign, _amount, _late, day in parts if sign > 0 and day]
    return Standing(
        float(rounded(paid, rounding)),
        float(rounded(overdue, rounding)),
        min(days, default=None),
    )


def _least(limit, amount):
    """Return the amount, but not beyond a limit nor on the other side of zero."""
    if limit >= 0:
        return min(max(amount, 0.0), limit)
    return max(min(amount, 0.0), limit)
