"""Overdue interest: the sum of its days, however it is charged in parts."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_contract.tools.late_interest import (
    Claim,
    LateTerms,
    late_interest,
)

DAY = timedelta(days=1)
DUE = date(2026, 1, 31)
payments = st.lists(
    st.tuples(st.integers(-5, 90).map(lambda n: DUE + n * DAY), st.integers(1, 400)),
    max_size=4,
).map(sorted)


@given(payments, st.integers(0, 20), st.integers(1, 100))
def test_is_the_sum_of_its_days(paid, grace, length):
    """Day by day, on what is open when the day begins."""
    terms, until = LateTerms(0.1, "day", grace), DUE + length * DAY
    expected = 0.0
    for number in range(1, length + 1):
        day = max(DUE + number * DAY, DUE + (grace + 1) * DAY)
        still = 1000 - sum(amount for when, amount in paid if when < day)
        expected += max(still, 0) * 0.001
    if length <= grace:
        expected = 0
    found = late_interest(terms, Claim(DUE, 1000, paid), None, until)
    assert float(found) == pytest.approx(expected, abs=5e-7)


@given(payments, st.integers(0, 20), st.integers(1, 60), st.integers(1, 60))
def test_parts_add_up(paid, grace, first, second):
    terms, claim = LateTerms(8, "year", grace), Claim(DUE, 1000, paid)
    middle, until = DUE + first * DAY, DUE + (first + second) * DAY
    part = late_interest(terms, claim, None, middle)
    # A charge within the grace days charges nothing, and leaves the days open.
    since = middle + DAY if first > grace else None
    rest = late_interest(terms, claim, since, until)
    assert float(part + rest) == pytest.approx(
        float(late_interest(terms, claim, None, until)), abs=5e-8
    )
