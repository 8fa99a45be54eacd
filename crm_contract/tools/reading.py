"""Formatted texts as people read them: what is hidden, struck through, or fetched.

A text may come from anybody who writes contracts, by any route, while what is decided
and signed is what is read. Hence both questions have one answer here: which formatting
keeps words from the reader, and what of a text is printed.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from lxml import etree, html

from .css import declarations
from .images import INLINE, MOST_PIXELS, count_pixels
from .look import INK, PAPER, WORDLESS, Look, names, walk

# Direction overrides, fillers without a shape and tags: what is read is not what stands
# there. Marks of direction, joiners and soft hyphens belong to languages that need them.
_TRICKS = re.compile(
    "[\u202a-\u202e\u2066-\u2069\u115f\u1160\u3164\uffa0\U000e0000-\U000e007f]"
)


_BREAKS = names("address article aside blockquote br div dl dt dd footer h1 h2 h3 h4 h5 h6"
    " header hr li main nav ol p pre section table td th tr ul")  # fmt: skip
# What is printed; other elements leave their words behind, except for these.
_TAGS = _BREAKS | names("a abbr b big caption cite code col colgroup del dfn div em"
    " font i img ins kbd mark q s samp small span strike strong sub sup tbody tfoot thead"
    " tt u var wbr")  # fmt: skip
_ATTRIBUTES = {"colspan", "rowspan", "start", "value", "type", "align", "valign", "dir"}
_CSS = names("font-weight font-style text-align text-decoration text-transform"
    " vertical-align list-style-type border border-top border-bottom border-left"
    " border-right border-style border-width border-color border-collapse"
    " padding padding-top padding-bottom padding-left padding-right"
    " margin margin-top margin-bottom margin-left margin-right width"
    " page-break-before page-break-after page-break-inside")  # fmt: skip
# Values without functions, addresses and escapes.
_PLAIN = re.compile(r"[\w\s.,%#-]*")
_LINK = re.compile(r"(https?|mailto|tel):", re.I)
_BREAK = "\n"


class Hidden(NamedTuple):
    """Formatting that keeps words from the reader: how, and the first of the words."""

    how: str
    words: str


def find_hidden(body: str) -> list[Hidden]:
    """Return where a text hides words, or shows others than it says.

    >>> find_hidden('<p>Plain <b>bold</b> <s>struck</s> <font color="red">red</font></p>')
    []
    >>> find_hidden('<p>Free<span style="display: none">for a year</span></p>')
    [Hidden(how='display: none', words='for a year')]
    >>> [row.how for row in find_hidden('<p style="color:#FFF">a</p><!-- b -->')]
    ['color on a background of the same', 'comment']
    >>> find_hidden('<div style="color: white; background-color: navy">Shown</div>')
    []

    :param body: HTML
    """
    found = {}
    for words, look in _read(body):
        how = look.hidden or (_TRICKS.search(words) and "control characters")
        if how and words.strip():
            found.setdefault(how, " ".join(words.split())[:60])
    return [Hidden(how, words) for how, words in found.items()]


def has_tricks(text: str) -> bool:
    """Return whether a plain text has characters that change how it reads.

    >>> has_tricks("99\u202e001"), has_tricks("100 €")
    (True, False)
    """
    return bool(_TRICKS.search(text))


def reading(body: str, breaks: bool = False) -> str:
    """Return the words of a text, with what is struck through or hidden in marks.

    Two texts read alike if this is the same, however they are laid out.

    >>> reading("<p>Liable <s>without</s> <b>limit</b>.</p><p>Next</p>")
    'Liable ~without~ limit. Next'
    >>> reading('<div>Liable</div>') == reading('<p><span>Liable</span> </p>')
    True
    >>> reading('<p>A<span style="font-size:0">B</span></p>')
    'A[B]'
    >>> reading('<p>A</p><ul><li>B</li><li>C</li></ul>', breaks=True)
    'A\\nB\\nC'

    :param breaks: keep paragraphs apart by line feeds instead of spaces
    """
    pieces = []
    for words, look in _read(body):
        if words.strip() and look.hidden:
            words = f"[{words}]"
        elif words.strip() and look.struck:
            words = f"~{words}~"
        elif words != _BREAK:
            words = words.replace("\n", " ")
        pieces.append(words)
    text = "".join(pieces)
    if not breaks:
        return " ".join(text.split())
    lines = (" ".join(line.split()) for line in text.split(_BREAK))
    return "\n".join(filter(None, lines))


def printable(body: str, load: Callable[[str], str | None] | None = None) -> str:
    """Return the HTML of a text that may be printed: nothing is fetched, nothing hidden.

    Elements, attributes and styles that are not known leave; their words stay.

    >>> printable('<p onclick="x()" style="color:#fff;text-align:center">A</p>')
    '<p style="text-align:center">A</p>'
    >>> printable('<p>A<img src="http://example.com/a.png" alt="Plan"><script>b</script></p>')
    '<p>A[Plan]</p>'
    >>> printable('<details><summary>A</summary>B</details>')
    'AB'

    :param load: returns the data of an image of this server as a `data:` address, by
        its address; other images leave their alternative text
    """
    root = _parse(body)
    if root is None:
        return ""
    looks = dict(walk(root, Look()))
    for element in list(root.iter())[1:]:
        _clean(element, looks, load)
    inner = [html.tostring(child, encoding="unicode") for child in root]
    return _escape(root.text) + "".join(inner)


def _clean(element, looks, load):
    """Make an element harmless, or take it out of its text."""
    if not isinstance(element.tag, str):
        _drop_comment(element)
        return
    if element.tag in WORDLESS:
        element.drop_tree()
        return
    tag, given = element.tag, dict(element.attrib)
    element.attrib.clear()
    if tag == "img":
        source = (given.get("src") or "").strip()
        if not INLINE.fullmatch(source):
            source = load and load(source)
        if source and 0 < (count_pixels(source) or 0) <= MOST_PIXELS:
            element.set("src", source)
            _keep_size(element, given)
        else:
            alt = given.get("alt") or ""
            element.text = f"[{alt}]" if alt else ""
            element.drop_tag()
        return
    if tag not in _TAGS:
        element.drop_tag()
        return
    for name in _ATTRIBUTES & given.keys():
        if _PLAIN.fullmatch(given[name]):
            element.set(name, given[name])
    if tag == "a" and _LINK.match(given.get("href") or ""):
        element.set("href", given["href"])
    style = _printable_style(given, looks.get(element))
    if style:
        element.set("style", style)


def _keep_size(element, given):
    for name in ("width", "height"):
        if (given.get(name) or "").isdecimal():
            element.set(name, given[name])


def _printable_style(given, look):
    css = {
        name: value
        for name, value in declarations(given.get("style"))
        if name in _CSS
        and _PLAIN.fullmatch(value)
        and not (name.startswith(("margin", "padding", "width")) and "-" in value)
    }
    # A colour is kept where it can be read, and so is what it stands on.
    if look and not look.hidden:
        if look.ink != INK:
            css["color"] = _rgb(look.ink)
        if look.paper != PAPER:
            css["background-color"] = _rgb(look.paper)
    return ";".join(f"{name}:{value}" for name, value in css.items())


def _read(body) -> Iterator[tuple[str, Look]]:
    """Yield the pieces of a text with how they look, breaks as line feeds."""
    root = _parse(body)
    if root is None:
        return
    looks = dict(walk(root, Look()))

    def pieces(element):
        look = looks.get(element, Look(hidden="comment"))
        is_block = element.tag in _BREAKS
        if is_block:
            yield _BREAK, look
        if element.text:
            yield element.text, look
        for name in ("alt", "title") if element.tag == "img" else ():
            if element.get(name):
                yield element.get(name), look._replace(hidden="")
        for child in element:
            yield from pieces(child)
            if child.tail:
                yield child.tail, look
        if is_block:
            yield _BREAK, look

    yield from pieces(root)


def _parse(body):
    if not (body or "").strip():
        return None
    try:
        return html.fragment_fromstring(str(body), create_parent="div")
    except (etree.ParserError, ValueError):
        return html.fragment_fromstring(html.escape(str(body)), create_parent="div")


def _rgb(color):
    return f"rgb({','.join(map(str, color))})"


def _drop_comment(element):
    previous, parent = element.getprevious(), element.getparent()
    if element.tail and previous is not None:
        previous.tail = (previous.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _escape(text):
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
