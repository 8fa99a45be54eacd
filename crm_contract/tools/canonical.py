"""One text, and so one hash, for values that mean the same."""

import hashlib
import json
import unicodedata
from datetime import date
from decimal import Decimal


def canonical_json(value) -> bytes:
    """Return the deterministic UTF-8 JSON of a value.

    Keys are sorted and nothing is indented. Strings are in Unicode normal form C with
    line feeds as line ends. Dates and datetimes are ISO strings. Numbers are plain
    decimals rounded to 10 places, whatever their type, so that a value read back from
    the database or from an older JSON has the hash it had before.

    >>> canonical_json({"qty": 1.0, "name": "a", "tags": ("x", None, True)})
    b'{"name":"a","qty":1,"tags":["x",null,true]}'
    >>> canonical_json([0.1 + 0.2, Decimal("1.00"), date(2026, 1, 31)])
    b'[0.3,1,"2026-01-31"]'

    :param value: dict with string keys, list, tuple, str, int, float, Decimal, bool,
        None, date or datetime, nested at will; no set, because it has no order
    :raise TypeError: unsupported value (not finite numbers too), named by its path
    """
    return _text(value, ()).encode()


def content_hash(value) -> str:
    """Return the SHA-256, in hexadecimal, of the canonical JSON of a value.

    >>> content_hash({"a": 1, "b": 2}) == content_hash({"b": 2.0, "a": Decimal("1.0")})
    True

    :raise TypeError: see `canonical_json`
    """
    return file_hash(canonical_json(value))


def file_hash(data: bytes) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal.

    >>> file_hash(b"")[:16]
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(data).hexdigest()


def short_hash(digest: str) -> str:
    """Return the first 12 characters of a hash, as printed in footers.

    >>> short_hash(file_hash(b""))
    'e3b0c44298fc'

    :param digest: hexadecimal hash; '' is returned when there is none
    """
    return (digest or "")[:12]


def _text(value, path):
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return _string_text(value)
    if isinstance(value, (int, float, Decimal)):
        return _number_text(value, path)
    if isinstance(value, date):
        return _string_text(value.isoformat())
    if isinstance(value, dict):
        return _dict_text(value, path)
    if isinstance(value, (list, tuple)):
        items = (_text(item, (*path, index)) for index, item in enumerate(value))
        return f"[{','.join(items)}]"
    raise _unsupported(type(value).__name__, path)


def _string_text(value):
    return json.dumps(_normal(value), ensure_ascii=False)


def _number_text(value, path):
    number = Decimal(str(value))
    if not number.is_finite():
        raise _unsupported(value, path)
    # Ten places absorb the noise of binary floats and exceed any Odoo precision.
    text = f"{number:.10f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _dict_text(value, path):
    for key in value:
        if not isinstance(key, str):
            raise _unsupported(f"{type(key).__name__} as key", (*path, key))
    # The raw key too: two spellings of one text must not fall back on dict order.
    keys = sorted(value, key=lambda key: (_normal(key), key))
    members = (f"{_string_text(key)}:{_text(value[key], (*path, key))}" for key in keys)
    return f"{{{','.join(members)}}}"


def _normal(value):
    return unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))


def _unsupported(what, path):
    return TypeError(f"No canonical form for {what} at /{'/'.join(map(str, path))}")
