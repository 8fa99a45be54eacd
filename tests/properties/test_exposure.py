"""What a contract may come to is never less than what it charges."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_contract.tools.recurrence import Recurrence, periods, step_at
from odoo.addons.crm_contract_approval.tools.exposure import Fee, Price, reckon

START = date(2026, 1, 1)
prices = st.integers(0, 1000).map(lambda amount: Price(amount, amount))
steps = st.lists(
    st.tuples(st.integers(1, 1200).map(lambda n: START + timedelta(days=n)), prices),
    max_size=3,
    unique_by=lambda step: step[0],
)


@st.composite
def fees(draw):
    unit = draw(st.sampled_from(["week", "month", "quarter", "year"]))
    recurrence = Recurrence(
        START + timedelta(days=draw(st.integers(0, 400))), draw(st.integers(1, 4)), unit
    )
    return Fee(draw(prices), recurrence, tuple(draw(steps)), draw(st.integers(0, 15)))


def charged(fee, last):
    """What is charged up to a day, period by period, as the ledger goes."""
    total = 0
    for period in periods(fee.recurrence._replace(end=last), last):
        price = step_at(fee.steps, period.start) or fee.price
        if period.index >= fee.free:
            total += price.net * period.days / period.full_days
    return total


@given(st.lists(fees(), max_size=3), st.integers(1, 24), st.integers(0, 900))
def test_never_less_than_what_is_charged(rows, months, days):
    end = START + timedelta(days=days)
    found = reckon(rows, months, end)
    rows = [fee for fee in rows if fee.recurrence.start <= end]
    assert found.value >= sum(charged(fee, end) for fee in rows) - 1e-6
    assert found.gross >= found.value - 1e-6
    assert 0 <= found.discount <= 100


@given(fees(), st.integers(1, 24))
def test_free_periods_lower_nothing_but_the_price(fee, months):
    with_free, without = reckon([fee], months), reckon([fee._replace(free=0)], months)
    assert (with_free.value, with_free.gross) == (without.value, without.gross)
    assert with_free.discount >= without.discount == 0


@given(fees(), st.integers(1, 12))
def test_longer_months_are_worth_no_less(fee, months):
    assert reckon([fee], months + 1).value >= reckon([fee], months).value - 1e-6
