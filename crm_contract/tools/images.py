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
