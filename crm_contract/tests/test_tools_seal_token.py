import threading
from unittest.mock import patch

from odoo.tests import BaseCase

from ..tools import seal, seal_settings, seal_token
from ..tools.seal_key import SealError, load_key
from .common_seal import (
    PASSWORD,
    find_softhsm,
    look_by_poppler,
    make_pdf,
    make_seal_key,
    server_options,
)

PIN = "246802"


class TokenCase(BaseCase):
    def assertReason(self, reason, **options):
        with server_options(**options), self.assertRaises(SealError) as caught:
            seal_settings.get_key()
        self.assertEqual(caught.exception.reason, reason)
        return caught.exception


class TestSealSettings(TokenCase):
    """What is wrong with the settings is told before a token is asked."""

    def test_what_is_missing(self):
        names = {"seal_token": "seals", "seal_token_key": "seal"}
        self.assertReason("none")
        if seal_token.is_installed():
            self.assertReason("module", **names)
            error = self.assertReason("module", **names, seal_token_module="/no/where")
            self.assertIn("/no/where", str(error))
            self.assertReason(
                "token-unnamed", seal_token="seals", seal_token_module=__file__
            )
            # A file that is no library
            self.assertReason("module", **names, seal_token_module=__file__)
        with patch.object(seal_token, "is_installed", lambda: False):
            self.assertReason("token-missing", **names)

    def test_is_set(self):
        for options, expected in (
            ({}, False),
            ({"seal_file": "/x"}, True),
            ({"seal_token": "seals"}, True),
        ):
            with server_options(**options):
                self.assertEqual(seal_settings.is_set(), expected)

    def test_pin_is_told_to_nobody(self):
        token = seal_token.Token("/m", "seals", "seal", "seal", PIN)
        self.assertNotIn(PIN, repr(token))


class TestSealToken(TokenCase):
    """A key on a token, here one in software."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not (seal_token.is_installed() and find_softhsm()):
            cls.skipTest(cls, "SoftHSM or python-pkcs11 is not installed")
        from .common_seal import make_token

        module, data = make_token(cls, "seals", PIN)
        cls.known = load_key(data, PASSWORD.encode())
        cls.options = {
            "seal_token": "seals",
            "seal_token_key": "seal",
            "seal_token_module": module,
            "seal_password": PIN,
        }

    def setUp(self):
        super().setUp()
        self.addCleanup(seal_token._refused.clear)

    def _get_key(self):
        with server_options(**self.options):
            return seal_settings.get_key()

    def test_key_says_what_it_is(self):
        """The same as by its file, of which the secret is not known here."""
        key = self._get_key()
        for name in ("name", "serial", "fingerprint", "valid_until", "algorithm",
                     "is_self_signed", "has_revocation"):  # fmt: skip
            self.assertEqual(getattr(key, name), getattr(self.known, name), name)
        self.assertFalse(key.pkcs12)

    def test_seals(self):
        """From a thread of the server as well, one after the other."""
        key, done = self._get_key(), []
        final = make_pdf("The parties agree.")

        def work():
            done.append(seal.seal(final, key, "Signed"))

        threads = [threading.Thread(target=work) for _number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([level for _pdf, level, _lost in done], ["b"] * 3)
        for sealed, _level, _lost in done:
            status = seal.read_seal(sealed)
            self.assertTrue(status.is_intact and status.is_whole)
            self.assertEqual(status.fingerprint, self.known.fingerprint)
        self.assertIn("Total document signed", look_by_poppler(self, sealed))

    def test_token_before_file(self):
        self.options = {**self.options, "seal_file": "/nowhere"}
        self.assertTrue(self._get_key().token)

    def test_what_is_not_there(self):
        self.assertReason("token", **{**self.options, "seal_token": "others"})
        self.assertReason("empty", **{**self.options, "seal_token_key": "other"})
        # A certificate without its key
        self.assertReason("empty", **{**self.options, "seal_token_key": "empty"})

    def test_wrong_pin_is_tried_once(self):
        """Asked again and again, a token locks itself."""
        wrong = {**self.options, "seal_password": "135791"}
        self.assertReason("pin", **wrong)
        with patch.object(seal_token, "_open_session") as opened:
            self.assertReason("pin", **wrong)
            opened.assert_not_called()
        self.assertTrue(self._get_key())

    def test_busy_token_is_not_waited_for(self):
        key = self._get_key()
        with (
            patch.object(seal_token, "LIMIT", 0.1),
            seal_token._lock,
            self.assertRaises(SealError) as caught,
        ):
            seal.seal(make_pdf("x"), key, "Signed")
        self.assertEqual(caught.exception.reason, "token")

    def test_key_of_a_file_stays(self):
        _data, key = make_seal_key()
        self.assertIsNone(key.token)
