"""Payment plans: amounts add up to the cent."""

from decimal import Decimal
from math import copysign

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_contract.tools.plan import (
    PlanRow,
    plan_amounts,
    plan_difference,
    share_out,
)

ROUNDINGS = st.sampled_from(["0.01", "1", "0.05", "0.001"]).map(Decimal)


@st.composite
def complete_plans(draw):
    """Draw the total, rows and rounding of a plan that covers its total."""
    rounding = draw(ROUNDINGS)
    fixed_steps = draw(st.lists(st.integers(-(10**6), 10**6), max_size=3))
    total_steps = draw(st.integers(-(10**9), 10**9).filter(bool))
    weights = draw(st.lists(st.integers(1, 50), min_size=1, max_size=12))
    covered = Decimal(100 * (total_steps - sum(fixed_steps))) / total_steps
    percents = [covered * weight / sum(weights) for weight in weights]
    rows = [PlanRow("percent", value) for value in percents]
    rows += [PlanRow("fixed", steps * rounding) for steps in fixed_steps]
    return total_steps * rounding, draw(st.permutations(rows)), rounding


def is_positive_zero(value):
    return value == 0 and copysign(1, value) == 1


@given(complete_plans())
def test_complete_plan_sums_up(complete_plan):
    total, rows, rounding = complete_plan
    amounts = plan_amounts(float(total), rows, float(rounding))
    assert sum(Decimal(str(amount)) for amount in amounts) == total
    assert is_positive_zero(plan_difference(float(total), amounts, float(rounding)))


@given(complete_plans())
def test_only_the_last_percent_row_is_adjusted(complete_plan):
    total, rows, rounding = complete_plan
    far_off = PlanRow("fixed", 10**12)
    alone = [plan_amounts(total, [row, far_off], rounding)[0] for row in rows]
    last = max(i for i, row in enumerate(rows) if row.kind == "percent")
    together = plan_amounts(total, rows, rounding)
    del alone[last], together[last]
    assert together == alone


@given(complete_plans(), st.integers(2, 1000))
def test_amounts_are_whole_steps(complete_plan, more):
    total, rows, rounding = complete_plan
    total += more * len(rows) * rounding
    for amount in plan_amounts(total, rows, rounding):
        assert Decimal(str(amount)) % rounding == 0


@given(complete_plans(), st.integers(2, 1000))
def test_fixed_row_too_much_is_not_hidden(complete_plan, steps):
    total, rows, rounding = complete_plan
    extra = steps * len(rows) * rounding
    amounts = plan_amounts(total, [*rows, PlanRow("fixed", extra)], rounding)
    missing = plan_difference(total, amounts, rounding)
    assert missing < 0
    assert missing == pytest.approx(-float(extra), abs=float(len(rows) * rounding))


@given(
    st.decimals(0, 10**6, places=2),
    st.lists(st.integers(1, 31), min_size=1, max_size=6),
)
def test_parts_add_up(total, weights):
    amounts = share_out(total, weights, "0.01")
    assert sum(amounts) == pytest.approx(float(total), abs=5e-3)
    for weight, amount in zip(weights, amounts, strict=True):
        share = float(total) * weight / sum(weights)
        assert abs(share - amount) < 0.01 * len(weights) + 0.001
