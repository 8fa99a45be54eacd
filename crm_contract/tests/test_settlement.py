from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command

from .test_installment import LedgerCommon


@freeze_time("2026-01-10")
class TestSettlement(LedgerCommon):
    """An early end says what it does to the ledger, and does it."""

    def _create_recurring(self, **line):
        line = self._prepare_line_vals(is_recurring=True, tax_ids=False, **line)
        return self._create_signed(
            date_start=date(2026, 1, 1),
            line_ids=[Command.create(line)],
            installment_ids=False,
        )

    def _open_end(self, contract, day, **vals):
        vals = {"reason": "terminated", "note": "Closed", "date": day, **vals}
        return super()._open_end(contract, **vals)

    def _get_rows(self, contract):
        return [
            (row.period_start.day, row.period_end.day, row.amount, row.state)
            for row in contract.installment_ids.sorted("period_start")
        ]

    def test_nothing_billed(self):
        contract = self._create_recurring()
        with freeze_time("2026-03-15"):
            wizard = self._open_end(contract, date(2026, 3, 15))
            self.assertIn("is billed in part", wizard.effects)
            self.assertIn("Not billed: 9 periods from 04/01/2026", wizard.effects)
            self.assertFalse(wizard.has_advance)
            wizard.action_end()
            # The state is that of the day on which it is computed.
            self.env.flush_all()
        self.assertEqual(
            self._get_rows(contract),
            [
                (1, 31, 1000, "due"),
                (1, 28, 1000, "due"),
                (1, 15, 483.87, "due"),
            ],
        )

    def test_in_full(self):
        contract = self._create_recurring(prorate=False)
        with freeze_time("2026-03-15"):
            self._open_end(contract, date(2026, 3, 15)).action_end()
            self.env.flush_all()
        self.assertEqual(self._get_rows(contract)[-1], (1, 15, 1000, "due"))

    def test_credit_note(self):
        contract = self._create_recurring(quantity=3)
        row = contract.installment_ids.sorted("period_start")[0]
        invoice = self._post(self._invoice(row))
        wizard = self._open_end(contract, date(2026, 1, 10))
        self.assertIn("A credit note of", wizard.effects)
        wizard.action_end()
        credit_note = contract.sudo().invoice_ids - invoice.sudo()
        self.assertEqual(credit_note.move_type, "out_refund")
        self.assertEqual(credit_note.state, "draft")
        self.assertEqual(credit_note.reversed_entry_id, invoice)
        self.assertAlmostEqual(credit_note.amount_total, 3000 - 967.74)
        self.assertEqual(row.amount_invoiced, 3000)
        credit_note.with_user(self.accountant).invoice_date = date(2026, 1, 10)
        credit_note.with_user(self.accountant).action_post()
        self.assertEqual(row.state, "invoiced")
        self.assertAlmostEqual(row.amount_invoiced, 967.74)
        self.assertAlmostEqual(contract.amount_invoiced, 967.74)
        self.assertEqual(len(contract.installment_ids), 1)

    def test_without_settlement(self):
        contract = self._create_recurring()
        invoice = self._post(self._invoice(contract.installment_ids[0]))
        wizard = self._open_end(contract, date(2026, 1, 10), settle=False)
        self.assertIn("stays billed", wizard.effects)
        wizard.action_end()
        self.assertEqual(contract.sudo().invoice_ids, invoice)

    def test_draft_invoice_is_made_anew(self):
        contract = self._create_recurring()
        invoice = self._invoice(contract.installment_ids[0])
        self._open_end(contract, date(2026, 1, 10)).action_end()
        self.assertEqual(invoice.sudo().state, "cancel")
        self.assertEqual(self._get_rows(contract), [(1, 10, 322.58, "due")])
        again = self._invoice(contract.installment_ids)
        self.assertAlmostEqual(again.sudo().amount_total, 322.58)

    def test_nothing_is_billed_after_the_end(self):
        contract = self._create_recurring(billed_in="arrears")
        self._open_end(contract, date(2026, 1, 10)).action_end()
        with freeze_time("2027-01-01"):
            ledger = self.env["crm.contract.ledger"]
            ledger._extend(contract.browse())
            ledger._extend(contract)
        [row] = contract.installment_ids
        self.assertEqual(row.period_end, date(2026, 1, 10))
        with self.assertRaises(UserError):
            contract.action_resume()
