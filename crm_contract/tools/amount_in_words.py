"""Amounts in Chinese financial capitals (中文大写金额)."""

from decimal import ROUND_HALF_UP, Decimal

import cn2an

_LIMIT = Decimal(9999 * 10**12)


def chinese_capital_amount(
    amount: float | Decimal, currency_name: str = "人民币"
) -> str:
    """Return an amount in Chinese capital numerals, rounded half-up to 0.01.

    The rules are those for cheques: 《支付结算办法》(银发〔1997〕393号), annex 1,
    正确填写票据和结算凭证的基本规定. Where they leave a choice, 整 is written only
    when there are neither 角 nor 分, 零 is written for a yuan digit that is 0 before 角,
    and not for a 万 digit that is 0 before 仟.

    >>> chinese_capital_amount(1409.50)
    '人民币壹仟肆佰零玖元伍角'
    >>> chinese_capital_amount(107000.53)
    '人民币壹拾万柒仟元零伍角叁分'
    >>> chinese_capital_amount(-20, "美元")
    '美元负贰拾元整'

    :param amount: in units of the currency (元)
    :param currency_name: Chinese name of the currency, put in front
    :raise ValueError: more than 9999 trillion either way, or not a finite number
    """
    value = Decimal(str(amount))
    if not (value.is_finite() and abs(value) <= _LIMIT):
        raise ValueError(f"Amounts in words end at 9999 trillion (万亿), got {amount}")
    cents = int((value * 100).quantize(Decimal(1), ROUND_HALF_UP))
    sign = "负" if cents < 0 else ""
    return f"{currency_name}{sign}{_yuan_words(abs(cents))}"


def _yuan_words(cents: int) -> str:
    yuan, fraction = divmod(cents, 100)
    jiao, fen = divmod(fraction, 10)
    if not fraction:
        return f"{_integer_words(yuan)}元整"
    words = f"{_integer_words(yuan)}元" if yuan else ""
    # 1680.32 is 壹仟陆佰捌拾元零叁角贰分 and 325.04 叁佰贰拾伍元零肆分.
    if yuan and (yuan % 10 == 0 or not jiao):
        words += "零"
    words += f"{_integer_words(jiao)}角" if jiao else ""
    return words + (f"{_integer_words(fen)}分" if fen else "")


def _integer_words(number: int) -> str:
    # Only groups of four digits are left to cn2an 0.5.24, because across groups it
    # drops any 零 before 仟: 100001000 becomes 壹亿壹仟, which reads as 1.1 亿, instead
    # of 壹亿零壹仟, and 1050000000 becomes 壹拾亿伍仟万, although the rules let go the
    # 零 of 万 and yuan digits only. Its `rmb` mode never writes the 零 before 角 either.
    for unit, name in ((10**8, "亿"), (10**4, "万")):
        if number >= unit:
            high, low = divmod(number, unit)
            return f"{_integer_words(high)}{name}{_rest_words(high, low, unit)}"
    return cn2an.an2cn(number, "up")


def _rest_words(high: int, low: int, unit: int) -> str:
    if not low:
        return ""
    has_gap = low < unit // 10 or (unit == 10**8 and high % 10 == 0)
    return f"{'零' if has_gap else ''}{_integer_words(low)}"
