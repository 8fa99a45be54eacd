import hashlib
from datetime import date, datetime
from decimal import Decimal

from odoo.tests import BaseCase

from ..tools import canonical
from ..tools.canonical import canonical_json, content_hash, file_hash, short_hash
from .common_doctest import check_doctests


class TestToolsCanonical(BaseCase):
    def test_doctests(self):
        check_doctests(self, canonical)

    def test_canonical_json(self):
        for value, expected in (
            ({"b": 1, "a": [True, False, None]}, '{"a":[true,false,null],"b":1}'),
            ({}, "{}"),
            ((), "[]"),
            ("a\r\nb\rc\n", r'"a\nb\nc\n"'),
            ('"\\', r'"\"\\"'),
            ("合同", '"合同"'),
            ("e\u0301", '"\u00e9"'),
            ({"e\u0301": 1}, '{"\u00e9":1}'),
            (date(2026, 1, 31), '"2026-01-31"'),
            (datetime(2026, 1, 31, 8, 30), '"2026-01-31T08:30:00"'),
            (1, "1"),
            (1.0, "1"),
            (Decimal("1.00"), "1"),
            (100, "100"),
            (Decimal("1E+2"), "100"),
            (0.1 + 0.2, "0.3"),
            (1409.5, "1409.5"),
            (-0.0, "0"),
            (-1e-12, "0"),
            (1e-7, "0.0000001"),
            (1e22, "1" + "0" * 22),
            (10**30 + 1, str(10**30 + 1)),
            (Decimal("123456789012345678901234567890.5"), None),
        ):
            with self.subTest(value=value):
                self.assertEqual(
                    canonical_json(value), (expected or str(value)).encode()
                )

    def test_types_stay_apart(self):
        values = [1, "1", True, "true", None, "null", [1], {"1": 1}, "", 0, False, []]
        self.assertEqual(len({canonical_json(value) for value in values}), len(values))

    def test_unsupported_value_is_named(self):
        for value, place in (
            ({"fields": {"tags": {1, 2}}}, "set at /fields/tags"),
            ({"rows": [{}, {"qty": float("nan")}]}, "nan at /rows/1/qty"),
            ([float("-inf")], "-inf at /0"),
            ({"data": b"x"}, "bytes at /data"),
            ({"rows": [{1: "a"}]}, "int as key at /rows/0/1"),
            (object(), "object at /"),
        ):
            with self.subTest(place=place):
                with self.assertRaises(TypeError) as error:
                    canonical_json(value)
                self.assertTrue(str(error.exception).endswith(place), error.exception)

    def test_two_spellings_of_a_key(self):
        pairs = [("e\u0301", 1), ("\u00e9", 2)]
        self.assertEqual(
            canonical_json(dict(pairs)), canonical_json(dict(reversed(pairs)))
        )

    def test_hashes(self):
        empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        self.assertEqual(file_hash(b""), empty)
        self.assertEqual(
            content_hash({"a": 1.0}), hashlib.sha256(b'{"a":1}').hexdigest()
        )
        self.assertEqual(short_hash(empty), "e3b0c44298fc")
        self.assertEqual(short_hash(""), "")
        self.assertEqual(short_hash(False), "")
