"""One sheet of a spreadsheet file, row by row: any number of rows, little memory."""

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import xlsxwriter

# What a spreadsheet program takes for a formula, if somebody edits or re-imports it
_ACTIVE = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 32767


def write_sheet(
    title: str, headings: Sequence[tuple[str, int]], rows: Iterable[Sequence]
) -> bytes:
    """Return an xlsx file with one sheet, whose first row stands still.

    Numbers are numbers, dates are dates; an amount is a pair of number and decimals. Texts
    stay texts whatever they look like.

    >>> write_sheet("Register", [("No.", 10)], [["=1+1"], [(2.5, 2)]])[:2]
    b'PK'

    :param headings: text and width, in characters, of each column
    :param rows: of str, int, float, date, (number, decimals), or None for nothing
    """
    file = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet(_name(title))
        writer = _Writer(book, sheet)
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        for column, (text, width) in enumerate(headings):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, text, bold)
        sheet.freeze_panes(1, 0)
        count = 0
        for count, row in enumerate(rows, 1):
            writer.put(count, row)
        sheet.autofilter(0, 0, count, len(headings) - 1)
    return file.getvalue()


class _Writer:
    def __init__(self, book, sheet):
        self.book = book
        self.sheet = sheet
        self.formats = {}

    def _get_format(self, **options):
        key = tuple(options.items())
        if key not in self.formats:
            self.formats[key] = self.book.add_format(options)
        return self.formats[key]

    def put(self, number, values):
        for column, value in enumerate(values):
            if value is not None:
                self._put_cell(number, column, value)

    def _put_cell(self, number, column, value):
        if isinstance(value, tuple):
            amount, decimals = value
            style = "#,##0" + (f".{'0' * decimals}" if decimals else "")
            form = self._get_format(num_format=style)
            self.sheet.write_number(number, column, amount, form)
        elif isinstance(value, datetime | date):
            form = self._get_format(num_format="yyyy-mm-dd")
            self.sheet.write_datetime(number, column, value, form)
        elif isinstance(value, int | float):
            self.sheet.write_number(number, column, value)
        elif value:
            form = value.startswith(_ACTIVE) and self._get_format(quote_prefix=True)
            self.sheet.write_string(number, column, value[:_LONGEST], form or None)


def _name(title):
    r"""Return a title that a sheet may have.

    >>> _name("Contracts: 2026/11 [all]")
    'Contracts  2026 11  all'
    """
    return "".join(" " if char in "[]:*?/\\'" else char for char in title)[:31].strip()
