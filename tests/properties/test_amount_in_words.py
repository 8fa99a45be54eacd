"""Chinese capital amounts: what the words say is the amount."""

import re
from decimal import ROUND_HALF_UP, Decimal
from itertools import product

import cn2an
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_contract.tools.amount_in_words import chinese_capital_amount

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


@given(CENTS)
def test_words_parse_back(cents):
    assert parsed_cents(words_of(cents)) == cents


@given(CENTS.filter(bool))
def test_zeros_follow_the_rule(cents):
    words = words_of(cents)
    assert words.count("零") == required_zeros(cents), words


def test_every_pattern_of_zeros():
    """A zero may stand anywhere among twelve digits."""
    for pattern in product("07", repeat=12):
        cents = int("1" + "".join(pattern))
        words = words_of(cents)
        assert parsed_cents(words) == cents
        assert words.count("零") == required_zeros(cents), words


@given(CENTS)
def test_ending(cents):
    words = words_of(cents)
    assert words.endswith("元整") == (cents % 100 == 0)
    assert not re.search("零零|零[万亿角分]|整.", words), words


@given(st.decimals(-(10**9), 10**9, places=4))
def test_rounding_and_sign(amount):
    cents = int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
    words = chinese_capital_amount(amount)
    assert words.startswith("人民币负") == (cents < 0)
    assert words.replace("负", "") == words_of(abs(cents))
