from datetime import date
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError
from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.fields import Command
from odoo.tools import mute_logger

from ..models.job import crm_contract_job
from ..models.ledger import crm_contract_billing
from .test_ledger import RecurringCommon

JOB = "crm_contract.ir_cron_bill"


@freeze_time("2026-01-10")
class TestBillingRun(RecurringCommon):
    """The run bills all that is due, and sets aside what it can't bill."""

    def _run(self, day="2026-01-10"):
        self.env.flush_all()
        with freeze_time(day), self.enter_registry_test_mode():
            self.env.ref(JOB).method_direct_trigger()
        self.env.invalidate_all()

    def _get_invoices(self, contracts):
        return contracts.sudo().invoice_ids.sorted("id")

    def _create_other_customer(self, **vals):
        return self.customer.copy({"name": "Other Corp", **vals})

    def test_backlog(self):
        contract = self._create_recurring()
        self._run("2026-04-15")
        invoices = self._get_invoices(contract)
        self.assertEqual(len(invoices), 4)
        self.assertEqual(set(invoices.mapped("state")), {"draft"})
        self.assertEqual(set(invoices.mapped("invoice_date")), {date(2026, 4, 15)})
        states = self._get_rows(contract).mapped("state")
        self.assertEqual(states, ["invoiced"] * 4 + ["planned"] * 8)
        self._run("2026-04-15")
        self.assertEqual(self._get_invoices(contract), invoices)

    def test_days_when_the_clock_changes(self):
        """Daily periods on days of 23 and 25 hours, billed around midnight."""
        job = self.env.ref(JOB).user_id
        for tz, first, hours in (
            ("Europe/Berlin", date(2026, 3, 28), ("22:30", "23:30")),
            ("Europe/Berlin", date(2026, 10, 24), ("21:30", "22:30")),
            ("America/New_York", date(2026, 11, 1), ("03:30", "05:30")),
        ):
            job.tz = tz
            contract = self._create_recurring(first, 1, recurrence_unit="day")
            for day in range(3):
                for hour in hours:
                    moment = f"{fields.Date.add(first, days=day)} {hour}:00"
                    self._run(moment)
            billed = self._get_rows(contract).sudo().filtered("invoice_id")
            starts = billed.mapped("period_start")
            last = max(starts)
            self.assertEqual(len(starts), (last - first).days + 1)
            self.assertGreaterEqual(last, fields.Date.add(first, days=2))
            self.assertEqual(
                len(billed.invoice_id.line_ids.installment_id), len(billed)
            )

    def test_more_than_a_chunk(self):
        contracts = self._create_recurring()
        for _index in range(4):
            contracts += self._create_recurring()
        with (
            patch.object(crm_contract_billing, "CHUNK", 2),
            patch.object(crm_contract_job, "LOOKAHEAD", 1),
        ):
            self._run()
        self.assertEqual(len(self._get_invoices(contracts)), 5)

    def test_drafts_are_not_billed(self):
        contract = self._create_contract(
            line_ids=[Command.create(self._prepare_line_vals(is_recurring=True))],
            installment_ids=[],
        )
        self._run("2026-04-15")
        self.assertFalse(contract.installment_ids)
        self.assertFalse(self._get_invoices(contract))

    def test_modes(self):
        self.company.contract_billing_mode = "post"
        posted, draft, sent = (
            self._create_recurring(duration=1) for _index in range(3)
        )
        draft.with_user(self.manager).billing_mode = "draft"
        sent.with_user(self.manager).billing_mode = "send"
        self._run()
        self.assertEqual(self._get_invoices(posted).state, "posted")
        self.assertEqual(self._get_invoices(draft).state, "draft")
        self.assertEqual(self._get_invoices(sent).state, "posted")
        self.assertTrue(self._get_invoices(sent).sending_data)
        self.assertFalse(self._get_invoices(posted).sending_data)

    def test_same_as_a_plain_invoice(self):
        included = self.tax.copy(
            {"name": "In", "amount": 7, "price_include_override": "tax_included"}
        )
        self.company.contract_billing_mode = "post"
        journal = self.env["account.journal"].create(
            {"name": "Plain", "code": "PLN", "type": "sale"}
        )
        journal.default_account_id = self.company.income_account_id
        for method in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = method
            lines = [
                self._prepare_line_vals(
                    is_recurring=True,
                    quantity=quantity,
                    price_unit=price,
                    discount=discount,
                    tax_ids=[Command.set(taxes.ids)],
                )
                for quantity, price, discount, taxes in (
                    (3, 33.335, 0, self.tax),
                    (1.5, 9.99, 7.5, self.tax),
                    (7, 10.01, 0, included),
                    (2, 5, 0, self.tax.browse()),
                )
            ]
            contract = self._create_signed(
                date_start=date(2026, 1, 1),
                line_ids=[Command.create(line) for line in lines],
                installment_ids=False,
                duration=1,
                notice_period=0,
            )
            self._run()
            ours = self._get_invoices(contract)
            plain = self.env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "journal_id": journal.id,
                    "partner_id": self.customer.id,
                    "invoice_date": date(2026, 1, 10),
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "product_id": line["product_id"],
                                "quantity": line["quantity"],
                                "price_unit": line["price_unit"],
                                "discount": line["discount"],
                                "tax_ids": line["tax_ids"],
                            }
                        )
                        for line in lines
                    ],
                }
            )
            plain.action_post()
            for name in ("amount_untaxed", "amount_tax", "amount_total"):
                self.assertAlmostEqual(ours[name], plain[name], 2, (method, name))
            self.assertEqual(
                sorted(ours.line_ids.mapped("balance")),
                sorted(plain.line_ids.mapped("balance")),
            )

    def test_content_of_the_invoice(self):
        plan = self.env["account.analytic.plan"].create({"name": "Plan"})
        account = self.env["account.analytic.account"].create(
            {"name": "Project", "plan_id": plan.id}
        )
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        contract = self._create_recurring(
            date_start=date(2026, 1, 17),
            date_anchor=date(2026, 1, 1),
            quantity=2,
            discount=10,
            analytic_distribution={account.id: 100},
        )
        self._run("2026-01-17")
        invoice = self._get_invoices(contract)
        line = invoice.invoice_line_ids
        self.assertEqual(line.product_id, self.product)
        self.assertEqual((line.quantity, line.discount), (2, 10))
        self.assertAlmostEqual(line.price_subtotal, 870.97)
        self.assertEqual(line.analytic_distribution, {str(account.id): 100})
        self.assertIn("17/01/2026", line.name)
        self.assertIn("31/01/2026", line.name)
        self.assertIn("15", line.name)
        self.assertEqual(invoice.ref, contract.number)
        self.assertIn(contract.number, invoice.message_ids[0].body)
        self.assertEqual(len(invoice.message_ids), 1)

    def test_rate_of_the_day(self):
        currency = self.env.ref("base.EUR")
        currency.active = True
        for day, rate in ((date(2026, 1, 1), 2), (date(2026, 2, 1), 4)):
            currency.rate_ids.create(
                {
                    "name": day,
                    "rate": rate,
                    "currency_id": currency.id,
                    "company_id": self.company.id,
                }
            )
        contract = self._create_signed(
            date_start=date(2026, 1, 1),
            currency_id=currency.id,
            line_ids=[
                Command.create(
                    self._prepare_line_vals(
                        is_recurring=True, tax_ids=False, price_unit=1000
                    )
                )
            ],
            installment_ids=False,
        )
        self._run("2026-01-10")
        self._run("2026-02-10")
        invoices = self._get_invoices(contract)
        self.assertEqual(invoices.mapped("amount_total"), [1000, 1000])
        self.assertEqual(invoices.mapped("amount_total_signed"), [500, 250])

    def _get_failure(self, contract):
        return self.env["crm.contract.job.failure"].search(
            [("contract_id", "=", contract.id)]
        )

    def _check_set_aside(self, bad, text):
        """One bad contract is set aside, the others are billed."""
        good = self._create_recurring(duration=1)
        self._run()
        self.assertTrue(self._get_invoices(good))
        self.assertFalse(self._get_invoices(bad))
        self.assertIn(text, bad.job_problem)
        failure = self._get_failure(bad)
        self.assertEqual(failure.job, "bill")
        self.assertEqual(failure.date_last, date(2026, 1, 10))
        [activity] = bad.activity_ids
        self.assertEqual(activity.user_id, bad.user_id)
        self.assertIn(text, activity.note)

    def test_archived_tax(self):
        tax = self.tax.copy({"name": "Old tax"})
        contract = self._create_recurring(tax_ids=[Command.set(tax.ids)])
        tax.active = False
        self._check_set_aside(contract, "Old tax")
        self._run()
        self.assertEqual(len(contract.activity_ids), 1)
        self._run("2026-01-11")
        self.assertEqual(len(contract.activity_ids), 1)
        tax.active = True
        self._run("2026-01-11")
        self.assertFalse(self._get_invoices(contract))
        self._run("2026-01-12")
        self.assertTrue(self._get_invoices(contract))
        self.assertFalse(contract.job_problem)
        self.assertFalse(contract.activity_ids)

    def test_tax_in_use_stays(self):
        """A tax of a contract can't be deleted, so that none vanishes from a bill."""
        tax = self.tax.copy({"name": "In use"})
        self._create_recurring(tax_ids=[Command.set(tax.ids)])
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
        ):
            tax.unlink()
            self.env.flush_all()

    def test_clock_moved_back(self):
        tax = self.tax.copy({"name": "Old tax"})
        contract = self._create_recurring(tax_ids=[Command.set(tax.ids)])
        tax.active = False
        self._run("2026-03-01")
        tax.active = True
        self._run("2026-01-11")
        self.assertTrue(self._get_invoices(contract))

    def test_archived_journal(self):
        journal = self.env["account.journal"].create(
            {"name": "Contracts", "code": "CTR", "type": "sale"}
        )
        contract = self._create_recurring()
        contract.sudo().journal_id = journal
        journal.active = False
        self._check_set_aside(contract, "Contracts")

    def test_no_receivable_account(self):
        contract = self._create_signed(
            partner_id=self._create_other_customer().id,
            customer_signatory_id=False,
            sign={"signed_by_customer": "Somebody"},
            date_start=date(2026, 1, 1),
            line_ids=[Command.create(self._prepare_line_vals(is_recurring=True))],
            installment_ids=False,
        )
        customer = self.env["res.partner"].browse(contract.partner_id.id)
        account = customer.property_account_receivable_id.copy({"code": "121999"})
        customer.property_account_receivable_id = account
        account.active = False
        self._check_set_aside(contract, "no receivable account")

    def test_locked_period(self):
        contract = self._create_recurring()
        self.company.sudo().sale_lock_date = date(2026, 1, 31)
        self._run()
        self.assertIn("locked", contract.job_problem)
        self._run("2026-02-01")
        self.assertEqual(len(self._get_invoices(contract)), 2)

    def test_unknown_failure(self):
        bad = self._create_recurring(duration=1)
        row = self.env.registry["crm.contract.installment"]
        prepare = row._prepare_period_line_vals

        def fail(installment):
            if installment.contract_id == bad:
                raise ValueError("boom")
            return prepare(installment)

        with (
            patch.object(row, "_prepare_period_line_vals", fail),
            mute_logger("odoo.addons.crm_contract.models.job.crm_contract_job"),
        ):
            self._check_set_aside(bad, "boom")

    def test_conflicts_are_tried_again(self):
        contract = self._create_recurring(duration=1)
        model = self.env.registry["crm.contract.billing"]
        bill, calls = model._bill, []

        def conflict(service, contracts, *args):
            calls.append(contracts)
            if len(calls) == 1:
                raise SerializationFailure("somebody else was faster")
            return bill(service, contracts, *args)

        with patch.object(model, "_bill", conflict):
            self._run()
        self.assertEqual(len(calls), 2)
        self.assertEqual(len(self._get_invoices(contract)), 1)
        self.assertFalse(contract.job_problem)

    def test_plan_rows(self):
        contract = self._create_signed()
        self._run()
        states = contract.installment_ids.sorted("sequence").mapped("state")
        self.assertEqual(sorted(states), ["invoiced", "planned"])

    def test_billed_before(self):
        contract = self._create_signed(
            installment_ids=[
                Command.create(
                    {
                        "name": "Before",
                        "percentage": 40,
                        "date": date(2025, 1, 1),
                        "billed_before": True,
                    }
                ),
                Command.create(
                    {"name": "Rest", "percentage": 60, "date": date(2026, 1, 1)}
                ),
            ]
        )
        self._run()
        before, rest = contract.installment_ids.sorted("percentage")
        self.assertEqual((before.state, rest.state), ("paid", "invoiced"))
        self.assertFalse(before.sudo().invoice_id)
        self.assertEqual(contract.amount_invoiced, contract.amount_total)
        self.assertEqual(contract.amount_paid, before.amount)
