from datetime import date, timedelta

from odoo.tests import BaseCase

from ..tools import late_interest as module
from ..tools.late_interest import Claim, LateTerms, capped, late_interest
from .common_doctest import check_doctests

DAY = timedelta(days=1)
DUE = date(2026, 1, 31)


class TestToolsLateInterest(BaseCase):
    def test_doctests(self):
        check_doctests(self, module)

    def test_never_beyond_the_cap(self):
        terms = LateTerms(1, "day", cap=10)
        interest = late_interest(terms, Claim(DUE, 1000), None, DUE + 60 * DAY)
        self.assertEqual(capped(interest, terms, 1000, 0, 0.01), 100)
        self.assertEqual(capped(interest, terms, 1000, 97.5, 0.01), 2.5)
        self.assertEqual(capped(interest, terms, 1000, 120, 0.01), 0)
