"""Horizons: each day lies in one of them."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.crm_contract_renewal.tools import horizon

days = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@settings(max_examples=200)
@given(days, days, st.integers(1, 7))
def test_every_day_has_one(today, day, first_weekday):
    ends = horizon.horizon_ends(today, first_weekday)
    assert sorted(ends) == list(ends)
    assert (horizon.horizon_of(day, ends) == "overdue") == (day < today)
    if day >= today and (day.year, day.month) == (today.year, today.month):
        assert horizon.horizon_of(day, ends) in ("week", "month")
