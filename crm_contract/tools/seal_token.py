"""Keys that never leave a token (PKCS#11: card, stick or HSM), by pyHanko's own extra.

`pip install "pyHanko[pkcs11]"` brings what it takes; it is imported when it is needed.
"""

import asyncio
import contextlib
import hashlib
import importlib.util
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography import x509

from .seal_key import SealError, SealKey, describe_certificate

# Seconds that one who seals waits for another, and for the token.
LIMIT = 10.0
# A token knows one log-in of a process: who seals comes one after the other.
_lock = threading.Lock()
# PINs that were wrong. Asked again and again, a token locks itself for good.
_refused = set()


@dataclass(frozen=True)
class Token:
    """Where a key is, and what opens it.

    :ivar module: path of the library of the maker (`.so`, `.dll`)
    :ivar label: of the token
    :ivar key: label of the key
    :ivar certificate: label of its certificate on the token
    """

    module: str
    label: str
    key: str
    certificate: str
    pin: str = field(repr=False)

    @property
    def _mark(self) -> str:
        text = "\0".join((self.module, self.label, self.pin))
        return hashlib.sha256(text.encode()).hexdigest()


def is_installed() -> bool:
    """Return whether tokens can be used here."""
    return bool(
        importlib.util.find_spec("pyhanko") and importlib.util.find_spec("pkcs11")
    )


def read_token(token: Token) -> SealKey:
    """Return the key of a token, with what its certificate says.

    :raise SealError: `token-missing`, `module`, `token`, `pin`, `empty`
    """
    with open_signer(token) as signer:
        certificate = x509.load_der_x509_certificate(signer.signing_cert.dump())
        return describe_certificate(certificate, token=token)


@contextlib.contextmanager
def open_signer(token: Token) -> Iterator[object]:
    """Give a signer of pyHanko, for as long as the session with the token is open.

    :raise SealError: see `read_token`
    """
    _check(token)
    if not _lock.acquire(timeout=LIMIT):
        raise SealError("token", "it is busy")
    try:
        session = _open_session(token)
        try:
            yield _make_signer(session, token)
        finally:
            session.close()
    finally:
        _lock.release()


def _check(token):
    """Refuse what can't work before the token is asked."""
    if not is_installed():
        raise SealError("token-missing")
    if not os.path.isfile(token.module):
        raise SealError("module", token.module)
    if not (token.label and token.key):
        raise SealError("token-unnamed")
    if token._mark in _refused:
        raise SealError("pin", "not tried again before a restart")


def _open_session(token):
    from pkcs11 import exceptions, lib
    from pyhanko.config.pkcs11 import TokenCriteria
    from pyhanko.sign.pkcs11 import open_pkcs11_session

    try:
        lib(token.module)
    except (RuntimeError, OSError) as error:
        raise SealError("module", error) from error
    wrong = (exceptions.PinIncorrect, exceptions.PinInvalid, exceptions.PinLenRange)
    try:
        return open_pkcs11_session(
            token.module,
            token_criteria=TokenCriteria(label=token.label),
            user_pin=token.pin or None,
        )
    except wrong as error:
        _refused.add(token._mark)
        raise SealError("pin", type(error).__name__) from error
    except exceptions.PinLocked as error:
        raise SealError("pin", "the token is locked") from error
    except exceptions.PKCS11Error as error:
        raise SealError("token", str(error) or type(error).__name__) from error


def _make_signer(session, token):
    """Return a signer that has found key and certificate on the token."""
    from pkcs11 import PKCS11Error
    from pyhanko.sign.pkcs11 import PKCS11Signer

    signer = PKCS11Signer(
        session,
        cert_label=token.certificate or token.key,
        key_label=token.key,
        # The hash is taken here: what every token can sign.
        use_raw_mechanism=True,
    )
    try:
        asyncio.run(signer.ensure_objects_loaded())
    except PKCS11Error as error:
        raise SealError("empty", error) from error
    return signer
