"""The text of a file, read in a process that ends with its time and memory.

Annexes come from anywhere. Run as a program, this file reads one from the standard input
and writes what it is and its text as JSON; `read_file_text` starts it.
"""

import io
import json
import re
import subprocess
import sys
import unicodedata
import zipfile

READ, EMPTY, LOCKED = "read", "empty", "locked"
LARGE, BROKEN, OTHER = "large", "broken", "other"
# Bytes of a file that is read, and signs that are kept of its text.
LARGEST = 20 * 1024**2
KEPT = 200_000

# Signs of radicals, by which PDF files print the words 人 or 民, stand for these words.
_RADICALS = dict(
    zip(
        "⺁⺅⺈⺊⺌⺍⺎⺓⺔⺘⺙⺛⺜⺝⺞⺟⺠⺡⺣⺦⺧⺨⺩⺫⺬⺭⺮⺯⺰⺳⺶⺹⺼⺾⻁⻂⻃⻄⻅⻆⻈⻉⻋⻌⻑⻒⻓⻔⻖⻗⻘⻙⻚⻛⻜⻝⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻳",
        "厂亻刀卜小小兀幺彑扌攵旡日月歹母民氵灬丬牛犭王目示礻竹糹纟罓羊耂肉艹虎衤覀西见角讠贝车辶長镸长门阝雨青韦页风飞食饣马骨鬼鱼鸟卤麦黄黾齐齿龙龟",
        strict=True,
    )
)
# Those that Unicode itself has another sign for, as for signs of old code pages.
_COMPATIBLE = re.compile(r"[\u2f00-\u2fdf\uf900-\ufaff]")
_SIGN = r"[\u2e80-\u9fff\uf900-\uffef]"
_BETWEEN_SIGNS = re.compile(rf"(?<={_SIGN})\s+(?={_SIGN})")
_HYPHEN = re.compile(r"(?<=[^\W\d_])-\n(?=[^\W\d_])")
_CODES = ("utf-8-sig", "gb18030")


def read_file_text(data: bytes, mimetype: str, timeout: float = 30):
    """Return what a file is and its text: (kind, str), the latter empty unless it is READ.

    Of PDF, Word, Excel, PowerPoint (not those of before 2007), OpenDocument, and plain text.

    >>> read_file_text("保密\\n条款".encode(), "text/plain")
    ('read', '保密条款')
    >>> read_file_text(b"\\xff\\xd8\\xff", "image/jpeg")
    ('empty', '')

    :param timeout: seconds
    """
    if not data:
        return BROKEN, ""
    if len(data) > LARGEST:
        return LARGE, ""
    if mimetype.startswith("image/"):
        return EMPTY, ""
    if mimetype.startswith(("audio/", "video/")):
        return OTHER, ""
    try:
        done = subprocess.run(
            [sys.executable, __file__], input=data, capture_output=True, timeout=timeout
        )
        kind, text = json.loads(done.stdout) if done.returncode == 0 else (BROKEN, "")
    except (subprocess.TimeoutExpired, ValueError, OSError):
        return BROKEN, ""
    text = tidy(text)[:KEPT]
    return (EMPTY, "") if kind == READ and not text else (kind, text)


def plain_signs(text: str) -> str:
    """Return a text with words for the signs by which fonts print them.

    >>> plain_signs("⼈⺠，⽅案")
    '人民，方案'
    """
    text = _COMPATIBLE.sub(lambda sign: unicodedata.normalize("NFKC", sign[0]), text)
    return "".join(_RADICALS.get(sign, sign) for sign in text)


def tidy(text: str) -> str:
    """Return a text as it is searched: lines are where a page has no more room.

    >>> tidy("双\\n⽅同意  the in-\\nterest\\n\\nof  ５%\\x00")
    '双方同意 the interest of ５%'
    """
    text = _HYPHEN.sub("", plain_signs(text.replace("\x00", "")))
    return " ".join(_BETWEEN_SIGNS.sub("", text).split())


def _read(data):
    if data.lstrip()[:5] == b"%PDF-":
        return _read_pdf(data)
    if data.startswith(b"PK"):
        return _read_office(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        locked = "EncryptedPackage".encode("utf-16-le") in data
        return (LOCKED if locked else OTHER), ""
    return _read_plain(data)


def _read_pdf(data):
    import pdf_text  # beside this program
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        return LOCKED, ""
    return READ, "\n".join(pdf_text.get_texts(reader))


def _read_office(data):
    archive = zipfile.ZipFile(io.BytesIO(data))
    names = sorted(archive.namelist())
    if "content.xml" in names:
        parts, blocks, leaves = ["content.xml"], {"p", "h"}, None
    elif "word/document.xml" in names:
        parts = [n for n in names if re.fullmatch(_WORD, n)]
        blocks, leaves = {"p"}, {"t"}
    elif "xl/workbook.xml" in names:
        parts = [n for n in names if re.fullmatch(_EXCEL, n)]
        blocks, leaves = {"si", "c"}, {"t", "v"}
    elif "ppt/presentation.xml" in names:
        parts = [n for n in names if re.fullmatch(_SLIDES, n)]
        blocks, leaves = {"p"}, {"t"}
    else:
        return OTHER, ""
    return READ, "\n".join(
        text
        for part in parts
        for text in _get_texts(archive.read(part), blocks, leaves)
    )


_WORD = r"word/(document|header\d*|footer\d*|footnotes|endnotes)\.xml"
_EXCEL = r"xl/(sharedStrings|worksheets/[^/]+)\.xml"
_SLIDES = r"ppt/(slides|notesSlides)/[^/]+\.xml"


def _get_texts(xml, blocks, leaves):
    """Yield the texts of the blocks of a part (names of elements without prefix)."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    for block in etree.fromstring(xml, parser).iter("{*}*"):
        # A cell that names a shared text has a number for it.
        if _name(block) not in blocks or block.get("t") == "s":
            continue
        if leaves is None:
            yield "".join(block.itertext())
        else:
            yield "".join(
                n.text or "" for n in block.iter("{*}*") if _name(n) in leaves
            )


def _name(node):
    return node.tag.rpartition("}")[2]


def _read_plain(data):
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return READ, data.decode("utf-16")
    if b"\x00" in data:
        return OTHER, ""
    for code in _CODES:
        try:
            return READ, data.decode(code)
        except UnicodeDecodeError:
            continue
    return OTHER, ""


def _main():
    import limits  # beside this program

    limits.limit_process()
    json.dump(_read(sys.stdin.buffer.read()), sys.stdout)


if __name__ == "__main__":
    _main()
