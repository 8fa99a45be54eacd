from datetime import date

from freezegun import freeze_time
from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import mute_logger

from .common_end import TODAY, EndCommon


@freeze_time(TODAY)
class TestPenalty(EndCommon):
    """What is owed for an early end, and the sums of its settlement."""

    def _penalty(self, contract, **vals):
        return {
            "penalty": "fixed",
            "penalty_fixed": 500,
            "penalty_owed_by": "customer",
            "penalty_clause_id": contract.clause_ids.id,
            **vals,
        }

    def _terminate_by_customer(self, contract, **vals):
        notice = {"terminated_by": "customer", "date_notice_given": TODAY}
        vals = {"user": self.manager, **notice, **vals}
        return self._terminate(contract, **self._penalty(contract), **vals)

    def _row(self, contract):
        return contract.sudo().installment_ids.filtered(
            lambda row: row.trigger == "penalty"
        )

    def test_draft_invoice(self):
        contract = self._create_fee()
        self._terminate_by_customer(contract)
        row = self._row(contract)
        self.assertEqual(row.amount, 500)
        self.assertEqual(row.state, "invoiced")
        termination = contract.termination_id
        self.assertEqual(termination.penalty_clause_id, contract.clause_ids)
        self.assertEqual(termination.amount_penalty, 500)
        self.assertEqual(termination.penalty_row_ids, row)
        invoice = row.invoice_id
        self.assertEqual((invoice.move_type, invoice.state), ("out_invoice", "draft"))
        self.assertEqual(invoice.amount_total, 500)
        self.assertFalse(invoice.invoice_line_ids.tax_ids)
        self.assertIn("clause “Liability”", invoice.invoice_line_ids.name)
        self.assertEqual(self._get_settlement(contract), invoice)
        self.assertEqual(contract.amount_extra, 500)
        self.assertEqual(contract.amount_invoiced, 0, "The penalty stands apart")

    def test_of_the_one_who_terminates(self):
        contract = self._create_fee()
        wizard = self._open_terminate(contract, terminated_by="us")
        self.assertEqual(wizard.penalty_owed_by, "us")
        wizard.terminated_by = "customer"
        self.assertEqual(wizard.penalty_owed_by, "customer")
        wizard.terminated_by = "mutual"
        self.assertFalse(wizard.penalty_owed_by)
        wizard.write(self._penalty(contract, penalty_owed_by=False))
        with self._refused("who owes"):
            wizard.action_end()

    def test_owed_by_us(self):
        contract = self._create_fee()
        self._terminate(
            contract,
            user=self.manager,
            terminated_by="us",
            date_notice_given=TODAY,
            **self._penalty(contract, penalty_owed_by="us"),
        )
        self.assertFalse(self._row(contract))
        refund = contract.sudo().termination_id.penalty_refund_id
        credit_note = self._get_settlement(contract)
        self.assertEqual(credit_note, refund)
        self.assertEqual(credit_note.move_type, "out_refund")
        self.assertEqual(credit_note.state, "draft")
        self.assertEqual(credit_note.amount_total, 500)
        self.assertEqual(credit_note.contract_id, contract)
        self.assertFalse(contract.amount_invoiced)

    def test_no_exchange_rate(self):
        """Nothing is booked one to one, whoever owes it."""
        yen = self._activate_yen(150)
        contract = self._create_fee(currency_id=yen.id)
        yen.rate_ids.unlink()
        for owed_by in ("us", "customer"):
            with self.subTest(owed_by), self._refused("JPY has no exchange rate"):
                self._terminate(
                    contract,
                    user=self.manager,
                    terminated_by="us",
                    date_notice_given=TODAY,
                    **self._penalty(contract, penalty_owed_by=owed_by),
                )
        self.assertEqual(contract.state, "running")

    def test_percent_of_the_remaining_value(self):
        contract = self._create_with_plan()
        vals = self._penalty(contract, penalty="percent", penalty_percent=10)
        wizard = self._open_terminate(contract, date=TODAY, **vals)
        # 21 of 31 days of March, nine months, and what of the plan is not due yet
        self.assertEqual(wizard.amount_remaining, 210 + 9 * 310 + 600)
        self.assertEqual(wizard.amount_penalty, 360)
        wizard.action_end()
        self.assertEqual(self._row(contract).amount, 360)

    def test_remaining_value_without_a_term(self):
        contract = self._create_fee(is_open_ended=True)
        wizard = self._open_terminate(
            contract, terminated_by="customer", date_notice_given=date(2026, 1, 30)
        )
        self.assertEqual(wizard.date_earliest, date(2026, 4, 30))
        wizard.date = date(2026, 3, 31)
        self.assertEqual(wizard.amount_remaining, 310)
        wizard.date = date(2026, 4, 30)
        self.assertEqual(wizard.amount_remaining, 0)

    def test_taxes(self):
        contract = self._create_fee()
        self._terminate_by_customer(
            contract, penalty_tax_ids=[Command.set(self.tax.ids)]
        )
        row = self._row(contract)
        self.assertEqual((row.amount_untaxed, row.amount), (500, 575))
        self.assertEqual(row.invoice_id.amount_total, 575)

    def test_needs_its_clause(self):
        contract, other = self._create_fee(), self._create_fee()
        clause = self._create_clause("Court", "<p>Court.</p>")
        clause.category_id = self.category.copy({"part": "other"})
        third = self._create_fee(
            clause_ids=[Command.create({"template_id": clause.id})]
        )
        for mine, wrong in (
            (contract, other.clause_ids),
            (contract, other.clause_ids.browse()),
            (third, third.clause_ids),
        ):
            vals = self._penalty(mine, penalty_clause_id=wrong.id)
            with self._refused("clause on breach liability"):
                self._terminate(mine, **vals)
            self.assertEqual(mine.state, "running")
        for amount in (0, -5):
            with self._refused("how much"):
                self._terminate(
                    contract, **self._penalty(contract, penalty_fixed=amount)
                )

    def test_billed_once_and_on_request(self):
        contract = self._create_fee()
        self._terminate_by_customer(contract)
        row = self._row(contract)
        with self._refused("invoiced already"):
            row.with_user(self.user).action_create_invoice()
        row.invoice_id.button_cancel()
        self.assertEqual(row.state, "due")
        self._run_on("bill", "2026-03-11", "crm_contract")
        self.assertEqual(row.state, "due")
        row.with_user(self.user).action_create_invoice()
        self.assertEqual(row.invoice_id.state, "draft")

    def test_one_at_most(self):
        contract = self._create_fee()
        self._terminate_by_customer(contract)
        row = self._row(contract)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            row.copy({"contract_id": contract.id, "trigger": "penalty"})
            self.env.flush_all()

    def test_clients_make_none(self):
        contract = self._create_contract(user=self.manager)
        vals = {
            "contract_id": contract.id,
            "name": "Forged",
            "trigger": "penalty",
            "amount_type": "fixed",
            "amount_fixed": 1,
        }
        rows = self.env["crm.contract.installment"].with_user(self.manager)
        with self._refused("made by the ledger", UserError):
            rows.create(vals)
        running = self._create_fee()
        self._terminate_by_customer(running)
        row = self._row(running).with_user(self.manager)
        for change in ({"amount_fixed": 1}, {"name": "X"}, {"termination_id": False}):
            with self._refused("", UserError):
                row.write(change)
        with self._refused("", UserError):
            row.unlink()
        with self._refused("", AccessError):
            running.termination_id.with_user(self.manager).write(
                {"settlement_move_ids": False}
            )

    def test_preview_and_settlement(self):
        contract = self._create_fee()
        for month in (1, 2, 3):
            self._bill(self._row_of(contract, month))
        self.env.flush_all()
        wizard = self._open_terminate(contract, date=TODAY, **self._penalty(contract))
        for label, amount in (
            ("Planned periods not billed any more", "2,790.00"),
            ("Credit notes, as drafts", "210.00"),
            ("Penalty owed by the customer, draft invoice", "500.00"),
        ):
            self.assertIn(label, wizard.settlement)
            self.assertIn(amount, wizard.settlement)
        before = contract.sudo().invoice_ids
        wizard.settle = False
        self.assertIn("Stays billed beyond the end", wizard.settlement)
        wizard.settle = True
        self.assertEqual(contract.sudo().invoice_ids, before)
        wizard.action_end()
        moves = contract.sudo().invoice_ids - before
        self.assertEqual(moves, self._get_settlement(contract))
        self.assertEqual(
            sorted(moves.mapped(lambda m: (m.move_type, m.amount_total, m.state))),
            [("out_invoice", 500, "draft"), ("out_refund", 210, "draft")],
        )
        body = contract.message_ids[1].body
        for move in moves:
            self.assertIn(f'data-oe-id="{move.id}"', body)

    def test_links_for_who_may_open_them(self):
        both = "crm_contract.crm_contract_group_manager,account.group_account_invoice"
        manager = self._create_user("contract_billing_manager", both)
        contract = self._create_fee()
        action = self._open_terminate(
            contract, manager, date=TODAY, **self._penalty(contract)
        ).action_end()
        self.assertEqual(action["res_id"], self._row(contract).invoice_id.id)
