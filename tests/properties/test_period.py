"""Periods: units agree, terms follow each other without gap or overlap."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_contract.tools.period import (
    UNITS,
    notice_deadline,
    shift,
    term_end,
)

DATES = st.dates(date(1950, 1, 1), date(2150, 12, 31))
COUNTS = st.integers(1, 60)


@given(DATES, COUNTS, COUNTS, st.sampled_from(["day", "week"]))
def test_shift_composes(anchor, first, second, unit):
    step_by_step = shift(shift(anchor, first, unit), second, unit)
    assert step_by_step == shift(anchor, first + second, unit)


@given(DATES, st.integers(-60, 60))
def test_units_agree(anchor, count):
    assert shift(anchor, count, "week") == shift(anchor, 7 * count, "day")
    assert shift(anchor, count, "quarter") == shift(anchor, 3 * count, "month")
    assert shift(anchor, count, "year") == shift(anchor, 12 * count, "month")


@given(DATES, st.integers(-60, 60))
def test_shift_clips_to_the_target_month(anchor, count):
    shifted = shift(anchor, count, "month")
    months = (shifted.year - anchor.year) * 12 + shifted.month - anchor.month
    assert months == count
    is_last_day = (shifted + timedelta(days=1)).month != shifted.month
    assert shifted.day == anchor.day or is_last_day
    assert shifted.day <= anchor.day


@given(DATES, COUNTS, COUNTS, st.sampled_from(UNITS))
def test_terms_tile(anchor, index, count, unit):
    """The terms of a series follow each other without gap or overlap."""
    start, following = shift(anchor, index, unit), shift(anchor, index + 1, unit)
    assert start < following
    first_end = term_end(anchor, count, unit)
    assert first_end >= anchor
    assert first_end + timedelta(days=1) == shift(anchor, count, unit)


@given(DATES, st.integers(0, 60), st.sampled_from(UNITS))
def test_notice_fits_before_the_end(end, count, unit):
    deadline = notice_deadline(end, count, unit)
    assert shift(deadline, count, unit) <= end
    if end.day <= 28:
        assert shift(deadline, count, unit) == end
