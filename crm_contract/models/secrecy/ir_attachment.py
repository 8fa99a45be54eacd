import os
from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import ormcache

from ...tools.secret import DataKey, SecretError
from ...tools.secret_file import (
    FileReader,
    file_mark,
    file_name,
    is_protected,
    key_of_file,
    write_file,
)
from .protected_stream import ProtectedStream

_DOCUMENT = "crm.contract.document"
_CONTRACT_WIDE = ("crm.contract", _DOCUMENT)
_PICTURES = "ir.attachment"
# What carries files on its way to a record, and where it says which: (model, record).
CARRIERS = {
    "mail.message": ("model", "res_id"),
    "mail.scheduled.message": ("model", "res_id"),
    "mail.activity": ("res_model", "res_id"),
    # Of their small pictures
    _PICTURES: ("res_model", "res_id"),
}
# Of which nobody knows yet where their files go.
COMPOSERS = ("mail.compose.message",)
_PLACE = ("res_model", "res_id")
_FIELD = ["res_model", "res_field"]
# What says whose a file is: of a contract, and of what belongs to one
_OWNING = ["content_key", "company_id", "contract_id"]
_CONTENT = {"raw", "datas", "db_datas"}
# In the context, for the file that is being stored; an object that no client can send.
_SCOPE = "contract_file_scope"


class Scope(NamedTuple):
    """How a file is protected.

    :ivar name: within which equal files are one, and beyond which nothing opens them
    """

    key: DataKey
    name: str


class IrAttachment(models.Model):
    """Files of contracts: ciphertext in the file store, and what they are to whoever reads.

    Which they are follows from the record that they belong to: any of ours, or what is
    written to one of ours. The checksum is one under the key, and what is in them is not
    indexed.
    """

    _inherit = "ir.attachment"

    @api.model
    @ormcache()
    def _get_file_models(self):
        """Return the models all of whose files are protected (tuple of str)."""
        return tuple(
            name
            for name, model in self.env.registry.items()
            if name.startswith("crm.contract") and not model._abstract
        )

    @api.model
    def _get_file_place(self, model, res_id):
        """Return where the files of a record stand, None if nobody protects them.

        A scope is within which equal files are one, and beyond which nothing opens
        them; the first is that of files that are stored now. The others open what was
        stored before.

        :return: (id of the company or 0, list of str)
        """
        if model in COMPOSERS:
            return 0, [f"{model},0"]
        if model in CARRIERS:
            return self._get_carried_place(model, res_id)
        if model not in self._get_file_models():
            return None
        # sudo: whose file it is, whoever reads it; of a large row, what is needed
        records = (
            self.env[model]
            .sudo()
            .with_context(prefetch_fields=False, active_test=False)
        )
        names = [name for name in _OWNING if name in records._fields]
        record = records.search_fetch([("id", "=", res_id or 0)], names)
        own = f"{model},{record.id or 0}"
        if not record:
            return 0, [own]
        contract = self.env["crm.contract.access"]._get_contract(record)[:1]
        contract.fetch(_OWNING[:2])
        owner = contract or record
        company = owner["company_id"].id if "company_id" in owner._fields else 0
        scopes = [contract.content_key] if contract else []
        # Equal annexes of a contract are one; other records may get another contract.
        scopes.insert(len(scopes) if model in _CONTRACT_WIDE else 0, own)
        return company or 0, scopes

    @api.model
    def _get_carried_place(self, model, res_id):
        """Return the same of what is written to one of our records, or is part of it."""
        name, number = CARRIERS[model]
        # sudo: to whom it goes, whoever reads it
        carrier = self.env[model].sudo().browse(res_id or ()).exists()
        target = carrier[name]
        # A picture of what is carried, and no further: they may name each other.
        if target in CARRIERS and (model != _PICTURES or target == _PICTURES):
            return None
        if not carrier or not self._get_file_place(target, carrier[number]):
            return None
        return 0, [f"{model},{carrier.id}"]

    @api.model
    def _get_file_scope(self, model, res_id):
        """Return how a file that is stored now is protected (`Scope`), None for not."""
        secrecy = self.env["crm.contract.secrecy"]
        place = secrecy._is_on() and self._get_file_place(model, res_id)
        if not place:
            return None
        company, scopes = place
        try:
            key = self.env["crm.contract.secret.key"]._get_primary(company)
        except SecretError as error:
            raise secrecy._error(error) from error
        return Scope(key, scopes[0])

    def _with_file_scope(self, scope):
        known = self.env.context.get(_SCOPE)
        if scope is known or not (scope or known):
            return self
        return self.with_context(**{_SCOPE: scope})

    @api.model
    def _get_scope_at_hand(self):
        scope = self.env.context.get(_SCOPE)
        return scope if isinstance(scope, Scope) else None

    @api.model_create_multi
    def create(self, vals_list):
        scopes = [
            self._get_file_scope(vals.get("res_model"), vals.get("res_id"))
            for vals in vals_list
        ]
        if not any(scopes):
            return super(IrAttachment, self._with_file_scope(None)).create(vals_list)
        created = self.browse()
        for scope, vals in zip(scopes, vals_list, strict=True):
            one = super(IrAttachment, self._with_file_scope(scope)).create([vals])
            created += one.with_env(self.env)
        return created

    def write(self, vals):
        if not any(name in vals for name in _PLACE):
            return super().write(vals)
        # Read where they are, stored anew where they go.
        former = {
            row: (row._get_place(), row.raw)
            for row in self.sudo()
            if is_protected(row.store_fname)
            or row._get_file_place(
                vals.get("res_model", row.res_model), vals.get("res_id", row.res_id)
            )
        }
        result = super().write(vals)
        for row, (place, data) in former.items():
            if row.type == "binary" and row._get_place() != place:
                row._store_again(data)
        return result

    def _get_place(self):
        return self._get_file_place(self.res_model, self.res_id)

    def _store_again(self, data):
        """Store the same content as it is stored now."""
        self.ensure_one()
        self._set_attachment_data(lambda _row: data or b"")
        self.invalidate_recordset(["raw", "datas"], flush=False)

    def _set_attachment_data(self, asbytes):
        for row in self:
            scope = row._get_file_scope(row.res_model, row.res_id)
            scoped = row._with_file_scope(scope)
            super(IrAttachment, scoped)._set_attachment_data(asbytes)

    def _postprocess_contents(self, values):
        """Keep files of fields as they came: what was hashed is what is stored.

        Elsewhere large pictures are made smaller, and lose what they prove.
        """
        places = [values] if "res_model" in values else self.sudo().read(_FIELD)
        ours = self._get_file_models()
        if any(row["res_model"] in ours and row.get("res_field") for row in places):
            return {**values, "mimetype": self._compute_mimetype(values)}
        return super()._postprocess_contents(values)

    @api.model
    def _storage(self):
        # What is protected is a file, wherever the others are.
        return "file" if self._get_scope_at_hand() else super()._storage()

    def _get_datas_related_values(self, data, mimetype):
        scope = self._get_scope_at_hand()
        if not scope or not data:
            return super()._get_datas_related_values(data, mimetype)
        mark = file_mark(scope.key, scope.name, self._compute_checksum(data))
        return {
            "file_size": len(data),
            "checksum": mark,
            "index_content": False,
            "contract_text": "protected",
            "store_fname": file_name(scope.key, scope.name, mark),
            "db_datas": False,
        }

    @api.model
    def _file_write(self, bin_value, checksum):
        scope = self._get_scope_at_hand()
        if not scope:
            return super()._file_write(bin_value, checksum)
        name = file_name(scope.key, scope.name, checksum)
        path = self._full_path(name)
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            # Before it is there: whatever happens, it is collected if nothing needs it.
            self._mark_for_gc(name)
            write_file(path, name, scope.key, bin_value)
        return name

    @api.model
    def _file_read(self, fname, size=None):
        if not is_protected(fname):
            return super()._file_read(fname, size)
        try:
            with self._open_protected(fname) as reader:
                return reader.read_all(size)
        except FileNotFoundError:
            # As any other file that is not there
            return super()._file_read(fname, size)
        except SecretError as error:
            raise self.env["crm.contract.secrecy"]._error(error, self) from error

    def _open_protected(self, fname):
        """Return a reader of a protected file, if it is that of the record at hand.

        :raise SecretError: also for a file of another contract
        """
        key = self.env["crm.contract.secret.key"]._load(key_of_file(fname))
        if self.ids:
            row = self.sudo()
            _company, scopes = row._get_place() or (0, ())
            names = {file_name(key, scope, row.checksum or "") for scope in scopes}
            if fname not in names:
                raise SecretError("broken", fname)
        return FileReader(self._full_path(fname), fname, key)

    def _open_to_send(self):
        """Return a reader of a protected file.

        :raise UserError: if it can't be read
        """
        self.ensure_one()
        try:
            return self._open_protected(self.store_fname)
        except FileNotFoundError as error:
            raise UserError(
                self.env._("The file of “%s” is not in the file store.", self.name)
            ) from error
        except SecretError as error:
            raise self.env["crm.contract.secrecy"]._error(error, self) from error

    def _to_http_stream(self):
        """Return the stream, and record who downloads a file of a contract."""
        if not is_protected(self.store_fname):
            stream = super()._to_http_stream()
        else:
            stream = ProtectedStream(
                mimetype=self.mimetype,
                download_name=self.name,
                etag=self.checksum,
                public=self.public,
                size=self.file_size,
                _attachment=self,
            )
        # Not what a page shows as a picture by itself
        is_picture = request and request.httprequest.path.startswith("/web/image")
        if request and not (is_picture and self.res_model != _DOCUMENT):
            self.with_user(request.env.user)._note_downloads()
        return stream

    def _read_format(self, fnames, load="_classic_read"):
        """Return values; whoever reads the content downloads it."""
        result = super()._read_format(fnames, load)
        is_whole = not (self.env.su or self.env.context.get("bin_size"))
        if is_whole and not _CONTENT.isdisjoint(fnames):
            self._note_downloads()
        return result

    def _note_downloads(self):
        """Record who downloads files of ours: one insert for each model of them."""
        # sudo: of which contract they are; whoever gets a file may read it
        owned = self.sudo().filtered(
            lambda row: row.res_id and row.res_model in self._get_file_models()
        )
        for model, rows in owned.grouped("res_model").items():
            records = self.env[model].sudo().browse(set(rows.mapped("res_id")))
            looks = self.env["crm.contract.access"]
            looks._note(records.exists(), "downloaded", minutes=1)
