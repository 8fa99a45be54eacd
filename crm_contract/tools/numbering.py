"""Numbers of headings and paragraphs, so that a text can be cited."""

import cn2an
from lxml import html


def chinese_article(number: int) -> str:
    """Return what a Chinese contract calls its article of a number.

    >>> [chinese_article(n) for n in (1, 10, 12, 20, 21, 110)]
    ['第一条', '第十条', '第十二条', '第二十条', '第二十一条', '第一百一十条']
    """
    words = cn2an.an2cn(number, "low")
    return f"第{words[1:] if words.startswith('一十') else words}条"


def numbered(body: str, prefix: str) -> str:
    """Return an HTML text whose paragraphs have numbers in front, like 5.2.1.

    A paragraph that is the only one is cited by the number of its heading. The numbers
    are marked: they belong to the layout, not to the words.

    >>> numbered("<p>One.</p><ul><li>a</li></ul><p><b>T</b>wo.</p>", "5.2")
    ... # doctest: +NORMALIZE_WHITESPACE
    '<p><span class="o_number">5.2.1</span> One.</p><ul><li>a</li></ul><p><span
    class="o_number">5.2.2</span> <b>T</b>wo.</p>'
    >>> numbered("<div><p>A</p> <p> </p> <p>B</p></div>", "3").count("o_number")
    2
    >>> numbered("<p>One.</p>", "5.2"), numbered("Words", "1"), numbered("", "1")
    ('<p>One.</p>', 'Words', '')

    :param prefix: number of the heading above
    """
    if not body:
        return body
    root = html.fragment_fromstring(body, create_parent="div")
    holder = root
    while len(holder) == 1 and holder[0].tag == "div":
        holder = holder[0]
    paragraphs = [p for p in holder.iterchildren("p") if p.text_content().strip()]
    if len(paragraphs) < 2:
        return body
    for position, paragraph in enumerate(paragraphs, 1):
        mark = html.Element("span", {"class": "o_number"})
        mark.text = f"{prefix}.{position}"
        mark.tail = " " + (paragraph.text or "").lstrip()
        paragraph.text = None
        paragraph.insert(0, mark)
    inner = [html.tostring(child, encoding="unicode") for child in root]
    return (root.text or "") + "".join(inner)
