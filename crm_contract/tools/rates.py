"""Percentages that a text names, in figures or in Chinese words."""

import re
from typing import NamedTuple

import cn2an

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
    >>> rates("万分之点点; 百分之三十六，百分之两")
    [Rate(words='百分之三十六', percent=36.0), Rate(words='百分之两', percent=2.0)]
    >>> rates("30 days, {{ object.late_rate }}%")
    []
    """
    found = [(match[0], _percent(match)) for match in _RATE.finditer(text or "")]
    return [Rate(words, percent) for words, percent in found if percent is not None]


def _percent(match):
    """Return the percentage of a match, None for signs that are no number."""
    if match["figure"]:
        value = float(match["figure"].replace(",", "."))
        return round(value / 10 if match["sign"] == "‰" else value, 6)
    try:
        value = float(match["plain"] or cn2an.cn2an(match["words"], "smart"))
    except ValueError:
        return None
    return round(value / _PARTS[match["part"]], 6)
