"""What rules look for in texts: phrases, and numbers that stand in phrases.

A phrase is what people read, whatever its capitals and spaces; `#` in it stands for a
number, in figures or in Chinese words.
"""

import re
from typing import NamedTuple

import cn2an

MARK = "#"
_MOST_QUOTED = 300
_CHINESE = "〇零一二两三四五六七八九十百千万亿点"
_NUMBER = rf"(?P<number>\d[\d.,]*\d|\d|[{_CHINESE}]+)"
_END = re.compile(r"[。！？；\n]|[.!?;](?=\s|$)")
# Figures of East Asian texts, sign by sign, so that places stay what they are
_WIDE = str.maketrans("０１２３４５６７８９％．，", "0123456789%.,")


class Hit(NamedTuple):
    """A place in a text: the sentence around it, and the number of a phrase, if any."""

    quote: str
    number: float | None = None


def find(text: str, phrase: str) -> list[Hit]:
    """Return the places where a phrase stands in a text.

    >>> find("Payment is due within 1,060 days. Thank you!", "within # days")
    [Hit(quote='Payment is due within 1,060 days.', number=1060.0)]
    >>> find("Interest of 0,05 % a day, at most 10%", "# %")
    ... # doctest: +NORMALIZE_WHITESPACE
    [Hit(quote='Interest of 0,05 % a day, at most 10%', number=0.05),
     Hit(quote='Interest of 0,05 % a day, at most 10%', number=10.0)]
    >>> find("甲方应于收到发票后九十日内付款。逾期的，按日万分之五。", "#日内付款")
    [Hit(quote='甲方应于收到发票后九十日内付款。', number=90.0)]
    >>> find("责任上限为合同总额的２００％。", "#%")
    [Hit(quote='责任上限为合同总额的２００％。', number=200.0)]
    >>> find("Liability is UNLIMITED.\\nNothing else", "unlimited")
    [Hit(quote='Liability is UNLIMITED.', number=None)]
    >>> find("Unlimitedness", "unlimited"), find("anything", "  ")
    ([], [])
    """
    pattern = _compile(phrase)
    if not pattern:
        return []
    plain = (text or "").translate(_WIDE)
    hits = []
    for match in pattern.finditer(plain):
        number = None
        if MARK in phrase:
            number = _read(match["number"])
            if number is None:
                continue
        hits.append(Hit(_quote(text, match.start(), match.end()), number))
    return hits


def _compile(phrase):
    """Return the pattern of a phrase, None for an empty one."""
    phrase = " ".join((phrase or "").translate(_WIDE).split())
    if not phrase.strip(MARK + " "):
        return None
    before, mark, after = phrase.partition(MARK)
    pattern = _escape(before) + (_NUMBER if mark else "") + _escape(after)
    # A word of letters is no part of another one.
    head = r"(?<!\w)" if phrase[0].isascii() and phrase[0].isalnum() else ""
    tail = r"(?!\w)" if phrase[-1].isascii() and phrase[-1].isalnum() else ""
    if phrase.startswith(MARK):
        head = r"(?<![\d.,])"
    return re.compile(head + pattern + tail, re.IGNORECASE)


def _escape(words):
    return r"\s*".join(
        re.escape(word) for word in re.split(r"(\s)", words) if word != " "
    )


def _read(words):
    """Return a number as it is written, None for signs that are none."""
    if words[0] in _CHINESE:
        try:
            return float(cn2an.cn2an(words, "smart"))
        except ValueError:
            return None
    if words.count(",") == 1 and "." not in words and len(words.split(",")[1]) != 3:
        words = words.replace(",", ".")
    words = words.replace(",", "")
    if words.count(".") > 1:
        words = words.replace(".", "")
    return float(words)


def _quote(text, start, end):
    """Return the sentence around a place, not too long (str)."""
    before = [match.end() for match in _END.finditer(text, 0, start)]
    after = _END.search(text, end)
    first = max(before, default=0)
    last = after.end() if after else len(text)
    first, last = max(first, start - _MOST_QUOTED), min(last, end + _MOST_QUOTED)
    return text[first:last].strip()
