from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .test_installment import LedgerCommon


class TestLinkInvoice(LedgerCommon):
    """An invoice that an accountant made by hand stands for open rows."""

    def _create_invoice(self, **vals):
        invoices = self.env["account.move"].with_user(self.accountant)
        return invoices.create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_date": self.today,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "By hand",
                            "price_unit": 1000,
                            "tax_ids": [Command.set(self.tax.ids)],
                        }
                    ),
                    Command.create({"name": "Note", "display_type": "line_note"}),
                ],
                **vals,
            }
        )

    def _open(self, rows, user=None, invoice=None):
        action = rows.with_user(user or self.accountant).action_link_invoice()
        wizard = self.env[action["res_model"]].with_user(user or self.accountant)
        wizard = wizard.browse(action["res_id"])
        wizard.invoice_id = invoice
        return wizard

    def test_link(self):
        row, invoice = self._create_row(), self._create_invoice()
        invoice.action_post()
        wizard = self._open(row, invoice=invoice)
        self.assertEqual(wizard.contract_id, row.contract_id)
        self.assertEqual((wizard.amount_rows, wizard.amount_invoice), (1150, 1150))
        self.assertEqual(wizard.amount_difference, 0)
        wizard.action_link()
        self.assertEqual((row.state, row.invoice_id), ("invoiced", invoice))
        self.assertEqual(row.contract_id.amount_invoiced, 1150)
        self.assertEqual(invoice.contract_id, row.contract_id)
        product = invoice.invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        )
        self.assertEqual(invoice.invoice_line_ids.installment_id, row)
        self.assertEqual(product.installment_id, row)
        self.assertFalse((invoice.invoice_line_ids - product).installment_id)
        self.assertIn("Linked to the contract", invoice.message_ids[:1].body)
        self._pay(invoice)
        self.assertEqual(row.state, "paid")

    def test_credited(self):
        row, invoice = self._create_row(), self._create_invoice()
        invoice.action_post()
        self._open(row, invoice=invoice).action_link()
        self._credit(invoice)
        self.assertEqual(row.state, "due")
        self.assertTrue(self._invoice(row))

    def test_cancelled_releases_the_row(self):
        row, invoice = self._create_row(), self._create_invoice()
        self._open(row, invoice=invoice).action_link()
        invoice.button_cancel()
        self.assertEqual(row.state, "due")

    def test_several_rows(self):
        contract = self._create_signed(
            installment_ids=[
                Command.create({"name": n, "percentage": 50, "date": self.today})
                for n in "AB"
            ]
        )
        rows, invoice = contract.installment_ids, self._create_invoice()
        self._open(rows, invoice=invoice).action_link()
        self.assertEqual(rows.mapped("state"), ["invoiced"] * 2)
        self.assertEqual(invoice.installment_ids, rows)
        self.assertFalse(invoice.invoice_line_ids.installment_id)

    def test_difference(self):
        invoice = self._create_invoice(
            invoice_line_ids=[
                Command.create({"name": "L", "price_unit": 900, "tax_ids": []})
            ]
        )
        wizard = self._open(self._create_row(), invoice=invoice)
        self.assertEqual(wizard.amount_difference, -250)

    def test_reopened_row_leaves_its_old_invoice(self):
        """The cancelled invoice may not come back once another one stands for it."""
        row = self._create_row()
        cancelled = self._invoice(row).with_user(self.accountant)
        cancelled.button_cancel()
        self._open(row, invoice=self._create_invoice()).action_link()
        with self.assertRaisesRegex(UserError, "invoiced again"):
            cancelled.button_draft()

    def test_reopened_in_part(self):
        """The cancelled invoice loses its other row too, or would bill the first."""
        contract = self._create_signed(
            installment_ids=[
                Command.create({"name": n, "percentage": 50, "date": self.today})
                for n in "AB"
            ]
        )
        first, second = contract.installment_ids
        cancelled = self._invoice(first + second).with_user(self.accountant)
        cancelled.button_cancel()
        self._open(first, invoice=self._create_invoice()).action_link()
        with self.assertRaisesRegex(UserError, "invoiced again"):
            cancelled.button_draft()
        self.assertEqual(second.state, "due")
        self.assertFalse(second.is_billed)

    def _assert_refused(self, invoice, reason, row=None):
        row = row or self._create_row()
        with self.assertRaisesRegex(UserError, reason), self.env.cr.savepoint():
            self._open(row, invoice=invoice).action_link()
        self.assertEqual(row.state, "due")

    def test_refused_invoices(self):
        cancelled = self._create_invoice()
        cancelled.button_cancel()
        stranger = self.customer.copy({"name": "Stranger"})
        euro = self.env.ref("base.EUR")
        euro.active = True
        taken = self._create_row()
        self._invoice(taken)
        credited = self._create_invoice()
        credited.action_post()
        self._credit(credited)
        for invoice, reason in (
            (cancelled, "is cancelled"),
            (credited, "credited in full"),
            (self._create_invoice(partner_id=stranger.id), "another customer"),
            (self._create_invoice(currency_id=euro.id), "another currency"),
            (self._create_invoice(move_type="out_refund"), "not a customer invoice"),
            (taken.invoice_id, "belongs to the contract"),
            (self.env["account.move"], "Choose an invoice"),
        ):
            self._assert_refused(invoice, reason)

    def test_refused_invoice_of_another_row(self):
        contract = self._create_signed(
            installment_ids=[
                Command.create({"name": n, "percentage": 50, "date": self.today})
                for n in "AB"
            ]
        )
        first, second = contract.installment_ids
        self._assert_refused(self._invoice(first), "other rows already", second)

    def test_refused_rows(self):
        row, invoice = self._create_row(), self._create_invoice()
        wizard = self._open(row, invoice=invoice)
        self._invoice(row)
        with self.assertRaisesRegex(UserError, "invoiced already"):
            wizard.action_link()
        with self.assertRaisesRegex(UserError, "invoiced already"):
            self._open(row)
        with self.assertRaisesRegex(UserError, "not signed"):
            self._open(self._create_row(signed=False))
        with self.assertRaisesRegex(UserError, "several contracts"):
            self._open(self._create_row() + self._create_row())

    def test_who_may_not(self):
        row = self._create_row()
        for user in (self.reader, self.user, self.manager, self.portal):
            with self.assertRaises(AccessError):
                self._open(row, user=user)
        wizard = self._open(row, invoice=self._create_invoice())
        with self.assertRaises(AccessError):
            wizard.with_user(self.manager).action_link()
        self.assertEqual(row.state, "due")
