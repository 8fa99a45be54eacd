import contextlib
import datetime
import http.server
import io
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
from pathlib import Path
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from reportlab.pdfgen.canvas import Canvas

from ..tools.seal_key import load_key, make_key

PASSWORD = "correct horse"
_TSA = """
[ tsa ]
default_tsa = ours
[ ours ]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[ req ]
distinguished_name = name
x509_extensions = usage
prompt = no
[ name ]
CN = Time of day
[ usage ]
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
"""


def make_pdf(*pages):
    """Return a PDF with a line of text on each page (bytes)."""
    result = io.BytesIO()
    canvas = Canvas(result)
    for page in pages:
        canvas.drawString(72, 720, page)
        canvas.showPage()
    canvas.save()
    return result.getvalue()


def make_seal_key(name="My Company", days=365):
    """Return a key as `(bytes of the PKCS#12 file, SealKey)`."""
    data = make_key(name, PASSWORD, days, "cn")
    return data, load_key(data, PASSWORD.encode())


def make_issued_key(address):
    """Return a key whose certificate was issued, and tells where it might be revoked.

    :param address: of the list of revoked certificates
    :return: `(SealKey, list of revoked certificates as DER)`
    """
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    days = datetime.timedelta(days=30)
    issuer_key, key = (ec.generate_private_key(ec.SECP256R1()) for _number in range(2))
    issuer_name, name = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        for text in ("Test issuer", "Issued Ltd")
    )

    def build(subject, public_key, is_issuer):
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer_name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - days)
            .not_valid_after(now + days)
            .add_extension(x509.BasicConstraints(is_issuer, None), critical=True)
            .add_extension(
                x509.KeyUsage(
                    *(not is_issuer, not is_issuer, False, False, False),
                    *(is_issuer, is_issuer, False, False),
                ),
                critical=True,
            )
        )

    issuer = build(issuer_name, issuer_key.public_key(), True)
    issuer = issuer.sign(issuer_key, hashes.SHA256())
    place = x509.DistributionPoint(
        [x509.UniformResourceIdentifier(address)], None, None, None
    )
    certificate = build(name, key.public_key(), False).add_extension(
        x509.CRLDistributionPoints([place]), critical=False
    )
    certificate = certificate.sign(issuer_key, hashes.SHA256())
    revoked = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer_name)
        .last_update(now - days)
        .next_update(now + days)
        .sign(issuer_key, hashes.SHA256())
    )
    data = pkcs12.serialize_key_and_certificates(
        b"issued",
        key,
        certificate,
        [issuer],
        BestAvailableEncryption(PASSWORD.encode()),
    )
    return load_key(data, PASSWORD.encode()), revoked.public_bytes(Encoding.DER)


def look_by_poppler(case, pdf):
    """Return what Poppler, which made nothing of it, says of the seals of a PDF."""
    if not shutil.which("pdfsig"):
        case.skipTest("pdfsig is not installed")
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        return subprocess.run(
            ["pdfsig", file.name], capture_output=True, text=True, check=False
        ).stdout


@contextlib.contextmanager
def server_options(**options):
    """Let the server have these options: `seal_file=…` stands for contract_seal_file."""
    names = ("seal_file", "seal_password", "seal_timestamp_url", "seal_roots")
    values = {f"CONTRACT_{name.upper()}": options.get(name, "") for name in names}
    values |= {f"CONTRACT_{name.upper()}": text for name, text in options.items()}
    with patch.dict("os.environ", values):
        yield


class TimeServer:
    """A time-stamp server on this machine, whose stamps OpenSSL makes.

    :ivar mode: what it does: `stamp`, `hang` (says nothing), `drip` (a byte now and
        then), `fail` (an error), `page` (a page of HTML), `other` (stamps something else)
    :ivar asked: how often it was asked
    :ivar revoked: list of revoked certificates that it tells (DER)
    """

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="contract-tsa-"))
        self.mode, self.asked, self.revoked = "stamp", 0, b""
        self.ending = threading.Event()
        (self.folder / "serial").write_text("01\n")
        (self.folder / "tsa.cnf").write_text(_TSA.format(folder=self.folder))
        self._openssl(
            "req -x509 -newkey rsa:2048 -nodes -days 30 -keyout key.pem -out cert.pem"
            " -config tsa.cnf"
        )
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/tsa"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.ending.set()
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.folder)

    def get_root(self):
        """Return the certificate of the server (DER)."""
        return ssl.PEM_cert_to_DER_cert((self.folder / "cert.pem").read_text())

    def verify(self, token, data):
        """Return whether OpenSSL takes a token for a stamp of these bytes."""
        (self.folder / "token.der").write_bytes(token)
        (self.folder / "data").write_bytes(data)
        done = self._openssl(
            "ts -verify -token_in -in token.der -data data -CAfile cert.pem",
            check=False,
        )
        return "Verification: OK" in done.stdout + done.stderr

    def _openssl(self, words, check=True):
        return subprocess.run(
            ["openssl", *words.split()],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=check,
        )

    def _stamp(self, query):
        if self.mode == "other":
            (self.folder / "other").write_bytes(b"something else")
            self._openssl("ts -query -data other -sha256 -cert -out q")
        else:
            (self.folder / "q").write_bytes(query)
        self._openssl(
            "ts -reply -queryfile q -config tsa.cnf -signer cert.pem -inkey key.pem"
            " -out r"
        )
        return (self.folder / "r").read_bytes()

    def _handler(self):
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                owner.asked += 1
                query = self.rfile.read(int(self.headers["Content-Length"]))
                if owner.mode == "hang":
                    owner.ending.wait(30)
                    return
                if owner.mode == "fail":
                    self.send_error(503)
                    return
                kind = "text/html" if owner.mode == "page" else None
                self.send_response(200)
                self.send_header("Content-Type", kind or "application/timestamp-reply")
                self.end_headers()
                if owner.mode == "drip":
                    with contextlib.suppress(OSError):
                        while not owner.ending.wait(0.05):
                            self.wfile.write(b"0")
                            self.wfile.flush()
                    return
                self.wfile.write(owner._stamp(query))

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "application/pkix-crl")
                self.end_headers()
                self.wfile.write(owner.revoked)

            def log_message(self, *_args):
                """Say nothing."""

        return Handler


def find_softhsm():
    """Return (module, program) of SoftHSM, a token in software; None without it."""
    paths = (
        os.environ.get("SOFTHSM2_MODULE", ""),
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
    )
    module = next((path for path in paths if os.path.isfile(path)), None)
    program = shutil.which("softhsm2-util")
    return module and program and (module, program)


def make_token(case, label, pin):
    """Return (path of the module, bytes of the key as PKCS#12) of a token with a key.

    Key and certificate have the label `seal`; `empty` is a certificate without a key.
    """
    import pkcs11
    from pkcs11.util.ec import decode_ec_private_key, decode_ec_public_key
    from pkcs11.util.x509 import decode_x509_certificate

    module, program = find_softhsm()
    folder = case.enterClassContext(tempfile.TemporaryDirectory())
    settings = Path(folder, "softhsm2.conf")
    settings.write_text(f"directories.tokendir = {folder}\nlog.level = ERROR\n")
    case.enterClassContext(patch.dict(os.environ, SOFTHSM2_CONF=str(settings)))
    command = [program, "--module", module, "--init-token", "--free"]
    command += ["--label", label, "--pin", pin, "--so-pin", "87654321"]
    subprocess.run(command, check=True, capture_output=True)
    data = make_key("Supplier Ltd", PASSWORD, 365)
    key, certificate, _more = pkcs12.load_key_and_certificates(data, PASSWORD.encode())
    secret = key.private_bytes(
        Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    public = key.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    shown = decode_x509_certificate(certificate.public_bytes(Encoding.DER))
    name = pkcs11.Attribute.LABEL
    library = pkcs11.lib(module)
    # What was loaded before in this process knows other tokens.
    library.reinitialize()
    with library.get_token(token_label=label).open(rw=True, user_pin=pin) as session:
        for values in (
            {**decode_ec_private_key(secret), name: "seal"},
            {**decode_ec_public_key(public), name: "seal"},
            {**shown, name: "seal"},
            {**shown, name: "empty"},
        ):
            session.create_object({**values, pkcs11.Attribute.TOKEN: True})
    return module, data
