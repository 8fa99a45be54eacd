"""The text layer of a PDF, read in a process that ends with its time and memory.

Scans come from anywhere. Run as a program, this file reads a PDF from the standard input
and writes its pages as JSON; `read_pdf_text` starts it.
"""

import io
import json
import subprocess
import sys

from pypdf import PdfReader
from pypdf.errors import PyPdfError

# Pages that are read
_PAGES = 500


def read_pdf_text(data: bytes, timeout: float = 30) -> list[str] | None:
    """Return the text of each page of a PDF.

    Pages without a text layer are empty. None is returned for what is no PDF that can be
    read: an image, an encrypted file, one that takes too long.

    >>> read_pdf_text(b"no PDF") is None
    True

    :param timeout: seconds
    """
    if data.lstrip()[:5] != b"%PDF-":
        return None
    try:
        done = subprocess.run(
            [sys.executable, __file__], input=data, capture_output=True, timeout=timeout
        )
        return json.loads(done.stdout) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError, OSError):
        return None


def count_pages(data: bytes) -> int:
    """Return the pages of a PDF of our own, 0 for what is none.

    >>> count_pages(b"no PDF")
    0
    """
    if b"%%EOF" not in data[-1024:]:
        return 0
    try:
        return len(PdfReader(io.BytesIO(data)).pages)
    except PyPdfError:
        return 0


def get_texts(reader: PdfReader) -> list[str]:
    """Return the text of each page, of the first ones of a book."""
    return [page.extract_text() or "" for page in list(reader.pages)[:_PAGES]]


def _main():
    import limits  # beside this program

    limits.limit_process()
    json.dump(get_texts(PdfReader(io.BytesIO(sys.stdin.buffer.read()))), sys.stdout)


if __name__ == "__main__":
    _main()
