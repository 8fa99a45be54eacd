"""Where the text layer of a scan says something else than the text that was frozen."""

import re
import unicodedata
from difflib import SequenceMatcher
from typing import NamedTuple

from .file_text import plain_signs

# Words and numbers of Latin scripts as wholes, signs of others one by one.
_TOKEN = re.compile(r"\d[\d.,:/-]*\d|\d|[^\W\d_㐀-鿿぀-ヿ]+|[㐀-鿿぀-ヿ]")
# Beyond this, signs that are everywhere are not looked for one by one.
_LONG = 5000
# Lines of a page that a header or a footer has.
_EDGE = 3
# Words beside a difference that say where it is.
_AROUND = 3


class TextChange(NamedTuple):
    """What stands otherwise in the scan: texts, "" for nothing, and what is before it."""

    before: str
    frozen: str
    scanned: str


def tokens(text: str) -> list[str]:
    """Return what of a text is compared: words, numbers, signs; no layout, no marks.

    >>> tokens("Fee: 1,409.50 EUR (net)")
    ['fee', '1,409.50', 'eur', 'net']
    >>> tokens("合同金额：１２ 元")
    ['合', '同', '金', '额', '12', '元']
    >>> tokens("⼈⺠") == tokens("人民")
    True
    """
    plain = unicodedata.normalize("NFKC", plain_signs(text)).casefold()
    plain = plain.replace("\u00ad", "")
    return _TOKEN.findall(re.sub(r"(\w)-\n(\w)", r"\1\2", plain))


def compare_texts(frozen: str, scanned: str) -> list[TextChange]:
    """Return where a scanned text differs from a frozen one, in the order of the text.

    >>> compare_texts("Fee of 1,000 a month.", "Fee of 7,000 a month.")
    [TextChange(before='fee of', frozen='1,000', scanned='7,000')]
    >>> compare_texts("违约金为百分之五。", "违约金为百分之五十。")
    [TextChange(before='分 之 五', frozen='', scanned='十')]
    >>> compare_texts("Same  words,\\nother lay-\\nout", "same words other layout")
    []
    """
    old, new = tokens(frozen), tokens(scanned)
    changes = []
    matcher = SequenceMatcher(None, old, new, autojunk=len(new) > _LONG)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            before = " ".join(old[max(0, i1 - _AROUND) : i1])
            changes.append(
                TextChange(before, " ".join(old[i1:i2]), " ".join(new[j1:j2]))
            )
    return changes


def strip_running(pages: list[str]) -> list[str]:
    """Return pages without headers and footers: lines of the top and the bottom that all
    pages share but for numbers.

    They would stand between two sentences otherwise.

    >>> strip_running(["A\\nBig words\\nPage 1 / 2", "A\\nmore\\nPage 2 / 2"])
    ['Big words', 'more']
    >>> strip_running(["Only one page", ""])
    ['Only one page', '']
    """
    written = [page for page in pages if page.strip()]
    if len(written) < 2:
        return pages
    edges = (set(map(_shape, _get_edges(page.splitlines()))) for page in written)
    shared = set.intersection(*edges)
    return ["\n".join(_strip(page.splitlines(), shared)) for page in pages]


def _get_edges(lines):
    return [*lines[:_EDGE], *lines[-_EDGE:]]


def _strip(lines, shared):
    inner = range(_EDGE, len(lines) - _EDGE)
    return [
        line
        for number, line in enumerate(lines)
        if number in inner or _shape(line) not in shared
    ]


def _shape(line):
    return re.sub(r"\d+", "0", re.sub(r"\s", "", line))
