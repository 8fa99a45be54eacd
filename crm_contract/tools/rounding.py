"""Exact numbers: what was typed, rounded to the step of a currency."""

from decimal import ROUND_HALF_UP, Decimal


def decimal(value: float | Decimal) -> Decimal:
    """Return the number that was typed, not its binary neighbour.

    >>> decimal(0.1)
    Decimal('0.1')
    """
    return Decimal(str(value))


def rounded(value: float | Decimal, step: float | Decimal) -> Decimal:
    """Return the nearest multiple of a step, halves away from zero.

    >>> rounded(0.125, 0.01)
    Decimal('0.13')
    """
    step = decimal(step)
    steps = (decimal(value) / step).quantize(Decimal(1), ROUND_HALF_UP)
    return steps * step + 0  # + 0 turns the -0 of a small negative value into 0
