from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..tools import recurrence
from ..tools.period import UNITS
from ..tools.recurrence import (
    Recurrence,
    billed_days,
    periods,
    step_at,
)
from .common_doctest import check_doctests

DAY = timedelta(days=1)
any_case = settings(deadline=None, database=None, max_examples=100)
days = st.dates(date(2000, 1, 1), date(2060, 12, 31))


@st.composite
def recurrences(draw):
    start = draw(days)
    anchor = draw(st.none() | st.dates(start - 800 * DAY, start + 800 * DAY))
    end = draw(st.none() | st.dates(start, start + 3000 * DAY))
    return Recurrence(
        start, draw(st.integers(1, 5)), draw(st.sampled_from(UNITS)), end, anchor
    )


class TestToolsRecurrence(BaseCase):
    def test_doctests(self):
        check_doctests(self, recurrence)

    @any_case
    @given(recurrences(), st.integers(0, 2000))
    def test_periods_tile_the_time(self, rule, length):
        until = rule.start + length * DAY
        found = list(periods(rule, until))
        self.assertEqual(found[0].start, rule.start)
        for before, after in pairwise(found):
            self.assertEqual(after.start, before.end + DAY)
            self.assertEqual(after.index, before.index + 1)
        self.assertGreaterEqual(found[-1].end, min(until, rule.end or until))
        for period in found:
            self.assertLessEqual(period.full_start, period.start)
            self.assertLessEqual(period.end, period.full_end)
            self.assertTrue(0 < period.days <= period.full_days)
            if rule.end:
                self.assertLessEqual(period.end, rule.end)

    @any_case
    @given(recurrences(), st.integers(0, 1500), st.integers(0, 900))
    def test_a_cut_leaves_two_parts_of_the_whole(self, rule, length, before):
        """What bills until a day, and what bills from it on, are the whole."""
        cut = rule.start + before * DAY
        until = max(rule.start + length * DAY, cut)
        old = rule._replace(end=min(filter(None, (rule.end, cut - DAY))))
        parts = [*periods(old, until)] if old.end >= old.start else []
        parts += periods(rule._replace(cut=cut), until)
        days_of = {}
        for part in parts:
            days_of[part.index] = days_of.get(part.index, 0) + part.days
        whole = {period.index: period.days for period in periods(rule, until)}
        self.assertEqual(days_of, whole)
        for earlier, later in pairwise(parts):
            self.assertEqual(later.start, earlier.end + DAY)

    @any_case
    @given(recurrences(), st.integers(0, 1500), st.integers(0, 400))
    def test_a_jump_finds_what_a_walk_finds(self, rule, before, length):
        since = rule.start + before * DAY
        until = since + length * DAY
        walked = [p for p in periods(rule, until) if p.end >= since]
        self.assertEqual(list(periods(rule, until, since)), walked)

    @any_case
    @given(days, st.integers(1, 6))
    def test_weeks_keep_their_weekday(self, start, interval):
        rule = Recurrence(start, interval, "week")
        weekdays = {p.start.weekday() for p in periods(rule, start + 400 * DAY)}
        self.assertEqual(weekdays, {start.weekday()})

    def test_end_of_month_and_leap_day(self):
        for start, unit, expected in (
            (date(2026, 1, 31), "month", ["02-28", "03-31", "04-30"]),
            (date(2028, 2, 29), "year", ["02-28", "02-28", "02-28"]),
            (date(2027, 8, 31), "half_year", ["02-29", "08-31", "02-28"]),
        ):
            rule = Recurrence(start, 1, unit, start + 1500 * DAY)
            starts = [f"{p.start:%m-%d}" for p in periods(rule, date(2099, 1, 1))]
            self.assertEqual(starts[1:4], expected)

    @any_case
    @given(
        recurrences(), st.lists(st.tuples(st.integers(-50, 400), st.integers(0, 90)))
    )
    def test_billed_days_are_the_days_of_no_pause(self, rule, spans):
        pauses = [
            (rule.start + first * DAY, rule.start + (first + length) * DAY)
            for first, length in spans
        ]
        period = next(periods(rule, rule.start))
        if period.days > 500:
            return
        free = [
            day
            for day in (period.start + n * DAY for n in range(period.days))
            if not any(first <= day <= last for first, last in pauses)
        ]
        self.assertEqual(billed_days(period, pauses), len(free))

    def test_anchor_a_period_before_the_start(self):
        """The period that begins on the start is the first; none of no days is."""
        rule = Recurrence(date(2026, 3, 1), 1, "month", anchor=date(2026, 2, 1))
        [march] = periods(rule, date(2026, 3, 31))
        self.assertEqual(
            (march.index, march.start, march.end),
            (0, date(2026, 3, 1), date(2026, 3, 31)),
        )

    def test_open_pause(self):
        [period] = periods(Recurrence(date(2026, 6, 1), 1, "month"), date(2026, 6, 1))
        self.assertEqual(billed_days(period, [(date(2026, 6, 11), None)]), 10)

    def test_no_step_yet(self):
        self.assertIsNone(step_at([(date(2027, 1, 1), 1)], date(2026, 12, 31)))

    def test_bad_interval(self):
        with self.assertRaises(ValueError):
            next(periods(Recurrence(date(2026, 1, 1), 0, "month"), date(2026, 1, 1)))
