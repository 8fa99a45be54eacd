from datetime import datetime

from odoo import api, models
from odoo.api import NewId
from odoo.exceptions import MissingError, UserError, ValidationError
from odoo.tools import format_date, formatLang

from ...tools import bounds
from ...tools.reading import has_tricks

# Numbers of days, months and the like, by a word of their names.
_LENGTHS = {"duration", "period", "periods", "interval", "months", "term"}
_SELECTED = ("active_ids", "active_id", "res_ids")


class CrmContractBoundsMixin(models.AbstractModel):
    """Bounds of what a record can hold, with messages.

    Whatever a client sends is looked at before it meets the database or a calendar, by
    each door: creation, writing, a form that is being filled in, defaults. What follows
    by computation is looked at when it is stored.
    """

    _name = "crm.contract.bounds.mixin"
    _description = "Bounds of values"

    # Formatted texts that both sides read, see `crm.contract.reading`.
    _agreed_texts = ()

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_bounds(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_bounds(vals)
        return super().write(vals)

    @api.model
    def default_get(self, fields):
        self._check_selected()
        values = super().default_get(fields)
        self._check_bounds(values)
        return values

    def onchange(self, values, field_names, fields_spec):
        """Refuse what could not be saved, before anything is computed of it."""
        self._check_selected()
        self._check_bounds(values)
        return super().onchange(values, field_names, fields_spec)

    def export_data(self, fields_to_export):
        """Export texts that a spreadsheet would take for formulas as texts.

        Odoo does so in CSV files, and leaves them to be reckoned in others.
        """
        result = super().export_data(fields_to_export)
        for row in result["datas"]:
            row[:] = [f"'{cell}" if bounds.is_formula(cell) else cell for cell in row]
        return result

    def _validate_fields(self, field_names, excluded_names=()):
        # A creation names the fields of each of its records.
        field_names = list(dict.fromkeys(field_names))
        result = super()._validate_fields(field_names, excluded_names)
        self._check_stored_bounds(field_names)
        if not self.env.su:
            # What code copies of an agreed text is asked about on submission.
            self._check_agreed_texts(set(self._agreed_texts) & set(field_names))
        return result

    def _check_agreed_texts(self, names):
        texts = self.env["crm.contract.reading"]
        for record in self:
            for name in names:
                texts._check_readable(record.display_name, record[name])

    @api.model
    def _get_bounds(self, field):
        """Return the least and the most of a number (pair); extended by each model.

        :param field: field of the type integer, float or monetary
        """
        if field.type != "integer":
            return -bounds.MOST, bounds.MOST
        words = set(field.name.split("_"))
        if "days" in words:
            return -bounds.MOST_UNITS, bounds.MOST_UNITS
        if words & _LENGTHS:
            return 0, bounds.MOST_UNITS
        return -bounds.MOST_ID, bounds.MOST_ID

    @api.model
    def _check_bounds(self, vals):
        """Raise ValidationError for values that can't be stored, or make no sense.

        What code writes after its checks is not asked about.
        """
        if self.env.su or not isinstance(vals, dict):
            return
        for name, value in vals.items():
            # An import names rows by other ids than numbers.
            field = self._fields.get(name) if name != "id" else None
            problem = field and value not in (None, False) and self._get_problem(
                field, value
            )  # fmt: skip
            if problem:
                label = field._description_string(self.env) or name
                raise ValidationError(
                    self.env._("“%(field)s”: %(problem)s", field=label, problem=problem)
                )

    @api.model
    def _get_problem(self, field, value):
        """Return what is wrong with a value that a client sends (str), "" if nothing."""
        match field.type:
            case "integer" | "float" | "monetary":
                return self._get_number_problem(field, value)
            case "date" | "datetime":
                return self._get_date_problem(field, value)
            case "char" | "text" | "html":
                return self._get_text_problem(field, value)
            case "binary":
                return self._get_file_problem(value)
            case "many2one":
                return self._get_link_problem(field, value)
            case "reference" if not bounds.is_reference(
                value, field.get_values(self.env)
            ):
                return self.env._("there is no record %s.", _short(value))
            case "one2many" | "many2many":
                return self._get_list_problem(field, value)
            case "selection" if value not in field.get_values(self.env):
                return self.env._("%s is none of the choices.", _short(value))
        return ""

    @api.model
    def _get_number_problem(self, field, value):
        is_whole = field.type == "integer"
        if isinstance(value, dict):
            return ""
        number = bounds.to_integer(value) if is_whole else bounds.to_number(value)
        if number is None:
            return self.env._("%s is not a number.", _short(value))
        least, most = self._get_bounds(field)
        if least <= number <= most:
            return ""
        return self.env._(
            "enter a number from %(least)s to %(most)s.",
            least=formatLang(self.env, least, digits=0),
            most=formatLang(self.env, most, digits=0),
        )

    @api.model
    def _get_date_problem(self, field, value):
        try:
            day = (
                field.to_date(value)
                if field.type == "date"
                else field.to_datetime(value)
            )
        except (TypeError, ValueError, OverflowError):
            return self.env._("%s is not a date.", _short(value))
        return self._get_day_problem(day)

    @api.model
    def _get_day_problem(self, day):
        day = day.date() if isinstance(day, datetime) else day
        if not day or bounds.FIRST_DAY <= day <= bounds.LAST_DAY:
            return ""
        return self.env._(
            "enter a day from %(first)s to %(last)s.",
            first=format_date(self.env, bounds.FIRST_DAY),
            last=format_date(self.env, bounds.LAST_DAY),
        )

    @api.model
    def _get_text_problem(self, field, value):
        if not isinstance(value, str):
            return ""
        most = field.size if field.type == "char" and field.size else 0
        most = most or bounds.MOST_SIGNS[field.type]
        if len(value) > most:
            return self.env._(
                "the text has %(number)s characters; at most %(most)s are possible.",
                number=len(value),
                most=most,
            )
        if bounds.has_broken_signs(value):
            return self.env._(
                "the text has control characters that can't be stored. Remove them, or "
                "type the text anew."
            )
        if field.type != "html" and has_tricks(value):
            return self.env._(
                "the text has invisible characters that change how it reads. Remove "
                "them, or type the text anew."
            )
        return ""

    @api.model
    def _get_file_problem(self, value):
        size = bounds.count_bytes(value)
        if size is None:
            return self.env._("the file is not encoded in base64.")
        if size > bounds.MOST_BYTES:
            return self.env._(
                "the file is larger than %s MB.", bounds.MOST_BYTES // 2**20
            )
        return ""

    @api.model
    def _get_link_problem(self, field, value):
        is_wrong = isinstance(value, (list, float)) or (
            isinstance(value, str) and not value.isdecimal()
        )
        if not is_wrong and (not isinstance(value, int) or bounds.is_id(value)):
            is_wrong = field.comodel_name == "res.currency" and not self._is_currency(
                value
            )
            if not is_wrong:
                return ""
        return self.env._("there is no record %s.", _short(value))

    @api.model
    def _is_currency(self, value):
        """Return whether there is a currency: amounts are rounded by it at once."""
        if not isinstance(value, (int, str)):
            return True
        try:
            return bool(self.env["res.currency"].browse(int(value)).rounding)
        except MissingError:
            return False

    @api.model
    def _get_list_problem(self, field, value):
        if isinstance(value, (str, int, float)):
            return self.env._("%s is no change of a list.", _short(value))
        if not isinstance(value, (list, tuple)):
            return ""
        rows = self.env[field.comodel_name]
        for command in value:
            if isinstance(command, (list, tuple)):
                is_valid = _is_command(command)
                if is_valid and command[0] in (0, 1) and hasattr(rows, "_check_bounds"):
                    # A form that is being filled in computes with its rows as well.
                    rows._check_bounds(command[2])
            else:
                is_valid = not isinstance(command, int) or bounds.is_id(command)
            if not is_valid:
                return self.env._("%s is no change of a list.", _short(command))
        return ""

    def _check_stored_bounds(self, field_names):
        """Raise ValidationError for dates and amounts that came out beyond all bounds."""
        for name in field_names:
            field = self._fields.get(name)
            if field is None or not field.store:
                continue
            # Code may keep a day that stands for never.
            if field.type == "date" and not field.readonly:
                problems = (self._get_day_problem(record[name]) for record in self)
            elif field.type == "monetary":
                problems = (
                    record._get_money_problem(field)
                    for record in self
                    # Written so that what is no number is looked at.
                    if not abs(record[name]) < bounds.EXACT_IN_ALL
                )
            else:
                continue
            problem = next(filter(None, problems), "")
            if problem:
                label = field._description_string(self.env) or name
                raise ValidationError(
                    self.env._("“%(field)s”: %(problem)s", field=label, problem=problem)
                )

    def _get_money_problem(self, field):
        currency = self[field.get_currency_field(self)]
        most = bounds.most_money(currency.rounding or 0.01)
        if abs(self[field.name]) <= most:
            return ""
        return self.env._(
            "an amount of %s at most is possible.", formatLang(self.env, most, digits=0)
        )

    @api.model
    def _check_selected(self):
        """Raise UserError if what a client says was chosen can't be records."""
        for key in _SELECTED:
            chosen = self.env.context.get(key) or ()
            chosen = chosen if isinstance(chosen, (list, tuple)) else (chosen,)
            if not all(map(_is_chosen, chosen)):
                raise UserError(
                    self.env._(
                        "What was chosen are no records. Choose them in the list again."
                    )
                )


def _is_chosen(row):
    return bounds.is_id(row) or isinstance(row, NewId)


def _is_command(command):
    """Return whether a command of a list has the shape that Odoo's documentation says."""
    number, *rest = command or (None,)
    match number:
        case 0:
            return len(rest) == 2 and isinstance(rest[1], dict)
        case 1:
            return len(rest) == 2 and isinstance(rest[1], dict) and _is_row(rest[0])
        case 2 | 3 | 4:
            return len(rest) in (1, 2) and _is_row(rest[0])
        case 5:
            return True
        case 6:
            rows = rest[-1] if rest else None
            return isinstance(rows, (list, tuple)) and all(map(_is_row, rows))
    return False


def _is_row(row):
    # Rows that are not saved yet have no number.
    return not isinstance(row, (int, float)) or bounds.is_id(row)


def _short(value):
    return f"“{str(value)[:40]}”"
