"""Key and certificate that files are sealed with, and the file of them (PKCS#12)."""

import datetime
import functools
import os
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    pkcs12,
)
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

# A key file holds a key and a few certificates.
_MOST_BYTES = 1_000_000


class SealError(Exception):
    """A file can't be sealed, time-stamped or looked at.

    :ivar reason: one word for code, which turns it into a sentence for people: `missing`
        (no library), `unreadable`, `password`, `empty` (no key or no certificate),
        `early`, `expired`, `time-stamp`, `broken`; of a token `token-missing` (no
        library), `module` (that of its maker), `token-unnamed`, `token`, `pin`
    :ivar detail: what the system said, for the log and for administrators
    """

    def __init__(self, reason: str, detail: object = ""):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = str(detail)


@dataclass(frozen=True)
class SealKey:
    """A key that files can be sealed with, and what its certificate says.

    Days and times are without a zone, in UTC; serial number and fingerprint (SHA-256 of
    the certificate) are hexadecimal.
    """

    name: str
    serial: str
    fingerprint: str
    valid_from: datetime.datetime
    valid_until: datetime.datetime
    algorithm: str
    is_self_signed: bool
    has_revocation: bool
    # What it is used by: a file with its password, or a token.
    pkcs12: bytes = field(repr=False, default=b"")
    password: bytes = field(repr=False, default=b"")
    token: object = None

    def check(self, moment: datetime.datetime) -> None:
        """Raise SealError unless the certificate is valid at that moment (UTC)."""
        if moment < self.valid_from:
            raise SealError("early", self.valid_from)
        if moment > self.valid_until:
            raise SealError("expired", self.valid_until)


def read_key(path: str, password: str) -> SealKey:
    """Return the key of a PKCS#12 file.

    :raise SealError: `unreadable`, `password` or `empty`
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST_BYTES)
    except (OSError, ValueError) as error:
        raise SealError("unreadable", getattr(error, "strerror", error)) from error
    return load_key(data, password.encode())


# Deriving a key from a password is made to take time.
@functools.lru_cache(maxsize=16)
def load_key(data: bytes, password: bytes) -> SealKey:
    """Return the key of the bytes of a PKCS#12 file, see `read_key`."""
    # A sequence of ASN.1; nothing else can be told from a wrong password.
    if data[:1] != b"\x30":
        raise SealError("unreadable", "no PKCS#12 file")
    try:
        key, certificate, _others = pkcs12.load_key_and_certificates(
            data, password or None
        )
    except (ValueError, TypeError) as error:
        raise SealError("password", error) from error
    if not key or not certificate:
        raise SealError("empty")
    return describe_certificate(certificate, pkcs12=data, password=password)


def describe_certificate(certificate: x509.Certificate, **source: object) -> SealKey:
    """Return the key of a certificate.

    :param source: what it is used by: `pkcs12` and `password`, or `token`
    """
    return SealKey(
        name=_name_of(certificate.subject),
        serial=f"{certificate.serial_number:x}",
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        valid_from=_plain(certificate, "not_valid_before"),
        valid_until=_plain(certificate, "not_valid_after"),
        algorithm=_algorithm_of(certificate.public_key()),
        is_self_signed=certificate.issuer == certificate.subject,
        has_revocation=_has_revocation(certificate),
        **source,
    )


def make_key(name: str, password: str, days: int, country: str = "") -> bytes:
    """Return a new self-signed key on the curve P-256 as a PKCS#12 file.

    :param name: whose seal it is: name of the company
    :param days: for which the certificate is valid, from now on
    :param country: code of two letters
    """
    key = ec.generate_private_key(ec.SECP256R1())
    # The longest that a certificate takes
    parts = [
        x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, name[:64]),
    ]
    if country:
        parts.append(x509.NameAttribute(NameOID.COUNTRY_NAME, country.upper()))
    subject = x509.Name(parts)
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(False, None), critical=True)
        .add_extension(_usage(), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    return pkcs12.serialize_key_and_certificates(
        name[:64].encode(),
        key,
        certificate,
        None,
        BestAvailableEncryption(password.encode()),
    )


def write_new(path: str, data: bytes) -> None:
    """Write a file that only its owner reads; never over one that is there.

    :raise OSError: FileExistsError among others
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        os.unlink(path)
        raise


def _usage():
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name_of(subject):
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else subject.rfc4514_string()


def _plain(certificate, name):
    """Return a time of a certificate without its zone, whatever the release."""
    value = getattr(certificate, f"{name}_utc", None) or getattr(certificate, name)
    return value.replace(tzinfo=None)


def _algorithm_of(key):
    if isinstance(key, ec.EllipticCurvePublicKey):
        name = {"secp256r1": "P-256", "secp384r1": "P-384"}.get(key.curve.name)
        return f"EC {name or key.curve.name}"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    return type(key).__name__.strip("_").removesuffix("PublicKey")


def _has_revocation(certificate):
    """Return whether the certificate says where it is told whether it is revoked."""
    for kind in (x509.CRLDistributionPoints, x509.AuthorityInformationAccess):
        try:
            value = certificate.extensions.get_extension_for_class(kind).value
        except (x509.ExtensionNotFound, ValueError):
            continue
        if kind is x509.CRLDistributionPoints or any(
            row.access_method == AuthorityInformationAccessOID.OCSP for row in value
        ):
            return True
    return False
