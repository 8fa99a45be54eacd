"""Master keys of the server: they wrap data keys, and are never in the database."""

import base64
import binascii
import os
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .secret import KEY_BYTES, SecretError, derive
from .server_options import get_option

_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_NONCE = 12
# A file of keys has a few lines.
_MOST_BYTES = 100_000
# (path, when and how much was written): the keys
_read = {}


def get_masters() -> dict[str, bytes]:
    """Return the master keys of the server, the primary one first: {name: key}.

    They are what `contract_secret_keys` (`name:key,name:key`) and the file that
    `contract_secret_key_file` names say, in this order; a file is read again once it
    changed.

    :raise SecretError: `settings`
    """
    inline = get_option("secret_keys")
    keys = parse_keys(inline.replace(",", "\n")) if inline else {}
    path = get_option("secret_key_file")
    return {**keys, **_read_file(path)}


def parse_keys(text: str) -> dict[str, bytes]:
    """Return the keys of lines like `name:key`, in their order: {name: key}.

    >>> parse_keys("# new\\nk2:" + "Zm9v" * 5 + "Zm8=")
    Traceback (most recent call last):
    ...
    odoo.addons.crm_contract.tools.secret.SecretError: settings: k2: a key has 32 bytes
    >>> list(parse_keys("k2: " + "A" * 43 + "=\\n\\nk1:" + "B" * 42 + "A="))
    ['k2', 'k1']

    :raise SecretError: `settings`; its detail names the key, never says it
    """
    keys = {}
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, _colon, value = (part.strip() for part in line.partition(":"))
        if not _NAME.fullmatch(name):
            raise SecretError("settings", "a line is not like name:key")
        if name in keys:
            raise SecretError("settings", f"{name}: named twice")
        keys[name] = _decode(name, value)
    return keys


def make_line(name: str) -> str:
    """Return a line with a new key.

    >>> [name] = parse_keys(make_line("k2026"))
    >>> name
    'k2026'

    :raise SecretError: `settings`, for a name that no key can have
    """
    if not _NAME.fullmatch(name):
        raise SecretError(
            "settings", "a name has letters, digits, - and _ (32 at most)"
        )
    return f"{name}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"


def wrap(name: str, master: bytes, uid: str, company: int, secret: bytes) -> str:
    """Return a data key as it is stored.

    :param uid: random name of the data key, to which it is bound
    :param company: id of its company, 0 for what all share
    """
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(derive(master, "wrap")).encrypt(
        nonce, secret, _bind(name, uid, company)
    )
    return base64.b64encode(nonce + sealed).decode()


def unwrap(name: str, master: bytes, uid: str, company: int, wrapped: str) -> bytes:
    """Return the data key of what `wrap` returned.

    >>> text = wrap("k1", b"m" * 32, "u", 3, b"d" * 32)
    >>> unwrap("k1", b"m" * 32, "u", 3, text) == b"d" * 32
    True
    >>> unwrap("k1", b"M" * 32, "u", 3, text)
    Traceback (most recent call last):
    ...
    odoo.addons.crm_contract.tools.secret.SecretError: wrong: k1

    :raise SecretError: `wrong`: another key goes by the name, or what is stored changed
    """
    try:
        data = base64.b64decode(wrapped)
        return AESGCM(derive(master, "wrap")).decrypt(
            data[:_NONCE], data[_NONCE:], _bind(name, uid, company)
        )
    except (InvalidTag, ValueError) as error:
        raise SecretError("wrong", name) from error


def _bind(name, uid, company):
    return f"crm_contract data key\n{name}\n{uid}\n{company}".encode()


def _decode(name, value):
    try:
        key = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SecretError("settings", f"{name}: no base64") from error
    if len(key) != KEY_BYTES:
        raise SecretError("settings", f"{name}: a key has {KEY_BYTES} bytes")
    return key


def _read_file(path):
    if not path:
        return {}
    try:
        status = os.stat(path)
        version = (path, status.st_mtime_ns, status.st_size, status.st_ino)
        if version not in _read:
            with open(path, encoding="utf-8") as file:
                keys = parse_keys(file.read(_MOST_BYTES))
            _read.clear()
            _read[version] = keys
        return _read[version]
    except (OSError, ValueError) as error:
        raise SecretError("settings", f"{path}: {error}") from error
