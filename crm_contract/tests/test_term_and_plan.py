from contextlib import contextmanager

from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Date
from odoo.tools import mute_logger

from .common import ContractCommon


class ConstraintCommon(ContractCommon):
    @contextmanager
    def _assert_constraint(self):
        """Expect that the database refuses."""
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            yield


class TestTerm(ConstraintCommon):
    def _create_term(self, **vals):
        vals.setdefault("date_start", "2026-01-31")
        return self._create_contract(**vals)

    def test_end_from_duration(self):
        for duration, unit, end in (
            (12, "month", "2027-01-30"),
            (1, "month", "2026-02-27"),
            (10, "day", "2026-02-09"),
            (2, "year", "2028-01-30"),
            (1, "quarter", "2026-04-29"),
        ):
            contract = self._create_term(
                duration=duration, duration_unit=unit, notice_period=0
            )
            self.assertEqual(contract.date_end, Date.to_date(end))

    def test_defaults_of_the_type(self):
        contract = self._create_term()
        self.assertEqual((contract.duration, contract.duration_unit), (12, "month"))
        self.assertEqual(contract.date_end, Date.to_date("2027-01-30"))
        self.assertEqual(contract.date_notice, Date.to_date("2026-12-30"))

    def test_dates_follow_each_other(self):
        contract = self._create_term()
        contract.date_start = "2026-03-01"
        self.assertEqual(contract.date_end, Date.to_date("2027-02-28"))
        contract.date_end = "2026-12-31"
        self.assertEqual(contract.date_notice, Date.to_date("2026-11-30"))
        contract.is_open_ended = True
        self.assertFalse(contract.date_end)
        self.assertFalse(contract.date_notice)

    def test_given_end(self):
        contract = self._create_term(date_end="2026-06-30")
        self.assertEqual(contract.date_end, Date.to_date("2026-06-30"))

    def test_end_before_start(self):
        with self._assert_constraint():
            self._create_term(date_end="2026-01-30", notice_period=0)
        with self.assertRaisesRegex(ValidationError, "a number from 0"):
            self._create_term(duration=-1)

    def test_one_day(self):
        contract = self._create_term(date_end="2026-01-31", notice_period=0)
        self.assertEqual(contract.date_end, contract.date_start)

    def test_notice_longer_than_the_term(self):
        with self.assertRaisesRegex(ValidationError, "longer than its term"):
            self._create_term(notice_period=13)

    def test_ending_soon(self):
        ends = {
            days: self._create_signed(date_end=self._days(days), notice_period=0)
            for days in (0, 90, 91)
        }
        draft = self._create_contract(date_end=self._days(50))
        contracts = self.env["crm.contract"].with_user(self.user)
        soon = ends[0] + ends[90]
        self.assertEqual(
            contracts.search([("is_ending_soon", "=", True)], order="id"), soon
        )
        others = contracts.search([("is_ending_soon", "=", False)])
        self.assertLessEqual(ends[91] + draft, others)
        self.assertFalse(soon & others)
        self.assertEqual((soon + ends[91]).filtered("is_ending_soon"), soon)


class TestPlan(ConstraintCommon):
    def _create_plan(self, *rows, price=1000, **vals):
        """Create a contract with a plan of percentages (int) and amounts (str)."""
        commands = [
            Command.create(
                {"name": f"Row {index}", "date": self.today, "percentage": row}
                if isinstance(row, (int, float))
                else {
                    "name": f"Row {index}",
                    "date": self.today,
                    "amount_type": "fixed",
                    "amount_fixed": float(row),
                }
            )
            for index, row in enumerate(rows)
        ]
        line = self._prepare_line_vals(price_unit=price, tax_ids=False)
        vals.setdefault("line_ids", [Command.create(line)])
        return self._create_contract(installment_ids=commands, **vals)

    def _get_amounts(self, contract):
        return contract.installment_ids.sorted("id").mapped("amount")

    def test_amounts(self):
        for rows, price, amounts, difference in (
            ((30, 70), 1000, [300, 700], 0),
            ((33.33, 33.33, 33.34), 100, [33.33, 33.33, 33.34], 0),
            ((33.3333, 33.3333, 33.3334), 0.1, [0.03, 0.03, 0.04], 0),
            (("400", 60), 1000, [400, 600], 0),
            (("400.5", "599.5"), 1000, [400.5, 599.5], 0),
            ((30, 60), 1000, [300, 600], 100),
            ((60, 60), 1000, [600, 600], -200),
            ((50, 50), 0.01, [0.01, 0], 0),
        ):
            with self.subTest(rows=rows, price=price):
                contract = self._create_plan(*rows, price=price)
                self.assertEqual(self._get_amounts(contract), amounts)
                self.assertAlmostEqual(contract.plan_difference, difference)

    def test_plan_follows_the_value(self):
        contract = self._create_plan(30, 70)
        contract.line_ids.quantity = 2
        self.assertEqual(self._get_amounts(contract), [600, 1400])
        contract.installment_ids[0].percentage = 40
        self.assertAlmostEqual(contract.plan_difference, -200)
        contract.installment_ids.sorted("id")[1].percentage = 60
        self.assertFalse(contract.plan_difference)
        self.assertEqual(contract.amount_remaining, contract.amount_total)

    def test_difference_keeps_from_submission(self):
        for rows in ((30, 60), (60, 60), ("999.99",)):
            with self.assertRaisesRegex(UserError, "does not add up"):
                self._create_plan(*rows).action_submit()

    def test_value_of_zero(self):
        with self.assertRaisesRegex(UserError, "value is zero"):
            self._create_plan(100, price=0).action_submit()

    def test_percentages(self):
        for percentage in (0, -1, 100.01, 250):
            with self.subTest(percentage), self._assert_constraint():
                self._create_plan(percentage)

    def test_fixed_amounts_of_nothing_and_less(self):
        """A rebate is a row of the plan; what is free needs no invoice."""
        contract = self._create_plan("0", "-100", "1100")
        self.assertFalse(contract.plan_difference)
        self._sign(contract)
        states = contract.installment_ids.sorted("id").mapped("state")
        self.assertEqual(states, ["free", "due", "due"])

    def test_discount_of_everything(self):
        """What is free because of a discount can be agreed on."""
        line = self._prepare_line_vals(discount=100, tax_ids=False)
        contract = self._create_plan(100, line_ids=[Command.create(line)])
        self._sign(contract)
        self.assertEqual(contract.installment_ids.state, "free")
        self.assertFalse(contract.amount_remaining)

    def test_milestone_of_another_contract(self):
        other = self._create_contract(milestone_ids=[Command.create({"name": "M"})])
        row = self._create_plan(100).installment_ids
        with self.assertRaisesRegex(ValidationError, "another contract"):
            row.write({"trigger": "milestone", "milestone_id": other.milestone_ids.id})


class TestAmounts(ConstraintCommon):
    def _create_lines(self, *lines, **vals):
        commands = [Command.create(self._prepare_line_vals(**line)) for line in lines]
        return self._create_contract(line_ids=commands, **vals)

    def _create_tax(self, amount, **vals):
        return self.tax.copy({"name": f"Tax {amount} {vals}", "amount": amount, **vals})

    def _assert_amounts(self, contract, untaxed, tax):
        amounts = (contract.amount_untaxed, contract.amount_tax, contract.amount_total)
        for amount, expected in zip(
            amounts, (untaxed, tax, untaxed + tax), strict=True
        ):
            self.assertAlmostEqual(amount, expected)

    def test_product_fills_the_line(self):
        line = self._create_lines({}).line_ids
        self.assertEqual(line.name, "Maintenance")
        self.assertEqual(line.price_unit, 1000)
        self.assertEqual(line.product_uom_id, self.product.uom_id)
        self.assertEqual(line.tax_ids, self.tax)
        self.assertEqual((line.price_subtotal, line.price_total), (1000, 1150))

    def test_line_without_product(self):
        contract = self._create_contract(
            line_ids=[Command.create({"name": "Free", "price_unit": 10})]
        )
        self.assertEqual(contract.line_ids.tax_ids, self.tax)
        self._assert_amounts(contract, 10, 1.5)

    def test_quantity_and_discount(self):
        contract = self._create_lines({"quantity": 3, "discount": 10})
        self._assert_amounts(contract, 2700, 405)
        contract.line_ids.discount = 100
        self._assert_amounts(contract, 0, 0)

    def test_several_taxes(self):
        second = self._create_tax(5)
        contract = self._create_lines(
            {"tax_ids": [Command.set((self.tax + second).ids)]},
            {"tax_ids": [Command.set(second.ids)]},
            {"tax_ids": False},
        )
        self._assert_amounts(contract, 3000, 250)

    def test_price_included(self):
        included = self._create_tax(15, price_include_override="tax_included")
        contract = self._create_lines({"tax_ids": [Command.set(included.ids)]})
        self._assert_amounts(contract, 869.57, 130.43)

    def test_many_lines_round_like_an_invoice(self):
        for method in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = method
            contract = self._create_lines(*[{"price_unit": 0.33}] * 7)
            invoice = self.env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "product_id": self.product.id,
                                "price_unit": 0.33,
                                "tax_ids": [Command.set(self.tax.ids)],
                            }
                        )
                        for _index in range(7)
                    ],
                }
            )
            self._assert_amounts(contract, invoice.amount_untaxed, invoice.amount_tax)

    def test_fiscal_position(self):
        position = self.env["account.fiscal.position"].create({"name": "Abroad"})
        reduced = self._create_tax(
            5,
            fiscal_position_ids=[Command.set(position.ids)],
            original_tax_ids=[Command.set(self.tax.ids)],
        )
        contract = self._create_lines({})
        contract.fiscal_position_id = position
        self.assertEqual(contract.line_ids.tax_ids, reduced)
        self._assert_amounts(contract, 1000, 50)

    def test_impossible_lines(self):
        for vals in (
            {"quantity": 0},
            {"quantity": -1},
            {"discount": 101},
            {"discount": -1},
            {"display_type": "line_note"},
        ):
            with self.subTest(vals), self._assert_constraint():
                self._create_lines(vals)

    def test_sections_and_notes_cost_nothing(self):
        contract = self._create_contract(
            line_ids=[
                Command.create({"name": "Section", "display_type": "line_section"}),
                Command.create(self._prepare_line_vals()),
                Command.create({"name": "Note", "display_type": "line_note"}),
            ]
        )
        self._assert_amounts(contract, 1000, 150)

    def _create_currency(self, rate=None):
        currency = self.env["res.currency"].create({"name": "XTS", "symbol": "X"})
        if rate:
            self.env["res.currency.rate"].create(
                {
                    "currency_id": currency.id,
                    "company_id": self.company.id,
                    "name": "2020-01-01",
                    "rate": rate,
                }
            )
        return currency

    def test_foreign_currency(self):
        contract = self._create_lines({}, currency_id=self._create_currency(2).id)
        self.assertEqual(contract.currency_rate, 2)
        self.assertEqual(contract.line_ids.price_unit, 2000)
        self._assert_amounts(contract, 2000, 300)
        self.assertEqual(contract.amount_company, 1150)

    def test_currency_without_rate(self):
        currency = self._create_currency()
        contract = self._create_lines({}, currency_id=currency.id)
        with self.assertRaisesRegex(UserError, "XTS has no exchange rate"):
            contract.action_submit()
        currency.active = False
        with self.assertRaisesRegex(UserError, "XTS is archived"):
            contract.action_submit()

    def test_archived_customer(self):
        contract = self._create_lines({})
        self.customer.active = False
        with self.assertRaisesRegex(UserError, "customer is archived"):
            contract.action_submit()
        with self.assertRaisesRegex(ValidationError, "Customer Corp is archived"):
            self._create_lines({})

    def test_payment_conditions(self):
        term = self.env["account.payment.term"].create({"name": "Term"})
        other = term.copy({"name": "Other"})
        self.customer.with_company(self.company).property_payment_term_id = term
        self.assertEqual(self._create_lines({}).payment_term_id, term)
        self.type.payment_term_id = other
        self.assertEqual(self._create_lines({}).payment_term_id, other)

    def test_addresses(self):
        invoicing, delivery = self.env["res.partner"].create(
            [
                {"name": kind, "type": kind, "parent_id": self.customer.id}
                for kind in ("invoice", "delivery")
            ]
        )
        contract = self._create_lines({})
        self.assertEqual(contract.partner_invoice_id, invoicing)
        self.assertEqual(contract.partner_shipping_id, delivery)
        self.assertEqual(contract.company_bank_id, self.company.bank_ids)
