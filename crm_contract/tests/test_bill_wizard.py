from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command

from ..wizard import crm_contract_bill
from .test_installment import LedgerCommon


class BillCommon(LedgerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Nothing is committed in a test; the commits are counted instead.
        cls.commits = []
        commit = patch.object(cls.env.cr, "commit", lambda: cls.commits.append(1))
        commit.start()
        cls.addClassCleanup(commit.stop)

    def _open(self, user=None, **vals):
        wizards = self.env["crm.contract.bill"].with_user(user or self.accountant)
        return wizards.create(vals)

    def _create_bad_row(self):
        """Return a due row that can't be invoiced, for its tax is archived."""
        tax = self.tax.copy(
            {"name": f"Archived {self.env.cr.now()} {len(self.tax.search([]))}"}
        )
        line = self._prepare_line_vals(tax_ids=[Command.set(tax.ids)])
        row = {"name": "All", "percentage": 100, "date": self.today}
        contract = self._create_signed(
            line_ids=[Command.create(line)], installment_ids=[Command.create(row)]
        )
        tax.active = False
        return contract.installment_ids

    def _mend(self, row):
        row.contract_id.sudo().line_ids.tax_ids.active = True


class TestBillWizard(BillCommon):
    """Billing run by hand, started by an accountant of the lowest rights."""

    def test_who(self):
        self._create_row()
        for user in (self.reader, self.user, self.user_all, self.manager):
            with self.assertRaises(AccessError):
                self._open(user).action_bill()
        wizard = self._open()
        with self.assertRaisesRegex(AccessError, "Only accountants"):
            wizard.with_user(self.manager).sudo()._check_can_bill()
        self.assertTrue(wizard.action_bill())

    def test_preview(self):
        due, _later = self._create_row(), self._create_row(date=self._days(1))
        wizard = self._open()
        self.assertEqual((wizard.contract_count, wizard.row_count), (1, 1))
        self.assertEqual(wizard.installment_ids, due)
        self.assertIn("1,150", wizard.amounts)
        self.assertFalse(wizard.is_ahead)
        wizard.date_until = self._days(1)
        self.assertEqual((wizard.contract_count, wizard.row_count), (2, 2))
        self.assertTrue(wizard.is_ahead)
        domain = wizard.action_view_rows()["domain"]
        rows = self.env["crm.contract.installment"].search(domain)
        self.assertEqual(len(rows), 2)

    def test_unsigned_is_left_out(self):
        self._create_row(signed=False)
        self.assertFalse(self._open().row_count)
        with self.assertRaisesRegex(UserError, "Nothing is due"):
            self._open().action_bill()

    def test_filters(self):
        row = self._create_row()
        other_type = self.type.copy()
        other_customer = self.customer.copy()
        team = self.env["crm.team"].create({"name": "Other team"})
        euro = self.env.ref("base.EUR")
        for wanted, other in (
            ({"partner_ids": self.customer}, {"partner_ids": other_customer}),
            (
                {"partner_ids": self.signatory.parent_id},
                {"partner_ids": self.signatory},
            ),
            ({"type_ids": self.type}, {"type_ids": other_type}),
            ({"user_ids": self.user}, {"user_ids": self.manager}),
            ({"team_ids": row.contract_id.team_id}, {"team_ids": team}),
        ):
            for values, count in ((wanted, 1), (other, 0)):
                vals = {name: [Command.set(r.ids)] for name, r in values.items()}
                self.assertEqual(self._open(**vals).row_count, count, values)
        self.assertFalse(self._open(currency_id=euro.id).row_count)
        self.assertTrue(self._open(currency_id=row.currency_id.id).row_count)

    def test_other_company(self):
        row = self._create_row()
        company = self._create_company("Other Ltd")
        accountant = self._create_user(
            "other_accountant", "account.group_account_invoice", company
        )
        wizard = (
            self.env["crm.contract.bill"]
            .with_user(accountant)
            .with_context(allowed_company_ids=company.ids)
            .create({})
        )
        self.assertEqual(wizard.company_id, company)
        self.assertFalse(wizard.row_count)
        with self.assertRaises(UserError):
            wizard.action_bill()
        self.assertEqual(row.state, "due")

    def test_bill(self):
        rows = self._create_row() + self._create_row()
        later = self._create_row(date=self._days(5))
        wizard = self._open(date=self._days(-1))
        self.commits.clear()
        action = wizard.action_bill()
        self.assertEqual(action["res_id"], wizard.id)
        self.assertTrue(self.commits)
        self.assertEqual(wizard.state, "done")
        self.assertEqual(rows.mapped("state"), ["invoiced"] * 2)
        self.assertEqual(later.state, "planned")
        self.assertEqual(wizard.invoice_ids, rows.invoice_id)
        self.assertEqual(set(rows.invoice_id.mapped("invoice_date")), {self._days(-1)})
        self.assertEqual((wizard.done_count, wizard.total_count), (2, 2))
        self.assertEqual(wizard.progress, 100)
        self.assertFalse(wizard.failed_ids)
        self.assertEqual(
            wizard.action_view_invoices()["domain"],
            [("id", "in", wizard.invoice_ids.ids)],
        )

    def test_ahead_of_time(self):
        later = self._create_row(date=self._days(5))
        self._open(date_until=self._days(5)).action_bill()
        self.assertEqual(later.state, "invoiced")

    def test_posted_as_the_company_says(self):
        self.company.contract_billing_mode = "post"
        rows = self._create_row() + self._create_row()
        rows[1].contract_id.with_user(self.manager).billing_mode = "draft"
        self._open().action_bill()
        self.assertEqual(rows[0].invoice_id.state, "posted")
        self.assertEqual(rows[1].invoice_id.state, "draft")

    def test_steps(self):
        """A budget that is used up after one contract: the dialog goes on by clicks."""
        rows = self.env["crm.contract.installment"]
        for _number in range(3):
            rows += self._create_row()
        wizard = self._open()
        module = "odoo.addons.crm_contract.models.ledger.crm_contract_billing"
        with (
            patch.object(crm_contract_bill, "BUDGET", -1),
            patch(f"{module}.CHUNK", 1),
        ):
            wizard.action_bill()
            self.assertEqual(wizard.state, "running")
            self.assertEqual((wizard.done_count, wizard.total_count), (1, 3))
            self.assertAlmostEqual(wizard.progress, 33.33, 2)
            wizard.action_bill()
            self.assertEqual(wizard.done_count, 2)
            wizard.action_bill()
        self.assertEqual(wizard.state, "done")
        self.assertEqual(len(wizard.invoice_ids), 3)
        self.assertEqual(wizard.invoice_ids, rows.invoice_id)

    def test_failed(self):
        """A plain accountant's run sets a contract aside, with reason and activity."""
        good, bad = self._create_row(), self._create_bad_row()
        wizard = self._open()
        wizard.action_bill()
        self.assertEqual(wizard.state, "done")
        self.assertEqual(good.state, "invoiced")
        self.assertEqual(bad.state, "due")
        self.assertEqual(wizard.failed_ids, bad.contract_id)
        self.assertIn("is archived", wizard.failed_ids.job_problem)
        self.assertEqual(bad.contract_id.activity_ids.user_id, self.user)
        self.assertEqual(wizard.action_view_failed()["res_id"], bad.contract_id.id)
        # Not again by this dialog, but by the next one.
        with patch.object(self.env.registry["crm.contract.billing"], "_do") as bill:
            wizard.action_bill()
        bill.assert_not_called()
        again = self._open()
        self.assertEqual(again.set_aside_ids, bad.contract_id)
        self._mend(bad)
        again.action_bill()
        self.assertEqual(bad.state, "invoiced")
        self.assertFalse(bad.contract_id.job_problem)
        self.assertFalse(bad.contract_id.activity_ids)

    def test_locked_period(self):
        row = self._create_row()
        self.company.sudo().fiscalyear_lock_date = self._days(-1)
        with self.assertRaisesRegex(UserError, "is locked"):
            self._open(date=self._days(-2)).action_bill()
        self.assertFalse(row.contract_id.job_problem)
        self._open().action_bill()
        self.assertEqual(row.state, "invoiced")


class TestBillAgain(BillCommon):
    """The button of a contract that was set aside."""

    def _set_aside(self):
        row = self._create_bad_row()
        self._open().action_bill()
        self.assertTrue(row.contract_id.job_problem)
        return row

    def test_mended(self):
        for user in (self.accountant, self.user):
            row = self._set_aside()
            self._mend(row)
            self.assertTrue(row.contract_id.with_user(user).action_try_again())
            self.assertEqual(row.state, "invoiced")
            self.assertFalse(row.contract_id.job_problem)
            self.assertFalse(row.contract_id.activity_ids)

    def test_not_mended(self):
        row = self._set_aside()
        action = row.contract_id.with_user(self.accountant).action_try_again()
        self.assertEqual(action["params"]["type"], "danger")
        self.assertIn("is archived", action["params"]["message"])
        self.assertTrue(row.contract_id.job_problem)
        self.assertEqual(len(row.contract_id.activity_ids), 1)

    def test_nothing_due(self):
        row = self._set_aside()
        self._mend(row)
        row.with_user(self.accountant).action_create_invoice()
        action = row.contract_id.with_user(self.accountant).action_try_again()
        self.assertEqual(action["params"]["type"], "success")
        self.assertFalse(row.contract_id.job_problem)

    def test_who_may_not(self):
        row = self._set_aside()
        self._mend(row)
        contract = row.contract_id
        other = self._create_user("other_user", "crm_contract.crm_contract_group_user")
        for user in (self.reader, self.salesman, other):
            with self.assertRaises(AccessError):
                contract.with_user(user).action_try_again()
        self.assertEqual(row.state, "due")


class TestBillingFields(BillCommon):
    def test_billing_mode(self):
        contract = self._create_signed()
        with self.assertRaises(AccessError):
            contract.with_user(self.user).billing_mode = "send"
        with self.assertRaises(AccessError):
            contract.with_user(self.accountant).billing_mode = "send"
        contract.with_user(self.manager).billing_mode = "post"
        self.assertEqual(contract.billing_mode, "post")
        self.assertFalse(contract.with_user(self.user).copy().billing_mode)

    def test_billing_mode_by_default(self):
        """A default that somebody keeps for himself gives no rights either."""
        for user, mode in ((self.user, False), (self.manager, "send")):
            self.env["ir.default"].with_user(user).set(
                "crm.contract", "billing_mode", "send", user_id=True
            )
            contract = self._create_contract(user)
            self.assertEqual(contract.billing_mode, mode)
            self.assertEqual(contract.sudo().copy().billing_mode, mode)

    def test_payments(self):
        row, other = self._create_row(), self._create_row()
        for paid in (row, other):
            self._pay(self._post(self._invoice(paid)))
        contract = row.contract_id.with_user(self.accountant)
        self.assertEqual(contract.payment_count, 1)
        action = contract.action_view_payments()
        payment = self.env["account.payment"].browse(action["res_id"])
        self.assertEqual(payment.amount, 1150)
        self.assertEqual(payment.reconciled_invoice_ids, row.invoice_id)
        self.assertEqual(row.contract_id.with_user(self.user).payment_count, 1)
        with self.assertRaises(AccessError):
            row.contract_id.with_user(self.user).action_view_payments()
        self.assertEqual((contract.percent_invoiced, contract.percent_paid), (1,) * 2)

    def test_no_payments(self):
        self.assertEqual(self._create_row().contract_id.payment_count, 0)
        self.assertEqual(self.env["crm.contract"].new({}).payment_count, 0)


class TestBillingWorkers(BillCommon):
    """Several jobs share the billing run; the settings say how many."""

    def _set_workers(self, workers):
        settings = self.env["res.config.settings"].create(
            {"contract_billing_workers": workers}
        )
        settings.execute()

    def _get_jobs(self):
        code = 'env["crm.contract.billing"]._run()'
        return self.env["ir.cron"].search([("code", "=", code)])

    def test_workers(self):
        first = self.env.ref("crm_contract.ir_cron_bill")
        self.assertEqual(self._get_jobs(), first)
        self._set_workers(3)
        jobs = self._get_jobs()
        self.assertEqual(len(jobs), 3)
        self.assertEqual(
            set(jobs.mapped("name")),
            {first.name, f"{first.name} (2)", f"{first.name} (3)"},
        )
        self.assertEqual(jobs.model_id, first.model_id)
        self.assertEqual(set(jobs.mapped("interval_type")), {"days"})
        self._set_workers(1)
        self.assertEqual(self._get_jobs(), first)
        self._set_workers(2)
        self.assertEqual(len(self._get_jobs()), 2)
        self.assertLess(self._get_jobs(), jobs)

    def test_stopped_run_is_left_alone(self):
        self.env.ref("crm_contract.ir_cron_bill").active = False
        values = self.env["res.config.settings"].default_get(
            ["contract_billing_workers"]
        )
        self.assertEqual(values["contract_billing_workers"], 0)
        self.env["res.config.settings"].create({}).execute()
        self.assertFalse(self._get_jobs())

    def test_jobs_chosen_by_hand_are_left_alone(self):
        self._set_workers(2)
        first = self.env.ref("crm_contract.ir_cron_bill")
        second = self._get_jobs() - first
        first.active = False
        self._set_workers(1)
        self.assertEqual(self._get_jobs(), second)

    def test_range(self):
        for workers in (-1, 9):
            with self.assertRaises(ValidationError):
                self._set_workers(workers)

    def test_run_of_two_jobs_bills_once(self):
        self._set_workers(2)
        row = self._create_row()
        for _job in self._get_jobs():
            self.env["crm.contract.billing"]._run()
        self.assertEqual(len(row.contract_id.sudo().invoice_ids), 1)
        self.assertEqual(row.invoice_id.invoice_date, fields.Date.today())
