"""Registration and tax numbers of companies and people: whether they can be right."""

from stdnum import get_cc_module
from stdnum.cn import ric, uscc

# Odoo's way to say that somebody has no tax number
_NONE = {"", "/"}


def is_wrong_registry(country: str, is_company: bool, number: str) -> bool:
    """Return whether a registration number, or that of an identity card, is wrong.

    Of countries whose numbers nobody can check, none is.

    :param country: code of two letters
    :param is_company: of a person, it is the number of his identity card

    The unified social credit code and the resident's number of China, by their check
    digits:

    >>> is_wrong_registry("CN", True, "91110000600037341L")
    False
    >>> is_wrong_registry("CN", True, "91110000600037342L")
    True
    >>> is_wrong_registry("CN", False, "360426199101010071")
    False
    >>> is_wrong_registry("CN", False, "360426199101010072")
    True
    >>> is_wrong_registry("CN", False, "36042619911301007X")
    True
    >>> is_wrong_registry("CN", False, "no number")
    True
    >>> is_wrong_registry("US", True, "HRB 4711")
    False
    """
    if country.upper() != "CN":
        return False
    return _is_wrong(uscc.is_valid if is_company else _is_resident_number, number)


def is_wrong_vat(country: str, number: str) -> bool:
    """Return whether a tax number is wrong by the rules of its country.

    >>> is_wrong_vat("DE", "DE136695976")
    False
    >>> is_wrong_vat("DE", "DE136695978")
    True
    >>> is_wrong_vat("FR", "/")
    False
    >>> is_wrong_vat("US", "anything")
    False
    """
    module = country and get_cc_module(country.lower(), "vat")
    return bool(module) and _is_wrong(module.is_valid, number)


def _is_wrong(is_valid, number):
    number = (number or "").strip()
    return number not in _NONE and not is_valid(number)


def _is_resident_number(number):
    """Return whether a Chinese resident's number has a day of birth and its check digit.

    The library looks up the place of birth as well, in a file that it doesn't find once
    Odoo has wrapped its imports; places have come and gone anyhow.
    """
    number = ric.compact(number)
    if len(number) != 18 or not number[:-1].isdecimal():
        return False
    try:
        ric.get_birth_date(number)
    except ValueError:
        return False
    return ric.calc_check_digit(number) == number[-1]
