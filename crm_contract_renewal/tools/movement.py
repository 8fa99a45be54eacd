"""Movements of recurring revenue: what a change from one level to another is called."""

from typing import NamedTuple


class Level(NamedTuple):
    """Recurring revenue of a contract on a day, rounded to its currency."""

    mrr: float = 0.0
    arr: float = 0.0


def movement_kind(before: Level, change: Level, is_first: bool, is_over: bool) -> str:
    """Return what a change is called.

    :param is_first: nothing was logged of the contract yet
    :param is_over: the contract has ended

    >>> ten = Level(10, 120)
    >>> movement_kind(Level(), ten, is_first=True, is_over=False)
    'new'
    >>> movement_kind(Level(90, 1080), ten, is_first=True, is_over=False)
    'expansion'
    >>> movement_kind(ten, Level(-10, -120), is_first=False, is_over=False)
    'contraction'
    >>> movement_kind(ten, Level(-10, -120), is_first=False, is_over=True)
    'churn'

    The ARR decides: it is the finer one, as both are rounded.

    >>> movement_kind(Level(83.33, 1000), Level(0, 0.01), False, False)
    'expansion'
    """
    if is_over:
        return "churn"
    if is_first and not before.arr:
        return "new"
    return "expansion" if (change.arr or change.mrr) > 0 else "contraction"
