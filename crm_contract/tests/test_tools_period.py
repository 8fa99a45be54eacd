from datetime import date

from odoo.tests import BaseCase

from ..tools import period
from ..tools.period import UNITS, notice_deadline, shift, term_end
from .common_doctest import check_doctests


class TestToolsPeriod(BaseCase):
    def test_doctests(self):
        check_doctests(self, period)

    def test_units(self):
        self.assertEqual(
            UNITS, ("day", "week", "month", "quarter", "half_year", "year")
        )

    def test_shift(self):
        for anchor, count, unit, expected in (
            (date(2026, 1, 31), 0, "month", date(2026, 1, 31)),
            (date(2026, 1, 31), 1, "day", date(2026, 2, 1)),
            (date(2026, 1, 31), 1, "week", date(2026, 2, 7)),
            (date(2026, 1, 31), 1, "month", date(2026, 2, 28)),
            (date(2026, 1, 31), 2, "month", date(2026, 3, 31)),
            (date(2028, 1, 31), 1, "month", date(2028, 2, 29)),
            (date(2026, 11, 30), 1, "quarter", date(2027, 2, 28)),
            (date(2028, 2, 29), 1, "year", date(2029, 2, 28)),
            (date(2028, 2, 29), 4, "year", date(2032, 2, 29)),
            (date(2026, 3, 31), -1, "month", date(2026, 2, 28)),
            (date(2026, 1, 15), -13, "month", date(2024, 12, 15)),
        ):
            with self.subTest(anchor=anchor, count=count, unit=unit):
                self.assertEqual(shift(anchor, count, unit), expected)

    def test_term_end(self):
        for start, count, unit, expected in (
            (date(2026, 1, 1), 12, "month", date(2026, 12, 31)),
            (date(2026, 1, 1), 1, "day", date(2026, 1, 1)),
            (date(2026, 1, 31), 1, "month", date(2026, 2, 27)),
            (date(2026, 4, 15), 1, "quarter", date(2026, 7, 14)),
            (date(2028, 2, 29), 1, "year", date(2029, 2, 27)),
        ):
            with self.subTest(start=start, count=count, unit=unit):
                self.assertEqual(term_end(start, count, unit), expected)

    def test_notice_deadline(self):
        for end, count, unit, expected in (
            (date(2026, 12, 31), 0, "month", date(2026, 12, 31)),
            (date(2026, 12, 31), 30, "day", date(2026, 12, 1)),
            (date(2026, 12, 31), 3, "month", date(2026, 9, 30)),
            (date(2026, 5, 31), 3, "month", date(2026, 2, 28)),
            (date(2026, 2, 28), 1, "month", date(2026, 1, 28)),
        ):
            with self.subTest(end=end, count=count, unit=unit):
                self.assertEqual(notice_deadline(end, count, unit), expected)

    def test_refused(self):
        today = date(2026, 1, 31)
        for function, count, unit in (
            (shift, 0, "decade"),
            (term_end, 1, "months"),
            (term_end, 0, "month"),
            (notice_deadline, -1, "day"),
            (notice_deadline, 0, "decade"),
        ):
            with (
                self.subTest(function=function.__name__),
                self.assertRaises(ValueError),
            ):
                function(today, count, unit)
