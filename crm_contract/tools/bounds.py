"""Values that a contract can have: what is beyond them is a slip, or an attack."""

import base64
import binascii
import math
import re
from datetime import date

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2200, 12, 31)
# A hundred years of days.
MOST_UNITS = 36525
# How often a line can be billed: each day of more than fifty years.
MOST_PERIODS = 20000
MOST_ID = 2**31 - 1
# Numbers of 15 digits are exact; of any other number, this many before the point.
DIGITS = 15
MOST = 10.0**13
# Exact in every currency, down to steps of a billionth
EXACT_IN_ALL = 10.0**6
MOST_SIGNS = {"char": 10_000, "text": 500_000, "html": 5_000_000}
MOST_BYTES = 64 * 2**20
_BROKEN = re.compile("[\x00-\x08\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def has_broken_signs(text: str) -> bool:
    r"""Return whether a text has signs that can be neither stored nor shown.

    >>> has_broken_signs("a\x00b"), has_broken_signs("a\ud800"), has_broken_signs("a\n\tb")
    (True, True, False)
    """
    return bool(_BROKEN.search(text))


def is_formula(value) -> bool:
    """Return whether a spreadsheet would reckon with a text instead of showing it.

    >>> is_formula("=1+1"), is_formula("{=1}"), is_formula("@SUM(1)"), is_formula("\\t=1")
    (True, True, True, True)
    >>> is_formula("a=1"), is_formula(-1.5), is_formula("- 5 °C")
    (False, False, False)
    """
    return isinstance(value, str) and value.lstrip().startswith(("=", "{=", "@"))


def most_money(step: float) -> float:
    """Return the largest amount that is exact in a currency.

    >>> most_money(0.01), most_money(1)
    (10000000000000.0, 1000000000000000.0)

    :param step: the smallest amount of the currency
    """
    return 10.0**DIGITS * step


def to_number(value) -> float | None:
    """Return a number that a client sent, None if it is none or has no end.

    >>> to_number("1.5"), to_number("nan"), to_number(float("inf")), to_number("x")
    (1.5, None, None, None)
    >>> to_number([1]), to_number(10**400), to_number(None)
    (None, None, 0.0)
    """
    try:
        number = float(value or 0)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def to_integer(value) -> int | None:
    """Return a whole number that a client sent, None if it is none.

    >>> to_integer("12"), to_integer(3.0), to_integer("x"), to_integer(float("inf"))
    (12, 3, None, None)
    """
    try:
        return int(value or 0)
    except (TypeError, ValueError, OverflowError):
        return None


def is_reference(value, models) -> bool:
    """Return whether a value names a record of one of the models: "model,id".

    >>> is_reference("res.users,2", ["res.users"]), is_reference("res.users,2", [])
    (True, False)
    >>> [is_reference(v, ["res.users"]) for v in ("res.users,x", "res.users", "x,1,2", 7)]
    [False, False, False, False]
    """
    if not isinstance(value, str):
        return False
    model, _comma, number = value.partition(",")
    is_number = number.isascii() and number.isdecimal() and len(number) < 11
    return model in models and is_number and is_id(int(number))


def is_id(value) -> bool:
    """Return whether a value may be the id of a record.

    >>> is_id(7), is_id(2**40), is_id(-1), is_id("7"), is_id(True)
    (True, False, False, False, False)
    """
    return type(value) is int and 0 < value <= MOST_ID


def count_bytes(value) -> int | None:
    """Return the size of a file that a client sent in base64, None if it is none.

    >>> count_bytes("QUJD"), count_bytes(b"QUJD"), count_bytes("x"), count_bytes(7)
    (3, 3, None, None)
    """
    if isinstance(value, int) and value is not False:
        # As bytes, it would be so many of them.
        return None
    try:
        data = value.encode("ascii") if isinstance(value, str) else bytes(value or b"")
        return len(base64.b64decode(data))
    except (TypeError, ValueError, binascii.Error):
        return None
