"""The part of CSS that tells whether text can be read: lengths and colours."""

import re

from PIL import ImageColor

_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))", re.I | re.S)
_COMMENT = re.compile(r"/\*.*?(\*/|$)", re.S)
LENGTH = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(%|[a-z]*)")
_UNITS = {"": 1, "px": 1, "pt": 4 / 3, "pc": 16, "in": 96, "cm": 37.8, "mm": 3.78,
           "q": 0.945, "em": 14, "rem": 14, "ex": 7, "ch": 7, "vw": 8, "vh": 8, "vmin": 8,
           "vmax": 8}  # fmt: skip
SIZES = {"xx-small": 8, "x-small": 9, "small": 11}


def declarations(text: str) -> list[tuple[str, str]]:
    r"""Return the declarations of a style attribute as (name, value), in lower case.

    What can be read in two ways, for want of a closing quote or bracket, is read in both.

    >>> declarations("COLOR: Red; b\\61 ckground:url('a;b') !important;/* x */width:1px")
    [('color', 'red'), ('background', "url('a;b')"), ('width', '1px')]
    >>> declarations("a:url(;display:none")
    [('a', 'url(;display:none'), ('a', 'url('), ('display', 'none')]
    """
    text = _ESCAPE.sub(_unescape, _COMMENT.sub("", text or ""))
    parts, is_closed = _split(text)
    found = []
    for part in parts if is_closed else [*parts, *text.split(";")]:
        name, colon, value = part.partition(":")
        if colon:
            value = re.sub(r"\s*!\s*important\s*$", "", value.strip().lower())
            found.append((name.strip().lower(), value))
    return found


def _split(text):
    """Split at semicolons outside of quotes and brackets; tell whether all were closed."""
    parts, quote, depth = [[]], "", 0
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "()":
            depth = max(0, depth + (1 if sign == "(" else -1))
        elif sign == ";" and not depth:
            parts.append([])
            continue
        parts[-1].append(sign)
    return ["".join(part) for part in parts], not (quote or depth)


def _unescape(match):
    if not match[1]:
        return match[2]
    number = int(match[1], 16)
    return chr(number) if 0 < number < 0x110000 else ""


def blend(value, paper, otherwise):
    """Return an opaque colour, None for one that can't be seen, or what is otherwise."""
    if value == "transparent":
        return None
    color = parse_color(value)
    if not color:
        return otherwise
    *color, alpha = color
    if alpha < 0.2:
        return None
    return tuple(round(c * alpha + p * (1 - alpha))
                 for c, p in zip(color, paper, strict=True))  # fmt: skip


def parse_color(value):
    """Return (red, green, blue, part of opacity) of a colour, None if it is unknown."""
    value, alpha = value.strip(), 1.0
    match = re.fullmatch(r"(rgb|hsl)a?\(([^)]*)\)", value)
    if match:
        parts = re.split(r"[\s,/]+", match[2].strip())
        if len(parts) == 4:
            alpha = number(parts.pop())
        value = f"{match[1]}({','.join(parts)})"
    try:
        color = ImageColor.getrgb(value)
    except ValueError:
        return None
    if len(color) == 4:
        alpha = color[3] / 255
    return (*color[:3], alpha)


def contrast(one, other):
    """Return the contrast of two colours, 1 to 21 (WCAG 2.1, relative luminance).

    >>> contrast((255, 255, 255), (0, 0, 0)), contrast((9, 9, 9), (9, 9, 9))
    (21.0, 1.0)
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color):
    parts = (c / 255 for c in color)
    red, green, blue = (
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def pixels(value, unit):
    """Return a length in pixels, roughly; 14 of the unit if it is not known.

    >>> pixels("2em", 1), pixels("10pt", 1) > 13, pixels("1.5", 14)
    (28.0, True, 21.0)

    :param unit: of a number without one, in pixels
    """
    match = LENGTH.fullmatch(value)
    if not match:
        return unit * 14
    if match[2] == "%":
        return float(match[1]) / 100 * 14
    if not match[2]:
        return float(match[1]) * unit
    return float(match[1]) * _UNITS.get(match[2], 14)


def number(value):
    """Return a number or percentage, 1 for anything else.

    >>> number("50%"), number(".2"), number("auto")
    (0.5, 0.2, 1.0)
    """
    match = LENGTH.fullmatch(value)
    if not match:
        return 1.0
    return float(match[1]) / (100 if match[2] == "%" else 1)
