import secrets

from odoo import api, fields, models
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import NO_ACCESS
from odoo.tools import SQL, ormcache
from odoo.tools.misc import unique

from ...tools.records import one
from ...tools.secret import Secret, SecretError, is_mask, is_token, key_of
from .secret_fields import UNREADABLE, SecretField, Token, get_secret_fields


class CrmContractSecretMixin(models.AbstractModel):
    """Records with protected fields (see `secret_fields.py`).

    Each has a random key of its own, to which its values are bound, once it holds one.
    """

    _name = "crm.contract.secret.mixin"
    _description = "Record with protected data"

    # Column of the company that the values are bound to.
    _secret_company = "company_id"

    contract_secret_key = fields.Char(
        groups=NO_ACCESS,
        copy=False,
        readonly=True,
        prefetch=False,
        help="Random: a protected value opens on no other record.",
    )

    _contract_secret_key_uniq = models.UniqueIndex(
        "(contract_secret_key) WHERE contract_secret_key IS NOT NULL",
        "Two records have the same key of protected data.",
    )

    def reveal(self, field):
        """Return a protected value, and record who saw it.

        One value of one record at a time.

        :param field: name of a protected field
        :raise AccessError: without the right to reveal, or to read the record
        :raise UserError: if it can't be read
        """
        one(self)
        definition = self._fields.get(field) if isinstance(field, str) else None
        if not isinstance(definition, SecretField) or not definition.masked:
            raise UserError(self.env._("There is no protected field of that name."))
        self.check_access("read")
        self._check_field_access(definition, "read")
        if not self.env.user.has_group("crm_contract.crm_contract_group_reveal"):
            raise AccessError(
                self.env._(
                    "Only those who may reveal protected data see it. Ask a contract "
                    "manager."
                )
            )
        text = self._get_secret(field)
        if text:
            self.env["crm.contract.access"]._note(self, "revealed", field=field)
        return text

    def _get_secret(self, name):
        """Return the value of a protected field (str), "" for nothing.

        For code that prints it, or freezes it, for whom it is meant.

        :raise UserError: if it can't be read
        """
        self.ensure_one()
        field = self._fields[name]
        # sudo: the caller knows whom it is for
        record = self.sudo()
        # Into the cache; of a form that is filled in, what it comes from
        shown = record[name]
        value = field._get_cache(record.env).get(record.id)
        if shown and (value is None or isinstance(value, str) and is_mask(value)):
            return record._origin._get_secret(name) if record._origin != record else ""
        try:
            return field.get_text(value, record)
        except SecretError as error:
            raise self.env["crm.contract.secrecy"]._error(error, self) from error

    def _get_secret_company(self):
        """Return the id of the company that the values are bound to, 0 for none."""
        return self[self._secret_company].id or 0

    @api.model
    def _get_new_secret_company(self, vals):
        """Return the same of a record that is being created with values (int)."""
        return vals.get(self._secret_company) or 0

    @api.model
    @ormcache()
    def _get_secret_names(self):
        return frozenset(field.name for field in get_secret_fields(self))

    @api.model_create_multi
    def create(self, vals_list):
        for name in self._get_secret_names():
            for vals in vals_list:
                if is_mask(vals.get(name)):
                    self._refuse_mask(name)
        return super().create(vals_list)

    def write(self, vals):
        names = self._get_secret_names().intersection(vals)
        if names:
            vals = self._drop_masks(vals, names)
            self._check_secrets_readable(names.intersection(vals))
        return super().write(vals)

    def _drop_masks(self, vals, names):
        """Return the values without masks that say what is there already."""
        kept = dict(vals)
        for name in names:
            if not is_mask(vals[name]):
                continue
            if any(record[name] != vals[name] for record in self):
                self._refuse_mask(name)
            del kept[name]
        return kept

    def _refuse_mask(self, name):
        raise UserError(
            self.env._(
                "“%s” is what is shown of a protected value. Enter the whole value.",
                self._fields[name]._description_string(self.env),
            )
        )

    def _check_secrets_readable(self, names):
        """Never write over what can't be read: the key may come back."""
        for record in self:
            for name in names:
                record._get_secret(name)

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for record, vals in zip(self, vals_list, strict=True):
            for name in self._get_secret_names().intersection(vals):
                if name not in (default or {}) and is_mask(vals[name]):
                    text = record._get_secret(name)
                    vals[name] = Secret(text) if text else False
        return vals_list

    def _fetch_query(self, query, fields):
        """Fetch what values are bound to in the same query."""
        if not any(isinstance(field, SecretField) for field in fields):
            return super()._fetch_query(query, fields)
        bounds = (
            self._fields[n] for n in ("contract_secret_key", self._secret_company)
        )
        columns = [field for field in fields if field.column_type]
        # sudo: what nobody reads; who reads the others was asked before
        fetched = super(CrmContractSecretMixin, self.sudo())._fetch_query(
            query, list(unique([*columns, *bounds]))
        )
        fetched = fetched.with_env(self.env)
        for field in fields:
            if fetched and not field.column_type:
                field.read(fetched)
        return fetched

    def _read_format(self, fnames, load="_classic_read"):
        """Return values of records; their masks are made of all of them at once."""
        hidden = [
            name
            for name in fnames
            if name in self._get_secret_names() and self._fields[name].masked
        ]
        if not hidden:
            return super()._read_format(fnames, load)
        result = super()._read_format(
            [name for name in fnames if name not in hidden], load
        )
        found = self.browse(vals["id"] for vals in result)
        for name in hidden:
            for vals, shown in zip(result, found._get_masks(name), strict=True):
                vals[name] = shown
        return [vals for vals in result if None not in map(vals.get, hidden)]

    def _get_masks(self, name):
        """Yield what is shown of a field of each record; None if it is gone."""
        field = self._fields[name]
        self._check_field_access(field, "read")
        stored = field._get_cache(self.env)
        keys = self._fields["contract_secret_key"]._get_cache(self.env)
        companies = self._get_secret_companies()
        opener = self.env["crm.contract.secrecy"]._get_opener(self._name, name)
        for record_id in self._ids:
            token, key = stored.get(record_id), keys.get(record_id)
            company = companies.get(record_id, self)
            if company is self or not key or not is_token(token):
                yield self.browse(record_id)._get_mask(name, self._prefetch_ids)
                continue
            try:
                text = opener.open(key, company or 0, token)
            except SecretError:
                yield UNREADABLE
            else:
                yield field.mask(text)

    def _get_mask(self, name, prefetch_ids):
        try:
            return self.with_prefetch(prefetch_ids)[name]
        except MissingError:
            return None

    def _get_secret_companies(self):
        """Return the ids of the companies, as far as they are known (mapping by id)."""
        return self._fields[self._secret_company]._get_cache(self.env)

    def export_data(self, fields_to_export):
        """Export masks, and record who took them along."""
        result = super().export_data(fields_to_export)
        names = {name.partition("/")[0] for name in fields_to_export}
        ours = self._name.startswith("crm.contract")
        if ours or not names.isdisjoint(self._get_secret_names()):
            self.env["crm.contract.access"]._note(self, "exported")
        return result

    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        self._check_not_secret(field_name)
        return super()._order_field_to_sql(alias, field_name, direction, nulls, query)

    def _read_group_groupby(self, alias, groupby_spec, query):
        """Return what groups are made by (SQL); none by protected values."""
        self._check_not_secret(groupby_spec.partition(":")[0])
        return super()._read_group_groupby(alias, groupby_spec, query)

    def _read_group_select(self, aggregate_spec, query):
        self._check_not_secret(aggregate_spec.partition(":")[0])
        return super()._read_group_select(aggregate_spec, query)

    def _check_not_secret(self, name):
        if name in self._get_secret_names():
            self._fields[name]._refuse(self)

    def _create(self, data_list):
        names = self._get_secret_names()
        for data in data_list:
            stored = data["stored"]
            if any(stored.get(name) for name in names):
                stored["contract_secret_key"] = secrets.token_hex(16)
                company = self._get_new_secret_company(stored)
                for name in names:
                    if stored.get(name):
                        stored[name] = self._store_secret(stored, name, company)
        return super()._create(data_list)

    @api.model
    def _store_secret(self, stored, name, company):
        value = self._fields[name].convert_to_cache(stored[name], self)
        return Token(
            self.env["crm.contract.secrecy"]._store(
                self._name,
                self._fields[name],
                stored["contract_secret_key"],
                company,
                value.text,
            )
        )

    def _write_multi(self, vals_list):
        touching = self._get_secret_names() | {self._secret_company}
        if any(not touching.isdisjoint(vals) for vals in vals_list):
            vals_list = self._store_secrets(vals_list)
        super()._write_multi(vals_list)

    def _store_secrets(self, vals_list):
        """Return values with what is stored of the protected ones.

        With another company of a record, its values are bound to that.
        """
        rows = self._get_stored_rows()
        result = []
        for record, vals in zip(self, vals_list, strict=True):
            row = rows.get(record.id, {})
            company = vals.get(self._secret_company) or (
                0
                if self._secret_company in vals
                else row.get(self._secret_company)
                or record.sudo()._get_secret_company()
            )
            texts = record._get_texts_to_store(vals, row, company)
            if texts:
                vals = dict(vals)
                key = row.get("contract_secret_key") or secrets.token_hex(16)
                vals["contract_secret_key"] = key
                for name, text in texts.items():
                    vals[name] = self.env["crm.contract.secrecy"]._store(
                        self._name, self._fields[name], key, company, text
                    )
                    self._fields[name]._update_cache(record, vals[name])
                record._fields["contract_secret_key"]._update_cache(record, key)
            result.append(vals)
        return result

    def _get_stored_rows(self):
        names = list(
            unique(
                ["id", "contract_secret_key", self._secret_company]
                + sorted(self._get_secret_names())
            )
        )
        rows = self.env.execute_query_dict(
            SQL(
                "SELECT %s FROM %s WHERE id IN %s",
                SQL(", ").join(map(SQL.identifier, names)),
                SQL.identifier(self._table),
                tuple(self.ids) or (0,),
            )
        )
        return {row["id"]: row for row in rows}

    def _get_texts_to_store(self, vals, row, company):
        """Return the values that have to be protected anew: {field: str}."""
        texts = {}
        for name in self._get_secret_names():
            value = vals.get(name)
            if isinstance(value, Secret):
                texts[name] = value.text
            elif name not in vals and is_token(row.get(name)):
                moved = self._open_moved(name, row, company)
                if moved is not None:
                    texts[name] = moved
        return texts

    def _open_moved(self, name, row, company):
        """Return a value that another company's key protects (str), None for others."""
        secrecy = self.env["crm.contract.secrecy"]
        try:
            key = self.env["crm.contract.secret.key"]._load(key_of(row[name]))
            if key.company == company:
                return None
            place = secrecy._make_place(
                self._name, name, row["contract_secret_key"], key.company
            )
            former = row[self._secret_company] or 0
            if former not in (key.company, 0):
                raise SecretError("company", key.number)
            return key.open(place, row[name])
        except SecretError as error:
            raise secrecy._error(error, self) from error
