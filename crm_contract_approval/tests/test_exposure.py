from datetime import date

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import BaseCase, tagged

from odoo.addons.crm_contract.tests.common_doctest import check_doctests
from odoo.addons.crm_contract.tools.recurrence import Recurrence

from ..tools import exposure
from ..tools.exposure import Fee, Price, reckon
from .common import ApprovalCommon


@tagged("post_install", "-at_install")
class TestToolsExposure(BaseCase):
    def _monthly(self, start=date(2026, 1, 1), **vals):
        return Recurrence(start, 1, "month", **vals)

    def test_doctests(self):
        check_doctests(self, exposure)

    def test_by_hand(self):
        ten = Price(10, 10)
        for fee, months, end, expected in (
            # Once
            (Fee(Price(100, 80)), 12, None, 80),
            # A term of two years is longer than the months, one of a month is not
            (Fee(ten, self._monthly()), 12, date(2027, 12, 31), 240),
            (Fee(ten, self._monthly()), 12, date(2026, 1, 31), 120),
            (Fee(ten, self._monthly()), 24, date(2026, 12, 31), 240),
            # A fee that begins after the first year
            (Fee(ten, self._monthly(date(2027, 6, 1))), 12, None, 120),
            (Fee(ten, self._monthly(date(2027, 6, 1))), 12, date(2027, 6, 30), 120),
            # A fee with an end of its own
            (Fee(ten, self._monthly(end=date(2026, 3, 31))), 12, None, 30),
            # Three years in advance; once a year; each quarter
            (Fee(ten, Recurrence(date(2026, 1, 1), 3, "year")), 12, None, 10),
            (Fee(ten, Recurrence(date(2026, 1, 1), 1, "year")), 12, None, 10),
            (Fee(ten, Recurrence(date(2026, 1, 1), 1, "quarter")), 12, None, 40),
            # Each day of a year without a 29th of February
            (Fee(ten, Recurrence(date(2026, 1, 1), 1, "day")), 12, None, 3650),
        ):
            with self.subTest(fee=fee, months=months, end=end):
                self.assertEqual(reckon([fee], months, end).value, expected)

    def test_steps(self):
        def stepped(*steps, **vals):
            steps = tuple((day, Price(price, price)) for day, price in steps)
            return Fee(Price(1, 1), self._monthly(), steps, **vals)

        for fee, end, expected in (
            (stepped((date(2026, 7, 1), 10)), None, 120),
            # In the middle of a period: from the next one on
            (stepped((date(2026, 6, 15), 10)), None, 120),
            (stepped((date(2029, 1, 1), 10)), None, 120),
            # Beyond the end, to which a renewal would come
            (stepped((date(2027, 1, 1), 10)), date(2026, 12, 31), 120),
            # Down, and up again
            (stepped((date(2026, 2, 1), 0), (date(2027, 1, 1), 5)), None, 60),
            # 12 × 1 and 24 × 10 in a term of three years
            (stepped((date(2027, 1, 1), 10)), date(2028, 12, 31), 252),
        ):
            with self.subTest(fee=fee, end=end):
                self.assertEqual(reckon([fee], 12, end).value, expected)

    def test_discounts(self):
        monthly = self._monthly()
        for fees, expected in (
            ([Fee(Price(100, 75), monthly)], 25),
            ([Fee(Price(100, 100), monthly, free=3)], 25),
            ([Fee(Price(100, 50), monthly, free=6)], 75),
            ([Fee(Price(100, 100), monthly, free=24)], 100),
            ([Fee(Price(100, 100)), Fee(Price(100, 60))], 40),
            ([Fee(Price(100, 100)), Fee(Price(-60, -60))], 60),
            ([Fee(Price(0, 0))], 0),
            ([], 0),
        ):
            with self.subTest(fees):
                self.assertAlmostEqual(reckon(fees, 12).discount, expected)

    def test_rebates_leave_the_gross(self):
        monthly = self._monthly()
        fees = [Fee(Price(100, 90), monthly), Fee(Price(-50, -50), monthly)]
        found = reckon(fees, 12)
        self.assertEqual((found.value, found.gross), (480, 1200))
        self.assertAlmostEqual(found.discount, 60)


class TestExposure(ApprovalCommon):
    """Thresholds ask for what a contract may come to, whatever it begins with."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.executive.write({"condition_mode": "any", "amount_from": 100000})

    def _names(self, contract):
        plan = self.env["crm.contract.approval.policy"]._plan(contract)[contract]
        return [planned.step.name for planned in plan]

    def _draft(self, *lines, **vals):
        vals = {"is_open_ended": True, "installment_ids": [], **vals}
        line = {"price_unit": 0, "is_recurring": True, "tax_ids": [Command.clear()]}
        commands = [Command.create(self._prepare_line_vals(**{**line, **row}))
                    for row in lines]  # fmt: skip
        return self._create_contract(line_ids=commands, **vals)

    def test_hidden_behind_a_cheap_beginning(self):
        step = Command.create({"date_from": self._days(365), "price_unit": 50000})
        for row, vals in (
            ({"price_unit": 50000, "free_periods": 12}, {}),
            ({"price_unit": 1, "step_ids": [step]}, {}),
            (
                {"price_unit": 1, "step_ids": [step]},
                {"is_open_ended": False, "date_end": self._days(364)},
            ),
            # A month at 10,000 is worth a year of it
            (
                {"price_unit": 10000},
                {
                    "is_open_ended": False,
                    "date_end": self._days(29),
                    "notice_period": 0,
                    "notice_unit": "day",
                },
            ),
        ):
            with self.subTest(row=row, vals=vals):
                contract = self._draft(row, **vals)
                self.assertLess(contract.amount_total, 100000)
                self.assertIn("Executive", self._names(contract))

    def test_small_ones_need_nobody(self):
        self.assertNotIn("Executive", self._names(self._draft({"price_unit": 8000})))

    def test_months_of_the_policy(self):
        contract = self._draft({"price_unit": 5000})
        self.assertNotIn("Executive", self._names(contract))
        version = self.policy.version
        self.env.cr.precommit.data.clear()
        self.policy.exposure_months = 24
        self.assertIn("Executive", self._names(contract))
        self.assertEqual(self.policy.version, version + 1)

    def test_rebate(self):
        contract = self._draft({"price_unit": 10000}, {"price_unit": -9000})
        self.assertNotIn("Executive", self._names(contract))
        self.executive.amount_basis = "gross"
        self.assertIn("Executive", self._names(contract))
        self.executive.write({"amount_from": 0, "discount_from": 80})
        self.assertIn("Executive", self._names(contract))
        self.executive.discount_from = 95
        self.assertNotIn("Executive", self._names(contract))

    def test_free_periods_are_a_discount(self):
        self.executive.write({"amount_from": 0, "discount_from": 25})
        for free, is_needed in ((0, False), (2, False), (3, True), (12, True)):
            contract = self._draft({"price_unit": 10, "free_periods": free})
            self.assertEqual("Executive" in self._names(contract), is_needed)

    def test_options_of_a_framework(self):
        """What may be called off counts by its ceiling, what it costs by its prices."""
        line = {"is_recurring": False, "price_unit": 10}
        vals = {"is_framework": True, "installment_ids": []}
        small = self._draft(line, amount_ceiling=99999, **vals)
        self.assertNotIn("Executive", self._names(small))
        large = self._draft(line, amount_ceiling=100000, **vals)
        self.assertIn("Executive", self._names(large))
        self.executive.write({"amount_from": 0, "discount_from": 25})
        for quantity, discount, is_needed in (
            (1, 0, False), (1, 24, False), (1, 25, True), (9, 90, True)
        ):  # fmt: skip
            row = {**line, "quantity": quantity, "discount": discount}
            contract = self._draft(line, row, amount_ceiling=100, **vals)
            self.assertEqual("Executive" in self._names(contract), is_needed)
            found = self.env["crm.contract.exposure"]._reckon(contract).discount
            self.assertAlmostEqual(found, discount)

    def test_of_the_day_in_the_currency_of_the_company(self):
        currency = self.env["res.currency"].create({"name": "XTS", "symbol": "X"})
        rate = self.env["res.currency.rate"].create(
            {"currency_id": currency.id, "name": self._days(-9), "rate": 10,
             "company_id": self.company.id}
        )  # fmt: skip
        contract = self._draft({"price_unit": 50000}, currency_id=currency.id)
        self.assertNotIn("Executive", self._names(contract))
        rate.copy({"name": self.today, "rate": 5})
        self.assertIn("Executive", self._names(contract))

    def test_shown_to_the_approver_and_before(self):
        contract = self._draft({"price_unit": 50000, "free_periods": 12})
        wizard = contract.env["crm.contract.submit"].create(
            {"contract_id": contract.id}
        )
        self.assertIn("600,000", wizard.preview)
        self._submit(contract)
        figures = self._task(contract).with_user(self.lawyer).figures
        self.assertIn("600,000", figures)
        self.assertIn("100 %", figures)

    def test_unknown_margin(self):
        self.executive.write({"amount_from": 0, "margin_below": 10})
        contract = self._draft({"price_unit": 1000})
        self.assertIsNone(self.env["crm.contract.exposure"]._get_margin(contract))
        self.assertIn("Executive", self._names(contract))
        self.product.with_company(self.company).standard_price = 100
        contract.invalidate_recordset()
        self.assertNotIn("Executive", self._names(contract))

    def test_texts_that_deviate(self):
        self.executive.write({"amount_from": 0, "clause_condition": "deviating"})
        contract = self._create_contract()
        self.assertNotIn("Executive", self._names(contract))
        vals = {"name": "Free", "category_id": self.category.id, "body": "<p>F</p>"}
        for change in (
            lambda: contract.clause_ids.create({"contract_id": contract.id, **vals}),
            lambda: contract.clause_ids[0].write({"name": "Other heading"}),
            lambda: contract.clause_ids[0].write({"body": "<p>Liable to the <s>limit</s>.</p>"}),
            lambda: contract.write({"preamble": "<p>Free of charge.</p>"}),
        ):  # fmt: skip
            with self.env.cr.savepoint() as savepoint:
                change()
                self.assertIn("Executive", self._names(contract))
                savepoint.close(rollback=True)
        self.env.invalidate_all()

    def test_no_rate(self):
        currency = self.env["res.currency"].create({"name": "XTT", "symbol": "X"})
        contract = self._draft({"price_unit": 1}, currency_id=currency.id)
        with self.assertRaisesRegex(UserError, "has no rate"):
            self._names(contract)
