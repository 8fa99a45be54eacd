"""Seals over whole PDF files (PAdES), by pyHanko where it is installed.

It is imported when it is needed: whoever seals nothing needs not have it, and its
import takes most of a second.
"""

import contextlib
import datetime
import hashlib
import importlib
import importlib.util
import io
import logging
from dataclasses import dataclass

from .seal_key import SealError, SealKey
from .seal_token import LIMIT, open_signer
from .time_stamp import post, within

# Name of the form field that holds the seal.
FIELD = "ContractSeal"
# Levels of PAdES (ETSI EN 319 142-1): plain, with a time stamp, with what tells years
# later that the certificate was not revoked.
LEVELS = {"b": "PAdES B-B", "t": "PAdES B-T", "lt": "PAdES B-LT"}
# Hexadecimal digits kept free for a signature with the token of a time-stamp server.
_ROOM = 32_768


@dataclass(frozen=True)
class SealStatus:
    """What the first seal of a file says, and whether it holds.

    Times are in UTC without a zone. The time of the seal is that of the server that
    sealed; that of the stamp was told by somebody else.
    """

    count: int
    is_intact: bool
    is_whole: bool
    forbids_changes: bool
    name: str
    serial: str
    fingerprint: str
    level: str
    date: datetime.datetime | None
    date_stamped: datetime.datetime | None
    stamped_by: str
    others: tuple[str, ...]


def is_installed() -> bool:
    """Return whether files can be sealed and seals be looked at here."""
    return importlib.util.find_spec("pyhanko") is not None


def add_pages(text: bytes, pages: bytes) -> bytes:
    """Return a PDF with the pages of another one at its end.

    The bytes of the first one are those that the new one begins with: whoever has its
    hash can tell that nothing of what was shown is changed.

    :raise SealError: `broken`, if one of them can't be read
    """
    from pypdf import PdfReader, PdfWriter
    from pypdf.errors import PyPdfError

    try:
        writer = PdfWriter(io.BytesIO(text), incremental=True)
        for page in PdfReader(io.BytesIO(pages)).pages:
            writer.add_page(page)
        result = io.BytesIO()
        writer.write(result)
    except (PyPdfError, ValueError, KeyError, AttributeError) as error:
        raise SealError("broken", error) from error
    merged = result.getvalue()
    if not merged.startswith(text):
        raise SealError("broken", "the text was written anew")
    return merged


def seal(
    pdf: bytes,
    key: SealKey,
    reason: str,
    location: str = "",
    url: str = "",
    seconds: float = 5.0,
    roots: tuple[bytes, ...] = (),
) -> tuple[bytes, str, str]:
    """Seal a whole file, so that nothing may be changed after.

    The best level that is to be had now: a server that fails or hangs costs a level.

    :param reason: why, as readers of the file show it
    :param url: address of a time-stamp server
    :param seconds: how long it, and whoever tells of revocation, may take
    :param roots: certificates (DER) that are trusted beside the last one of the key
    :return: the sealed file, its level (key of `LEVELS`), and what the level was lost by
    :raise SealError: if it can't be sealed at all
    """
    tools = _import()
    options = {"reason": reason, "location": location or None, "name": key.name}

    def work():
        with _open_signer(tools, key) as signer:
            return _seal_best(tools, pdf, signer, key, options, url, seconds, roots)

    try:
        # A token may hang; a file does not.
        return within(3 * seconds + LIMIT, work) if key.token else work()
    except SealError:
        raise
    except Exception as error:
        raise SealError("broken", error) from error


@contextlib.contextmanager
def _open_signer(tools, key):
    if key.token:
        with open_signer(key.token) as signer:
            yield signer
    else:
        yield tools.SimpleSigner.load_pkcs12_data(key.pkcs12, [], key.password)


def _seal_best(tools, pdf, signer, key, options, url, seconds, roots):
    lost = ""
    if url and key.has_revocation:
        try:
            return _seal_long(tools, pdf, signer, options, url, seconds, roots)
        except Exception as error:
            lost = _words_of(error)
    if url:
        try:
            stamper = _make_stamper(tools, url, seconds)
            return _sign(tools, pdf, signer, options, stamper), "t", lost
        except Exception as error:
            lost = _words_of(error)
    return _sign(tools, pdf, signer, options), "b", lost


def read_seal(pdf: bytes) -> SealStatus | None:
    """Return what the seal of a file says, None if it has none.

    Whether somebody is to be believed is not asked: compare the fingerprint with that
    of the key that sealed.

    :raise SealError: `missing`, or `broken` if the file can't be read
    """
    tools = _import()
    try:
        reader = tools.PdfFileReader(io.BytesIO(pdf), strict=False)
        found = reader.embedded_regular_signatures
        return _read(tools, reader, found) if found else None
    except Exception as error:
        raise SealError("broken", error) from error


def fingerprint(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate (DER), hexadecimal."""
    return hashlib.sha256(certificate).hexdigest()


def _read(tools, reader, found):
    first = found[0]
    certificate = first.signer_cert
    others = tuple(row.signer_cert.subject.human_friendly for row in found[1:])
    status = _validate(tools, first, certificate)
    whole = tools.SignatureCoverageLevel.ENTIRE_FILE
    stamp = status and status.timestamp_validity
    is_stamped = bool(stamp and stamp.intact and stamp.valid)
    return SealStatus(
        count=len(found),
        is_intact=bool(status and status.intact and status.valid),
        is_whole=bool(status and status.coverage == whole),
        forbids_changes=first.docmdp_level == tools.MDPPerm.NO_CHANGES,
        name=certificate.subject.native.get("common_name")
        or certificate.subject.human_friendly,
        serial=f"{certificate.serial_number:x}",
        fingerprint=fingerprint(certificate.dump()),
        level=_level_of(reader, is_stamped),
        date=_utc(first.self_reported_timestamp),
        date_stamped=_utc(stamp.timestamp) if is_stamped else None,
        stamped_by=stamp.signing_cert.subject.human_friendly if is_stamped else "",
        others=others,
    )


def _validate(tools, signature, certificate):
    """Return the status of a signature, None if it is none that can be read."""
    context = tools.ValidationContext(
        trust_roots=[certificate], allow_fetching=False, revocation_mode="soft-fail"
    )
    try:
        return tools.validate_pdf_signature(signature, context, skip_diff=True)
    except Exception:
        return None


def _level_of(reader, is_stamped):
    if not is_stamped:
        return "b"
    root = reader.root
    if "/DSS" not in root:
        return "t"
    # By index: what is only referred to is looked up.
    store = root["/DSS"]
    return "lt" if "/CRLs" in store or "/OCSPs" in store else "t"


def _utc(moment):
    if not moment:
        return None
    moment = moment.astimezone(datetime.timezone.utc)
    return moment.replace(tzinfo=None, microsecond=0)


def _sign(tools, pdf, signer, options, stamper=None, **more):
    meta = tools.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=tools.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=tools.MDPPerm.NO_CHANGES,
        **options,
        **more,
    )
    return tools.sign_pdf(
        tools.IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False),
        meta,
        signer,
        timestamper=stamper,
        # Else the server is asked twice, to know how much it has to say.
        bytes_reserved=_ROOM if stamper else None,
    ).getvalue()


def _seal_long(tools, pdf, signer, options, url, seconds, roots):
    chain = [signer.signing_cert, *signer.cert_registry]
    trusted = [row for row in chain if row.self_issued]
    trusted += [tools.Certificate.load(root) for root in roots]
    context = tools.ValidationContext(
        trust_roots=trusted, allow_fetching=True, revocation_mode="hard-fail"
    )
    stamper = _make_stamper(tools, url, seconds)
    result = within(
        seconds,
        lambda: _sign(
            tools,
            pdf,
            signer,
            options,
            stamper,
            embed_validation_info=True,
            validation_context=context,
            # Beside the signature: the seal is the last word of the file.
            dss_settings=tools.DSSContentSettings(
                include_vri=False,
                placement=tools.SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE,
            ),
        ),
    )
    return result, "lt", ""


def _make_stamper(tools, url, seconds):
    class Stamper(tools.TimeStamper):
        async def async_request_tsa_response(self, req):
            return tools.TimeStampResp.load(post(url, req.dump(), seconds))

    return Stamper()


def _words_of(error):
    if isinstance(error, SealError):
        return error.detail or error.reason
    return str(error) or type(error).__name__


class _Tools:
    """The names that are used of pyHanko; imported once."""


# Where they are. The last one tells that all of them are there.
_NAMES = (
    ("asn1crypto.tsp", "TimeStampResp"),
    ("asn1crypto.x509", "Certificate"),
    ("pyhanko.pdf_utils.incremental_writer", "IncrementalPdfFileWriter"),
    ("pyhanko.pdf_utils.reader", "PdfFileReader"),
    ("pyhanko.sign.fields", "MDPPerm", "SigSeedSubFilter"),
    (
        "pyhanko.sign.signers.pdf_signer",
        "DSSContentSettings",
        "SigDSSPlacementPreference",
    ),
    ("pyhanko.sign.timestamps", "TimeStamper"),
    ("pyhanko.sign.validation", "validate_pdf_signature"),
    ("pyhanko.sign.validation.status", "SignatureCoverageLevel"),
    ("pyhanko_certvalidator", "ValidationContext"),
    ("pyhanko.sign.signers", "PdfSignatureMetadata", "SimpleSigner", "sign_pdf"),
)


def _import():
    """Return the names that are used of pyHanko.

    :raise SealError: `missing`
    """
    if vars(_Tools).get("sign_pdf"):
        return _Tools
    try:
        for module, *names in _NAMES:
            source = importlib.import_module(module)
            for name in names:
                tool = getattr(source, name)
                # A function of a class would be taken for a method.
                setattr(
                    _Tools, name, tool if isinstance(tool, type) else staticmethod(tool)
                )
    except (ImportError, AttributeError) as error:
        raise SealError("missing", error) from error
    # What it says of broken files, their readers say in words of ours.
    for name in ("pyhanko", "pyhanko_certvalidator"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return _Tools
