"""What strangers type in, as it is kept: text without signs that nobody sees."""


def read_line(value: object, limit: int) -> str:
    r"""Return a text of one line.

    >>> read_line(" Anna\u200b\n Albers ", 100)
    'Anna Albers'
    >>> read_line(None, 100), read_line("Albers", 3)
    ('', 'Alb')

    :param value: whatever a client sent
    :param limit: number of characters
    """
    text = value if isinstance(value, str) else ""
    seen = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(seen.split())[:limit]


def read_paragraph(value: object, limit: int) -> str:
    r"""Return a text of several lines, see `read_line`.

    >>> read_paragraph("No.\r\n\tToo  dear ", 100)
    'No.\nToo dear'
    """
    lines = (value if isinstance(value, str) else "").splitlines()
    return "\n".join(read_line(line, limit) for line in lines).strip()[:limit]
