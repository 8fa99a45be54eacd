import re
from decimal import ROUND_HALF_UP, Decimal
from itertools import product

import cn2an
from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..tools import amount_in_words
from ..tools.amount_in_words import chinese_capital_amount
from .common_doctest import check_doctests

any_case = settings(deadline=None, database=None, max_examples=100)
# The rules are about zeros: they are drawn more often than other digits.
YUAN = st.text("0000123456789", min_size=1, max_size=15).map(int)
CENTS = st.builds(
    lambda yuan, cents: yuan * 100 + cents, YUAN, st.just(0) | st.integers(0, 99)
)
DIGITS = "零壹贰叁肆伍陆柒捌玖"
WORDS = re.compile("人民币(?:(.+)元)?(?:零?(.)角)?(?:零?(.)分)?整?")


def words_of(cents):
    return chinese_capital_amount(Decimal(cents) / 100)


def parsed_cents(words):
    yuan, jiao, fen = WORDS.fullmatch(words).groups(default="零")
    yuan = cn2an.cn2an(yuan, "strict")
    return yuan * 100 + DIGITS.index(jiao) * 10 + DIGITS.index(fen)


def required_zeros(cents):
    """Count the gaps in the digits that need a 零.

    Only the 0 of a 万 digit (or 万亿) before 仟 goes unwritten.
    """
    digits = str(cents)
    gaps = [
        (len(gap[0]), len(digits) - gap.end())
        for gap in re.finditer("(?<=[1-9])0+(?=[1-9])", digits)
    ]
    return sum(length >= 4 or position - 2 not in (4, 12) for length, position in gaps)


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

    @any_case
    @given(CENTS)
    def test_words_parse_back(self, cents):
        self.assertEqual(parsed_cents(words_of(cents)), cents)

    @any_case
    @given(CENTS.filter(bool))
    def test_zeros_follow_the_rule(self, cents):
        words = words_of(cents)
        self.assertEqual(words.count("零"), required_zeros(cents), words)

    def test_every_pattern_of_zeros(self):
        """A zero may stand anywhere among twelve digits."""
        for pattern in product("07", repeat=12):
            cents = int("1" + "".join(pattern))
            words = words_of(cents)
            self.assertEqual(parsed_cents(words), cents)
            self.assertEqual(words.count("零"), required_zeros(cents), words)

    @any_case
    @given(CENTS)
    def test_ending(self, cents):
        words = words_of(cents)
        self.assertEqual(words.endswith("元整"), cents % 100 == 0)
        self.assertFalse(re.search("零零|零[万亿角分]|整.", words), words)

    @any_case
    @given(st.decimals(-(10**9), 10**9, places=4))
    def test_rounding_and_sign(self, amount):
        cents = int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
        words = chinese_capital_amount(amount)
        self.assertEqual(words.startswith("人民币负"), cents < 0)
        self.assertEqual(words.replace("负", ""), words_of(abs(cents)))
