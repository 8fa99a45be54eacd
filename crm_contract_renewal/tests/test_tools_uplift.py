from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_contract.tests.common_doctest import check_doctests

from ..tools import uplift

any_case = settings(deadline=None, database=None, max_examples=100)
values = st.decimals(Decimal("0.1"), 1000, places=2)
percents = st.decimals(-20, 50, places=2)


@tagged("post_install", "-at_install")
class TestUplift(BaseCase):
    def test_doctests(self):
        check_doctests(self, uplift)

    @any_case
    @given(values, values, percents, percents)
    def test_within_cap_and_floor(self, base, value, one, other):
        floor, cap = sorted((one, other))
        percent = uplift.index_percent(base, value, cap=cap, floor=floor)
        self.assertTrue(floor <= percent <= cap)

    @any_case
    @given(values, percents, st.sampled_from(["0.01", "0.05", "1", "10"]))
    def test_multiple_of_the_rounding(self, price, percent, rounding):
        step = Decimal(rounding)
        new = uplift.Uplift(uplift.factor_of(percent), rounding=step).apply(price)
        self.assertEqual(Decimal(str(new)) % step, 0)
        exact = price * uplift.factor_of(percent)
        self.assertLessEqual(abs(Decimal(str(new)) - exact), step / 2)

    def test_refused(self):
        with self.assertRaises(ValueError):
            uplift.index_percent(0, 100)
        with self.assertRaises(ValueError):
            uplift.index_percent(100, 100, cap=1, floor=2)
