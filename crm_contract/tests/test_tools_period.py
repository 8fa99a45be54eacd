from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..tools import period
from ..tools.period import UNITS, notice_deadline, shift, term_end
from .common_doctest import check_doctests

DATES = st.dates(date(1950, 1, 1), date(2150, 12, 31))
COUNTS = st.integers(1, 60)
any_case = settings(deadline=None, database=None, max_examples=100)


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

    @any_case
    @given(DATES, COUNTS, COUNTS, st.sampled_from(["day", "week"]))
    def test_shift_composes(self, anchor, first, second, unit):
        step_by_step = shift(shift(anchor, first, unit), second, unit)
        self.assertEqual(step_by_step, shift(anchor, first + second, unit))

    @any_case
    @given(DATES, st.integers(-60, 60))
    def test_units_agree(self, anchor, count):
        self.assertEqual(shift(anchor, count, "week"), shift(anchor, 7 * count, "day"))
        self.assertEqual(
            shift(anchor, count, "quarter"), shift(anchor, 3 * count, "month")
        )
        self.assertEqual(
            shift(anchor, count, "year"), shift(anchor, 12 * count, "month")
        )

    @any_case
    @given(DATES, st.integers(-60, 60))
    def test_shift_clips_to_the_target_month(self, anchor, count):
        shifted = shift(anchor, count, "month")
        months = (shifted.year - anchor.year) * 12 + shifted.month - anchor.month
        self.assertEqual(months, count)
        is_last_day = (shifted + timedelta(days=1)).month != shifted.month
        self.assertTrue(shifted.day == anchor.day or is_last_day)
        self.assertLessEqual(shifted.day, anchor.day)

    @any_case
    @given(DATES, COUNTS, COUNTS, st.sampled_from(UNITS))
    def test_terms_tile(self, anchor, index, count, unit):
        """The terms of a series follow each other without gap or overlap."""
        start, following = shift(anchor, index, unit), shift(anchor, index + 1, unit)
        self.assertLess(start, following)
        first_end = term_end(anchor, count, unit)
        self.assertGreaterEqual(first_end, anchor)
        self.assertEqual(first_end + timedelta(days=1), shift(anchor, count, unit))

    @any_case
    @given(DATES, st.integers(0, 60), st.sampled_from(UNITS))
    def test_notice_fits_before_the_end(self, end, count, unit):
        deadline = notice_deadline(end, count, unit)
        self.assertLessEqual(shift(deadline, count, unit), end)
        if end.day <= 28:
            self.assertEqual(shift(deadline, count, unit), end)
