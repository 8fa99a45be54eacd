"""How a price rises when a contract is renewed."""

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple


class Uplift(NamedTuple):
    """What a price rises by: a factor, then an amount (`Decimal`), then a rounding."""

    factor: Decimal = Decimal(1)
    amount: Decimal = Decimal(0)
    rounding: Decimal = Decimal("0.01")

    def apply(self, price):
        """Return the new price (float), rounded half up to the step of the rounding.

        A price of zero stays free, and no price falls below zero.

        >>> Uplift(Decimal("1.035")).apply(100)
        103.5
        >>> Uplift(amount=Decimal(5), rounding=Decimal(1)).apply(99.5)
        105.0
        >>> Uplift(amount=Decimal(5)).apply(0)
        0.0
        """
        old = Decimal(str(price))
        if not old:
            return 0.0
        new = max(old * self.factor + self.amount, Decimal(0))
        steps = (new / self.rounding).quantize(Decimal(1), ROUND_HALF_UP)
        return float(steps * self.rounding)


# Prices of more decimals than money has stay as they are.
UNCHANGED = Uplift(rounding=Decimal("0.000001"))


def index_percent(base, value, cap=None, floor=None):
    """Return by how much prices rise with an index, in percent (Decimal).

    :param base: value of the index that the present prices stand on
    :param value: value of the index now
    :param cap: most that prices rise, in percent; None for no limit
    :param floor: least that prices rise, in percent; None for no limit
    :raise ValueError: a base that is not positive, or a floor above the cap

    >>> index_percent(100, 103.5)
    Decimal('3.5')
    >>> index_percent(100, 112, cap=5)
    Decimal('5')
    >>> index_percent(100, 98, floor=0)
    Decimal('0')
    """
    base, value = Decimal(str(base)), Decimal(str(value))
    if base <= 0:
        raise ValueError(f"An index needs a base above zero, not {base}")
    if cap is not None and floor is not None and floor > cap:
        raise ValueError(f"The floor {floor} is above the cap {cap}")
    percent = (value / base - 1) * 100
    if floor is not None:
        percent = max(percent, Decimal(str(floor)))
    if cap is not None:
        percent = min(percent, Decimal(str(cap)))
    # No trailing zeros, no exponent: the number is printed.
    return Decimal(f"{percent.quantize(Decimal('0.0001')).normalize():f}")


def factor_of(percent):
    """Return the factor of a rise in percent (Decimal).

    >>> factor_of(3.5)
    Decimal('1.035')
    """
    return 1 + Decimal(str(percent)) / 100
