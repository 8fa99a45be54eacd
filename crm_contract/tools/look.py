"""How the elements of a formatted text look: their letters, or why nobody sees them."""

import re
from typing import NamedTuple

from .css import (
    LENGTH,
    SIZES,
    blend,
    contrast,
    declarations,
    number,
    parse_color,
    pixels,
)


def names(text):
    """Return the words of a text (frozenset)."""
    return frozenset(text.split())


# Elements whose words are not shown as text.
WORDLESS = names("applet audio base basefont bgsound canvas datalist dialog embed"
    " frame frameset head iframe input link map math meta meter noembed noframes noscript"
    " object option optgroup param portal progress rp script select source style svg"
    " template textarea title track video xml")  # fmt: skip
_STRUCK = frozenset(("s", "strike", "del"))
_HIDING_CLASSES = re.compile(
    r"(?:^|\s)(d(?:-(?:sm|md|lg|xl|xxl|print))?-none|invisible|visually-hidden\S*|sr-only\S*"
    r"|o_hidden|o_invisible\S*|opacity-(?:0|25)|text-hide|text-opacity-(?:0|25))(?=\s|$)"
)
# Smaller letters, and paler ones, are not meant to be read.
_LEAST_PIXELS = 7
_LEAST_CONTRAST = 1.6
INK, PAPER = (26, 26, 26), (255, 255, 255)
_OUTSIDE = 40
_HIDING = {
    "display": ("none",),
    "visibility": ("hidden", "collapse"),
    "content-visibility": ("hidden",),
    "position": ("absolute", "fixed", "sticky"),
}
# What a browser works out, and we don't.
_RECKONED = re.compile(r"(calc|min|color-mix|light-dark|env|attr)\(")
_COLORING = {"color", "background", "background-color", "font", "font-size",
             "-webkit-text-fill-color"}  # fmt: skip


class Look(NamedTuple):
    """How a piece of text looks: colours, size in pixels, and what hides it."""

    ink: tuple = INK
    paper: tuple = PAPER
    size: float = 14
    struck: bool = False
    hidden: str = ""


def walk(element, look):
    """Yield (element, how its own text looks) of an element and what stands in it."""
    yield element, look
    for child in element:
        if isinstance(child.tag, str):
            yield from walk(child, _look_of(child, look))


def _look_of(element, look):
    listed = declarations(element.get("style"))
    css = dict(listed)
    how = look.hidden or _hides(element, listed)
    ink = _ink(element, css, look)
    paper = _paper(element, css, look)
    size = _letters(css, look.size)
    if not how and size < _LEAST_PIXELS:
        how = "tiny letters"
    if not how and (ink is None or contrast(ink, paper) < _LEAST_CONTRAST):
        how = "color on a background of the same"
    decoration = " ".join(v for n, v in listed if n.startswith("text-decoration"))
    struck = look.struck or element.tag in _STRUCK or "line-through" in decoration
    return Look(ink or INK, paper, size, struck, how)


def _hides(element, listed):
    """Return how an element hides what stands in it, whatever its colours (str)."""
    classes = _HIDING_CLASSES.search(element.get("class") or "")
    if classes:
        return classes[1]
    if "hidden" in element.attrib:
        return "hidden"
    if element.tag in WORDLESS | {"details", "bdo", "marquee"}:
        return f"<{element.tag}>"
    values = {}
    for name, value in listed:
        if _is_hiding(name, value):
            return f"{name}: {value[:40]}"
        # Which of them holds is up to what a browser understands.
        if name in _COLORING and values.setdefault(name, value) != value:
            return f"{name} given twice"
    if _is_cropped(listed):
        return "overflow of an area without room"
    return ""


def _is_hiding(name, value):
    if value in _HIDING.get(name, ()):
        return True
    match name:
        case "opacity" | "-webkit-opacity" | "zoom" | "scale":
            return number(value) < 0.35
        case "text-indent" | "left" | "right" | "top" | "bottom" | "translate":
            return _outside(value)
        case "letter-spacing" | "word-spacing":
            return pixels(value, 1) < -1 or pixels(value, 1) > _OUTSIDE
        case "line-height":
            return value != "normal" and pixels(value, 14) < 6 and number(value) < 0.5
        case "clip" | "clip-path" | "mask" | "mask-image" | "transform" | "filter" | (
            "-webkit-mask" | "-webkit-transform" | "-webkit-filter" | "-webkit-clip-path"
            | "-webkit-text-security" | "background-clip" | "-webkit-background-clip"
            | "mix-blend-mode" | "-webkit-mask-image"
        ):  # fmt: skip
            return value not in ("none", "auto", "normal", "border-box", "initial")
        case "unicode-bidi":
            return "override" in value
        case "content":
            return True
    if name in _COLORING and _RECKONED.search(value):
        return True
    if name.startswith("margin"):
        return any(pixels(part, 14) < -_OUTSIDE / 2 for part in value.split())
    return False


def _is_cropped(listed):
    overflow = {value for name, value in listed if name.startswith("overflow")}
    if overflow <= {"visible", "initial"}:
        return False
    return any(
        value[:1].isdigit()
        and (number(value) < 0.05 if "%" in value else pixels(value, 1) < _OUTSIDE / 2)
        for name, value in listed
        if name in ("width", "height", "max-width", "max-height")
    )


def _outside(value):
    return any(abs(pixels(part, 1)) > _OUTSIDE for part in value.split())


def _letters(css, size):
    """Return the size of letters, by the two properties that tell it."""
    value = css.get("font-size")
    if value is None:
        sizes = (LENGTH.fullmatch(part.partition("/")[0])
                 for part in css.get("font", "").split())  # fmt: skip
        sizes = [match[0] for match in sizes if match and (match[2] or match[1] == "0")]
        value = sizes[0] if sizes else ""
    if value in SIZES:
        return SIZES[value]
    match = LENGTH.fullmatch(value)
    if not match:
        return size
    if match[2] in ("em", "%"):
        return size * float(match[1]) / (100 if match[2] == "%" else 1)
    return pixels(value, 1)


def _ink(element, css, look):
    """Return the colour of letters; None if they have none."""
    value = css.get("-webkit-text-fill-color") or css.get("color")
    value = value or element.get("color") or element.get("text")
    classes = (element.get("class") or "").split()
    if not value and {"text-white", "text-light"} & set(classes):
        value = "white"
    if not value or value in ("inherit", "currentcolor", "initial", "unset"):
        return look.ink
    return blend(value, look.paper, look.ink)


def _paper(element, css, look):
    value = css.get("background-color") or element.get("bgcolor")
    for part in () if value else re.findall(r"[\w#-]+(?:\([^)]*\))?",
                                            css.get("background", "")):  # fmt: skip
        if parse_color(part):
            value = part
    if not value and re.search(r"(?:^|\s)(text-)?bg-(?!white|light|body|transparent)",
                               element.get("class") or ""):  # fmt: skip
        # A dark one of the theme, which the print does not know.
        return (60, 60, 60) if look.paper == PAPER else look.paper
    if not value or value in ("inherit", "transparent", "initial", "none"):
        return look.paper
    return blend(value, look.paper, look.paper) or look.paper
