from datetime import date
from decimal import Decimal

from markupsafe import Markup

from odoo.tests import BaseCase

from ..tools import difference
from ..tools.difference import (
    Change,
    content_difference,
    difference_html,
    text_difference,
)
from .common_doctest import check_doctests


def content(fields, **children):
    return {"fields": fields, "children": children}


def row(key, fields, **children):
    return {"key": key, **content(fields, **children)}


class TestToolsDifference(BaseCase):
    def test_doctests(self):
        check_doctests(self, difference)

    def test_no_change(self):
        old = content({"qty": 1, "day": date(2026, 1, 31), "name": "a\r\nb"})
        new = content({"name": "a\nb", "day": "2026-01-31", "qty": Decimal("1.00")})
        self.assertEqual(content_difference(old, new), [])

    def test_changes_in_order(self):
        old = content(
            {"gone": 1, "name": "A", "note": "x"},
            clause_ids=[row("c", {"text": "old"})],
            line_ids=[
                row("1", {"qty": 1, "name": "one"}),
                row("2", {"qty": 2}),
                row("3", {"qty": 3}),
            ],
        )
        new = content(
            {"note": "y", "name": "B", "added": 2},
            line_ids=[
                row("4", {"qty": 4}),
                row("3", {"qty": 30}),
                row("1", {"name": "uno", "qty": 1.0}),
            ],
        )
        self.assertEqual(
            content_difference(old, new),
            [
                Change(("note",), "x", "y"),
                Change(("name",), "A", "B"),
                Change(("added",), None, 2),
                Change(("gone",), 1, None),
                Change(("line_ids", "4"), None, {"qty": 4}),
                Change(("line_ids", "3", "qty"), 3, 30),
                Change(("line_ids", "1", "name"), "one", "uno"),
                Change(("line_ids", "2"), {"qty": 2}, None),
                Change(("clause_ids", "c"), {"text": "old"}, None),
            ],
        )

    def test_nested_children(self):
        old = content({}, line_ids=[row("1", {}, tax_ids=[row("t", {"rate": 6})])])
        new = content(
            {},
            line_ids=[
                row("1", {}, tax_ids=[row("t", {"rate": 13}), row("u", {"rate": 1})])
            ],
        )
        self.assertEqual(
            content_difference(old, new),
            [
                Change(("line_ids", "1", "tax_ids", "t", "rate"), 6, 13),
                Change(("line_ids", "1", "tax_ids", "u"), None, {"rate": 1}),
            ],
        )

    def test_children_are_optional(self):
        new = {"fields": {}, "children": {"line_ids": [{"key": "1", "fields": {}}]}}
        self.assertEqual(
            content_difference({"fields": {}}, new),
            [Change(("line_ids", "1"), None, {})],
        )

    def test_order_of_rows_is_no_change(self):
        rows = [row("1", {"qty": 1}), row("2", {"qty": 2})]
        old, new = content({}, line_ids=rows), content({}, line_ids=rows[::-1])
        self.assertEqual(content_difference(old, new), [])

    def test_key_used_twice(self):
        doubled = content({}, line_ids=[row("1", {"qty": 1}), row("1", {"qty": 2})])
        with self.assertRaisesRegex(ValueError, "line_ids"):
            content_difference(content({}), doubled)

    def test_text_difference(self):
        for old, new, expected in (
            ("", "", []),
            ("", "a", [("insert", "a")]),
            ("a", "", [("delete", "a")]),
            ("same text", "same text", [("equal", "same text")]),
            (
                "pay in 30 days",
                "pay within 30 days",
                [
                    ("equal", "pay "),
                    ("delete", "in"),
                    ("insert", "within"),
                    ("equal", " 30 days"),
                ],
            ),
            (
                "甲方应于30日内付款",
                "甲方须于45日内付款",
                [
                    ("equal", "甲方"),
                    ("delete", "应"),
                    ("insert", "须"),
                    ("equal", "于"),
                    ("delete", "30"),
                    ("insert", "45"),
                    ("equal", "日内付款"),
                ],
            ),
            (
                "one\ntwo\nthree\n",
                "one\n2\nthree\n",
                [
                    ("equal", "one\n"),
                    ("delete", "two"),
                    ("insert", "2"),
                    ("equal", "\nthree\n"),
                ],
            ),
        ):
            with self.subTest(old=old, new=new):
                self.assertEqual(text_difference(old, new), expected)

    def test_frequent_tokens_do_not_blur_a_long_text(self):
        old = "a b " * 200
        self.assertEqual(
            text_difference(old, f"x {old}y"),
            [("insert", "x "), ("equal", old), ("insert", "y")],
        )

    def test_html(self):
        html = difference_html("a\n<b>", "a\n<i>")
        self.assertIsInstance(html, Markup)
        self.assertEqual(html, "a<br/>&lt;<del>b</del><ins>i</ins>&gt;")
        self.assertEqual(difference_html("", "x\ny"), "<ins>x<br/>y</ins>")
        self.assertEqual(difference_html("", ""), "")

    def test_html_escapes_markup(self):
        self.assertEqual(difference_html(Markup("<b>"), Markup("<b>")), "&lt;b&gt;")
