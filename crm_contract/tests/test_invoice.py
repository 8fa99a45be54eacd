from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .test_installment import LedgerCommon


class TestInvoice(LedgerCommon):
    def _create_due(self, percentages=(100,), **vals):
        """Return the rows, all due, of a running contract."""
        rows = [
            {"name": f"Row {index}", "percentage": percentage, "date": self.today}
            for index, percentage in enumerate(percentages)
        ]
        vals["installment_ids"] = [Command.create(row) for row in rows]
        return self._create_signed(**vals).installment_ids.sorted("id")

    def _create_tax(self, amount, **vals):
        return self.tax.copy({"name": f"Tax {amount} {vals}", "amount": amount, **vals})

    def test_values(self):
        term = self.env["account.payment.term"].create({"name": "Term"})
        invoicing = self.env["res.partner"].create(
            {"name": "Billing", "type": "invoice", "parent_id": self.customer.id}
        )
        plan = self.env["account.analytic.plan"].create({"name": "Plan"})
        account = self.env["account.analytic.account"].create(
            {"name": "Project", "plan_id": plan.id}
        )
        line = self._prepare_line_vals(
            quantity=4, analytic_distribution={account.id: 100}
        )
        rows = self._create_due(
            (25, 75), line_ids=[Command.create(line)], payment_term_id=term.id
        )
        contract = rows.contract_id
        invoice = self._invoice(rows[0])
        for name, value in {
            "contract_id": contract,
            "company_id": self.company,
            "partner_id": invoicing,
            "currency_id": contract.currency_id,
            "invoice_payment_term_id": term,
            "partner_bank_id": self.company.bank_ids,
            "invoice_user_id": self.user,
            "invoice_origin": contract.number,
            "ref": contract.number,
            "state": "draft",
            "move_type": "out_invoice",
        }.items():
            self.assertEqual(invoice[name], value, name)
        invoice_line = invoice.invoice_line_ids
        self.assertEqual(invoice_line.product_id, self.product)
        self.assertEqual((invoice_line.quantity, invoice_line.price_unit), (1, 1000))
        self.assertEqual(invoice_line.tax_ids, self.tax)
        self.assertEqual(invoice_line.analytic_distribution, {str(account.id): 100})
        self.assertIn("Row 0 (25 %)", invoice_line.name)
        self.assertEqual(invoice.amount_total, 1150)
        self.assertEqual(contract.sudo().invoice_ids, invoice)
        self.assertEqual(contract.invoice_count, 1)
        self.assertEqual(invoice.action_view_contract()["res_id"], contract.id)

    def test_journal(self):
        journal = self.env["account.journal"].create(
            {"name": "Contracts", "code": "CTR", "type": "sale"}
        )
        self.type.write({"journal_id": journal.id, "company_id": self.company.id})
        self.assertEqual(self._invoice(self._create_due()).journal_id, journal)

    def test_fees_as_agreed(self):
        """An invoice of a single row for everything reads like the contract."""
        line = self._prepare_line_vals(quantity=3, price_unit=70, name="Agreed")
        invoice = self._invoice(self._create_due(line_ids=[Command.create(line)]))
        self.assertEqual(invoice.invoice_line_ids.mapped("name"), ["Agreed"])
        self.assertEqual(invoice.invoice_line_ids.quantity, 3)
        self.assertAlmostEqual(invoice.invoice_line_ids.price_unit, 70)

    def test_button_of_the_contract_takes_what_is_due(self):
        contract = self._create_signed()
        contract.action_create_invoice()
        states = contract.installment_ids.sorted("sequence").mapped("state")
        self.assertEqual(sorted(states), ["invoiced", "planned"])
        with self.assertRaisesRegex(UserError, "No installment is due"):
            contract.action_create_invoice()

    def test_ahead_of_time(self):
        """A row may be invoiced before its day: the button of the row says so."""
        contract = self._create_signed()
        later = contract.installment_ids.filtered(lambda row: row.state == "planned")
        self.assertTrue(self._invoice(later))

    def test_one_invoice_per_contract(self):
        rows = self._create_due((40, 60)) + self._create_due((100,))
        self._invoice(rows)
        first, second = rows.invoice_id
        self.assertEqual(first.installment_ids, rows[:2])
        self.assertEqual(second.installment_ids, rows[2:])
        self.assertEqual(
            first.invoice_line_ids.filtered("display_type").mapped("name")[0], "Row 0"
        )
        self.assertAlmostEqual(first.amount_total, 1150)

    def test_accountant_invoices_in_bulk(self):
        rows = self._create_due() + self._create_due()
        action = rows.with_user(self.accountant).action_create_invoice()
        self.assertEqual(action["domain"], [("id", "in", rows.invoice_id.ids)])

    def test_who_may_not(self):
        rows = self._create_due(user=self.manager)
        for user in (self.reader, self.salesman, self.portal):
            with self.assertRaises(AccessError):
                rows.with_user(user).action_create_invoice()
        self.assertFalse(rows.invoice_id)

    def _check_total(self, lines, percentages):
        rows = self._create_due(
            percentages, line_ids=[Command.create(line) for line in lines]
        )
        contract = rows.contract_id
        for row in rows:
            invoice = self._invoice(row)
            self.assertAlmostEqual(invoice.amount_total, row.amount, places=2)
            self._post(invoice)
        invoices = contract.sudo().invoice_ids
        total = sum(invoices.mapped("amount_total"))
        self.assertAlmostEqual(total, contract.amount_total, places=2)
        # Taxes are rounded per invoice, as the law has it.
        tax = sum(invoices.mapped("amount_tax"))
        self.assertAlmostEqual(
            tax, contract.amount_tax, delta=0.01 * (len(lines) + len(rows))
        )

    def test_exact_totals(self):
        second, included = (
            self._create_tax(5),
            self._create_tax(7, price_include_override="tax_included"),
        )
        taxes = (self.tax, self.tax + second, included, self.tax.browse())
        odd = [
            self._prepare_line_vals(
                price_unit=price, discount=discount, tax_ids=[Command.set(tax.ids)]
            )
            for price, discount, tax in zip(
                (333.33, 0.07, 1999.99, 12.34), (0, 12.5, 3.33, 100), taxes, strict=True
            )
        ]
        thirds = (33.3333, 33.3333, 33.3334)
        for lines, percentages in (
            (odd[:1], thirds),
            (odd, (30, 70)),
            (odd, thirds),
            (odd * 3, (7.77, 13.13, 29.1, 50)),
            ([self._prepare_line_vals(price_unit=0.03)], (40, 60)),
            (
                [self._prepare_line_vals(), self._prepare_line_vals(price_unit=-99.99)],
                thirds,
            ),
        ):
            with self.subTest(lines=len(lines), percentages=percentages):
                self._check_total(lines, percentages)

    def test_exact_totals_rounded_globally(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        lines = [self._prepare_line_vals(price_unit=price) for price in (0.33, 9.99)]
        self._check_total(lines * 4, (33.3333, 33.3333, 33.3334))

    def test_exact_totals_in_yen(self):
        yen = self._activate_yen(150.7)
        rows = self._create_due(
            (33.3333, 33.3333, 33.3334),
            currency_id=yen.id,
            line_ids=[Command.create(self._prepare_line_vals(price_unit=10001))],
        )
        for row in rows:
            self._post(self._invoice(row))
        invoices = rows.invoice_id
        self.assertEqual(invoices.currency_id, yen)
        self.assertEqual(sum(invoices.mapped("amount_total")), 11501)

    def test_notes_and_sections_are_not_billed(self):
        rows = self._create_due(
            line_ids=[
                Command.create({"name": "Section", "display_type": "line_section"}),
                Command.create(self._prepare_line_vals()),
            ]
        )
        self.assertEqual(len(self._invoice(rows).invoice_line_ids), 1)

    def _assert_refused(self, rows, reason):
        with self.assertRaises(UserError) as caught:
            rows.action_create_invoice()
        self.assertIn(reason, str(caught.exception))
        self.assertIn(rows[:1].name, str(caught.exception))

    def test_refused(self):
        draft = self._create_row(signed=False)
        self._assert_refused(draft, "the contract is not signed")
        self._submit(draft.contract_id)
        self._assert_refused(draft, "the contract is not signed")
        draft.contract_id.action_cancel()
        self._assert_refused(draft, "it is cancelled")
        undone = self._create_row(trigger="milestone")
        self._assert_refused(undone, "is not done")
        invoiced = self._create_row()
        self._invoice(invoiced)
        self._assert_refused(invoiced, "it is invoiced already")
        self._pay(self._post(invoiced.invoice_id))
        self._assert_refused(invoiced, "it is invoiced already")
        terminated = self._create_row(trigger="milestone")
        self._end(terminated.contract_id, reason="terminated", note="Broke")
        self._assert_refused(terminated, "it is cancelled")

    def test_refused_among_others(self):
        good, bad = self._create_row(), self._create_row(trigger="milestone")
        with self.assertRaises(UserError), self.env.cr.savepoint():
            (good + bad).action_create_invoice()
        self.assertEqual(good.state, "due")

    def test_row_twice_in_one_call(self):
        row = self._create_row()
        self._invoice(row | row)
        self.assertEqual(len(row.contract_id.sudo().invoice_ids), 1)


class TestReopen(LedgerCommon):
    """What undoes an invoice reopens its rows; what does not, does not."""

    def test_deleted_draft(self):
        row = self._create_row()
        self._invoice(row).with_user(self.accountant).unlink()
        self.assertEqual((row.state, row.invoice_id.id), ("due", False))
        self.assertTrue(self._invoice(row))

    def test_cancelled(self):
        row = self._create_row()
        invoice = self._invoice(row).with_user(self.accountant)
        invoice.button_cancel()
        self.assertEqual(row.state, "due")
        self.assertFalse(row.contract_id.amount_invoiced)
        invoice.button_draft()
        self.assertEqual((row.state, row.invoice_id), ("invoiced", invoice))

    def test_cancelled_and_billed_again(self):
        row = self._create_row()
        cancelled = self._invoice(row).with_user(self.accountant)
        cancelled.button_cancel()
        again = self._invoice(row)
        self.assertNotEqual(again, cancelled)
        self.assertEqual(row.state, "invoiced")
        with self.assertRaisesRegex(UserError, "invoiced again"):
            cancelled.button_draft()
        self.assertEqual(row.contract_id.amount_invoiced, 1150)

    def test_cancelled_and_billed_again_in_part(self):
        contract = self._create_signed(
            installment_ids=[
                Command.create({"name": n, "percentage": 50, "date": self.today})
                for n in "AB"
            ]
        )
        rows = contract.installment_ids
        cancelled = self._invoice(rows).with_user(self.accountant)
        cancelled.button_cancel()
        self._invoice(rows[0])
        with self.assertRaisesRegex(UserError, "invoiced again"):
            cancelled.button_draft()
        self.assertEqual(rows[1].state, "due")

    def test_credited(self):
        row = self._create_row()
        invoice = self._post(self._invoice(row))
        credit_note = self._credit(invoice)
        self.assertEqual(credit_note.contract_id, row.contract_id)
        self.assertEqual(invoice.payment_state, "reversed")
        self.assertEqual((row.state, row.amount_paid), ("due", 0))
        again = self._invoice(row)
        self.assertEqual((row.state, row.invoice_id), ("invoiced", again))
        self.assertEqual(row.contract_id.invoice_count, 3)
        with self.assertRaisesRegex(UserError, "invoiced again"):
            credit_note.button_draft()

    def test_duplicate_has_no_link(self):
        row = self._create_row()
        invoice = self._invoice(row)
        duplicate = invoice.with_user(self.accountant).copy()
        self.assertFalse(duplicate.contract_id)
        self.assertFalse(duplicate.installment_ids)
        duplicate.unlink()
        self.assertEqual((row.state, row.invoice_id), ("invoiced", invoice))

    def test_reset_to_draft_keeps_the_row(self):
        row = self._create_row()
        invoice = self._post(self._invoice(row))
        invoice.button_draft()
        self.assertEqual(row.state, "invoiced")

    def test_other_invoices_are_left_alone(self):
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_line_ids": [Command.create({"name": "L", "price_unit": 1})],
            }
        )
        invoice = self._post(invoice)
        invoice.button_draft()
        invoice.button_cancel()
        invoice.button_draft()
        self.assertFalse(invoice.contract_id)
