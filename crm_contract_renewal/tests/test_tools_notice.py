from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_contract.tests.common_doctest import check_doctests
from odoo.addons.crm_contract.tools.period import UNITS, notice_deadline

from ..tools import notice
from ..tools.notice import earliest_end

any_case = settings(deadline=None, database=None, max_examples=200)
days = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@tagged("post_install", "-at_install")
class TestNotice(BaseCase):
    def test_doctests(self):
        check_doctests(self, notice)

    @any_case
    @given(days, st.integers(0, 24), st.sampled_from(UNITS))
    def test_first_day_that_leaves_the_notice_period(self, day, count, unit):
        end = earliest_end(day, count, unit)
        self.assertGreaterEqual(notice_deadline(end, count, unit), day)
        before = end - timedelta(days=1)
        self.assertLess(notice_deadline(before, count, unit), day)

    @any_case
    @given(days, days, days)
    def test_of_a_term(self, day, end, deadline):
        result = earliest_end(day, 1, "month", end, deadline)
        self.assertEqual(result, end)
        following = end + timedelta(days=365)
        result = earliest_end(day, 1, "month", end, deadline, following)
        self.assertEqual(result, following if day > deadline else end)

    def test_refused(self):
        with self.assertRaises(ValueError):
            earliest_end(date(2026, 1, 1), -1, "month")
        with self.assertRaises(ValueError):
            earliest_end(date(2026, 1, 1), 1, "decade")
