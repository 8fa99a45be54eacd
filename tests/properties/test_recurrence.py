"""Recurring periods tile the time, cut or not, from wherever they are looked for."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_contract.tools.period import UNITS
from odoo.addons.crm_contract.tools.recurrence import (
    Recurrence,
    billed_days,
    periods,
)

DAY = timedelta(days=1)
days = st.dates(date(2000, 1, 1), date(2060, 12, 31))


@st.composite
def recurrences(draw):
    start = draw(days)
    anchor = draw(st.none() | st.dates(start - 800 * DAY, start + 800 * DAY))
    end = draw(st.none() | st.dates(start, start + 3000 * DAY))
    return Recurrence(
        start, draw(st.integers(1, 5)), draw(st.sampled_from(UNITS)), end, anchor
    )


@given(recurrences(), st.integers(0, 2000))
def test_periods_tile_the_time(rule, length):
    until = rule.start + length * DAY
    found = list(periods(rule, until))
    assert found[0].start == rule.start
    for before, after in pairwise(found):
        assert after.start == before.end + DAY
        assert after.index == before.index + 1
    assert found[-1].end >= min(until, rule.end or until)
    for period in found:
        assert period.full_start <= period.start
        assert period.end <= period.full_end
        assert 0 < period.days <= period.full_days
        if rule.end:
            assert period.end <= rule.end


@given(recurrences(), st.integers(0, 1500), st.integers(0, 900))
def test_a_cut_leaves_two_parts_of_the_whole(rule, length, before):
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
    assert days_of == whole
    for earlier, later in pairwise(parts):
        assert later.start == earlier.end + DAY


@given(recurrences(), st.integers(0, 1500), st.integers(0, 400))
def test_a_jump_finds_what_a_walk_finds(rule, before, length):
    since = rule.start + before * DAY
    until = since + length * DAY
    walked = [p for p in periods(rule, until) if p.end >= since]
    assert list(periods(rule, until, since)) == walked


@given(days, st.integers(1, 6))
def test_weeks_keep_their_weekday(start, interval):
    rule = Recurrence(start, interval, "week")
    weekdays = {p.start.weekday() for p in periods(rule, start + 400 * DAY)}
    assert weekdays == {start.weekday()}


@given(recurrences(), st.lists(st.tuples(st.integers(-50, 400), st.integers(0, 90))))
def test_billed_days_are_the_days_of_no_pause(rule, spans):
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
    assert billed_days(period, pauses) == len(free)
