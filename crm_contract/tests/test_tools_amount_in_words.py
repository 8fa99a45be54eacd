from decimal import Decimal

from odoo.tests import BaseCase

from ..tools import amount_in_words
from ..tools.amount_in_words import chinese_capital_amount
from .common_doctest import check_doctests


class TestToolsAmountInWords(BaseCase):
    def test_doctests(self):
        check_doctests(self, amount_in_words)

    def test_examples_of_the_rule(self):
        for amount, expected in (
            (1409.50, "人民币壹仟肆佰零玖元伍角"),
            (6007.14, "人民币陆仟零柒元壹角肆分"),
            (1680.32, "人民币壹仟陆佰捌拾元零叁角贰分"),
            (107000.53, "人民币壹拾万柒仟元零伍角叁分"),
            (16409.02, "人民币壹万陆仟肆佰零玖元零贰分"),
            (325.04, "人民币叁佰贰拾伍元零肆分"),
        ):
            with self.subTest(amount=amount):
                self.assertEqual(chinese_capital_amount(amount), expected)

    def test_other_amounts(self):
        for amount, expected in (
            (0, "人民币零元整"),
            (0.05, "人民币伍分"),
            (0.5, "人民币伍角"),
            (0.55, "人民币伍角伍分"),
            (1, "人民币壹元整"),
            (10, "人民币壹拾元整"),
            (100000.5, "人民币壹拾万元零伍角"),
            (10000.05, "人民币壹万元零伍分"),
            (100010, "人民币壹拾万零壹拾元整"),
            (100001000, "人民币壹亿零壹仟元整"),
            (110000000, "人民币壹亿壹仟万元整"),
            (1050000000, "人民币壹拾亿零伍仟万元整"),
            (1000000000.1, "人民币壹拾亿元零壹角"),
            (10**12, "人民币壹万亿元整"),
            (10**12 + 10**7, "人民币壹万亿零壹仟万元整"),
            (
                Decimal("1234567890.12"),
                "人民币壹拾贰亿叁仟肆佰伍拾陆万柒仟捌佰玖拾元零壹角贰分",
            ),
            (9999 * 10**12, "人民币玖仟玖佰玖拾玖万亿元整"),
        ):
            with self.subTest(amount=amount):
                self.assertEqual(chinese_capital_amount(amount), expected)

    def test_rounds_half_up(self):
        for amount, expected in (
            (0.005, "人民币壹分"),
            (2.675, "人民币贰元陆角捌分"),
            (0.004, "人民币零元整"),
            (-0.004, "人民币零元整"),
            (-0.005, "人民币负壹分"),
            (9.995, "人民币壹拾元整"),
        ):
            with self.subTest(amount=amount):
                self.assertEqual(chinese_capital_amount(amount), expected)

    def test_currency_and_sign(self):
        self.assertEqual(chinese_capital_amount(-100), "人民币负壹佰元整")
        self.assertEqual(chinese_capital_amount(12.3, "美元"), "美元壹拾贰元叁角")

    def test_refused(self):
        for amount in (
            9999 * 10**12 + 1,
            -(10**16),
            1e300,
            float("inf"),
            float("nan"),
        ):
            with (
                self.subTest(amount=amount),
                self.assertRaisesRegex(ValueError, "9999 trillion"),
            ):
                chinese_capital_amount(amount)
