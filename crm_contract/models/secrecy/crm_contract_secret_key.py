import os
import secrets

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import NO_ACCESS
from odoo.tools import SQL, ormcache

from ...tools.secret import KEY_BYTES, DataKey, SecretError
from ...tools.secret_master import get_masters, unwrap, wrap
from .secret_fields import get_secret_fields

_MOST_ID = 2**31 - 1


class CrmContractSecretKey(models.Model):
    """A key that values and files of one company are protected with.

    It is stored wrapped by a master key of the server, and is worth nothing without it.
    Rows are never deleted: what a backup holds may still need them.
    """

    _name = "crm.contract.secret.key"
    _description = "Key of protected data"
    _order = "company_id, id desc"

    company_id = fields.Many2one(
        "res.company",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
        help="Empty: for what all companies share.",
    )
    state = fields.Selection(
        [
            ("primary", "In use"),
            ("former", "Decrypts only"),
            ("retired", "Retired"),
        ],
        required=True,
        readonly=True,
        default="primary",
    )
    uid = fields.Char(required=True, readonly=True, groups=NO_ACCESS)
    master = fields.Char(
        string="Wrapped by",
        required=True,
        readonly=True,
        help="Name of the master key in the server's configuration.",
    )
    wrapped = fields.Char(required=True, readonly=True, groups=NO_ACCESS)
    is_readable = fields.Boolean(
        string="Readable",
        compute="_compute_is_readable",
        help="Whether this server has the master key.",
    )
    value_count = fields.Integer(string="Protected values", compute="_compute_counts")
    file_count = fields.Integer(string="Files", compute="_compute_counts")

    _primary_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0)) WHERE state = 'primary'",
        "The company got a key just now. Try again.",
    )

    @api.depends("company_id")
    def _compute_display_name(self):
        for key in self:
            company = key.company_id.display_name or self.env._("All companies")
            key.display_name = f"{company} ({key.id})"

    def _compute_is_readable(self):
        for key in self:
            try:
                self._load(key.id)
                key.is_readable = True
            except SecretError:
                key.is_readable = False

    def _compute_counts(self):
        values, files = self._count_values(), self._count_files()
        for key in self:
            key.value_count = values.get(str(key.id), 0)
            key.file_count = files.get(str(key.id), 0)

    @api.model_create_multi
    def create(self, vals_list):
        self._check_written_by_code()
        keys = super().create(vals_list)
        self.env.registry.clear_cache()
        return keys

    def write(self, vals):
        self._check_written_by_code()
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Keys of protected data are never deleted."))

    def _check_written_by_code(self):
        if not self.env.su:
            raise AccessError(
                self.env._("Keys are made in the settings, or on the server.")
            )

    @api.model
    @ormcache("number")
    def _load(self, number):
        """Return the key of a number (DataKey).

        :raise SecretError: `none`, `settings`, `master`, `wrong` or `unknown`
        """
        # sudo: whoever may read a value needs its key
        row = self.sudo().browse(min(number, _MOST_ID)).exists()
        if not row or row.id != number:
            raise SecretError("unknown", number)
        masters = get_masters()
        if not masters:
            raise SecretError("none")
        if row.master not in masters:
            raise SecretError("master", row.master)
        company = row.company_id.id or 0
        secret = unwrap(row.master, masters[row.master], row.uid, company, row.wrapped)
        return DataKey(row.id, company, secret)

    @api.model
    def _get_primary(self, company):
        """Return the key that a company's data are protected with, made if needed.

        :param company: id, 0 for what all share
        :raise SecretError: as `_load`
        """
        number = self._get_primary_id(company)
        return self._load(number or self._make(company).id)

    @api.model
    @ormcache("company")
    def _get_primary_id(self, company):
        # sudo: as in `_load`
        return self.sudo().search(self._get_primary_domain(company), limit=1).id

    @api.model
    def _get_primary_domain(self, company):
        return [("company_id", "=", company or False), ("state", "=", "primary")]

    @api.model
    def _make(self, company):
        """Make the key of a company; return it.

        :raise SecretError: `none` or `settings`
        """
        masters = get_masters()
        if not masters:
            raise SecretError("none")
        name = next(iter(masters))
        uid = secrets.token_hex(16)
        secret = os.urandom(KEY_BYTES)
        # sudo: made by code alone
        return self.sudo().create(
            {
                "company_id": company or False,
                "uid": uid,
                "master": name,
                "wrapped": wrap(name, masters[name], uid, company, secret),
            }
        )

    @api.model
    def _get_living_ids(self):
        """Return the ids of keys that may protect something, as of now (list).

        Asked of the database each time: another server may have made one just now.
        """
        self.flush_model(["state"])
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM %s WHERE state <> 'retired'",
                SQL.identifier(self._table),
            )
        )
        return [number for [number] in rows]

    @api.model
    def _rotate(self):
        """Let each company have a new key; what the old ones protect follows by a job.

        :return: the new keys
        :raise UserError: if the server has no key to wrap them with
        """
        # sudo: the caller checked who asks
        former = self.sudo().search([("state", "=", "primary")])
        companies = former.mapped(lambda key: key.company_id.id or 0)
        former.write({"state": "former"})
        former.flush_recordset()
        try:
            return self.browse(self._make(company).id for company in companies)
        except SecretError as error:
            raise self.env["crm.contract.secrecy"]._error(error) from error

    @api.model
    def _rewrap(self):
        """Wrap the keys by the primary master key of the server; return how many.

        No value and no file is touched.

        :raise UserError: if this server lacks one of the master keys
        """
        try:
            masters = get_masters()
            if not masters:
                raise SecretError("none")
            name = next(iter(masters))
            # sudo: the caller checked who asks
            rows = self.sudo().search([("master", "!=", name)])
            # Those that nothing needs may have lost theirs.
            rows = rows.filtered(
                lambda row: row.state != "retired" or row.master in masters
            )
            for row in rows:
                row._wrap_again(masters, name)
        except SecretError as error:
            raise self.env["crm.contract.secrecy"]._error(error) from error
        return len(rows)

    def _wrap_again(self, masters, name):
        company = self.company_id.id or 0
        if self.master not in masters:
            raise SecretError("master", self.master)
        secret = unwrap(
            self.master, masters[self.master], self.uid, company, self.wrapped
        )
        wrapped = wrap(name, masters[name], self.uid, company, secret)
        self.write({"master": name, "wrapped": wrapped})

    @api.model
    def _drop_lost(self):
        """Retire keys that can't be read any more, and protect nothing."""
        # sudo: the caller checked who asks
        keys = self.sudo().search([("state", "=", "primary")])
        lost = keys.filtered(lambda key: not key.is_readable)
        lost = lost.filtered(lambda key: not (key.value_count or key.file_count))
        lost.write({"state": "retired"})

    @api.model
    def _retire(self):
        """Retire the former keys that protect nothing any more; return them."""
        # sudo: by the job
        former = self.sudo().search([("state", "=", "former")])
        unused = former.filtered(lambda key: not (key.value_count or key.file_count))
        unused.write({"state": "retired"})
        return unused

    @api.model
    def _get_protected(self):
        """Return the protected fields of all models (list of (model, field))."""
        return [
            (self.env[name], field)
            for name, model in self.env.registry.items()
            if not model._abstract and not model._transient and model._auto
            for field in get_secret_fields(model)
        ]

    @api.model
    def _count_values(self):
        """Return how many values each key protects: {id as str: int}."""
        totals = {}
        for model, field in self._get_protected():
            model.flush_model([field.name])
            rows = self.env.execute_query(
                SQL(
                    "SELECT split_part(%(column)s, '.', 2), count(*) FROM %(table)s"
                    " WHERE %(column)s LIKE 'cs1.%%' GROUP BY 1",
                    column=SQL.identifier(field.name),
                    table=SQL.identifier(model._table),
                )
            )
            for number, count in rows:
                totals[number] = totals.get(number, 0) + count
        return totals

    @api.model
    def _count_files(self):
        """Return how many files each key protects: {id as str: int}."""
        self.env["ir.attachment"].flush_model(["store_fname"])
        rows = self.env.execute_query(
            SQL(
                "SELECT substring(store_fname FROM '^cs([0-9]+)x'), count(*)"
                " FROM ir_attachment WHERE store_fname LIKE 'cs%%' GROUP BY 1"
            )
        )
        return dict(rows)
