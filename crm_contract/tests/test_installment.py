from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command

from .common import ContractCommon


class LedgerCommon(ContractCommon):
    def _create_row(self, signed=True, **vals):
        """Return the single installment of a contract that is signed, or not yet."""
        row = {"name": "All", "percentage": 100, "date": self.today, **vals}
        contract = self._create_contract(
            installment_ids=[Command.create(row)],
            milestone_ids=[Command.create({"name": "Acceptance"})],
        )
        if row.get("trigger") == "milestone":
            contract.installment_ids.milestone_id = contract.milestone_ids
        if signed:
            self._sign(contract)
        return contract.installment_ids

    def _post(self, invoice, date=None):
        """Post an invoice as an accountant."""
        invoice = invoice.with_user(self.accountant)
        invoice.invoice_date = date or self.today
        invoice.action_post()
        return invoice

    def _pay(self, invoice, amount=None):
        register = (
            self.env["account.payment.register"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=invoice.ids)
        )
        register.create({"amount": amount} if amount else {})._create_payments()

    def _credit(self, invoice):
        """Credit an invoice in full."""
        reversal = (
            self.env["account.move.reversal"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "date": self.today})
        )
        action = reversal.reverse_moves()
        credit_note = invoice.browse(action["res_id"]).with_user(self.accountant)
        credit_note.action_post()
        return credit_note

    def _invoice(self, rows):
        rows.action_create_invoice()
        return rows.invoice_id


class TestDueDates(LedgerCommon):
    def test_cancelled_draft(self):
        """Nothing falls due of a contract that was given up."""
        row = self._create_row(signed=False)
        contract = row.contract_id
        self.assertEqual((row.state, contract.amount_remaining), ("planned", 1150))
        contract.action_cancel()
        self.assertEqual(row.state, "cancelled")
        self.assertEqual(contract.amount_remaining, 0)
        self.assertFalse(contract.date_next_billing)

    def test_date(self):
        for days, state in ((0, "due"), (-5, "due"), (1, "planned")):
            row = self._create_row(date=self._days(days))
            self.assertEqual((row.date_due, row.state), (self._days(days), state))

    def test_nothing_is_due_before_the_signature(self):
        row = self._create_row(signed=False)
        self.assertEqual((row.date_due, row.state), (self.today, "planned"))
        self._submit(row.contract_id)
        self.assertEqual(row.state, "planned")

    def test_signature(self):
        row = self._create_row(signed=False, trigger="signature", days=10)
        self.assertFalse(row.date_due)
        self._open_sign(
            self._submit(row.contract_id), date=self._days(-4)
        ).action_sign()
        self.assertEqual((row.date_due, row.state), (self._days(6), "planned"))

    def test_milestone(self):
        row = self._create_row(trigger="milestone", days=0)
        self.assertFalse(row.date_due)
        self.assertEqual(row.state, "planned")
        row.milestone_id.action_done()
        self.assertEqual((row.date_due, row.state), (self.today, "due"))
        row.milestone_id.action_undo()
        self.assertEqual((row.date_due, row.state), (False, "planned"))

    def test_milestone_of_what_is_invoiced_stays_done(self):
        row = self._create_row(trigger="milestone")
        row.milestone_id.action_done()
        self._invoice(row)
        with self.assertRaisesRegex(UserError, "Acceptance can't be reopened"):
            row.milestone_id.action_undo()

    def test_milestones_are_done_while_the_contract_lives(self):
        for state in ("draft", "to_sign", "ended", "cancelled"):
            contract = self._in_state(
                state, milestone_ids=[Command.create({"name": "Acceptance"})]
            )
            with self.assertRaisesRegex(UserError, contract.name):
                contract.milestone_ids.action_done()
        for state in ("signed", "running", "suspended"):
            milestone = self._in_state(
                state, milestone_ids=[Command.create({"name": "Acceptance"})]
            ).milestone_ids
            milestone.action_done()
            self.assertEqual(milestone.date_done, self.today)

    def test_done_twice_keeps_the_first_day(self):
        milestone = self._create_row().contract_id.milestone_ids
        milestone.action_done()
        with freeze_time(self._days(3)):
            milestone.action_done()
        self.assertEqual(milestone.date_done, self.today)

    def test_late_milestones(self):
        late, soon, done = self._create_row().contract_id.milestone_ids.create(
            [
                {
                    "name": str(days),
                    "contract_id": self._create_contract().id,
                    "date_deadline": self._days(days),
                }
                for days in (-1, 0, -1)
            ]
        )
        self._sign(done.contract_id)
        done.action_done()
        rows = late + soon + done
        found = rows.search([("is_late", "=", True), ("id", "in", rows.ids)])
        self.assertEqual(found, late)
        self.assertEqual(rows.filtered("is_late"), late)
        found = rows.search([("is_late", "=", False), ("id", "in", rows.ids)])
        self.assertEqual(found, (soon + done).sorted())


class TestBilledFigures(LedgerCommon):
    def _assert_figures(self, contract, **expected):
        for name, value in expected.items():
            self.assertAlmostEqual(contract[f"amount_{name}"], value, msg=name)

    def test_from_planned_to_paid(self):
        contract = self._create_signed()
        first = contract.installment_ids.filtered(lambda row: row.state == "due")
        self._assert_figures(contract, invoiced=0, paid=0, remaining=1150, overdue=0)
        invoice = self._invoice(first)
        self.assertEqual(first.state, "invoiced")
        self._assert_figures(contract, invoiced=345, paid=0, remaining=805)
        self._post(invoice)
        self._pay(invoice, 60)
        self.assertEqual(contract.amount_paid, 60)
        self._pay(invoice, 40)
        self.assertEqual(first.state, "invoiced")
        self.assertAlmostEqual(first.amount_paid, 100)
        self.assertAlmostEqual(first.amount_open, 245)
        self._assert_figures(contract, invoiced=345, paid=100, remaining=805)
        self._pay(invoice)
        self.assertEqual(first.state, "paid")
        self.assertFalse(first.amount_open)
        self._assert_figures(contract, invoiced=345, paid=345, remaining=805)
        self.assertAlmostEqual(contract.percent_invoiced, 0.3)
        self.assertAlmostEqual(contract.percent_paid, 0.3)

    def test_draft_invoice_is_not_paid(self):
        row = self._create_row()
        self._invoice(row)
        self.assertEqual((row.amount_paid, row.amount_open), (0, 1150))

    def test_payment_is_shared_out(self):
        rows = self._create_signed(
            installment_ids=[
                Command.create({"name": n, "percentage": p, "date": self.today})
                for n, p in (("A", 20), ("B", 80))
            ]
        ).installment_ids
        invoice = self._invoice(rows)
        self.assertEqual(len(invoice), 1)
        self._post(invoice)
        self._pay(invoice, 575)
        self.assertEqual(rows.mapped("amount_paid"), [115, 460])

    def test_partial_credit_keeps_the_row(self):
        row = self._create_row()
        invoice = self._post(self._invoice(row))
        credit_note = invoice._reverse_moves([{"invoice_date": self.today}])
        credit_note.invoice_line_ids.price_unit = 100
        credit_note.action_post()
        (invoice + credit_note).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        self.assertEqual(row.state, "invoiced")
        self.assertEqual(row.invoice_id, invoice)
        with self.assertRaisesRegex(UserError, "invoiced already"):
            row.action_create_invoice()

    def _let_pass(self, days):
        """Run the daily job on a later day."""
        self.env.flush_all()
        frozen = freeze_time(self._days(days))
        frozen.start()
        self.addCleanup(frozen.stop)
        with self.enter_registry_test_mode():
            self.env.ref("crm_contract.ir_cron_advance").method_direct_trigger()
        self.env.invalidate_all()

    def test_overdue(self):
        row = self._create_row()
        contract = row.contract_id
        invoice = self._post(self._invoice(row))
        due = invoice.invoice_date_due
        self.assertEqual(row.date_payment, due)
        self.assertFalse(contract.amount_overdue)
        self._let_pass((due - self.today).days)
        self.assertFalse(contract.amount_overdue)
        self._let_pass((due - self.today).days + 1)
        self.assertTrue(row.is_overdue)
        self.assertEqual(contract.amount_overdue, 1150)
        self._check_searches(contract)
        self._pay(invoice, 150)
        self.assertEqual(contract.amount_overdue, 1000)
        self._pay(invoice)
        self.assertFalse(contract.amount_overdue)

    def _check_searches(self, contract):
        other = self._create_contract()
        contracts = contract.search([("id", "in", (contract + other).ids)])
        for domain, expected in (
            ([("amount_overdue", ">", 0)], contract),
            ([("amount_overdue", ">", 1150)], contract.browse()),
            ([("amount_overdue", "=", 0)], other),
        ):
            found = contract.search([*domain, ("id", "in", contracts.ids)])
            self.assertEqual(found, expected, domain)
        rows = contract.installment_ids.search(
            [("is_overdue", "=", True), ("contract_id", "in", contracts.ids)]
        )
        self.assertEqual(rows, contract.installment_ids)

    def test_draft_invoice_is_not_overdue(self):
        row = self._create_row()
        invoice = self._invoice(row)
        invoice.sudo().invoice_date = self._days(-90)
        self._let_pass(1)
        self.assertFalse(row.is_overdue)
