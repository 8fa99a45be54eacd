from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .test_installment import LedgerCommon


class SharedInvoiceCommon(LedgerCommon):
    """A contract of 230 (200 and 15 % tax), due at once in rows of 46, 92 and 92."""

    def _create_shared(self, percentages=(20, 40, 40)):
        """Return rows that are due, in their order."""
        rows = [
            {"name": f"Row {index}", "percentage": percentage, "date": self.today}
            for index, percentage in enumerate(percentages)
        ]
        contract = self._create_signed(
            line_ids=[Command.create(self._prepare_line_vals(price_unit=200))],
            installment_ids=[Command.create(row) for row in rows],
        )
        return contract.installment_ids.sorted("id")

    def _create_billed(self, percentages=(20, 40, 40)):
        """Return the rows and the posted invoice of 230 that they share."""
        rows = self._create_shared(percentages)
        return rows, self._post(self._invoice(rows))

    def _bill(self, rows):
        """Invoice whatever of the contract is due, as a billing run does."""
        billing = self.env["crm.contract.billing"].with_user(self.accountant)
        today = fields.Date.context_today(billing)
        billing._bill(rows.contract_id, billing._get_bill_domain(), today)

    def _get_booked(self):
        """Return what the customer's invoices and credit notes come to."""
        moves = self.env["account.move"].search(
            [
                ("partner_id", "=", self.customer.id),
                ("move_type", "in", ("out_invoice", "out_refund")),
                ("state", "!=", "cancel"),
            ]
        )
        return sum(moves.mapped("amount_total_in_currency_signed"))

    def _open_reversal(self, invoices):
        return (
            self.env["account.move.reversal"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create({"journal_id": invoices.journal_id.id, "date": self.today})
        )

    def _draft_credit(self, invoice, rows=None):
        """Return a draft credit note, of the lines of some rows alone."""
        action = self._open_reversal(invoice).refund_moves()
        credit_note = invoice.browse(action["res_id"]).with_user(self.accountant)
        if rows:
            lines = credit_note.invoice_line_ids
            lines.filtered(
                lambda line: line.credited_installment_id not in rows
            ).unlink()
        return credit_note

    def _credit_rows(self, invoice, rows):
        credit_note = self._draft_credit(invoice, rows)
        credit_note.action_post()
        return credit_note

    def _set_price(self, move, row, price):
        """Change what of a draft bills a row, or takes it back, without taxes."""
        lines = move.with_user(self.accountant).invoice_line_ids.filtered("product_id")
        lines.filtered(
            lambda line: row in line.installment_id + line.credited_installment_id
        ).write({"quantity": 1, "price_unit": price})

    def _replace(self, invoices):
        """Reverse and create invoice; return the new drafts."""
        reversal = self._open_reversal(invoices)
        reversal.modify_moves()
        return reversal.new_move_ids.sorted("id")

    def _assert_states(self, rows, *states):
        self.assertEqual(rows.mapped("state"), list(states))


class TestCreditOfSharedInvoice(SharedInvoiceCommon):
    """A credit of one row of an invoice reopens that row alone."""

    def test_one_of_three(self):
        rows, invoice = self._create_billed()
        self._credit_rows(invoice, rows[0])
        self._assert_states(rows, "due", "invoiced", "invoiced")
        self.assertEqual(self._get_booked(), 184)
        self._bill(rows)
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self.assertEqual(rows[1:].invoice_id, invoice)
        self.assertEqual(rows[0].invoice_id.amount_total, 46)
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230)
        self.assertEqual(rows.contract_id.amount_invoiced, 230)

    def test_two_of_three(self):
        rows, invoice = self._create_billed()
        self._credit_rows(invoice, rows[:2])
        self._assert_states(rows, "due", "due", "invoiced")
        self.assertEqual(self._get_booked(), 92)
        self._bill(rows)
        self.assertEqual(rows[0].invoice_id, rows[1].invoice_id)
        self.assertEqual(rows[2].invoice_id, invoice)
        self.assertEqual(self._get_booked(), 230)

    def test_one_after_the_other(self):
        rows, invoice = self._create_billed()
        for row in rows:
            self._credit_rows(invoice, row)
            self.assertEqual(row.state, "due")
            self._bill(rows)
            self.assertEqual(self._get_booked(), 230)
        self.assertEqual(invoice.payment_state, "reversed")
        self.assertEqual(len(rows.invoice_id), 3)

    def test_what_is_paid(self):
        """What was credited is not money that came in for the others."""
        rows, invoice = self._create_billed()
        self._credit_rows(invoice, rows[0])
        self.assertEqual(invoice.amount_residual, 184)
        self.assertEqual(rows.mapped("amount_paid"), [0, 0, 0])
        self.assertEqual(rows.mapped("amount_open"), [0, 92, 92])
        self._pay(invoice, 92)
        self.assertEqual(rows.mapped("amount_paid"), [0, 46, 46])
        self._pay(invoice)
        self._assert_states(rows, "due", "paid", "paid")

    def test_credited_after_payment(self):
        rows, invoice = self._create_billed()
        self._pay(invoice)
        self._credit_rows(invoice, rows[0])
        self._assert_states(rows, "due", "paid", "paid")
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230)

    def test_in_part_then_the_rest(self):
        rows, invoice = self._create_billed((100,))
        credit_note = self._draft_credit(invoice)
        credit_note.invoice_line_ids.price_unit = 40
        credit_note.action_post()
        self._assert_states(rows, "invoiced")
        self.assertEqual(rows.amount_invoiced, 184)
        self._bill(rows)
        self.assertEqual(self._get_booked(), 184)
        credit_note = self._draft_credit(invoice)
        credit_note.invoice_line_ids.price_unit = 160
        credit_note.action_post()
        self._assert_states(rows, "due")
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230)

    def test_one_row_in_part_then_all_in_full(self):
        rows, invoice = self._create_billed()
        credit_note = self._draft_credit(invoice, rows[0])
        self._set_price(credit_note, rows[0], 10)
        credit_note.action_post()
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self.assertEqual(rows.mapped("amount_invoiced"), [34.5, 92, 92])
        credit_note = self._draft_credit(invoice)
        self._set_price(credit_note, rows[0], 30)
        credit_note.action_post()
        self._assert_states(rows, "due", "due", "due")
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230)

    def test_draft_credit_note(self):
        rows, invoice = self._create_billed()
        credit_note = self._draft_credit(invoice, rows[0])
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self._bill(rows)
        self.assertEqual(rows.invoice_id, invoice)
        credit_note.action_post()
        credit_note.button_draft()
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        credit_note.button_cancel()
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")

    def test_credit_note_comes_back_to_draft_too_late(self):
        rows, invoice = self._create_billed()
        credit_note = self._credit_rows(invoice, rows[0])
        self._bill(rows)
        for reset in (credit_note.button_draft, credit_note.button_cancel):
            with self.assertRaisesRegex(UserError, "invoiced again"):
                reset()
        self._post(rows[0].invoice_id)
        with self.assertRaisesRegex(UserError, "invoiced again"):
            credit_note.button_draft()

    def test_reset_after_the_new_invoice_was_deleted(self):
        """The first invoice bills the row again, whatever was between."""
        rows, invoice = self._create_billed()
        credit_note = self._credit_rows(invoice, rows[0])
        self._bill(rows)
        rows[0].invoice_id.with_user(self.accountant).unlink()
        self._assert_states(rows, "due", "invoiced", "invoiced")
        credit_note.button_draft()
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self.assertEqual(rows.invoice_id, invoice)
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230 - 46)  # the draft credit note counts
        credit_note.unlink()
        self.assertEqual(self._get_booked(), 230)

    def test_reset_after_the_new_invoice_was_cancelled(self):
        """Of two invoices of a row, one alone can come back to life."""
        rows, invoice = self._create_billed()
        credit_note = self._credit_rows(invoice, rows[0])
        self._bill(rows)
        cancelled = rows[0].invoice_id.with_user(self.accountant)
        cancelled.button_cancel()
        credit_note.button_draft()
        self.assertEqual(rows.invoice_id, invoice)
        with self.assertRaisesRegex(UserError, "invoiced again"):
            cancelled.button_draft()

    def test_invoice_is_cancelled_after_all(self):
        """Its other rows reopen; the one that is billed elsewhere stays there."""
        rows, invoice = self._create_billed()
        self._credit_rows(invoice, rows[0])
        self._bill(rows)
        invoice.button_draft()
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        invoice.button_cancel()
        self._assert_states(rows, "invoiced", "due", "due")
        invoice.button_draft()
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self.assertNotEqual(rows[0].invoice_id, invoice)

    def test_changed_draft(self):
        """Draft changed by the accountant: credited in full all the same."""
        rows = self._create_shared((50, 50))
        invoice = self._invoice(rows).with_user(self.accountant)
        self._set_price(invoice, rows[0], 90)  # 103.50 instead of 115
        self._post(invoice)
        self._credit_rows(invoice, rows[0])
        self._assert_states(rows, "due", "invoiced")


class TestReversedByOthers(SharedInvoiceCommon):
    """Odoo calls an invoice reversed once credit notes alone settle it: any ones."""

    def _settle(self, *moves):
        lines = self.env["account.move.line"].union(*(move.line_ids for move in moves))
        lines.with_user(self.accountant).filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()

    def test_credit_note_of_another_invoice(self):
        """It was paid already, so its credit note settles what the customer owes."""
        rows = self._create_shared((50, 50))
        first, second = (self._post(self._invoice(row)) for row in rows)
        self._pay(first)
        credit_note = self._credit_rows(first, rows[0])
        self._settle(second, credit_note)
        self.assertEqual(second.payment_state, "reversed")
        self._assert_states(rows, "due", "paid")
        self.assertEqual(rows[1].amount_open, 0)
        self._bill(rows)
        self.assertEqual(rows[1].invoice_id, second)
        self.assertEqual(self._get_booked(), 230)

    def test_more_than_the_row(self):
        """One row is credited, at the price of all of them."""
        rows, invoice = self._create_billed()
        credit_note = self._draft_credit(invoice, rows[0])
        self._set_price(credit_note, rows[0], 200)
        credit_note.action_post()
        self.assertEqual(invoice.payment_state, "reversed")
        self._assert_states(rows, "due", "paid", "paid")

    def test_line_of_their_own(self):
        """One row is credited, and 184 for what is no row of the ledger."""
        rows, invoice = self._create_billed()
        credit_note = self._draft_credit(invoice, rows[0])
        credit_note.write(
            {
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Goodwill",
                            "price_unit": 160,
                            "tax_ids": [Command.set(self.tax.ids)],
                        }
                    )
                ]
            }
        )
        credit_note.action_post()
        self.assertEqual(invoice.payment_state, "reversed")
        self._assert_states(rows, "due", "paid", "paid")
        self._bill(rows)
        self.assertEqual(rows[1:].invoice_id, invoice)
        self.assertEqual(self._get_booked(), 46)

    def test_by_hand(self):
        """A credit note that names no invoice is an offset, as a payment is."""
        rows, invoice = self._create_billed()
        credit_note = invoice.browse().create(
            {
                "move_type": "out_refund",
                "partner_id": self.customer.id,
                "invoice_date": self.today,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Goodwill",
                            "price_unit": 200,
                            "tax_ids": [Command.set(self.tax.ids)],
                        }
                    )
                ],
            }
        )
        credit_note.action_post()
        self._settle(invoice, credit_note)
        self.assertEqual(invoice.payment_state, "reversed")
        self._assert_states(rows, "paid", "paid", "paid")
        self._bill(rows)
        self.assertEqual(rows.invoice_id, invoice)

    def test_taken_back_as_a_whole(self):
        """The credit note of the invoice was written anew, with a line for all."""
        rows, invoice = self._create_billed()
        credit_note = self._draft_credit(invoice)
        credit_note.write(
            {
                "invoice_line_ids": [
                    *(Command.delete(i) for i in credit_note.invoice_line_ids.ids),
                    Command.create(
                        {
                            "name": "Reversal",
                            "price_unit": 200,
                            "tax_ids": [Command.set(self.tax.ids)],
                        }
                    ),
                ]
            }
        )
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        credit_note.action_post()
        self._assert_states(rows, "due", "due", "due")
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230)
        with self.assertRaisesRegex(UserError, "invoiced again"):
            credit_note.button_draft()

    def test_credit_note_is_reversed(self):
        """What takes back a credit note bills its rows again, as a draft too."""
        rows, invoice = self._create_billed()
        credit_note = self._credit_rows(invoice, rows[0])
        again = self._draft_credit(credit_note)
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        again.action_post()
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self.assertEqual(rows.mapped("amount_invoiced"), [46, 92, 92])
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230)
        again.button_draft()
        again.button_cancel()
        self._assert_states(rows, "due", "invoiced", "invoiced")

    def test_credit_note_is_replaced(self):
        """46 are credited by mistake, then 23 instead."""
        rows, invoice = self._create_billed()
        replacement = self._replace(self._credit_rows(invoice, rows[0]))
        self.assertEqual(replacement.move_type, "out_refund")
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self._set_price(replacement, rows[0], 20)
        self._post(replacement)
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self.assertEqual(rows.mapped("amount_invoiced"), [23, 92, 92])
        self._bill(rows)
        self.assertEqual(self._get_booked(), 207)


class TestReverseAndCreate(SharedInvoiceCommon):
    """The invoice that replaces another one bills the same rows."""

    def test_replaced(self):
        """1150 in two halves: the second one is due in 30 days."""
        contract = self._create_signed(
            installment_ids=[
                Command.create({"name": n, "percentage": 50, "date": self._days(days)})
                for n, days in (("A", 0), ("B", 30))
            ]
        )
        rows = contract.installment_ids.sorted("date_due")
        invoice = self._post(self._invoice(rows[0]))
        replacement = self._replace(invoice)
        self._assert_states(rows, "invoiced", "planned")
        self.assertEqual(rows[0].invoice_id, replacement)
        self.assertEqual(replacement.contract_id, contract)
        self.assertEqual(
            replacement.sudo().invoice_line_ids.installment_id, rows[0].sudo()
        )
        self._bill(rows)
        self.assertEqual(self._get_booked(), 575)
        self._post(replacement)
        self._pay(replacement)
        self.assertEqual((rows[0].state, rows[0].amount_paid), ("paid", 575))
        self.env.flush_all()
        with freeze_time(self.today + timedelta(days=30)):
            self._bill(rows)
        self.assertEqual(self._get_booked(), 1150)
        self.assertEqual(contract.amount_invoiced, 1150)

    def test_shared(self):
        rows, invoice = self._create_billed()
        replacement = self._replace(invoice)
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self.assertEqual(rows.invoice_id, replacement)
        billed = replacement.invoice_line_ids.filtered("product_id")
        self.assertEqual(
            {line.installment_id: line.price_total for line in billed.sudo()},
            dict(zip(rows.sudo(), (46, 92, 92), strict=True)),
        )
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230)
        self._post(replacement)
        self._credit_rows(replacement, rows[2])
        self._assert_states(rows, "invoiced", "invoiced", "due")

    def test_line_of_the_replacement_is_deleted(self):
        rows, invoice = self._create_billed()
        replacement = self._replace(invoice).with_user(self.accountant)
        replacement.invoice_line_ids.filtered(
            lambda line: line.installment_id == rows[1]
        ).unlink()
        self._assert_states(rows, "invoiced", "due", "invoiced")
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230)

    def test_several_at_once(self):
        first, second = self._create_shared((100,)), self._create_shared((100,))
        invoices = self._post(self._invoice(second)) + self._post(self._invoice(first))
        drafts = self._replace(invoices)
        self.assertEqual((second + first).mapped("invoice_id"), drafts)
        self.assertEqual(
            drafts.mapped("contract_id"), (second + first).mapped("contract_id")
        )

    def test_replaced_again(self):
        rows, invoice = self._create_billed()
        second = self._replace(self._post(self._replace(invoice)))
        self.assertEqual(rows.invoice_id, second)
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230)

    def test_replacement_is_deleted(self):
        rows, invoice = self._create_billed()
        self._replace(invoice).with_user(self.accountant).unlink()
        self._assert_states(rows, "due", "due", "due")
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230)
        self.assertEqual(len(rows.invoice_id), 1)

    def test_replacement_is_cancelled(self):
        rows, invoice = self._create_billed()
        replacement = self._replace(invoice).with_user(self.accountant)
        replacement.button_cancel()
        self._assert_states(rows, "due", "due", "due")
        replacement.button_draft()
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        replacement.button_cancel()
        self._bill(rows)
        with self.assertRaisesRegex(UserError, "invoiced again"):
            replacement.button_draft()
        self.assertEqual(self._get_booked(), 230)

    def test_credit_note_stays_posted_while_the_replacement_lives(self):
        rows, invoice = self._create_billed()
        replacement = self._replace(invoice).with_user(self.accountant)
        credit_note = invoice.reversal_move_ids
        with self.assertRaisesRegex(UserError, "invoiced again"):
            credit_note.button_draft()
        replacement.unlink()
        credit_note.button_draft()
        # Odoo leaves the draft matched with the invoice; it pays for nothing.
        self.assertEqual(invoice.amount_residual, 0)
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self.assertEqual(rows.mapped("amount_paid"), [0, 0, 0])
        self.assertEqual(rows.mapped("amount_open"), [46, 92, 92])
        self.assertEqual(rows.invoice_id, invoice)
        credit_note.button_cancel()
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")

    def test_reversal_at_a_later_day(self):
        """Until then the first invoice stands; afterwards the replacement does."""
        rows, invoice = self._create_billed()
        reversal = self._open_reversal(invoice)
        reversal.date = self._days(3)
        reversal.modify_moves()
        replacement = reversal.new_move_ids
        credit_note = invoice.reversal_move_ids
        self.assertEqual(credit_note.state, "draft")
        self._bill(rows)
        self.assertEqual(rows.invoice_id, replacement)
        replacement.with_user(self.accountant).unlink()
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self.assertEqual(rows.invoice_id, invoice)

    def test_one_row_was_credited_and_billed_before(self):
        rows, invoice = self._create_billed()
        self._credit_rows(invoice, rows[0])
        self._bill(rows)
        again = rows[0].invoice_id
        replacement = self._replace(invoice)
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self.assertIn(again, rows[0].billing_line_ids.move_id)
        self.assertEqual(rows[1:].invoice_id, replacement)
        self.assertEqual(rows.mapped("amount_invoiced"), [46, 92, 92])
        self.assertEqual(self._get_booked(), 230)

    def test_accountant_needs_no_right_on_the_contract(self):
        rows, invoice = self._create_billed()
        self.assertFalse(rows.with_user(self.accountant).has_access("write"))
        replacement = self._replace(invoice).with_user(self.accountant)
        with self.assertRaises(AccessError):
            replacement.contract_id = False

    @freeze_time("2026-01-10")
    def test_early_end(self):
        """What was paid in advance is credited on the replacement."""
        line = self._prepare_line_vals(is_recurring=True, tax_ids=False)
        contract = self._create_signed(
            date_start="2026-01-01",
            line_ids=[Command.create(line)],
            installment_ids=False,
        )
        row = contract.installment_ids.sorted("period_start")[0]
        with patch.object(type(self), "today", date(2026, 1, 10)):
            replacement = self._post(self._replace(self._post(self._invoice(row))))
        self._end(contract, date="2026-01-10", reason="terminated", note="Closed")
        credit_note = replacement.reversal_move_ids
        self.assertAlmostEqual(credit_note.amount_total, 677.42)  # 21 of 31 days
        self._post(credit_note)
        self.assertAlmostEqual(contract.amount_invoiced, 322.58)
        self.assertAlmostEqual(self._get_booked(), 322.58)

    def test_interest(self):
        """An invoice of interest bears none, whichever one bills it."""
        self.type.write({"late_rate": 1, "late_rate_unit": "day"})
        rows, invoice = self._create_billed()
        contract = rows.contract_id
        with freeze_time(self._days(10)):
            late = self.env["crm.contract.late.interest"].with_env(contract.env)
            charged = late._charge(contract, self._days(10))
            replacement = self._replace(self._post(charged, self._days(10)))
            self._post(replacement, self._days(10))
        row = contract.installment_ids.filtered(lambda row: row.trigger == "interest")
        self.assertEqual((row.state, row.invoice_id), ("invoiced", replacement))
        with freeze_time(self._days(50)):
            owed = late._get_rows(charged + replacement + invoice, self._days(50))
        self.assertEqual(list(owed), invoice.sudo().ids and [invoice.sudo()])


class TestLinesOfTheDraft(SharedInvoiceCommon):
    """What an accountant does to a draft; what is copied names no row."""

    def _get_lines(self, invoice, row):
        return invoice.with_user(self.accountant).invoice_line_ids.filtered(
            lambda line: line.installment_id == row
        )

    def test_line_is_deleted(self):
        rows = self._create_shared()
        invoice = self._invoice(rows)
        self._get_lines(invoice, rows[1]).unlink()
        self._assert_states(rows, "invoiced", "due", "invoiced")
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230)
        self.assertEqual((rows[0] + rows[2]).invoice_id, invoice)

    def test_line_is_replaced(self):
        rows = self._create_shared()
        invoice = self._invoice(rows).with_user(self.accountant)
        old = self._get_lines(invoice, rows[1])
        line = {
            "name": "The same in other words",
            "price_unit": 80,
            "tax_ids": [Command.set(self.tax.ids)],
        }
        invoice.write(
            {
                "invoice_line_ids": [
                    *(Command.delete(i) for i in old.ids),
                    Command.create(line),
                ]
            }
        )
        self._post(invoice)
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230)

    def test_draft_is_deleted_or_cancelled(self):
        rows = self._create_shared()
        self._invoice(rows).with_user(self.accountant).unlink()
        self._assert_states(rows, "due", "due", "due")
        invoice = self._invoice(rows).with_user(self.accountant)
        invoice.button_cancel()
        self._assert_states(rows, "due", "due", "due")
        invoice.button_draft()
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")

    def test_links_are_closed(self):
        """Who may both change contracts and invoice links no line."""
        rows, invoice = self._create_billed()
        self.manager.group_ids += self.env.ref("account.group_account_invoice")
        line = invoice.invoice_line_ids[-1:]
        row = rows[0].with_user(self.manager)
        for name in ("billing_line_ids", "credit_line_ids"):
            with self.assertRaises(AccessError):
                row.write({name: [Command.link(line.id)]})
        for name in ("installment_id", "credited_installment_id"):
            with self.assertRaises(AccessError):
                line.with_user(self.manager).write({name: row.id})
        with self.assertRaises(AccessError):
            invoice.with_user(self.manager).write(
                {"installment_ids": [Command.unlink(row.id)]}
            )

    def test_links_by_default(self):
        """A default that an accountant keeps for himself links nothing."""
        rows, invoice = self._create_billed()
        links = {
            "account.move": {"contract_id": rows.contract_id.id},
            "account.move.line": {
                "installment_id": rows[0].id,
                "credited_installment_id": rows[1].id,
            },
        }
        defaults = self.env["ir.default"].with_user(self.accountant)
        vals = {
            "move_type": "out_invoice",
            "partner_id": self.customer.id,
            "invoice_line_ids": [Command.create({"name": "L", "price_unit": 1})],
        }
        for model, values in links.items():
            for name, value in values.items():
                defaults.set(model, name, value, user_id=True)
        made = invoice.create(vals).sudo()
        self.assertFalse(made.contract_id)
        lines = made.line_ids
        self.assertFalse(lines.installment_id + lines.credited_installment_id)

    def test_duplicates_name_no_row(self):
        rows, invoice = self._create_billed()
        credit_note = self._credit_rows(invoice, rows[0])
        for move in (invoice, credit_note):
            duplicate = move.copy()
            lines = duplicate.sudo().invoice_line_ids
            self.assertFalse(duplicate.contract_id)
            self.assertFalse(lines.installment_id + lines.credited_installment_id)
        self._assert_states(rows, "due", "invoiced", "invoiced")


class TestLinkedByHand(SharedInvoiceCommon):
    """An invoice whose lines name no row stands for those that it was linked to."""

    def _create_linked(self):
        rows = self._create_shared()
        invoice = self.env["account.move"].with_user(self.accountant)
        invoice = invoice.create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_date": self.today,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "By hand",
                            "price_unit": 200,
                            "tax_ids": [Command.set(self.tax.ids)],
                        }
                    )
                ],
            }
        )
        invoice.action_post()
        action = rows.with_user(self.accountant).action_link_invoice()
        wizard = self.env[action["res_model"]].with_user(self.accountant)
        wizard = wizard.browse(action["res_id"])
        wizard.invoice_id = invoice
        wizard.action_link()
        return rows, invoice

    def test_credited_in_full(self):
        rows, invoice = self._create_linked()
        self._credit(invoice)
        self._assert_states(rows, "due", "due", "due")
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230)
        with self.assertRaisesRegex(UserError, "invoiced again"):
            invoice.reversal_move_ids.button_draft()

    def test_credited_in_part(self):
        rows, invoice = self._create_linked()
        credit_note = self._draft_credit(invoice)
        credit_note.invoice_line_ids.price_unit = 40
        credit_note.action_post()
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self._bill(rows)
        self.assertEqual(rows.invoice_id, invoice)

    def test_replaced(self):
        rows, invoice = self._create_linked()
        replacement = self._replace(invoice)
        self.assertEqual(rows.invoice_id, replacement)
        self._assert_states(rows, "invoiced", "invoiced", "invoiced")
        self._bill(rows)
        self.assertEqual(self._get_booked(), 230)
