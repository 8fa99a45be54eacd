"""Addresses in the order of a language."""

# Whose addresses are written in Chinese, from the large to the small.
CHINESE_COUNTRIES = ("CN", "HK", "MO", "TW")


def chinese_address(country, state, city, street, street2, zip_code) -> str:
    """Return an address as it is written in Chinese, the country first.

    >>> chinese_address("中国", "上海市", "上海市", "世纪大道100号", "1001室", "200120")
    '中国上海市世纪大道100号1001室，邮编 200120'
    >>> chinese_address("", "广东省", "深圳市", "Keji Road 1", "", "")
    '广东省深圳市 Keji Road 1'
    >>> chinese_address("", "", "", "", "", "")
    ''
    """
    parts = [country, state, city if city != state else "", street, street2]
    address = ""
    for part in (str(part or "").strip() for part in parts):
        # Latin letters stand apart from what is before them.
        apart = address and part and (part[0].isascii() and part[0].isalpha())
        address += f" {part}" if apart else part
    return f"{address}，邮编 {zip_code}" if address and zip_code else address
