import datetime
import hashlib
import io
import os
import re
import tempfile
from pathlib import Path
from unittest.mock import patch

from pypdf import PdfReader, PdfWriter

from odoo.tests import BaseCase
from odoo.tools import mute_logger

from ..tools import seal, seal_key, time_stamp
from ..tools.seal_key import SealError
from .common_doctest import check_doctests
from .common_seal import (
    PASSWORD,
    TimeServer,
    look_by_poppler,
    make_issued_key,
    make_pdf,
    make_seal_key,
)

timedelta = datetime.timedelta


class SealCase(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not seal.is_installed():
            cls.skipTest(cls, "pyHanko is not installed")
        cls.data, cls.key = make_seal_key()
        cls.text = make_pdf("The parties agree.", "Second page")
        cls.final = seal.add_pages(cls.text, make_pdf("Evidence"))
        cls.sealed, cls.level, cls.lost = seal.seal(cls.final, cls.key, "Signed")

    def assertReason(self, reason, function, *args):
        with self.assertRaises(SealError) as caught:
            function(*args)
        self.assertEqual(caught.exception.reason, reason)


class TestToolsSealKey(SealCase):
    def test_doctests(self):
        check_doctests(self, time_stamp)

    def test_key_says_what_it_is(self):
        self.assertEqual(self.key.name, "My Company")
        self.assertEqual(self.key.algorithm, "EC P-256")
        self.assertTrue(self.key.is_self_signed)
        self.assertFalse(self.key.has_revocation)
        self.assertEqual(self.key.valid_until - self.key.valid_from, timedelta(365))
        self.assertNotIn(PASSWORD, repr(self.key))

    def test_days_of_the_certificate(self):
        self.key.check(self.key.valid_until)
        after = self.key.valid_until + timedelta(seconds=1)
        self.assertReason("expired", self.key.check, after)
        before = self.key.valid_from - timedelta(seconds=1)
        self.assertReason("early", self.key.check, before)

    def test_bad_files(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            good, junk, damaged = (
                folder / name for name in ("good", "junk", "damaged")
            )
            good.write_bytes(self.data)
            junk.write_bytes(b"-----BEGIN CERTIFICATE-----")
            damaged.write_bytes(self.data[:-100])
            read = seal_key.read_key
            self.assertEqual(read(str(good), PASSWORD), self.key)
            self.assertReason("password", read, str(good), "wrong")
            self.assertReason("password", read, str(good), "")
            self.assertReason("password", read, str(damaged), PASSWORD)
            self.assertReason("unreadable", read, str(junk), PASSWORD)
            self.assertReason("unreadable", read, str(folder / "none"), PASSWORD)
            self.assertReason("unreadable", read, str(folder), PASSWORD)
            self.assertReason("unreadable", read, "a\0b", PASSWORD)

    def test_file_of_a_key_is_its_owners_and_not_overwritten(self):
        with tempfile.TemporaryDirectory() as name:
            path = f"{name}/seal.p12"
            seal_key.write_new(path, self.data)
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            with self.assertRaises(FileExistsError):
                seal_key.write_new(path, b"x")
            self.assertEqual(Path(path).read_bytes(), self.data)


class TestToolsSeal(SealCase):
    def test_text_stays_as_it_was_shown(self):
        self.assertTrue(self.final.startswith(self.text))
        self.assertTrue(self.sealed.startswith(self.final))
        pages = [
            page.extract_text() for page in PdfReader(io.BytesIO(self.sealed)).pages
        ]
        self.assertEqual(
            [page.strip() for page in pages],
            ["The parties agree.", "Second page", "Evidence"],
        )

    def test_sealed_file(self):
        status = seal.read_seal(self.sealed)
        self.assertEqual((self.level, self.lost), ("b", ""))
        self.assertEqual(status.count, 1)
        self.assertTrue(status.is_intact and status.is_whole and status.forbids_changes)
        self.assertEqual(status.fingerprint, self.key.fingerprint)
        self.assertEqual(status.serial, self.key.serial)
        self.assertEqual((status.level, status.date_stamped), ("b", None))

    def test_poppler_agrees(self):
        said = look_by_poppler(self, self.sealed)
        self.assertIn("Signature is Valid", said)
        self.assertIn("Total document signed", said)
        self.assertIn("ETSI.CAdES.detached", said)
        self.assertIn("CN=My Company", said)

    def test_every_part_is_covered(self):
        """One bit anywhere breaks it, but in the seal's own hexadecimal digits."""
        _zero, start, end, _rest = map(
            int, re.search(rb"/ByteRange \[([\d ]+)\]", self.sealed)[1].split()
        )
        step = len(self.sealed) // 40
        for place in range(0, len(self.sealed), step):
            if start <= place < end:
                continue
            changed = bytearray(self.sealed)
            changed[place] ^= 1
            with self.subTest(place=place):
                self.assertFalse(self._holds(bytes(changed)))

    def test_pages_added_after(self):
        writer = PdfWriter(io.BytesIO(self.sealed), incremental=True)
        writer.add_blank_page(100, 100)
        result = io.BytesIO()
        writer.write(result)
        status = seal.read_seal(result.getvalue())
        self.assertTrue(status.is_intact)
        self.assertFalse(status.is_whole)

    def test_bytes_added_after(self):
        self.assertFalse(self._holds(self.sealed + b"\n% something more\n"))

    def test_written_anew(self):
        """As by programs that open a file and save it under another name."""
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(self.sealed)))
        writer.add_metadata({"/Title": "Another"})
        result = io.BytesIO()
        writer.write(result)
        self.assertFalse(self._holds(result.getvalue()))

    def test_unsealed_and_no_pdf(self):
        self.assertIsNone(seal.read_seal(self.final))
        for data in (b"", b"no PDF", self.sealed[:200], b"%PDF-1.4\n%%EOF"):
            self.assertReason("broken", seal.read_seal, data)

    @mute_logger("pypdf._reader")
    def test_pages_of_no_pdf(self):
        for pages in (b"", b"no PDF"):
            self.assertReason("broken", seal.add_pages, self.text, pages)
            self.assertReason("broken", seal.add_pages, pages, self.text)

    def test_without_the_library(self):
        seal._Tools.sign_pdf, kept = None, seal._Tools.sign_pdf
        self.addCleanup(setattr, seal._Tools, "sign_pdf", staticmethod(kept))
        with patch.dict("sys.modules", {"pyhanko.sign.signers": None}):
            self.assertReason("missing", seal.read_seal, self.sealed)
            self.assertReason("missing", seal.seal, self.final, self.key, "x")

    def _holds(self, data):
        try:
            status = seal.read_seal(data)
        except SealError:
            return False
        return bool(status and status.is_intact and status.is_whole)


class TestToolsTimeStamp(SealCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = TimeServer()
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        super().setUp()
        self.server.mode, self.server.asked = "stamp", 0

    def _seal(self, seconds=5.0):
        url = self.server.url
        return seal.seal(self.final, self.key, "Signed", url=url, seconds=seconds)

    def test_sealed_with_a_stamp(self):
        sealed, level, lost = self._seal()
        self.assertEqual((level, lost, self.server.asked), ("t", "", 1))
        status = seal.read_seal(sealed)
        self.assertEqual(status.level, "t")
        self.assertTrue(status.is_intact and status.is_whole)
        self.assertIn("Time of day", status.stamped_by)
        self.assertTrue(status.date_stamped)
        self.assertIn("Total document signed", look_by_poppler(self, sealed))

    def test_server_that_fails_costs_the_level(self):
        for mode in ("fail", "hang", "drip", "page", "other"):
            self.server.mode = mode
            with self.subTest(mode=mode):
                sealed, level, lost = self._seal(seconds=0.3)
                self.assertEqual(level, "b")
                self.assertTrue(lost)
                self.assertTrue(seal.read_seal(sealed).is_whole)
                self.assertIn("Signature is Valid", look_by_poppler(self, sealed))

    def test_what_tells_of_revocation_is_kept(self):
        """The highest level, where the certificate says who tells of its revocation."""
        key, self.server.revoked = make_issued_key(f"{self.server.url}/list.crl")
        self.assertTrue(key.has_revocation)
        self.assertFalse(key.is_self_signed)
        roots = (self.server.get_root(),)
        url = self.server.url
        sealed, level, lost = seal.seal(
            self.final, key, "Signed", url=url, seconds=10, roots=roots
        )
        self.assertEqual((level, lost), ("lt", ""))
        status = seal.read_seal(sealed)
        self.assertEqual(status.level, "lt")
        self.assertTrue(status.is_intact and status.is_whole)
        self.assertIn("Total document signed", look_by_poppler(self, sealed))

    def test_revocation_that_nobody_tells_costs_a_level(self):
        key, _revoked = make_issued_key(f"{self.server.url}/list.crl")
        self.server.revoked = b"no list"
        sealed, level, lost = seal.seal(
            self.final, key, "Signed", url=self.server.url, seconds=10
        )
        self.assertEqual(level, "t")
        self.assertTrue(lost)
        self.assertTrue(seal.read_seal(sealed).is_whole)

    def test_stamp_of_its_own(self):
        digest = hashlib.sha256(self.sealed).digest()
        token = time_stamp.ask_token(self.server.url, digest, 5)
        self.assertTrue(self.server.verify(token, self.sealed))
        self.assertFalse(self.server.verify(token, self.sealed + b"x"))
        facts = time_stamp.read_time(token, digest)
        self.assertIn("Time of day", facts["name"])
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        self.assertLess(abs(facts["date"] - now), timedelta(minutes=5))

    def test_stamp_of_something_else(self):
        digest = hashlib.sha256(self.sealed).digest()
        token = time_stamp.ask_token(self.server.url, digest, 5)
        other = hashlib.sha256(b"other").digest()
        self.assertReason("broken", time_stamp.read_time, token, other)
        self.assertReason("broken", time_stamp.read_time, b"x", digest)
        # Where the hash is written, and in the signature at the end.
        for place in (token.index(digest), len(token) - 20):
            forged = bytearray(token)
            forged[place] ^= 1
            read = time_stamp.read_time
            self.assertReason("broken", read, bytes(forged), digest)

    def test_no_stamp(self):
        digest = hashlib.sha256(self.sealed).digest()
        for mode in ("fail", "hang", "drip", "page", "other"):
            self.server.mode = mode
            with self.subTest(mode=mode):
                ask = time_stamp.ask_token
                self.assertReason("time-stamp", ask, self.server.url, digest, 0.3)
        for url in ("http://127.0.0.1:1/", "file:///etc/passwd", "nonsense"):
            with self.subTest(url=url):
                self.assertReason("time-stamp", ask, url, digest, 0.3)
