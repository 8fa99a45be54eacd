from datetime import date, timedelta

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_contract.tests.common_doctest import check_doctests

from ..tools import next_term
from ..tools.next_term import end_of_term, move_of, shift_months


@tagged("post_install", "-at_install")
class TestNextTermDates(BaseCase):
    def test_doctests(self):
        check_doctests(self, next_term)

    def test_terms_of_months_never_drift(self):
        """Whatever day a contract begins on, its n-th term begins n months later."""
        for offset in range(0, 1500, 7):
            first = date(2027, 1, 31) + timedelta(days=offset)
            start = first
            for number in range(1, 26):
                day = first.day if first.day > start.day else None
                following = end_of_term(start, 1, "month", day) + timedelta(days=1)
                self.assertEqual(following, shift_months(first, number))
                self.assertEqual(move_of(start, following, "month", day).months, 1)
                start = following
