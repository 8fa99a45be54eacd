"""Amounts of the billing plan of a one-off contract value."""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Literal, NamedTuple

from .rounding import decimal, rounded


class PlanRow(NamedTuple):
    """One row of a plan.

    `value` is a percentage of the total (30 for 30 %) or an amount in currency units.
    """

    kind: Literal["percent", "fixed"]
    value: float | Decimal


def plan_amounts(
    total: float | Decimal, rows: Sequence[PlanRow], rounding: float | Decimal
) -> list[float]:
    """Return the amount of each row, in currency units.

    Each amount is rounded half-up (away from zero). Where rows cover the total but for
    rounding, the last percentage row takes what is missing, so that the sum, counted
    in the currency's decimals, is the rounded total. What counts as rounding is one
    step per percentage row, before and after the rounding of the amounts. A plan
    that is off by more is left alone, because the error is then in the plan.

    >>> third = PlanRow("percent", 33.33)
    >>> plan_amounts(100, [third, third, third], 0.01)
    [33.33, 33.33, 33.34]
    >>> plan_amounts(1000, [PlanRow("fixed", 200), PlanRow("percent", 50)], 0.01)
    [200.0, 500.0]

    :param total: one-off value in currency units; may be zero or negative
    :param rounding: smallest step of the currency, such as 0.01, 0.05 or 1
    :raise ValueError: a row of an unknown kind
    """
    step = decimal(rounding)
    total = rounded(total, step)
    shares = [_share(row, total) for row in rows]
    amounts = [rounded(share, step) for share in shares]
    percents = [index for index, row in enumerate(rows) if row.kind == "percent"]
    residue = total - sum(amounts)
    missing = max(abs(residue), abs(total - sum(shares)))
    if percents and missing <= step * len(percents):
        amounts[percents[-1]] += residue
    return [float(amount) for amount in amounts]


def plan_difference(
    total: float | Decimal,
    amounts: Sequence[float | Decimal],
    rounding: float | Decimal,
) -> float:
    """Return what the amounts lack to reach the total (negative: what is too much).

    >>> plan_difference(0.3, [0.1, 0.2], 0.01)
    0.0
    >>> plan_difference(100, [60, 50], 0.01)
    -10.0

    :param rounding: smallest step of the currency; the result is a multiple of it
    """
    missing = decimal(total) - sum(map(decimal, amounts))
    return float(rounded(missing, decimal(rounding)))


def share_out(
    total: float | Decimal,
    weights: Sequence[float | Decimal],
    rounding: float | Decimal,
) -> list[float]:
    """Return the parts of an amount by their weights; the last one takes the rounding.

    >>> share_out(100, [1, 1, 1], 0.01)
    [33.33, 33.33, 33.34]

    :param weights: not negative, and not all zero
    """
    step = decimal(rounding)
    total, whole = rounded(total, step), sum(map(decimal, weights))
    amounts = [rounded(total * decimal(weight) / whole, step) for weight in weights]
    amounts[-1] += total - sum(amounts)
    return [float(amount) for amount in amounts]


def _share(row: PlanRow, total: Decimal) -> Decimal:
    value = decimal(row.value)
    if row.kind == "percent":
        return total * value / 100
    if row.kind == "fixed":
        return value
    raise ValueError(f"Unknown kind of plan row: {row.kind!r}")


def parse_pattern(text: str) -> list[Decimal]:
    """Return the percentages of a pattern such as 30/60/10.

    Slashes, dashes, commas and spaces part them; percent signs are ignored.

    >>> parse_pattern("30% / 60% / 10%")
    [Decimal('30'), Decimal('60'), Decimal('10')]

    :raise ValueError: not numbers, not all positive, or a sum other than 100
    """
    # Full-width signs are what a Chinese keyboard gives.
    parts = [part for part in re.split(r"[\s/／,，、-]+", text) if part.strip("%％")]
    try:
        shares = [Decimal(part.rstrip("%％")) for part in parts]
    except InvalidOperation as error:
        raise ValueError(f"Not a pattern of percentages: {text}") from error
    if not shares or not all(0 < share <= 100 for share in shares):
        raise ValueError(f"Not a pattern of positive percentages: {text}")
    if sum(shares) != 100:
        raise ValueError(f"The percentages add up to {sum(shares)}, not to 100: {text}")
    return shares
