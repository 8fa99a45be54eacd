"""Notice: the first day that leaves the whole notice period."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.crm_contract.tools.period import UNITS, notice_deadline
from odoo.addons.crm_contract_renewal.tools.notice import earliest_end

any_case = settings(max_examples=200)
days = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@any_case
@given(days, st.integers(0, 24), st.sampled_from(UNITS))
def test_first_day_that_leaves_the_notice_period(day, count, unit):
    end = earliest_end(day, count, unit)
    assert notice_deadline(end, count, unit) >= day
    before = end - timedelta(days=1)
    assert notice_deadline(before, count, unit) < day


@any_case
@given(days, days, days)
def test_of_a_term(day, end, deadline):
    result = earliest_end(day, 1, "month", end, deadline)
    assert result == end
    following = end + timedelta(days=365)
    result = earliest_end(day, 1, "month", end, deadline, following)
    assert result == (following if day > deadline else end)
