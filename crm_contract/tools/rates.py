"""Percentages that a text names, in figures or in Chinese words."""

import re
from typing import NamedTuple

_DIGITS = "〇一二三四五六七八九"
_PARTS = {"百": 1, "千": 10, "万": 100}
_RATE = re.compile(
    r"(?P<figure>\d+(?:[.,]\d+)?)\s?(?P<sign>[%％‰])"
    r"|(?P<part>[百千万])分之"
    r"(?:(?P<plain>\d+(?:\.\d+)?)|(?P<words>[〇零一二两三四五六七八九十点]+))"
)


class Rate(NamedTuple):
    """A percentage as a text writes it, and what it is in percent."""

    words: str
    percent: float


def rates(text):
    """Return the percentages of a text (list of Rate).

    >>> rates("interest of 0.03% a day, at most 10 % in all")
    [Rate(words='0.03%', percent=0.03), Rate(words='10 %', percent=10.0)]
    >>> rates("0,05 % pro Tag; 5‰")
    [Rate(words='0,05 %', percent=0.05), Rate(words='5‰', percent=0.5)]
    >>> rates("按逾期金额的万分之三支付，不超过百分之二十点五；千分之1.5")
    ... # doctest: +NORMALIZE_WHITESPACE
    [Rate(words='万分之三', percent=0.03), Rate(words='百分之二十点五', percent=20.5),
     Rate(words='千分之1.5', percent=0.15)]
    >>> rates("30 days, {{ object.late_rate }}%")
    []
    """
    return [Rate(match[0], _percent(match)) for match in _RATE.finditer(text or "")]


def _percent(match):
    if match["figure"]:
        value = float(match["figure"].replace(",", "."))
        return round(value / 10 if match["sign"] == "‰" else value, 6)
    value = float(match["plain"]) if match["plain"] else _number(match["words"])
    return round(value / _PARTS[match["part"]], 6)


def _number(words):
    """Return the number below a hundred that Chinese words say.

    >>> [_number(w) for w in ("三", "十", "十五", "二十", "三十六", "零点五")]
    [3.0, 10.0, 15.0, 20.0, 36.0, 0.5]
    """
    whole, _point, fraction = (
        words.replace("零", "〇").replace("两", "二").partition("点")
    )
    tens, ten, ones = whole.rpartition("十")
    value = _digits(ones)
    if ten:
        value += 10 * (_digits(tens) if tens else 1)
    return float(f"{value}.{_digits(fraction) if fraction else 0}")


def _digits(words):
    return int(
        "".join(str(_DIGITS.index(word)) for word in words if word in _DIGITS) or 0
    )
