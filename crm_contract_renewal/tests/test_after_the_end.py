from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Domain

from .common_end import TODAY, EndCommon

LATER = "2027-06-01"


@freeze_time(TODAY)
class TestAfterTheEnd(EndCommon):
    """Whatever door is tried, nothing is billed beyond the last day."""

    def _knock(self, contract):
        """Try every door long after the end, and return what was billed of the fees."""
        self.company.contract_horizon = 36
        self._run_on("renew", "2026-03-21")
        for job in ("advance", "bill", "advance", "bill"):
            self._run_on(job, LATER, "crm_contract")
        with freeze_time(LATER):
            ledger = self.env["crm.contract.ledger"]
            ledger._extend(contract)
            ledger._extend(contract, date(2026, 1, 1))
            ledger._rebuild(contract, date(2026, 1, 1))
            for method in ("action_resume", "action_suspend", "action_try_again"):
                try:
                    with self.env.cr.savepoint():
                        getattr(contract.with_user(self.user), method)()
                except UserError:
                    pass
            for row in contract.installment_ids:
                try:
                    with self.env.cr.savepoint():
                        row.with_user(self.user).action_create_invoice()
                except UserError:
                    pass
            try:
                with self.env.cr.savepoint():
                    contract.with_user(self.user).action_create_invoice()
            except UserError:
                pass
            billing = self.env["crm.contract.billing"]
            domain = billing._get_bill_domain(date(2030, 1, 1))
            self.assertFalse(
                contract.installment_ids.search(
                    domain & Domain("contract_id", "=", contract.id)
                )
            )
        self.assertEqual(contract.state, "ended")
        invoices = contract.sudo().invoice_ids
        for move in invoices.filtered(lambda m: m.state == "draft"):
            move.invoice_date = move.invoice_date or TODAY
            move.action_post()
        return self._get_net(contract)

    def test_terminated_today(self):
        self.assertEqual(self._knock(self._terminate(self._create_fee())), 720)

    def test_terminated_to_a_day(self):
        contract = self._terminate(self._create_fee(), date(2026, 3, 20))
        self.assertEqual(self._knock(contract), 820)

    def test_in_arrears(self):
        contract = self._create_fee(line={"billed_in": "arrears"})
        self.assertEqual(self._knock(self._terminate(contract)), 720)

    def test_open_ended(self):
        contract = self._create_fee(is_open_ended=True)
        self.assertEqual(self._knock(self._terminate(contract)), 720)

    def test_completed(self):
        contract = self._create_fee()
        self._end(contract.with_user(self.manager))
        self.assertEqual(self._knock(contract), 720)

    def test_suspended(self):
        contract = self._create_fee()
        contract.action_suspend()
        self.assertEqual(self._knock(self._terminate(contract)), 310 + 310 + 90)

    def test_credited(self):
        """A period after the end that was credited is open, and not billed again."""
        contract = self._create_fee()
        for month in (3, 4):
            self._bill(self._row_of(contract, month))
        self._terminate(contract)
        self.assertEqual(self._knock(contract), 720)
        self.assertEqual(self._row_of(contract, 4).state, "cancelled")

    def test_credited_before_the_day(self):
        contract = self._create_fee()
        for month in (3, 4):
            self._bill(self._row_of(contract, month))
        self._terminate(contract, date(2026, 3, 20))
        for move in self._get_settlement(contract):
            move.invoice_date = TODAY
            move.action_post()
        self.assertEqual(self._row_of(contract, 4).state, "cancelled")
        self.assertEqual(self._knock(contract), 820)

    def test_invoice_cancelled_after_the_end(self):
        """What stood beyond the end when its invoice went is cut before it is billed."""
        contract = self._create_fee()
        invoice = self._invoice(self._row_of(contract, 3))
        self._terminate(contract, settle=False)
        row = self._row_of(contract, 3)
        invoice.sudo().button_cancel()
        self.assertTrue(row.is_beyond_end)
        row.with_user(self.user).action_create_invoice()
        self.assertEqual((row.amount, row.is_beyond_end), (100, False))
        self.assertEqual(self._knock(contract), 720)
        self.assertEqual(self._row_of(contract, 3).amount, 100)

    def test_invoice_deleted_after_the_end(self):
        contract = self._create_fee()
        invoice = self._invoice(self._row_of(contract, 4))
        self._terminate(contract, settle=False)
        invoice.sudo().unlink()
        self.assertEqual(self._knock(contract), 720)
        self.assertFalse(self._row_of(contract, 4))

    def test_invoice_credited_in_full_after_the_end(self):
        contract = self._create_fee()
        invoice = self._bill(self._row_of(contract, 3))
        self._terminate(contract, settle=False)
        self._credit(invoice)
        self.assertEqual(self._knock(contract), 720)

    def test_plan(self):
        """What was due on the last day is billed, nothing after it."""
        contract = self._terminate(self._create_with_plan())
        self._knock(contract)
        plan = contract.installment_ids._filter_plan()
        self.assertEqual(plan.mapped("amount_invoiced"), [400, 0])
