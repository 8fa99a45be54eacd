"""Images within texts: how large they are before anything draws them."""

import base64
import binascii
import io
import re

from lxml import etree, html
from PIL import Image, UnidentifiedImageError

INLINE = re.compile(r"data:image/(png|jpe?g|gif);base64,([a-z0-9+/=\s]+)", re.I)
# Of all images of a text: as many as Odoo takes of one, which is a large photograph.
MOST_PIXELS = 50_000_000
# Of the picture of a signature: bytes of its file, and pixels.
MOST_SIGNATURE = 1_000_000
MOST_SIGNATURE_PIXELS = 4_000_000


def count_pixels(source: str) -> int | None:
    """Return the pixels of an image in a `data:` address, None if it is no image.

    Its head says it: a small file may be a picture that takes gigabytes to draw.

    >>> dot = "R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
    >>> count_pixels(f"data:image/gif;base64,{dot}")
    1
    >>> count_pixels("data:image/gif;base64,AAAA")
    >>> count_pixels("http://example.com/a.gif")
    """
    match = INLINE.fullmatch(source)
    if not match:
        return None
    try:
        data = base64.b64decode("".join(match[2].split()), validate=True)
        # What is larger than Pillow takes without asking is an error of its own.
        with Image.open(io.BytesIO(data)) as image:
            return image.width * image.height
    except Image.DecompressionBombError:
        return MOST_PIXELS + 1
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None


def are_too_large(body: str) -> bool:
    """Return whether the images within a text are more than can be printed.

    >>> are_too_large('<p>A<img src="data:image/png;base64,AAAA"/></p>')
    False

    :param body: HTML
    """
    if "data:image" not in (body or ""):
        return False
    try:
        root = html.fragment_fromstring(str(body), create_parent="div")
    except (etree.ParserError, ValueError):
        return False
    sources = (image.get("src") or "" for image in root.iter("img"))
    return sum(count_pixels(source.strip()) or 0 for source in sources) > MOST_PIXELS


def read_signature(source: str | bytes) -> bytes | None:
    """Return the picture of a signature as a PNG written anew, None if it is none.

    Its head is read before anything is drawn: of many pixels in a small file nothing is
    drawn at all. What else the file has, such as texts and profiles, is left behind.

    >>> read_signature("PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=")
    >>> read_signature("A" * 50_000_000)

    :param source: PNG or JPEG in base64
    """
    if len(source) > MOST_SIGNATURE * 4 // 3 + 4:
        return None
    try:
        data = base64.b64decode(source, validate=True)
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            if not 0 < image.width * image.height <= MOST_SIGNATURE_PIXELS:
                return None
            picture = image.convert("RGBA")
    except (
        binascii.Error,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,
        TypeError,
        UnidentifiedImageError,
        ValueError,
    ):
        return None
    if _is_blank(picture):
        return None
    result = io.BytesIO()
    picture.save(result, "PNG")
    return result.getvalue()


def _is_blank(picture: Image.Image) -> bool:
    """Return whether nothing is drawn on a picture: it is of one colour alone."""
    return all(low == high for low, high in picture.getextrema())
