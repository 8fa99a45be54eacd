from datetime import date

from freezegun import freeze_time

from odoo.fields import Command

from .test_installment import LedgerCommon

LAST = date(2026, 1, 20)


@freeze_time("2026-01-01")
class TestSettlementSuspended(LedgerCommon):
    """January was paid in advance: 310, ten a day. It was suspended, and it ended.

    Suspended days stay billed, unless somebody credits them. The end on the 20th credits
    the eleven days after it.
    """

    def _create_paid(self, pay=True, **vals):
        line = self._prepare_line_vals(
            is_recurring=True, tax_ids=False, price_unit=310, **vals.pop("line", {})
        )
        contract = self._create_signed(
            date_start=date(2026, 1, 1),
            line_ids=[Command.create(line)],
            installment_ids=False,
            **vals,
        )
        if pay:
            self._pay(contract)
        return contract

    def _pay(self, contract):
        return self._post(self._invoice(contract.installment_ids[:1]))

    def _suspend(self, contract, first, last):
        with freeze_time(date(2026, 1, first)):
            contract.action_suspend()
        if last:
            with freeze_time(date(2026, 1, last + 1)):
                contract.action_resume()

    def _end_it(self, contract, **vals):
        with freeze_time(LAST):
            values = {"reason": "terminated", "note": "Closed", "date": LAST, **vals}
            self._open_end(contract, **values).action_end()
            self._post_drafts(contract)

    def _post_drafts(self, contract):
        moves = contract.sudo().invoice_ids.with_user(self.accountant)
        for move in moves.filtered(lambda move: move.state == "draft"):
            move.invoice_date = date(2026, 1, 20)
            move.action_post()
        self.env.invalidate_all()

    @freeze_time(LAST)
    def _credit(self, contract, amount, post=True):
        """Credit a part of the invoice, as an accountant does."""
        invoice = contract.sudo().invoice_ids.filtered(
            lambda move: move.move_type == "out_invoice"
        )
        reversal = (
            self.env["account.move.reversal"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "date": LAST})
        )
        note = invoice.browse(reversal.reverse_moves()["res_id"])
        note.with_user(self.accountant).invoice_line_ids.price_unit = amount
        if post:
            note.with_user(self.accountant).action_post()
        self.env.invalidate_all()

    def _check(self, contract, amount):
        moves = contract.sudo().invoice_ids.filtered(lambda m: m.state == "posted")
        booked = round(sum(moves.mapped("amount_total_signed")), 2)
        self.assertEqual(booked, amount)
        self.assertAlmostEqual(contract.amount_invoiced, amount)

    def test_suspended_days_stay_billed(self):
        """Over, still going on, or over the day before: it does not matter."""
        for first, last in ((5, 9), (1, 3), (15, 19), (15, None), (20, None)):
            contract = self._create_paid()
            self._suspend(contract, first, last)
            self._check(contract, 310)
            self._end_it(contract)
            self._check(contract, 200)

    def test_credited_for_the_suspension(self):
        """Before or after the end, in a draft or not: five days, and those after it."""
        for last in (9, None):
            contract = self._create_paid()
            self._suspend(contract, 5 if last else 16, last)
            self._credit(contract, 50)
            self._end_it(contract)
            self._check(contract, 150)
        contract = self._create_paid()
        self._suspend(contract, 5, 9)
        self._end_it(contract)
        self._credit(contract, 50)
        self._check(contract, 150)
        contract = self._create_paid()
        self._suspend(contract, 5, 9)
        self._credit(contract, 50, post=False)
        self._end_it(contract)
        self._check(contract, 150)

    def test_credited_for_less_or_more(self):
        """What was credited counts for suspended days first, then for those after."""
        for credited, left in ((30, 170), (80, 150), (160, 150), (200, 110)):
            contract = self._create_paid()
            self._suspend(contract, 5, 9)
            self._credit(contract, credited)
            self._end_it(contract)
            self._check(contract, left)

    def test_credited_and_taken_back(self):
        contract = self._create_paid()
        self._suspend(contract, 5, 9)
        self._credit(contract, 50)
        note = contract.sudo().invoice_ids.filtered(
            lambda move: move.move_type == "out_refund"
        )
        note.with_user(self.accountant).button_draft()
        note.with_user(self.accountant).button_cancel()
        self._end_it(contract)
        self._check(contract, 200)

    def test_nothing_is_credited(self):
        """As the contract says, or who ends it."""
        contract = self._create_paid(refund_advance=False)
        self._suspend(contract, 5, 9)
        self._end_it(contract)
        self._check(contract, 310)
        self._credit(contract, 50)
        self._check(contract, 260)
        contract = self._create_paid()
        self._suspend(contract, 5, 9)
        self._credit(contract, 50)
        self._end_it(contract, settle=False)
        self._check(contract, 260)

    def test_suspended_before_it_was_billed(self):
        """Days that were left out of the invoice are not credited."""
        contract = self._create_paid(pay=False)
        self._suspend(contract, 5, 9)
        with freeze_time("2026-01-12"):
            self._pay(contract)
        self._check(contract, 260)
        self._end_it(contract)
        self._check(contract, 150)

    def test_suspended_before_and_after_it_was_billed(self):
        for credited, left in ((0, 150), (30, 120)):
            contract = self._create_paid(pay=False)
            self._suspend(contract, 5, 9)
            with freeze_time("2026-01-12"):
                self._pay(contract)
            self._suspend(contract, 14, 16)
            if credited:
                self._credit(contract, credited)
            self._end_it(contract)
            self._check(contract, left)

    def test_draft_invoice(self):
        """It was not sent: it is made anew, without the suspended days."""
        contract = self._create_paid(pay=False)
        self._invoice(contract.installment_ids[:1])
        self._suspend(contract, 5, 9)
        self._end_it(contract)
        self.env.flush_all()
        rows = contract.installment_ids.filtered(lambda row: row.state != "cancelled")
        self.assertEqual(rows.mapped("amount"), [150])

    def test_not_by_the_day_or_billed_while_suspended(self):
        contract = self._create_paid(line={"prorate": False})
        self._suspend(contract, 5, 9)
        self._end_it(contract)
        self._check(contract, 310)
        self.type.bill_suspended = True
        for credited, left in ((0, 200), (50, 200)):
            contract = self._create_paid()
            self._suspend(contract, 5, 9)
            if credited:
                self._credit(contract, credited)
            self._end_it(contract)
            self._check(contract, left)
