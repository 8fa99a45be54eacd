from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError

from .common_end import TODAY, EndCommon


@freeze_time(TODAY)
class TestBilledAgain(EndCommon):
    """What an invoice gave up is billed by what holds now, not by what held then."""

    def _amend(self, contract, day, **vals):
        amendment = contract.with_user(self.user)._amend(day, "More sites")
        amendment.line_ids.write(vals)
        self._sign(amendment)
        if contract.state == "running":
            self.assertEqual(amendment.state, "in_force")

    def _run_bill(self, contract, day=TODAY):
        """Let the run invoice; return the amounts of what it made."""
        before = contract.sudo().invoice_ids
        self._run_on("bill", day, "crm_contract")
        made = contract.sudo().invoice_ids - before
        return sorted(made.invoice_line_ids.mapped("price_total"))

    def test_credited_after_an_amendment(self):
        """March was billed at 310, and is 620 since: so is what is billed again."""
        for day, amounts in (
            (date(2026, 3, 1), [620]),
            (date(2026, 3, 11), [100, 420]),
        ):
            contract = self._create_fee()
            self._bill(self._row_of(contract, 1) | self._row_of(contract, 2))
            invoice = self._bill(self._row_of(contract, 3))
            with freeze_time(max(day, TODAY)):
                self._amend(contract, day, price_unit=620)
                self.assertEqual(self._run_bill(contract, max(day, TODAY)), [])
                self._credit_again(invoice)
            self.assertEqual(self._run_bill(contract, max(day, TODAY)), amounts)
            self.assertEqual(self._get_net(contract), 620 + sum(amounts))
            self.assertFalse(
                self.env["crm.contract.verification"]._get_problems(contract)
            )

    def test_cancelled_after_the_end_was_taken_back(self):
        """In arrears, the days up to it fall due with the month that they are of."""
        contract = self._create_fee(line={"billed_in": "arrears"})
        self._bill(self._row_of(contract, 1) | self._row_of(contract, 2))
        self._terminate(contract)
        [short] = self._row_of(contract, 3)
        with freeze_time("2026-03-11"):
            invoice = self._invoice(short)
            self._reopen(contract)
            self.assertEqual(len(self._row_of(contract, 3)), 2)
            invoice.with_user(self.accountant).button_cancel()
        self.assertEqual(self._run_bill(contract, "2026-03-12"), [])
        self.assertEqual(self._periods(contract)[2][:4], (3, 1, 31, 310))
        self.assertEqual(self._run_bill(contract, "2026-04-01"), [310])

    def _credit_again(self, invoice):
        note = invoice.with_user(self.accountant)._reverse_moves(
            [{"invoice_date": TODAY}], cancel=True
        )
        note.action_bill_credited_again()

    def test_suspended(self):
        """What was over is billed again meanwhile; what is not over waits."""
        contract = self._create_fee()
        past = self._bill(self._row_of(contract, 1))
        present = self._bill(self._row_of(contract, 2) | self._row_of(contract, 3))
        contract.action_suspend()
        self._credit_again(past)
        self._credit_again(present[-1:])
        self.assertEqual(self._run_bill(contract), [310])
        with freeze_time("2026-04-06"):
            contract.action_resume()
        # Nine days of March, 25 of April
        self.assertEqual(self._run_bill(contract, "2026-04-06"), [90, 258.33])

    def test_by_hand(self):
        """Who presses the button of a row bills what holds now as well."""
        contract = self._create_fee()
        self._bill(self._row_of(contract, 1) | self._row_of(contract, 2))
        invoice = self._bill(self._row_of(contract, 3))
        with freeze_time("2026-03-11"):
            self._amend(contract, date(2026, 3, 11), price_unit=620)
            self._credit_again(invoice)
            for amount in (100, 420):
                row = self._row_of(contract, 3).filtered(lambda r: r.state == "due")
                made = self._invoice(row[:1])
                self.assertEqual(made.amount_total, amount)
        self.assertEqual(self._run_bill(contract, "2026-03-31"), [])

    def test_by_hand_while_suspended(self):
        contract = self._create_fee()
        self._bill(self._row_of(contract, 1) | self._row_of(contract, 2))
        invoice = self._bill(self._row_of(contract, 3))
        contract.action_suspend()
        self._credit_again(invoice)
        before = contract.sudo().invoice_ids
        with self.assertRaisesRegex(UserError, "Nothing is charged any more"):
            self._invoice(self._row_of(contract, 3))
        self.assertEqual(contract.sudo().invoice_ids, before)

    def test_suspended_and_deleted(self):
        contract = self._create_fee()
        self._bill(self._row_of(contract, 1) | self._row_of(contract, 2))
        draft = self._invoice(self._row_of(contract, 3))
        contract.action_suspend()
        draft.with_user(self.accountant).unlink()
        self.assertEqual(self._run_bill(contract), [])
        with freeze_time("2026-03-20"):
            contract.action_resume()
        self.assertEqual(self._run_bill(contract, "2026-03-20"), [210])

    def test_amended_then_suspended_and_deleted(self):
        """February was over, and is 620 since: so it is billed while all is suspended."""
        contract = self._create_fee()
        self._bill(self._row_of(contract, 1))
        draft = self._invoice(self._row_of(contract, 2))
        self._amend(contract, date(2026, 2, 1), price_unit=620)
        contract.action_suspend()
        draft.with_user(self.accountant).unlink()
        self.assertEqual(self._run_bill(contract), [620])
        self.assertEqual(self._run_bill(contract), [])

    def test_amended_while_suspended(self):
        """What was over before waits for what changes it: not lost, not as of old."""
        contract = self._create_fee()
        self._bill(self._row_of(contract, 1))
        self._invoice(self._row_of(contract, 2)).with_user(self.accountant).unlink()
        contract.action_suspend()
        self._amend(contract, date(2026, 2, 1), price_unit=620)
        self.assertEqual(self._run_bill(contract), [])
        with freeze_time("2026-03-20"):
            contract.action_resume()
            self._run_on("advance", "2026-03-20", "crm_contract")
        # 21 days of March
        self.assertEqual(self._run_bill(contract, "2026-03-20"), [420, 620])

    def test_suspended_before(self):
        """Paid for, then suspended for ten days, which are left out now."""
        contract = self._create_fee()
        self._bill(self._row_of(contract, 1) | self._row_of(contract, 2))
        invoice = self._bill(self._row_of(contract, 3))
        contract.action_suspend()
        with freeze_time("2026-03-20"):
            contract.action_resume()
            self._credit_again(invoice)
        self.assertEqual(self._run_bill(contract, "2026-03-20"), [210])
