"""Time stamps of a server (RFC 3161), within a limit of time."""

import hashlib
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from .seal_key import SealError

# A token with the certificates of its server takes some thousand bytes.
_MOST_BYTES = 100_000
_PIECE = 8_192
QUERY = "application/timestamp-query"
REPLY = "application/timestamp-reply"


def within(seconds: float, work: Callable[[], bytes]) -> bytes:
    """Return what a function returns, if it does so in time.

    What waits for a name server or a slow answer can't be ended from outside, so it is
    left behind in a thread that ends with the process at the latest.

    >>> within(5, lambda: b"x")
    b'x'

    :raise SealError: `time-stamp`, if time is over; else whatever the function raises
    """
    answer = {}

    def run():
        try:
            answer["result"] = work()
        except BaseException as error:
            answer["error"] = error

    thread = threading.Thread(target=run, daemon=True, name="crm_contract.seal")
    thread.start()
    thread.join(seconds)
    if "error" in answer:
        raise answer["error"]
    if "result" not in answer:
        raise SealError("time-stamp", f"no answer within {seconds:g} s")
    return answer["result"]


def post(url: str, query: bytes, seconds: float) -> bytes:
    """Return the answer of a time-stamp server to a query.

    :raise SealError: `time-stamp`, if there is none within that time
    """
    return within(seconds, lambda: _post(url, query, seconds))


def _post(url, query, seconds):
    end = time.monotonic() + seconds
    headers = {"Content-Type": QUERY, "Accept": REPLY}
    if not url.startswith(("https://", "http://")):
        raise SealError("time-stamp", "the address has to begin with https://")
    try:
        request = urllib.request.Request(url, query, headers)
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            kind = answer.headers.get_content_type()
            if kind != REPLY:
                raise SealError("time-stamp", f"the answer is {kind}")
            parts, size = [], 0
            # One that sends a byte each second is none that answers.
            while part := answer.read1(_PIECE):
                parts.append(part)
                size += len(part)
                if size > _MOST_BYTES or time.monotonic() > end:
                    raise SealError("time-stamp", "the answer does not end")
            return b"".join(parts)
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise SealError("time-stamp", getattr(error, "reason", error)) from error


def ask_token(url: str, digest: bytes, seconds: float) -> bytes:
    """Return a time-stamp token over a SHA-256 hash, as DER.

    :raise SealError: `time-stamp` or `missing`
    """
    tsp, algos = _asn1()
    nonce = int.from_bytes(os.urandom(8), "big") >> 1
    query = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": tsp.MessageImprint(
                {
                    "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                    "hashed_message": digest,
                }
            ),
            "nonce": nonce,
            "cert_req": True,
        }
    )
    answer = post(url, query.dump(), seconds)
    try:
        reply = tsp.TimeStampResp.load(answer)
        status = reply["status"]["status"].native
        if status not in ("granted", "granted_with_mods"):
            raise SealError("time-stamp", f"the server says {status}")
        token = reply["time_stamp_token"].dump()
        facts = _read_token(tsp, token)
    except (ValueError, KeyError, TypeError) as error:
        raise SealError("time-stamp", "the answer is no time stamp") from error
    if facts["nonce"].native != nonce:
        raise SealError("time-stamp", "the answer is not to this question")
    read_time(token, digest)
    return token


def read_time(token: bytes, digest: bytes) -> dict:
    """Return when a token was made and by whom, after checking what it stamps.

    :param token: DER
    :param digest: SHA-256 of what it has to be a stamp of
    :return: `{"date": datetime in UTC without zone, "name": who stamped}`
    :raise SealError: `broken`, if it is a stamp of something else, or none
    """
    tsp, _algos = _asn1()
    try:
        facts = _read_token(tsp, token)
        stamped = facts["message_imprint"]["hashed_message"].native
        moment = facts["gen_time"].native.replace(tzinfo=None, microsecond=0)
        name = _check_signature(tsp, token)
    except SealError:
        raise
    except Exception as error:
        raise SealError("broken", error) from error
    if stamped != digest:
        raise SealError("broken", "a time stamp of something else")
    return {"date": moment, "name": name}


def _read_token(tsp, token):
    content = tsp.ContentInfo.load(token)["content"]
    return content["encap_content_info"]["content"].parsed


def _check_signature(tsp, token):
    """Return who made a token; raise SealError if its signature is not right."""
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity

    content = tsp.ContentInfo.load(token)["content"]
    signer = content["signer_infos"][0]
    serial = signer["sid"].chosen["serial_number"].native
    certificates = [row.chosen for row in content["certificates"]]
    certificate = next(
        row
        for row in certificates
        if row.serial_number == serial and row.issuer == signer["sid"].chosen["issuer"]
    )
    inner = content["encap_content_info"]["content"].contents
    name = signer["digest_algorithm"]["algorithm"].native
    intact, valid = validate_sig_integrity(
        signer,
        certificate,
        expected_content_type="tst_info",
        actual_digest=hashlib.new(name, inner).digest(),
    )
    if not (intact and valid):
        raise SealError("broken", "the time stamp is forged")
    return certificate.subject.human_friendly


def _asn1():
    # Comes with pyHanko. pylint: disable=import-outside-toplevel
    try:
        from asn1crypto import algos, tsp
    except ImportError as error:
        raise SealError("missing", error) from error
    return tsp, algos
