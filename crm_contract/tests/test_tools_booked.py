from datetime import date

from odoo.tests import BaseCase

from ..tools import booked as module
from ..tools.booked import Booked, Standing, share_out, spread_cents, standings
from .common_doctest import check_doctests

DAY = date(2026, 1, 31)


def paid(*documents):
    found = standings(documents, DAY, 0.01)
    return {row: standing.paid for row, standing in found.items()}


class TestToolsBooked(BaseCase):
    def test_doctests(self):
        check_doctests(self, module)

    def test_draft(self):
        invoice = Booked("I", 1, {"a": 100}, is_posted=False, settled=100)
        self.assertEqual(paid(invoice), {})

    def test_draft_credit_note_pays_for_nothing(self):
        """Odoo leaves it set off with its invoice."""
        invoice = Booked("I", 1, {"a": 60, "b": 40}, settled=100)
        note = Booked("C", -1, {"a": 60, "b": 40}, 0, False, 0, "I", 100)
        self.assertEqual(paid(invoice, note), {"a": 0, "b": 0})

    def test_paid_before_it_was_credited(self):
        invoice = Booked("I", 1, {"a": 46, "b": 92}, settled=138)
        note = Booked("C", -1, {"a": 46}, origin="I")
        self.assertEqual(paid(invoice, note), {"a": 46, "b": 92})
        back = note._replace(settled=46)
        self.assertEqual(paid(invoice, back), {"a": 0, "b": 92})

    def test_credited_twice(self):
        """A credit note at the price of all rows settles what is left of the others."""
        invoice = Booked("I", 1, {"a": 46, "b": 184}, settled=230)
        note = Booked("C", -1, {"a": 230}, settled=230, origin="I", set_off=230)
        self.assertEqual(paid(invoice, note), {"a": -184, "b": 184})

    def test_taken_back_again(self):
        """What a credit note took back is billed again by its own reversal."""
        invoice = Booked("I", 1, {"a": 46, "b": 92}, settled=138)
        note = Booked("C", -1, {"a": 46}, settled=46, origin="I", set_off=46)
        again = Booked("D", 1, {"a": 46}, settled=46, origin="C")
        self.assertEqual(paid(invoice, note, again), {"a": 46, "b": 92})

    def test_lines_of_no_row(self):
        invoice = Booked("I", 1, {"a": 575}, rest=50, settled=312.5)
        self.assertEqual(paid(invoice), {"a": 287.5})

    def test_sums_agree(self):
        """Whatever is shared out adds up to the cent."""
        for amount in (0.01, 1, 99.99, -100):
            for weights in ((1, 1, 1), (1, 2, 3, 5, 7), (0.3, 0.3, 0.4)):
                parts = share_out(amount, weights, 0.01)
                self.assertAlmostEqual(sum(parts), amount, places=9)
                total = sum(weights) + 0.03
                spread = spread_cents(weights, total, 0.01)
                self.assertAlmostEqual(sum(spread), total, places=9)

    def test_nothing_is_owed(self):
        """A rebate that is as much as the fee."""
        invoice = Booked("I", 1, {"a": 100, "b": -100})
        self.assertEqual(
            standings([invoice], DAY, 0.01),
            {"a": Standing(100), "b": Standing(-100)},
        )
