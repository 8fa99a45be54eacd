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

    def _post_credit(self, contract):
        """Post the credit notes of a contract; return the sum that is left of all."""
        moves = contract.sudo().invoice_ids.with_user(self.accountant)
        for move in moves.filtered(lambda m: m.state == "draft"):
            move.invoice_date = date(2026, 1, 10)
            move.action_post()
        self.env.invalidate_all()
        self.assertTrue(all(move.amount_total >= 0 for move in moves))
        posted = moves.filtered(lambda move: move.state == "posted")
        return round(sum(posted.mapped("amount_total_signed")), 2)

    def _credit_part(self, invoice, amount, post):
        """Draft a credit note of an amount, as an accountant does; post it if asked."""
        reversal = (
            self.env["account.move.reversal"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "date": date(2026, 1, 10)})
        )
        credit = invoice.browse(reversal.reverse_moves()["res_id"])
        credit = credit.with_user(self.accountant)
        credit.invoice_line_ids.price_unit = amount
        if post:
            credit.action_post()
        return credit

    def test_credited_in_part(self):
        """What was credited before, in drafts too, is not credited once more."""
        for amount, post in ((200, True), (200, False), (677.42, False)):
            contract = self._create_recurring()
            invoice = self._post(self._invoice(contract.installment_ids[0]))
            self._credit_part(invoice, amount, post)
            self._open_end(contract, date(2026, 1, 10)).action_end()
            self.assertEqual(self._post_credit(contract), 322.58, (amount, post))

    def test_credited_for_more(self):
        """What was credited beyond the days after the end stays: no negative note."""
        for post in (True, False):
            contract = self._create_recurring()
            invoice = self._post(self._invoice(contract.installment_ids[0]))
            self._credit_part(invoice, 900, post)
            wizard = self._open_end(contract, date(2026, 1, 10))
            self.assertIn("stays billed", wizard.effects)
            wizard.action_end()
            self.assertEqual(self._post_credit(contract), 100)

    def test_taxes_to_the_cent(self):
        """With taxes too, the rest is what its days are worth."""
        for price in (999.99, 100.37, 333.33, 57.01):
            line = self._prepare_line_vals(
                is_recurring=True, tax_ids=[Command.set(self.tax.ids)], price_unit=price
            )
            contract = self._create_signed(
                date_start=date(2026, 1, 1),
                line_ids=[Command.create(line)],
                installment_ids=False,
            )
            self._post(self._invoice(contract.installment_ids[0]))
            self._open_end(contract, date(2026, 1, 10)).action_end()
            untaxed = round(price * 10 / 31 + 1e-9, 2)
            expected = round(untaxed + round(untaxed * 0.15 + 1e-9, 2), 2)
            self.assertEqual(self._post_credit(contract), expected, price)

    def test_the_contract_says_otherwise(self):
        contract = self._create_contract(
            refund_advance=False,
            date_start=date(2026, 1, 1),
            line_ids=[
                Command.create(
                    self._prepare_line_vals(is_recurring=True, tax_ids=False)
                )
            ],
            installment_ids=False,
        )
        before = self._hash(contract)
        contract.refund_advance = True
        self.assertNotEqual(self._hash(contract), before)
        contract.refund_advance = False
        self._sign(contract)
        with self.assertRaisesRegex(UserError, "is locked"):
            contract.refund_advance = True
        self._post(self._invoice(contract.installment_ids[0]))
        wizard = self._open_end(contract, date(2026, 1, 10))
        self.assertFalse(wizard.settle)
        wizard.action_end()
        self.assertEqual(self._post_credit(contract), 1000)

    def test_plan(self):
        """What fell due until the end is billed, nothing after."""
        plan = [
            {"name": "Past", "date": date(2026, 1, 5), "percentage": 10},
            {"name": "On the day", "date": date(2026, 1, 10), "percentage": 20},
            {"name": "After", "date": date(2026, 1, 11), "percentage": 30},
            {"name": "Not done", "trigger": "milestone", "percentage": 40},
        ]
        contract = self._create_contract(
            date_start=date(2026, 1, 1),
            installment_ids=[Command.create(row) for row in plan],
            milestone_ids=[Command.create({"name": "Acceptance"})],
        )
        contract.installment_ids[-1].milestone_id = contract.milestone_ids
        self._sign(contract)
        wizard = self._open_end(contract, date(2026, 1, 10))
        self.assertEqual(wizard.amount_plan_open, 1150 * 0.7)
        wizard.action_end()
        self.env.flush_all()
        rows = contract.installment_ids.sorted("sequence")
        states = {row.name: row.state for row in rows}
        self.assertEqual(
            states,
            {
                "Past": "due",
                "On the day": "due",
                "After": "cancelled",
                "Not done": "cancelled",
            },
        )
        self.assertEqual(contract.amount_remaining, 1150 * 0.3)

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
