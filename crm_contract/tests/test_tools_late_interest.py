from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..tools import late_interest as module
from ..tools.late_interest import Claim, LateTerms, capped, late_interest
from .common_doctest import check_doctests

DAY = timedelta(days=1)
DUE = date(2026, 1, 31)
any_case = settings(deadline=None, database=None, max_examples=100)
payments = st.lists(
    st.tuples(st.integers(-5, 90).map(lambda n: DUE + n * DAY), st.integers(1, 400)),
    max_size=4,
).map(sorted)


class TestToolsLateInterest(BaseCase):
    def test_doctests(self):
        check_doctests(self, module)

    @any_case
    @given(payments, st.integers(0, 20), st.integers(1, 100))
    def test_is_the_sum_of_its_days(self, paid, grace, length):
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
        self.assertAlmostEqual(float(found), expected, places=6)

    @any_case
    @given(payments, st.integers(0, 20), st.integers(1, 60), st.integers(1, 60))
    def test_parts_add_up(self, paid, grace, first, second):
        terms, claim = LateTerms(8, "year", grace), Claim(DUE, 1000, paid)
        middle, until = DUE + first * DAY, DUE + (first + second) * DAY
        part = late_interest(terms, claim, None, middle)
        # A charge within the grace days charges nothing, and leaves the days open.
        since = middle + DAY if first > grace else None
        rest = late_interest(terms, claim, since, until)
        self.assertAlmostEqual(
            float(part + rest), float(late_interest(terms, claim, None, until))
        )

    def test_never_beyond_the_cap(self):
        terms = LateTerms(1, "day", cap=10)
        interest = late_interest(terms, Claim(DUE, 1000), None, DUE + 60 * DAY)
        self.assertEqual(capped(interest, terms, 1000, 0, 0.01), 100)
        self.assertEqual(capped(interest, terms, 1000, 97.5, 0.01), 2.5)
        self.assertEqual(capped(interest, terms, 1000, 120, 0.01), 0)
