import uuid
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import LockError
from odoo.tools import (
    SQL,
    clean_context,
    format_date,
    formatLang,
)

from ...tools.marked import get_marked
from ...tools.reading import reading
from ...tools.version import READ, field_name, read_name

# Relational values enter the canonical content as ids: a record may be renamed
# without changing what was agreed. Names are resolved when a change is shown.
_MULTI = ("one2many", "many2many")
# Contracts whose content the transaction at hand may change though they are signed.
UNLOCKED = "crm_contract.unlocked"
# Unlike a model's own order, this one depends on content alone.
CONTENT_ORDER = "sequence, id"
# Fields that show a text as it was read, with its placeholders resolved.
READ_IN = {
    read_name("preamble"): "preamble_frozen",
    read_name("body"): "body_frozen",
}


class CrmContractContentMixin(models.AbstractModel):
    """What of a contract and its parts is content, and what only code may set.

    A field says so where it is defined: `content=True` for what both parties agree on,
    which drives the lock outside draft, the canonical hash, the difference between two
    versions and the copy; `owned=True` for what code alone sets.
    """

    _name = "crm.contract.content.mixin"
    _inherit = ["crm.contract.owned.mixin", "crm.contract.named.mixin"]
    _description = "Content of a contract"

    # Field that leads from a part to its contract; None on the contract itself.
    _content_parent = None

    content_key = fields.Char(
        default=lambda self: uuid.uuid4().hex,
        readonly=True,
        copy=False,
        owned=True,
        help="Identifies the same row in later versions of the contract.",
    )

    def _valid_field_parameter(self, field, name):
        return name == "content" or super()._valid_field_parameter(field, name)

    @api.model
    def _get_content_fields(self):
        """Return the names of the fields that both parties agree on (tuple).

        Those that are defined with `content=True`. Extended where a field comes from a
        mixin that others have as well.
        """
        return get_marked(self, "content")

    @api.model
    def _get_content_children(self):
        """Return the one2many fields whose rows are content too (tuple)."""
        return ()

    @api.model
    def _get_copied_fields(self):
        """Return the names of the fields that a copy of the content takes along."""
        return self._get_content_fields()

    def _filter_content(self):
        """Return the rows that are content; a model may hold others as well."""
        return self

    def _filter_locked(self):
        """Return the rows that only drafts let change: content, and what it was once."""
        return self._filter_content()

    @api.model_create_multi
    def create(self, vals_list):
        self._check_named(vals_list)
        # A default of the context may be meant for the contract only, and `create`
        # refuses it for a part whose field of that name is closed.
        closed = {f"default_{name}" for name in self._get_closed_fields()}
        context = {k: v for k, v in self.env.context.items() if k not in closed}
        without = self.with_env(self.env(context=context))
        records = super(CrmContractContentMixin, without).create(vals_list)
        records = records.with_env(self.env)
        records._filter_locked()._check_content_parent_editable()
        return records

    def write(self, vals):
        self._check_named([vals])
        content = self._filter_locked()
        touched = not set(vals).isdisjoint(self._get_content_fields())
        moved = self._content_parent in vals
        if touched or moved:
            content._check_content_editable()
        # Rows that come with the values get no default that is meant for new records
        # of this model; `create` of the ORM sees to that by itself.
        without = self._without_defaults()
        result = super(CrmContractContentMixin, without).write(vals)
        if moved:
            content._check_content_parent_editable()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_locked_content(self):
        self._filter_locked()._check_content_parent_editable()

    def _without_defaults(self):
        """Return the records with a context that proposes no defaults.

        A client's context has defaults for what its action shows. Code that creates
        other records begins here, or with `sudo`, which drops them as well.
        """
        return self.with_context(clean_context(self.env.context))

    def _lock_rows(self):
        """Lock the rows until the transaction ends, or say what is in the way."""
        try:
            self.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise LockError(
                self.env._(
                    "Somebody else is changing %s right now. Try again in a moment.",
                    ", ".join(self.mapped("display_name")),
                )
            ) from error

    def _check_content_editable(self):
        """Raise UserError if the contract of one of the records is not in draft."""
        self._check_content_parent_editable()

    def _check_content_parent_editable(self):
        if not self._content_parent or not self:
            return
        contracts = self[self._content_parent]
        # Editors of a contract and its submission: a row may not slip in between the
        # check of the state and the commit.
        contracts._serialise()
        contracts._check_content_editable()

    def _serialise(self):
        """Let transactions that change the same records come one after the other.

        Only an update does it: who has an older snapshot would not notice a lock that
        is gone.
        """
        if self.ids:
            table = SQL.identifier(self._table)
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET content_key = content_key FROM"
                    " (SELECT id FROM %s WHERE id IN %s ORDER BY id"
                    " FOR NO KEY UPDATE) AS locked WHERE %s.id = locked.id",
                    table,
                    table,
                    tuple(self.ids),
                    table,
                )
            )

    def _recompute_as_of_today(self, name):
        # The field depends on today, which no dependency can tell; nor would what in
        # turn depends on the field hear of it.
        self.env.add_to_compute(self._fields[name], self)
        self.modified([name])

    def _get_content(self, read=False):
        """Return the canonical content of one record.

        :param read: with the entries of `_get_read_values` as well
        :return: `{"fields": {name: value}, "children": {field: [row, ...]}}`, a row
            being the same with its `"key"`; relations as ids, dates as ISO strings,
            nothing as None
        """
        self.ensure_one()
        values = {
            name: self._get_content_value(name) for name in self._get_content_fields()
        }
        if read:
            values |= {
                read_name(name): value
                for name, value in self._get_read_values().items()
            }
        return {
            "fields": values,
            "children": {
                name: [
                    dict(row._get_content(read), key=row.content_key)
                    for row in self[name]._filter_content().sorted(CONTENT_ORDER)
                ]
                for name in self._get_content_children()
            },
        }

    def _get_read_values(self):
        """Return what people read beside the values of the content: {field: value}.

        Of a relation its name, of a text the one without placeholders, and figures that
        follow from others. A version keeps them, so that nothing that is renamed later
        changes what was submitted, and a change of them counts as one. Extended by each
        model, and by satellites; values are str, numbers or None.
        """
        return {}

    def _get_read_names(self, *names):
        """Return the names of relations as they are read: {field: str or None}."""
        # sudo: what is printed in the contract may be read with it
        record = self.sudo()
        return {
            name: ", ".join(record[name].mapped("display_name")) or None
            for name in names
        }

    @api.model
    def _prepare_new_vals(self, content):
        """Return the values of a record in memory that says what a content says.

        :param content: as of `_get_content`, with what people read
        """
        vals = {"content_key": content.get("key")}
        for name, value in content["fields"].items():
            field = self._fields.get(field_name(name))
            if field is None or (field.relational and name.endswith(READ)):
                continue
            if field.type in _MULTI:
                value = [fields.Command.set(value or [])]
            vals[READ_IN.get(name, field.name)] = value
        for name, rows in content["children"].items():
            model = self.env[self._fields[name].comodel_name]
            vals[name] = [
                fields.Command.create(model._prepare_new_vals(row))
                for row in sorted(rows, key=_by_sequence)
            ]
        return vals

    def _get_content_value(self, name):
        """Return the value of a content field as the hash takes it: plain, ids for links."""
        field = self._fields[name]
        value = self[name]
        if field.type == "many2one":
            return value.id or None
        if field.type in _MULTI:
            return sorted(value.ids)
        if field.type in ("float", "monetary", "integer", "boolean"):
            return value
        if field.type in ("date", "datetime"):
            return field.to_string(value) or None
        return str(value) if value else None

    @api.model
    def _describe_content_value(self, field, value):
        """Return a canonical value as text for people (str)."""
        if field.type == "boolean" and value is not None:
            return self.env._("Yes") if value else self.env._("No")
        if value in (None, False, "", []):
            return ""
        if field.relational:
            ids = value if isinstance(value, list) else [value]
            records = self.env[field.comodel_name].browse(ids).exists()
            return ", ".join(records.mapped("display_name"))
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, value)
        if field.type == "html":
            return reading(value, breaks=True)
        if field.type == "date":
            return format_date(self.env, value)
        if field.type in ("float", "monetary"):
            return formatLang(self.env, value)
        return str(value)

    @api.model
    def _describe_entry(self, name, value):
        """Return an entry of a content as text for people (str).

        :param name: a field, or what people read of it (see `tools.version.read_name`)
        """
        field = self._fields[field_name(name)]
        if field_name(name) != name and field.relational:
            return value or ""
        return self._describe_content_value(field, value)

    @api.model
    def _describe_content_row(self, values):
        """Return the canonical fields of a row that came or went as text (str)."""
        return values.get("name") or ""

    def _prepare_content_copy_vals(self, keep_keys=False):
        """Return create values of a copy: content fields and children.

        A copy without rows stays so, even if its template has some.

        :param keep_keys: let the rows be known as other versions of the same; only
            code that may write owned fields can create them
        """
        self.ensure_one()
        vals = self._prepare_content_vals()
        if keep_keys and self._content_parent:
            vals["content_key"] = self.content_key
        for name in self._get_content_children():
            vals[name] = [
                fields.Command.create(row._prepare_content_copy_vals(keep_keys))
                for row in self[name]._filter_content().sorted(CONTENT_ORDER)
            ] or [fields.Command.clear()]
        return vals

    def _prepare_content_vals(self):
        """Return the fields of one record that a copy takes along, as `write` takes."""
        self.ensure_one()
        return {
            name: self._fields[name].convert_to_write(self[name], self)
            for name in self._get_copied_fields()
        }

    @contextmanager
    def _content_unlocked(self):
        """Let code change the content of contracts that were signed.

        What both sides agreed on in an amendment changes the contract: nothing else
        may. The transaction knows it, neither a context nor a field, and no client can
        reach it.
        """
        unlocked = self.env.cr.precommit.data.setdefault(UNLOCKED, set())
        added = set(self.ids) - unlocked
        unlocked |= added
        try:
            yield
        finally:
            unlocked -= added

    def _is_content_unlocked(self):
        return self.id in self.env.cr.precommit.data.get(UNLOCKED, ())


def _by_sequence(row):
    return row["fields"].get("sequence") or 0
