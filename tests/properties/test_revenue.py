"""Revenue: what is earned over its life is what is billed, whatever happens to it."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from odoo.addons.crm_contract.tools.revenue import (
    Item,
    Progress,
    Span,
    earned_until,
    months_between,
    position,
    price_on,
    remaining_by_year,
)

UNITS = (Decimal("0.01"), Decimal(1), Decimal("0.05"), Decimal("0.001"))
DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))
END = date(2035, 1, 1)
UNIT = st.sampled_from(UNITS)


@st.composite
def spans(draw):
    first = draw(DAYS)
    last = first + timedelta(days=draw(st.integers(0, 800)))
    pauses, day = [], first
    for _pause in range(draw(st.integers(0, 3))):
        begin = day + timedelta(days=draw(st.integers(0, 60)))
        day = begin + timedelta(days=draw(st.integers(0, 60)))
        pauses.append((begin, day))
        day += timedelta(days=1)
    return Span(first, last, pauses)


@st.composite
def progresses(draw):
    steps = draw(st.lists(st.tuples(DAYS, st.integers(1, 9)), min_size=1, max_size=5))
    done = [(day, Fraction(weight)) for day, weight in steps]
    return Progress(done, sum(weight for _day, weight in done))


@st.composite
def items(draw, unit):
    amounts = st.integers(-(10**6), 10**7).map(lambda number: number * unit)
    billed = draw(st.lists(st.tuples(DAYS, amounts), max_size=6))
    return Item(draw(st.one_of(spans(), progresses())), billed)


@st.composite
def contracts(draw):
    unit = draw(UNIT)
    return unit, draw(st.lists(items(unit), min_size=1, max_size=4))


@given(contracts())
def test_earned_over_its_life_is_billed(contract):
    unit, promises = contract
    end = position(promises, END, unit)
    assert end.earned == end.billed
    assert end.liability == end.asset == end.remaining == 0
    past, total = Decimal(0), Decimal(0)
    for day in months_between(date(2024, 1, 1), date(2031, 12, 31)):
        earned = position(promises, day, unit).earned
        assert earned % unit == 0
        total += earned - past
        past = earned
    assert total == sum(amount for item in promises for _day, amount in item.billed)


@given(contracts(), DAYS)
def test_what_remains_is_there_by_year(contract, day):
    unit, promises = contract
    for item in promises:
        years = remaining_by_year(item, day, unit)
        rest = price_on(item, day) - earned_until(item, day, unit)
        assert sum(years.values(), Decimal(0)) == rest
        assert all(year >= day.year for year in years)
    now = position(promises, day, unit)
    assert now.liability - now.asset == now.billed - now.earned
    assert not (now.liability and now.asset)


@given(spans(), st.integers(0, 10**7), DAYS)
def test_a_day_earns_what_a_day_costs(span, cents, day):
    """Counted day by day, as a person would."""
    unit = Decimal("0.01")
    item = Item(span, (), cents * unit)
    days = [
        span.first + timedelta(days=number)
        for number in range((span.last - span.first).days + 1)
    ]
    given_days = [
        one
        for one in days
        if not any(first <= one <= last for first, last in span.pauses)
    ]
    assume(given_days)
    past = sum(one <= day for one in given_days)
    exact = Fraction(cents * past, len(given_days)) / 100
    if day >= span.last:
        exact = Fraction(cents, 100)
    assert abs(Fraction(earned_until(item, day, unit)) - exact) <= Fraction(unit) / 2
