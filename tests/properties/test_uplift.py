"""Uplifts: within cap and floor, and a multiple of the rounding."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_contract_renewal.tools import uplift

values = st.decimals(Decimal("0.1"), 1000, places=2)
percents = st.decimals(-20, 50, places=2)


@given(values, values, percents, percents)
def test_within_cap_and_floor(base, value, one, other):
    floor, cap = sorted((one, other))
    percent = uplift.index_percent(base, value, cap=cap, floor=floor)
    assert floor <= percent <= cap


@given(values, percents, st.sampled_from(["0.01", "0.05", "1", "10"]))
def test_multiple_of_the_rounding(price, percent, rounding):
    step = Decimal(rounding)
    new = uplift.Uplift(uplift.factor_of(percent), rounding=step).apply(price)
    assert Decimal(str(new)) % step == 0
    exact = price * uplift.factor_of(percent)
    assert abs(Decimal(str(new)) - exact) <= step / 2
