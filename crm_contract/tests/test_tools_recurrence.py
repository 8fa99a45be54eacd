from datetime import date, timedelta

from odoo.tests import BaseCase

from ..tools import recurrence
from ..tools.recurrence import (
    Recurrence,
    billed_days,
    periods,
    step_at,
)
from .common_doctest import check_doctests

DAY = timedelta(days=1)


class TestToolsRecurrence(BaseCase):
    def test_doctests(self):
        check_doctests(self, recurrence)

    def test_end_of_month_and_leap_day(self):
        for start, unit, expected in (
            (date(2026, 1, 31), "month", ["02-28", "03-31", "04-30"]),
            (date(2028, 2, 29), "year", ["02-28", "02-28", "02-28"]),
            (date(2027, 8, 31), "half_year", ["02-29", "08-31", "02-28"]),
        ):
            rule = Recurrence(start, 1, unit, start + 1500 * DAY)
            starts = [f"{p.start:%m-%d}" for p in periods(rule, date(2099, 1, 1))]
            self.assertEqual(starts[1:4], expected)

    def test_open_pause(self):
        [period] = periods(Recurrence(date(2026, 6, 1), 1, "month"), date(2026, 6, 1))
        self.assertEqual(billed_days(period, [(date(2026, 6, 11), None)]), 10)

    def test_no_step_yet(self):
        self.assertIsNone(step_at([(date(2027, 1, 1), 1)], date(2026, 12, 31)))

    def test_bad_interval(self):
        with self.assertRaises(ValueError):
            next(periods(Recurrence(date(2026, 1, 1), 0, "month"), date(2026, 1, 1)))
