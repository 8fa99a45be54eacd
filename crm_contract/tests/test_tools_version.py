from datetime import date

from odoo.tests import BaseCase, tagged

from ..tools import in_force, version
from ..tools.in_force import Agreed
from ..tools.version import FORMAT, read_version, shared_content
from .common_doctest import check_doctests


@tagged("post_install", "-at_install")
class TestVersionTools(BaseCase):
    """Formats of versions, and what of several signed texts holds on a day."""

    def test_doctests(self):
        check_doctests(self, version)
        check_doctests(self, in_force)

    def test_format_1(self):
        """As the first release stored it, empty values left out."""
        text = """{
            "content": {
                "fields": {"name": "A"},
                "children": {"clause_ids": [
                    {"key": "k1", "fields": {"name": "One", "body": "<p>{{ x }}</p>"}},
                    {"key": "k2", "fields": {"name": "Two"}}]}},
            "number": "C/1",
            "parties": {"customer": {"legal_name": "Corp"}, "company": {"vat": "7"}},
            "preamble": "<p>Resolved</p>",
            "clauses": ["<p>One resolved</p>", ""]}"""
        content = read_version(1, text)
        fields = content["fields"]
        self.assertIsNone(fields["preamble"])
        self.assertEqual(fields["preamble:read"], "<p>Resolved</p>")
        self.assertEqual(fields["customer_legal_name:read"], "Corp")
        self.assertEqual(fields["company_vat_number:read"], "7")
        first, second = content["children"]["clause_ids"]
        self.assertEqual(first["fields"]["body:read"], "<p>One resolved</p>")
        self.assertIsNone(second["fields"]["body"])

    def test_newer_format(self):
        with self.assertRaises(ValueError):
            read_version(FORMAT + 1, "{}")

    def test_shared_content(self):
        """Rows that came or went count, fields that a release added don't."""

        def content(rows, **values):
            return {
                "fields": values,
                "children": {
                    "line_ids": [
                        {"key": k, "fields": v, "children": {}} for k, v in rows
                    ]
                },
            }

        stored = content([("a", {"price": 1}), ("b", {"price": 2})], name="N")
        live = content([("b", {"price": 2, "new": 5}), ("c", {})], name="N", more=1)
        left, right = shared_content(stored, live)
        self.assertEqual(left["fields"], right["fields"])
        keys = [
            [row["key"] for row in side["children"]["line_ids"]]
            for side in (left, right)
        ]
        self.assertEqual(keys, [["a", "b"], ["b", "c"]])
        self.assertEqual(right["children"]["line_ids"][0]["fields"], {"price": 2})

    def _agree(self, *texts):
        """Return signed texts: (month of effect, position of the base, content)."""
        contents = [_content(text) for _month, _base, text in texts]
        return [
            Agreed(
                order,
                date(2026, month, 1),
                None if base is None else contents[base],
                contents[order],
            )
            for order, (month, base, _text) in enumerate(texts)
        ]

    def _on(self, agreed, month):
        content = in_force.in_force(agreed, date(2026, month, 15))
        if content is None:
            return None
        rows = {row["key"]: row["fields"] for row in content["children"]["lines"]}
        return content["fields"], rows

    def test_rows_in_any_order_of_effect(self):
        # Signed in the order written; the second one takes effect last.
        agreed = self._agree(
            (1, None, ({"days": 30}, {"a": {"price": 10, "qty": 1}})),
            (9, 0, ({"days": 30}, {"a": {"price": 12, "qty": 1}, "b": {"price": 5}})),
            (3, 1, ({"days": 30}, {"a": {"price": 12, "qty": 2}, "b": {"price": 5}})),
            (6, 2, ({"days": 45}, {"b": {"price": 5}})),
        )
        self.assertIsNone(in_force.in_force(agreed, date(2025, 12, 31)))
        self.assertEqual(
            self._on(agreed, 2), ({"days": 30}, {"a": {"price": 10, "qty": 1}})
        )
        self.assertEqual(
            self._on(agreed, 4), ({"days": 30}, {"a": {"price": 10, "qty": 2}})
        )
        self.assertEqual(self._on(agreed, 7), ({"days": 45}, {}))
        self.assertEqual(self._on(agreed, 10), ({"days": 45}, {"b": {"price": 5}}))

    def test_later_signature_counts(self):
        """Whichever of two takes effect first, on the same subject the later one."""
        agreed = self._agree(
            (1, None, ({"days": 30}, {})),
            (6, 0, ({"days": 60}, {})),
            (3, 1, ({"days": 45}, {})),
        )
        days = [self._on(agreed, month)[0]["days"] for month in (2, 4, 7)]
        self.assertEqual(days, [30, 45, 45])

    def test_removed_row_that_is_changed_comes_back(self):
        agreed = self._agree(
            (1, None, ({}, {"a": {"price": 10}})),
            (2, 0, ({}, {})),
            (3, 0, ({}, {"a": {"price": 11}})),
        )
        self.assertEqual(self._on(agreed, 2), ({}, {}))
        self.assertEqual(self._on(agreed, 4), ({}, {"a": {"price": 11}}))


def _content(text):
    fields, rows = text
    lines = [
        {"key": key, "fields": values, "children": {}} for key, values in rows.items()
    ]
    return {"fields": fields, "children": {"lines": lines}}
