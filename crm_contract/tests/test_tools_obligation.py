from datetime import date

from odoo.tests import BaseCase

from ..tools import obligation
from ..tools.obligation import Part, add_working_days, find_cycle, get_progress, penalty
from .common_doctest import check_doctests


class TestToolsObligation(BaseCase):
    def test_doctests(self):
        check_doctests(self, obligation)

    def test_working_days_over_a_holiday_week(self):
        """China's national holiday of 2026: 1 to 7 October, by the calendar on the wall."""
        holidays = {date(2026, 10, day) for day in range(1, 8)}
        for count, expected in ((1, 9), (2, 12), (5, 15)):
            day = add_working_days(date(2026, 10, 8), count, holidays=holidays)
            self.assertEqual(day, date(2026, 10, expected))
        day = add_working_days(date(2026, 9, 30), 1, holidays=holidays)
        self.assertEqual(day, date(2026, 10, 8))

    def test_no_working_day_at_all(self):
        always = {date(2026, 1, 1).replace(month=m, day=1) for m in range(1, 13)}
        day = add_working_days(date(2026, 1, 1), 2, weekdays=(), holidays=always)
        self.assertEqual(day, date(2026, 1, 3))

    def test_cycles(self):
        self.assertEqual(find_cycle({"a": ["a"]}), ["a"])
        self.assertEqual(find_cycle({"a": ["gone"], "b": ["a"]}), [])
        self.assertCountEqual(
            find_cycle({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}),
            ["a", "b", "c"],
        )
        # A diamond is none.
        self.assertFalse(find_cycle({"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": []}))

    def test_penalty_in_time_costs_nothing(self):
        for days in (0, -3):
            self.assertEqual(penalty("fixed", 500, 0, 0, 1000, days), 0)
            self.assertEqual(penalty("daily", 0, 1, 0, 1000, days), 0)
        self.assertEqual(penalty(None, 500, 1, 0, 1000, 9), 0)

    def test_lights(self):
        due, later = date(2026, 3, 1), date(2026, 9, 1)
        today = date(2026, 3, 2)
        cases = (
            ([Part(1, due, 1), Part(9, later, 0)], "green"),
            ([Part(1, due, 0), Part(9, later, 0)], "amber"),
            ([Part(5, due, 0), Part(5, later, 0)], "red"),
            # What is ahead elsewhere does not hide that something is late.
            ([Part(1, due, 0), Part(9, later, 0.5)], "amber"),
            ([Part(1, due, 0.5), Part(9, None, 1)], "amber"),
            ([Part(0, due, 0)], ""),
        )
        for parts, light in cases:
            self.assertEqual(get_progress(parts, today, 0.1).light, light)
