"""Fields whose values are ciphertext in the database, and masks wherever they are read."""

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...tools.secret import (
    MASK,
    PREFIX,
    Secret,
    SecretError,
    from_clear,
    is_mask,
    is_token,
    mask,
    normal,
)

# What stands for a value that can't be read: a mask as well, so that it is never stored.
UNREADABLE = f"{MASK} ?"
# As `tools.secret.normal`, for values that nothing protects.
_NORMAL = r"upper(regexp_replace(normalize(%s, NFKC), '[\s­‐-―−-]', '', 'g'))"


class Token(str):
    """What is stored of a value, on its way to the database."""

    __slots__ = ()


class Shown(str):
    """What somebody was shown of a value, in a form that he fills in."""

    __slots__ = ()


class SecretField:
    """What both kinds have in common; their models inherit `crm.contract.secret.mixin`.

    In the cache, and in the column, is what is stored (see `tools.secret`), or what was
    written and not flushed yet (`Secret`). Reading a record gives the mask, whoever
    reads, in code as well; code that needs the value asks `_get_secret`, people ask
    `reveal`.

    :ivar masked: False for what is stored as ciphertext and read as it is
    """

    masked = True
    searchable = True

    def convert_to_cache(self, value, record, validate=True):
        """Return what is remembered of a value: None, `Secret`, or what is stored."""
        if value is None or value is False or value == "":
            return None
        if isinstance(value, (Secret, Token, Shown)):
            return str(value) if isinstance(value, Token) else value
        if self.masked and is_mask(value):
            return Shown(value)
        return Secret(value.decode() if isinstance(value, bytes) else str(value))

    def convert_to_column(self, value, record, values=None, validate=True):
        """Return a value for the database; the mixin puts what is stored in its place."""
        return value or None

    def convert_to_column_insert(self, value, record, values=None, validate=True):
        """Return a value for a new row, likewise."""
        return str(value) if isinstance(value, Token) else value or None

    def convert_to_record(self, value, record):
        """Return the mask, or the value itself if the field has none."""
        if not value:
            # What was emptied behind our back stays a text, where one is expected.
            return False if self.masked or value is None else ""
        if isinstance(value, Shown):
            return str(value)
        try:
            text = self.get_text(value, record)
        except SecretError as error:
            if self.masked:
                return UNREADABLE
            raise record.env["crm.contract.secrecy"]._error(error, record) from error
        return self.mask(text) if self.masked else text

    def mask(self, text):
        """Return how a value is shown (str)."""
        return mask(text) if self.searchable else MASK

    def convert_to_write(self, value, record):
        """Return what a copy takes along; a mask is refused there."""
        return value

    def get_text(self, value, record):
        """Return the value of what is remembered of it (str), "" for nothing.

        :raise SecretError: if it can't be read
        """
        if not value:
            return ""
        if isinstance(value, Secret):
            return value.text
        if not is_token(value):
            return from_clear(value)
        return record.env["crm.contract.secrecy"]._open(record, self, value)

    def _description_sortable(self, env):
        return False

    def _description_groupable(self, env):
        return False

    def condition_to_sql(self, field_expr, operator, value, model, alias, query):
        """Return the condition of an exact search; other ones are refused."""
        if operator not in ("in", "not in"):
            self._refuse(model)
        column = model._field_to_sql(alias, self.name, query)
        texts = [str(text) for text in value if text]
        found = [SQL("%s IS NULL", column)] if len(texts) < len(value) else []
        if texts:
            if not (self.searchable and self.masked):
                self._refuse(model)
            found.append(self._find(model, column, texts))
        sql = SQL(" OR ").join(found) if found else SQL("FALSE")
        if operator == "in":
            return SQL("(%s)", sql)
        return SQL("NOT COALESCE((%s), FALSE)", sql)

    def _find(self, model, column, texts):
        secrecy = model.env["crm.contract.secrecy"]
        marks = secrecy._get_indexes(model, self, texts)
        found = []
        if marks:
            found.append(SQL("split_part(%s, '.', 3) IN %s", column, tuple(marks)))
        if secrecy._has_clear():
            plain = tuple({normal(text) for text in texts} - {""}) or ("",)
            found.append(
                SQL(
                    "(%s NOT LIKE %s AND %s IN %s)",
                    column,
                    f"{PREFIX}%",
                    SQL(_NORMAL, column),
                    plain,
                )
            )
        return SQL(" OR ").join(found) if found else SQL("FALSE")

    def _refuse(self, model):
        raise UserError(
            model.env._(
                "“%s” is protected: it is found by its whole value alone, and can't be "
                "sorted, grouped or searched otherwise.",
                self._description_string(model.env),
            )
        )

    def filter_function(self, records, field_expr, operator, value):
        """Return which records of a list an exact search would find."""
        if operator not in ("in", "not in"):
            self._refuse(records)
        wanted = {normal(str(text)) for text in value if text}
        nothing = any(not text for text in value)

        def is_found(record):
            text = record._get_secret(self.name)
            found = normal(text) in wanted if text else nothing
            return found == (operator == "in")

        return is_found


class SecretChar(SecretField, fields.Char):
    """A short value: shown by its last characters, found by the whole of it."""


class SecretText(SecretField, fields.Text):
    """A long value: nothing of it is shown, and nothing finds it."""

    searchable = False


def find_by(name):
    """Return the definition of the index that finds the values of a field (str)."""
    return f"(split_part({name}, '.', 3)) WHERE {name} IS NOT NULL"


def get_secret_fields(model):
    """Return the protected fields of a model (list of fields)."""
    return [
        field
        for field in model._fields.values()
        if isinstance(field, SecretField) and field.store
    ]
