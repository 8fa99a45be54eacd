"""Values that nobody reads without a key: how they are written, found and shown.

A protected value is a text of four parts, `cs1.<data key>.<index>.<ciphertext>`:
AES-256-GCM under a key of the company, bound to where it stands, and in front of it what
it is found by (see `DataKey.index`). Anything else in such a column is in clear.
"""

import base64
import binascii
import os
import re
import unicodedata
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PREFIX = "cs1."
# A value in clear that would look like a protected one, or like an escaped one.
_ESCAPE = "cs0."
# One that no database takes as it is: zeros, and halves of surrogate pairs.
_CODED = "cs0:"
_NOT_STORED = re.compile("[\0\ud800-\udfff]")
MASK = "••••"
KEY_BYTES = 32
_NONCE = 12
# Shorter values would be told by their last characters.
_LEAST_SHOWN = 8
_SHOWN = 4
_TOKEN = re.compile(r"cs1\.(\d{1,18})\.([\w-]*)\.([\w-]+)", re.ASCII)


class SecretError(Exception):
    """A protected value or file can't be read, or can't be written.

    :ivar reason: one word for code, which turns it into a sentence for people:
        `none` (the server has no key), `settings` (its keys can't be read), `master` (the
        key that is needed is not among them), `unknown` (no such data key), `company`
        (that of another company), `broken` (changed, cut off, copied from elsewhere, or
        under another key)
    :ivar detail: name of a key, or what the system said; never a value
    """

    def __init__(self, reason: str, detail: object = ""):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = str(detail)


class Secret:
    """A value in clear on its way to where it is protected; shows itself as a mask.

    >>> value = Secret("110105194912310028")
    >>> print(value, [value])
    ••••0028 [••••0028]
    >>> value.text
    '110105194912310028'
    """

    # Without a dictionary, no protocol writes it out.
    __slots__ = ("text",)

    def __init__(self, text: str):
        self.text = text

    def __repr__(self):
        return mask(self.text)

    def __eq__(self, other):
        return isinstance(other, Secret) and other.text == self.text

    def __hash__(self):
        return hash(self.text)

    def __bool__(self):
        return bool(self.text)


class Place(NamedTuple):
    """Where a value stands: a ciphertext opens nowhere else.

    :ivar record: random key of the record, which no other record has
    :ivar company: id of its company, 0 if all companies share it
    """

    model: str
    field: str
    record: str
    company: int


class DataKey:
    """A key that values and files of one company are protected with.

    :ivar number: id under which protected values name it
    :ivar company: id, 0 for what all companies share
    """

    def __init__(self, number: int, company: int, secret: bytes):
        self.number = number
        self.company = company
        self._secret = secret
        self._cipher = AESGCM(derive(secret, "value"))
        self._indexes = {}

    def __repr__(self):
        return f"DataKey({self.number})"

    def derive(self, purpose: str, salt: bytes = b"") -> bytes:
        """Return a key for one purpose (32 bytes)."""
        return derive(self._secret, purpose, salt)

    def seal(self, place: Place, text: str, index: str = "") -> str:
        """Return a value as it is stored.

        >>> key = DataKey(7, 1, b"k" * 32)
        >>> place = Place("res.partner", "id_number", "a1", 1)
        >>> key.open(place, key.seal(place, "Zoë \\x00 甲"))
        'Zoë \\x00 甲'

        :param index: as of `index`, "" for what is not searched
        """
        if place.company != self.company:
            raise SecretError("company", self.number)
        nonce = os.urandom(_NONCE)
        # Lone halves of surrogate pairs come from clients, and go back as they came.
        data = text.encode("utf-8", "surrogatepass")
        sealed = nonce + self._cipher.encrypt(nonce, data, self._bind(place, index))
        return f"{PREFIX}{self.number}.{index}.{_to_text(sealed)}"

    def open(self, place: Place, token: str) -> str:
        """Return the value of what `seal` returned.

        >>> key = DataKey(7, 1, b"k" * 32)
        >>> here = Place("res.partner", "id_number", "a1", 1)
        >>> key.open(Place("res.partner", "id_number", "b2", 1), key.seal(here, "x"))
        Traceback (most recent call last):
        ...
        odoo.addons.crm_contract.tools.secret.SecretError: broken: 7

        :raise SecretError: `unknown`, `company` or `broken`
        """
        opener = Opener(place.model, place.field, self._load_itself)
        return opener.open(place.record, place.company, token)

    def _load_itself(self, number):
        if number != self.number:
            raise SecretError("unknown", number)
        return self

    def index(self, model: str, field: str, text: str) -> str:
        """Return what values that mean the same have in common, and nothing else (str).

        The same for the same field and key alone; "" for a value of nothing but spaces.

        >>> key = DataKey(7, 1, b"k" * 32)
        >>> one = key.index("res.partner", "id_number", "11010519491231002x")
        >>> one == key.index("res.partner", "id_number", "１１０１０５ 19491231 002X")
        True
        >>> one == key.index("res.partner", "private_phone", "11010519491231002x")
        False
        """
        plain = normal(text)
        if not plain:
            return ""
        key = self._indexes.get((model, field))
        if key is None:
            key = self._indexes[model, field] = self.derive(f"index {model} {field}")
        return _to_text(keyed(key, plain)[:16])

    def _bind(self, place, index):
        head, tail = self.bounds(place.model, place.field)
        return b"".join((head, place.record.encode(), tail, index.encode()))

    def bounds(self, model: str, field: str) -> tuple[bytes, bytes]:
        """Return what the values of a field are bound to, before and after their record."""
        # Names and numbers, none of which has the separator in it
        return (
            f"{PREFIX}\x1f{model}\x1f{field}\x1f".encode(),
            f"\x1f{self.company}\x1f{self.number}\x1f".encode(),
        )

    def decrypt(self, sealed: bytes, bound: bytes) -> bytes:
        """Return the bytes of a value.

        :raise InvalidTag: if it is bound to something else
        """
        return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)


class Opener:
    """Opens values of one field: what many of them share is looked up once.

    :param load: takes the number of a key, returns a `DataKey` or raises SecretError
    """

    def __init__(self, model: str, field: str, load: Callable[[int], DataKey]):
        self._place = model, field
        self._load = load
        self._known = {}

    def open(self, record: str, company: int, token: str) -> str:
        """Return the value of what is stored of it on a record.

        >>> key = DataKey(7, 1, b"k" * 32)
        >>> token = key.seal(Place("res.partner", "id_number", "a1", 1), "x")
        >>> Opener("res.partner", "id_number", {7: key}.get).open("a1", 1, token)
        'x'

        :param record: random key of the record
        :param company: id of its company, or 0
        :raise SecretError: as of the loading of its key, `company` or `broken`
        """
        number, index, sealed = split_token(token)
        decrypt, head, tail = self._known.get((number, company)) or self._prepare(
            number, company
        )
        try:
            data = decrypt(sealed, b"".join((head, record.encode(), tail, index)))
            return data.decode("utf-8", "surrogatepass")
        except (InvalidTag, ValueError) as error:
            raise SecretError("broken", number) from error

    def _prepare(self, number, company):
        key = self._load(number)
        if key.company != company:
            raise SecretError("company", number)
        found = self._known[number, company] = (key.decrypt, *key.bounds(*self._place))
        return found


def is_token(value: object) -> bool:
    """Return whether what is stored is protected.

    >>> is_token("cs1.7..AAAA"), is_token("cs0.cs1.x"), is_token(None)
    (True, False, False)
    """
    return isinstance(value, str) and value.startswith(PREFIX)


def key_of(token: str) -> int:
    """Return the number of the data key of a protected value.

    :raise SecretError: `broken`
    """
    return split_token(token)[0]


def split_token(token: str) -> tuple[int, bytes, bytes]:
    """Return number of the key, index and bytes of a protected value.

    :raise SecretError: `broken`
    """
    match = _TOKEN.fullmatch(token)
    if not match:
        raise SecretError("broken")
    number, index, sealed = match.groups()
    try:
        data = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    except (binascii.Error, ValueError) as error:
        raise SecretError("broken", number) from error
    return int(number), index.encode(), data


def to_clear(text: str) -> str:
    """Return a value as it is stored where nothing protects it.

    >>> to_clear("cs1.x"), to_clear("110105"), to_clear("a\\0b")
    ('cs0.cs1.x', '110105', 'cs0:a\\\\x00b')
    """
    if _NOT_STORED.search(text):
        return _CODED + text.encode("unicode_escape").decode()
    return f"{_ESCAPE}{text}" if text.startswith((PREFIX, _ESCAPE, _CODED)) else text


def from_clear(stored: str) -> str:
    """Return the value of what `to_clear` returned.

    >>> from_clear(to_clear("cs0.y")), from_clear("110105"), from_clear(to_clear("\\0"))
    ('cs0.y', '110105', '\\x00')
    """
    if stored.startswith(_CODED):
        return stored.removeprefix(_CODED).encode().decode("unicode_escape")
    return stored.removeprefix(_ESCAPE)


def mask(text: str) -> str:
    """Return how a value is shown to whom it is not revealed.

    >>> mask("110105194912310028"), mask("1234567"), mask("")
    ('••••0028', '••••', '')
    """
    text = text.strip()
    shown = text[-_SHOWN:] if len(text) >= _LEAST_SHOWN else ""
    return MASK + shown if text else ""


def is_mask(value: object) -> bool:
    """Return whether a value is what somebody was shown instead of one."""
    return isinstance(value, str) and value.startswith(MASK)


def normal(text: str) -> str:
    """Return a value without what is written one way or another.

    Width, case, spaces and dashes.

    >>> normal(" ６２２２ 0202-0000 x")
    '622202020000X'
    """
    text = unicodedata.normalize("NFKC", text).upper()
    return "".join(
        char
        for char in text
        if unicodedata.category(char)[0] not in "ZC"
        and unicodedata.category(char) != "Pd"
    )


def derive(secret: bytes, purpose: str, salt: bytes = b"") -> bytes:
    """Return a key for one purpose, from which no other one follows (32 bytes)."""
    info = f"crm_contract {purpose}".encode()
    return HKDF(hashes.SHA256(), KEY_BYTES, salt or None, info).derive(secret)


def keyed(key: bytes, text: str) -> bytes:
    """Return the HMAC (SHA-256) of a text."""
    code = hmac.HMAC(key, hashes.SHA256())
    code.update(text.encode("utf-8", "surrogatepass"))
    return code.finalize()


def _to_text(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
