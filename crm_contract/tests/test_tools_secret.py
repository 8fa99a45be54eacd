import base64
import hashlib
import os
import random
import tempfile
import tracemalloc

from odoo.tests import BaseCase

from ..tools import secret, secret_file, secret_master
from ..tools.secret import DataKey, Place, Secret, SecretError
from ..tools.secret_file import FRAME, FileReader
from .common_doctest import check_doctests

PLACE = Place("res.partner", "id_number", "a1", 1)


class TestToolsSecret(BaseCase):
    """Values: what goes in comes out, there alone, and nothing tells what it is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = DataKey(7, 1, b"k" * 32)

    def test_doctests(self):
        check_doctests(self, secret)
        check_doctests(self, secret_master)
        check_doctests(self, secret_file)

    def test_any_text_comes_back(self):
        chance = random.Random(20)
        for _round in range(300):
            length = chance.choice((1, 2, 17, 300))
            text = "".join(chr(chance.randrange(0x110000)) for _char in range(length))
            text = chance.choice(("", "\0", "cs0.", "cs0:", "cs1.", "\ud800")) + text
            token = self.key.seal(PLACE, text)
            self.assertEqual(self.key.open(PLACE, token), text)
            self.assertTrue(token.isascii())
            self.assertNotEqual(token, self.key.seal(PLACE, text), "a nonce twice")
            clear = secret.to_clear(text)
            self.assertFalse(secret.is_token(clear))
            self.assertNotIn("\0", clear)
            clear.encode()
            self.assertEqual(secret.from_clear(clear), text)

    def test_opens_nowhere_else(self):
        token = self.key.seal(PLACE, "110105194912310028", "idx")
        elsewhere = [
            PLACE._replace(model="crm.contract.signatory"),
            PLACE._replace(field="private_phone"),
            PLACE._replace(record="a2"),
        ]
        for place in elsewhere:
            self._assert_refused("broken", self.key, place, token)
        self._assert_refused("company", self.key, PLACE._replace(company=2), token)
        other = DataKey(7, 1, b"K" * 32)
        self._assert_refused("broken", other, PLACE, token)
        self._assert_refused("unknown", DataKey(8, 1, b"k" * 32), PLACE, token)

    def test_any_changed_byte_is_noticed(self):
        token = self.key.seal(PLACE, "secret", "idx")
        for position in range(len(token)):
            char = "A" if token[position] != "A" else "B"
            changed = token[:position] + char + token[position + 1 :]
            try:
                text = self.key.open(PLACE, changed)
            except SecretError:
                continue
            # The last characters of base64 may have bits that mean nothing.
            self.assertEqual((position, text), (len(token) - 1, "secret"))
        for cut in range(len(token)):
            with self.assertRaises(SecretError):
                self.key.open(PLACE, token[:cut])

    def test_index_tells_nothing_else(self):
        index = self.key.index("m", "f", "6222 0202")
        self.assertEqual(index, self.key.index("m", "f", "６２２２-０２０２"))
        self.assertNotIn("6222", index)
        others = {
            self.key.index("m", "f", "62220203"),
            self.key.index("m", "g", "62220202"),
            self.key.index("n", "f", "62220202"),
            DataKey(8, 1, b"K" * 32).index("m", "f", "62220202"),
        }
        self.assertEqual(len(others | {index}), 5)

    def test_a_value_shows_a_mask(self):
        value = Secret("110105194912310028")
        for shown in (str(value), repr(value), f"{value}", f"{[value]}"):
            self.assertNotIn("11010519", shown)
        self.assertFalse(hasattr(value, "__dict__"))

    def _assert_refused(self, reason, key, place, token):
        with self.assertRaises(SecretError) as caught:
            key.open(place, token)
        self.assertEqual(caught.exception.reason, reason)


class TestToolsSecretMaster(BaseCase):
    def test_settings_are_told_apart(self):
        line = secret_master.make_line("k1")
        short = base64.b64encode(b"x" * 16).decode()
        for text in ("k1", "k 1:x", f"k1:{short}", "k1:%%", f"{line}\n{line}", ":x"):
            with self.assertRaises(SecretError) as caught:
                secret_master.parse_keys(text)
            self.assertEqual(caught.exception.reason, "settings")
            self.assertNotIn(short, str(caught.exception))

    def test_a_data_key_is_bound_to_its_row(self):
        wrapped = secret_master.wrap("k1", b"m" * 32, "uid", 1, b"d" * 32)
        for name, uid, company in (("k2", "uid", 1), ("k1", "u", 1), ("k1", "uid", 2)):
            with self.assertRaises(SecretError) as caught:
                secret_master.unwrap(name, b"m" * 32, uid, company, wrapped)
            self.assertEqual(caught.exception.reason, "wrong")


class TestToolsSecretFile(BaseCase):
    """Files: ranges, and whatever is missing or in the wrong place is noticed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = DataKey(7, 1, b"k" * 32)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.path = os.path.join(folder.name, "file")

    def test_what_goes_in_comes_out(self):
        chance = random.Random(20)
        for size in (0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME, 3 * FRAME + 77):
            data = chance.randbytes(size)
            self._write(data)
            with FileReader(self.path, "n", self.key) as reader:
                self.assertEqual(reader.size, size)
                self.assertEqual(reader.read_all(), data)
                self.assertEqual(reader.read_all(100), data[:100])
                self.assertEqual(reader.read(), data)
                reader.seek(0)
                self.assertEqual(b"".join(iter(reader.read_block, b"")), data)
                for _round in range(10):
                    start, length = chance.randrange(size + 2), chance.randrange(90_000)
                    reader.seek(start)
                    self.assertEqual(reader.read(length), data[start : start + length])

    def test_a_large_file_is_never_in_memory(self):
        data = random.Random(3).randbytes(64 * FRAME)
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self._write(data)
        with FileReader(self.path, "n", self.key) as reader:
            reader.seek(10)
            blocks = iter(reader.read_block, b"")
            digests = [hashlib.sha256(block).digest() for block in blocks]
        _now, peak = tracemalloc.get_traced_memory()
        self.assertEqual(len(digests), 64)
        self.assertLess(peak, 8 * FRAME)

    def test_it_is_not_in_the_file(self):
        self._write(b"Planted secret 110105194912310028 " * 4000)
        with open(self.path, "rb") as file:
            self.assertNotIn(b"110105", file.read())

    def test_what_is_cut_off_is_noticed(self):
        self._write(random.Random(1).randbytes(2 * FRAME + 5))
        with open(self.path, "rb") as file:
            stored = file.read()
        head = len(stored) - (2 * FRAME + 5) - 3 * 16
        whole = head + 2 * (FRAME + 16)
        for cut in (0, head, head + 16, whole - FRAME - 16, whole, len(stored) - 1):
            self._assert_broken(stored[:cut], "n", self.key)
        self._assert_broken(stored + b"x", "n", self.key)
        first, second = (
            stored[head : head + FRAME + 16],
            stored[head + FRAME + 16 : whole],
        )
        with self.assertRaises(SecretError):
            self._put(stored[:head] + second + first + stored[whole:])
            with FileReader(self.path, "n", self.key) as reader:
                reader.read_all()
        self._assert_broken(stored, "another name", self.key)
        self._assert_broken(stored, "n", DataKey(7, 1, b"K" * 32))

    def test_equal_files_of_two_contracts_look_different(self):
        one, two = (secret_file.file_mark(self.key, scope, "sha") for scope in "ab")
        self.assertNotEqual(one, two)
        names = {secret_file.file_name(self.key, scope, one) for scope in "ab"}
        self.assertEqual(len(names), 2)
        self.assertEqual({secret_file.key_of_file(name) for name in names}, {7})

    def _write(self, data):
        secret_file.write_file(self.path, "n", self.key, data)

    def _put(self, stored):
        with open(self.path, "wb") as file:
            file.write(stored)

    def _assert_broken(self, stored, name, key):
        self._put(stored)
        with self.assertRaises(SecretError) as caught:
            FileReader(self.path, name, key).close()
        self.assertEqual(caught.exception.reason, "broken")
