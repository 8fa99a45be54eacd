import base64
import binascii
from datetime import date, datetime

from odoo import api, models
from odoo.exceptions import UserError

from ...tools.records import one, some

# What no contract goes beyond.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2200, 12, 31)
MAX_TEXT = 20_000
MAX_FILE = 25 * 1024 * 1024
MAX_NUMBER = 10**12


class CrmContractArguments(models.AbstractModel):
    """What callers of the public interface pass: plain values, read with care.

    Each reader takes the name of the argument and its value, as JSON or XML-RPC bring
    it or as a field holds it, and raises `UserError` with one sentence that says what is
    wrong.
    """

    _name = "crm.contract.arguments"
    _description = "Arguments of the public interface"

    @api.model
    def _read_one(self, records):
        """Return the record, which has to be one that the user may read."""
        return self._read_some(one(records))

    @api.model
    def _read_some(self, records):
        """Return the records, each once; the user has to be allowed to read them."""
        records = some(records)
        # What others have read before is in the cache: a missing right shows here.
        records.check_access("read")
        return records

    @api.model
    def _read_date(self, name, value, default=None):
        """Return a day (date), the default if there is no value.

        :param default: False if there need not be a day; without it, there has to be one
        """
        if value is None or value is False:
            if default is None:
                raise self._missing(name)
            return default
        day = value
        if isinstance(value, str):
            try:
                day = date.fromisoformat(value)
            except ValueError:
                day = None
            if len(value) != len("2026-12-31"):
                day = None
        if not isinstance(day, date) or isinstance(day, datetime):
            raise UserError(
                self.env._(
                    "%(name)s: write the day as 2026-12-31, not %(value)s.",
                    name=name,
                    value=_show(value),
                )
            )
        if not FIRST_DAY <= day <= LAST_DAY:
            raise UserError(
                self.env._("%s: the day lies outside of 1970 to 2200.", name)
            )
        return day

    @api.model
    def _read_text(self, name, value, required=False):
        """Return a text (str) without spaces around it; "" for nothing."""
        text = "" if value is None or value is False else value
        if not isinstance(text, str) or "\0" in text:
            raise UserError(self.env._("%s: give a text.", name))
        if len(text) > MAX_TEXT:
            raise UserError(
                self.env._(
                    "%(name)s: at most %(number)s letters.", name=name, number=MAX_TEXT
                )
            )
        if required and not text.strip():
            raise self._missing(name)
        return text.strip()

    @api.model
    def _read_number(self, name, value, default=None):
        """Return a finite number (float), the default if there is no value."""
        if value is None or value is False:
            return default
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        # Neither endless nor no number at all: comparing tells.
        if not (is_number and abs(value) <= MAX_NUMBER):
            raise UserError(
                self.env._(
                    "%(name)s: give a number, not %(value)s.",
                    name=name,
                    value=_show(value),
                )
            )
        return float(value)

    @api.model
    def _read_integer(self, name, value, allowed, default=None):
        """Return a whole number out of a range; the default if there is no value."""
        number = self._read_number(name, value, default)
        if number is None or number not in allowed:
            raise UserError(
                self.env._(
                    "%(name)s: give a whole number from %(first)s to %(last)s.",
                    name=name,
                    first=allowed[0],
                    last=allowed[-1],
                )
            )
        return int(number)

    @api.model
    def _read_flag(self, name, value):
        """Return a yes or no (bool)."""
        if not isinstance(value, bool):
            raise UserError(self.env._("%s: say true or false.", name))
        return value

    @api.model
    def _read_choice(self, name, value, options, required=True):
        """Return one of the options; False for nothing, if that is possible.

        :param options: keys and labels of a selection
        """
        if not required and (value is None or value is False):
            return False
        keys = [key for key, _label in options]
        if value not in keys:
            raise UserError(
                self.env._(
                    "%(name)s: choose one of %(options)s.",
                    name=name,
                    options=", ".join(keys),
                )
            )
        return value

    @api.model
    def _read_record(self, name, value, model):
        """Return the record of an id; an empty one for nothing.

        :raise AccessError: if the user may not read it
        """
        if value is None or value is False:
            return self.env[model]
        return self._read_records(name, [value], model)

    @api.model
    def _read_records(self, name, value, model):
        """Return the records of a list of ids.

        :raise AccessError: if the user may not read one of them
        """
        ids = value or []
        records = self.env[model]
        if isinstance(ids, list | tuple) and all(map(_is_id, ids)):
            records = records.browse(dict.fromkeys(ids)).exists()
        if not isinstance(ids, list | tuple) or len(records) != len(set(map(str, ids))):
            raise UserError(
                self.env._(
                    "%(name)s: %(value)s is no id of “%(model)s”.",
                    name=name,
                    value=_show(value),
                    model=records._description,
                )
            )
        records.check_access("read")
        return records

    @api.model
    def _read_file(self, name, value):
        """Return the bytes of a file that is sent in base64; None for nothing."""
        if value is None or value is False or value in ("", b""):
            return None
        try:
            content = base64.b64decode(value, validate=True)
        except (binascii.Error, TypeError, ValueError):
            content = b""
        if not content:
            raise UserError(self.env._("%s: send the file in base64.", name))
        if len(content) > MAX_FILE:
            raise UserError(
                self.env._(
                    "%(name)s: the file is larger than %(number)s MB.",
                    name=name,
                    number=MAX_FILE // 1024 // 1024,
                )
            )
        return content

    @api.model
    def _missing(self, name):
        """Return the error of an argument that has to be there."""
        return UserError(self.env._("%s: this is needed.", name))


def _is_id(value):
    # PostgreSQL's integers end here.
    return type(value) is int and 0 < value < 2**31


def _show(value):
    text = str(value).replace("\0", "")
    return text if len(text) <= 40 else f"{text[:39]}…"
