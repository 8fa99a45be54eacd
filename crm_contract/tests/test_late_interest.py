from datetime import date, timedelta
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import mute_logger

from .test_installment import LedgerCommon

DUE = date(2026, 1, 31)


class LateInterestCommon(LedgerCommon):
    """An invoice of 1150 that bears 0.05 % a day from 1 February on."""

    @classmethod
    def setUpClass(cls):
        freezer = freeze_time("2026-01-31 12:00")
        freezer.start()
        cls.addClassCleanup(freezer.stop)
        super().setUpClass()
        cls.type.write({"late_rate": 0.05, "late_rate_unit": "day"})

    def _create_overdue(self, terms=None, **vals):
        """Return an invoice of 1150, posted and due on 31 January."""
        contract = self._create_contract(
            installment_ids=[
                Command.create({"name": "All", "percentage": 100, "date": DUE})
            ],
            **vals,
        )
        contract.payment_term_id = terms
        self._sign(contract)
        return self._post(self._invoice(contract.installment_ids), DUE)

    def _accrued(self, invoice, day):
        """Return the interest of an invoice as of a day, as both records say it."""
        with freeze_time(f"{day} 12:00"):
            self.env.invalidate_all()
            self.assertEqual(
                invoice.amount_interest, invoice.contract_id.amount_interest
            )
            return invoice.amount_interest

    def _charge(self, invoice, day, user=None):
        """Charge through the dialog; return the new row."""
        contract = invoice.contract_id.with_user(user or self.user)
        before = contract.installment_ids
        with freeze_time(f"{day} 12:00"):
            self.env.invalidate_all()
            wizard = contract.env["crm.contract.interest"].create(
                {"contract_id": contract.id}
            )
            wizard.action_charge()
        return contract.installment_ids - before

    def _pay_on(self, invoice, amount, day):
        register = (
            self.env["account.payment.register"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=invoice.ids)
        )
        register.create({"amount": amount, "payment_date": day})._create_payments()


class TestLateInterest(LateInterestCommon):
    """Interest on overdue invoices: what accrues, and what is charged once."""

    def test_defaults_come_from_the_type(self):
        self.type.write({"late_grace_days": 3, "late_cap": 20})
        contract = self._create_contract()
        self.assertEqual(contract.late_rate, 0.05)
        self.assertEqual(contract.late_rate_unit, "day")
        self.assertEqual((contract.late_grace_days, contract.late_cap), (3, 20))

    def test_locked_after_draft(self):
        contract = self._create_signed()
        with self.assertRaises(UserError):
            contract.late_rate = 1

    def test_by_the_day(self):
        invoice = self._create_overdue()
        self.assertEqual(self._accrued(invoice, DUE), 0)
        self.assertEqual(self._accrued(invoice, date(2026, 2, 1)), 0.58)
        self.assertEqual(self._accrued(invoice, date(2026, 2, 10)), 5.75)

    def _credit_on(self, invoice, price, day):
        """Post a credit note for a part of an invoice, and set it off."""
        credit = (
            self.env["account.move"]
            .with_user(self.accountant)
            .create(
                {
                    "move_type": "out_refund",
                    "partner_id": invoice.partner_id.id,
                    "invoice_date": day,
                    "currency_id": invoice.currency_id.id,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "product_id": self.product.id,
                                "price_unit": price,
                                "tax_ids": [Command.set(self.tax.ids)],
                            }
                        )
                    ],
                }
            )
        )
        credit.action_post()
        (invoice + credit).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        return credit

    def test_credit_for_a_part_counts_like_a_payment(self):
        day, later = date(2026, 2, 11), date(2026, 2, 21)
        paid, credited = self._create_overdue(), self._create_overdue()
        with freeze_time(f"{day} 12:00"):
            self._pay_on(paid, 575, day)
            credit = self._credit_on(credited.with_user(self.accountant), 500, day)
        self.assertEqual(credit.amount_total, 575)
        self.assertEqual(self._accrued(credited, later), self._accrued(paid, later))
        # Less than without the credit note, more than on the day that it was made.
        self.assertGreater(self._accrued(credited, later), self._accrued(credited, day))
        self.assertLess(self._accrued(credited, later), 1150 * 0.0005 * 21)

    def test_in_the_currency_of_the_contract(self):
        currency = self.env.ref("base.EUR")
        currency.active = True
        currency.rate_ids.create(
            {
                "name": date(2026, 1, 1),
                "rate": 2,
                "currency_id": currency.id,
                "company_id": self.company.id,
            }
        )
        invoice = self._create_overdue(currency_id=currency.id)
        total = invoice.amount_total
        self.assertEqual(invoice.currency_id, currency)
        day = date(2026, 2, 10)
        expected = round(total * 0.0005 * 10, 2)
        self.assertAlmostEqual(self._accrued(invoice, day), expected, places=2)
        row = self._charge(invoice, day)
        self.assertAlmostEqual(row.amount, expected, places=2)
        self.assertEqual(row.currency_id, currency)

    def test_by_the_year(self):
        self.type.write({"late_rate": 7.3, "late_rate_unit": "year"})
        invoice = self._create_overdue()
        self.assertEqual(self._accrued(invoice, date(2026, 2, 10)), 2.3)

    def test_no_rate(self):
        self.type.late_rate = 0
        invoice = self._create_overdue()
        self.assertEqual(self._accrued(invoice, date(2026, 3, 1)), 0)

    def test_grace_days(self):
        self.type.late_grace_days = 10
        invoice = self._create_overdue()
        self.assertEqual(self._accrued(invoice, date(2026, 2, 10)), 0)
        self.assertEqual(self._accrued(invoice, date(2026, 2, 11)), 6.33)

    def test_part_payment(self):
        invoice = self._create_overdue()
        with freeze_time("2026-02-10 12:00"):
            self._pay_on(invoice, 150, date(2026, 2, 10))
        # 10 days on 1150, 10 days on 1000
        self.assertEqual(self._accrued(invoice, date(2026, 2, 20)), 10.75)

    def test_paid_late_in_full(self):
        invoice = self._create_overdue()
        with freeze_time("2026-02-10 12:00"):
            self._pay_on(invoice, 1150, date(2026, 2, 10))
        self.assertEqual(self._accrued(invoice, date(2026, 6, 1)), 5.75)

    def test_two_charges(self):
        invoice = self._create_overdue()
        first = self._charge(invoice, date(2026, 2, 10))
        self.assertEqual(first.amount, 5.75)
        self.assertEqual(first.period_start, date(2026, 2, 1))
        self.assertEqual(first.period_end, date(2026, 2, 10))
        self.assertEqual(first.source_invoice_id, invoice)
        self.assertEqual(first.invoice_id.amount_total, 5.75)
        self.assertFalse(first.invoice_id.invoice_line_ids.tax_ids)
        self.assertIn(invoice.name, first.invoice_id.invoice_line_ids.name)
        self.assertEqual(self._accrued(invoice, date(2026, 2, 10)), 0)
        with self.assertRaisesRegex(UserError, "no overdue interest"):
            self._charge(invoice, date(2026, 2, 10))
        second = self._charge(invoice, date(2026, 2, 12))
        self.assertEqual(second.amount, 1.15)
        self.assertEqual(second.period_start, date(2026, 2, 11))

    def test_plan_is_left_alone(self):
        invoice = self._create_overdue()
        contract = invoice.contract_id
        self._charge(invoice, date(2026, 2, 10))
        self.assertEqual(contract.amount_total, 1150)
        self.assertEqual(contract.plan_difference, 0)

    def test_cap(self):
        self.type.late_cap = 1
        invoice = self._create_overdue()
        first = self._charge(invoice, date(2026, 2, 10))
        second = self._charge(invoice, date(2026, 6, 1))
        self.assertEqual((first + second).mapped("amount"), [5.75, 5.75])
        self.assertEqual(self._accrued(invoice, date(2026, 9, 1)), 0)

    def test_no_interest_on_interest(self):
        invoice = self._create_overdue()
        row = self._charge(invoice, date(2026, 2, 10))
        interest = self._post(row.invoice_id, date(2026, 2, 10))
        with freeze_time("2026-02-10 12:00"):
            self._pay_on(invoice, 1150, date(2026, 2, 10))
        self.assertEqual(self._accrued(interest, date(2026, 6, 1)), 0)

    def test_reversed(self):
        invoice = self._create_overdue()
        with (
            freeze_time("2026-02-10 12:00"),
            patch.object(type(self), "today", date(2026, 2, 10)),
        ):
            self._credit(invoice)
        self.assertEqual(invoice.payment_state, "reversed")
        self.assertEqual(self._accrued(invoice, date(2026, 3, 1)), 0)

    def test_draft(self):
        invoice = self._create_overdue()
        invoice.button_draft()
        self.assertEqual(self._accrued(invoice, date(2026, 3, 1)), 0)

    def test_disputed(self):
        invoice = self._create_overdue()
        invoice.action_toggle_block_payment()
        self.assertEqual(invoice.payment_state, "blocked")
        self.assertEqual(self._accrued(invoice, date(2026, 3, 1)), 0)
        invoice.action_toggle_block_payment()
        self.assertEqual(self._accrued(invoice, date(2026, 2, 10)), 5.75)

    def _create_two_dues(self):
        """Return payment terms: half at once, half after ten days."""
        return self.env["account.payment.term"].create(
            {
                "name": "Two halves",
                "line_ids": [
                    Command.create({"value_amount": 50, "nb_days": days})
                    for days in (0, 10)
                ],
            }
        )

    def test_installments_of_the_payment_terms(self):
        invoice = self._create_overdue(terms=self._create_two_dues())
        self.assertEqual(self._accrued(invoice, date(2026, 2, 10)), 2.88)
        self.assertEqual(self._accrued(invoice, date(2026, 2, 20)), 8.63)

    def test_grace_of_a_later_installment_is_not_lost(self):
        """Days charged while a part had grace still count for that part after it."""
        self.type.late_grace_days = 5
        invoice = self._create_overdue(terms=self._create_two_dues())
        first = self._charge(invoice, date(2026, 2, 12))
        self.assertEqual(first.amount, 3.45)
        second = self._charge(invoice, date(2026, 2, 20))
        self.assertAlmostEqual(second.amount, 2.3 + 2.88, 2)

    def test_cancelled_interest_invoice_is_billed_again(self):
        invoice = self._create_overdue()
        row = self._charge(invoice, date(2026, 2, 10))
        with freeze_time("2026-02-10 12:00"):
            row.invoice_id.with_user(self.accountant).button_cancel()
            self.assertEqual(row.state, "due")
            self.assertEqual(self._accrued(invoice, date(2026, 2, 10)), 0)
            row.action_create_invoice()
            self.assertEqual(row.state, "invoiced")

    def test_taxes_of_the_product(self):
        self.company.contract_interest_product_id = self.product
        row = self._charge(self._create_overdue(), date(2026, 2, 10))
        self.assertEqual(row.invoice_id.invoice_line_ids.tax_ids, self.tax)
        self.assertEqual(row.invoice_id.amount_untaxed, 5.75)
        self.assertEqual(row.amount, row.invoice_id.amount_total)
        self.assertGreater(row.amount, 5.75)

    def test_not_for_days_to_come(self):
        contract = self._create_overdue().contract_id
        with self.assertRaises(ValidationError):
            self.env["crm.contract.interest"].create(
                {"contract_id": contract.id, "date": DUE + timedelta(days=1)}
            )

    def test_preview(self):
        contract = self._create_overdue().contract_id
        with freeze_time("2026-02-10 12:00"):
            wizard = self.env["crm.contract.interest"].with_user(self.user)
            wizard = wizard.create({"contract_id": contract.id})
            self.assertEqual(wizard.amount, 5.75)
            self.assertEqual(wizard.line_ids.mapped("amount_fixed"), [5.75])
            self.assertEqual(wizard.line_ids.period_start, date(2026, 2, 1))

    def test_who_may_charge(self):
        invoice = self._create_overdue()
        row = self._charge(invoice, date(2026, 2, 10), self.accountant)
        self.assertEqual(row.state, "invoiced")
        for user in (self.reader, self.salesman, self.portal):
            late = self.env["crm.contract.late.interest"].with_user(user)
            contract = invoice.contract_id.with_user(user)
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                late._charge(contract, date(2026, 3, 1))

    def test_clients_make_no_rows(self):
        invoice = self._create_overdue()
        row = self._charge(invoice, date(2026, 2, 10))
        vals = {
            "contract_id": invoice.contract_id.id,
            "name": "Forged",
            "trigger": "interest",
            "amount_type": "fixed",
            "amount_fixed": 1,
        }
        for user in (self.user, self.manager, self.accountant):
            mine = row.with_user(user)
            with self.subTest(user=user.login):
                for forge in (
                    lambda r: r.create(vals),
                    lambda r: r.create({**vals, "source_invoice_id": invoice.id}),
                    lambda r: r.write({"amount_fixed": 1}),
                    lambda r: r.write({"source_invoice_id": False}),
                    lambda r: r.write({"period_end": DUE}),
                    lambda r: r.unlink(),
                ):
                    with (
                        # An AccessError is a UserError, too.
                        self.assertRaises(UserError),
                        self.env.cr.savepoint(),
                    ):
                        forge(mine)

    def test_same_days_hit_the_index(self):
        """What a second user finds who read before the first one committed."""
        invoice = self._create_overdue()
        row = self._charge(invoice, date(2026, 2, 10)).sudo()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.IntegrityError),
            self.env.cr.savepoint(),
        ):
            row.create(
                {
                    "contract_id": row.contract_id.id,
                    "name": "Again",
                    "trigger": "interest",
                    "amount_type": "fixed",
                    "amount_fixed": 5.75,
                    "source_invoice_id": invoice.id,
                    "period_start": row.period_start,
                    "period_end": row.period_end,
                }
            )
            row.flush_model()

    def test_printed(self):
        self.type.write({"late_grace_days": 3, "late_cap": 20})
        contract = self._create_contract()
        text = self.env["crm.contract.late.interest"]._get_text(contract)
        for part in ("0.05 % per day", "3 days", "20 %"):
            self.assertIn(part, text)
