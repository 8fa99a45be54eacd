from psycopg2.errors import ReadOnlySqlTransaction

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import SQL

KINDS = [
    ("opened", "Opened"),
    ("printed", "Printed"),
    ("downloaded", "Downloaded"),
    ("exported", "Exported"),
    ("revealed", "Revealed"),
    ("mailed", "Mailed"),
    ("alarm", "Alarm"),
]
# What somebody who carries data off does often.
_WATCHED = ("revealed", "downloaded")
_BATCH = 10_000


class CrmContractAccess(models.Model):
    """Who looked at what is protected: rows that are only ever added.

    No code writes, changes or deletes them through the model; `_note` adds them, and the
    daily job drops what is older than the company keeps.
    """

    _name = "crm.contract.access"
    _description = "Look at protected data"
    _order = "id desc"
    _log_access = False

    date = fields.Datetime(required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users", string="Who", readonly=True, ondelete="set null"
    )
    user_name = fields.Char(
        string="Name", readonly=True, help="Stays when the user is deleted."
    )
    kind = fields.Selection(KINDS, string="What", required=True, readonly=True)
    contract_id = fields.Many2one(
        "crm.contract", readonly=True, ondelete="set null", index="btree_not_null"
    )
    company_id = fields.Many2one("res.company", readonly=True, ondelete="set null")
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="res_model", readonly=True
    )
    field = fields.Char(readonly=True)
    name = fields.Char(string="Record", readonly=True)
    ip = fields.Char(string="From address", readonly=True)

    _user_idx = models.Index("(user_id, date)")
    _company_idx = models.Index("(company_id, date)")

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(self._get_refusal())

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self._get_refusal())

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self._get_refusal())

    @api.model
    def _get_refusal(self):
        return self.env._("The record of who looked at data can't be changed.")

    @api.model
    def _note(self, records, kind, field=None, minutes=0):
        """Record that the user at hand looked at records: one insert.

        :param kind: key of `KINDS`
        :param field: name of the field that was shown
        :param minutes: for which the same is not recorded again
        """
        if minutes and kind in _WATCHED:
            # A browser asks for a file part by part.
            records = records.browse(
                set(records.ids) - self._get_noted(records, kind, minutes)
            )
        rows = [self._prepare(record, kind, field) for record in records]
        if rows and self.env.cr.readonly:
            # The server then does the request again where it can write.
            raise ReadOnlySqlTransaction("Looks at protected data are recorded.")
        if rows:
            self._insert(rows, minutes)
        if rows and kind in _WATCHED:
            self._watch(records[:1], rows[0])

    @api.model
    def _get_noted(self, records, kind, minutes):
        """Return the ids of records of which the same was recorded just now (set)."""
        rows = self.env.execute_query(
            SQL(
                "SELECT res_id FROM crm_contract_access WHERE user_id = %s AND kind = %s"
                " AND res_model = %s AND res_id IN %s"
                " AND date > (now() AT TIME ZONE 'UTC') - %s * interval '1 minute'",
                self.env.uid,
                kind,
                records._name,
                tuple(records.ids) or (0,),
                minutes,
            )
        )
        return {number for [number] in rows}

    @api.model
    def _prepare(self, record, kind, field):
        # sudo: what it is called, whoever may read it; of a large row, no more
        record = record.sudo().with_context(prefetch_fields=False)
        contract = self._get_contract(record)
        company = record["company_id"] if "company_id" in record._fields else None
        return (
            self.env.uid,
            kind,
            contract.id or None,
            (company or contract.company_id).id or None,
            record._name,
            record.id,
            field,
            (contract or record).display_name[:200],
            request.httprequest.remote_addr if request else None,
        )

    @api.model
    def _get_contract(self, record):
        if record._name == "ir.attachment" and record.res_model in self.env:
            record = self.env[record.res_model].browse(record.res_id)
        if record._name == "crm.contract":
            return record
        if "contract_id" in record._fields and record._name.startswith("crm.contract"):
            return record.contract_id
        return self.env["crm.contract"]

    @api.model
    def _insert(self, rows, minutes):
        columns = ("user_id", "kind", "contract_id", "company_id", "res_model",
                   "res_id", "field", "name", "ip")  # fmt: skip
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_contract_access (date, user_name, %(columns)s)
                SELECT (now() AT TIME ZONE 'UTC'),
                       (SELECT p.name FROM res_users u JOIN res_partner p
                            ON p.id = u.partner_id WHERE u.id = t.user_id::int),
                       t.user_id::int, t.kind,
                       t.contract_id::int, t.company_id::int, t.res_model,
                       t.res_id::int, t.field, t.name, t.ip
                  FROM (VALUES %(rows)s) AS t (%(columns)s)
                 WHERE NOT EXISTS (
                           SELECT FROM crm_contract_access a
                            WHERE a.user_id = t.user_id::int AND a.kind = t.kind
                              AND a.res_model = t.res_model
                              AND a.res_id = t.res_id::int
                              AND a.field IS NOT DISTINCT FROM t.field::varchar
                              AND a.date > (now() AT TIME ZONE 'UTC')
                                           - %(minutes)s * interval '1 minute')
                """,
                columns=SQL(", ").join(map(SQL.identifier, columns)),
                rows=SQL(", ").join(rows),
                minutes=minutes,
            )
        )

    @api.model
    def _watch(self, record, row):
        """Tell a manager once an hour of somebody who reveals or downloads a lot."""
        company = self.env["res.company"].browse(row[3]) or self.env.company
        # sudo: a setting, of whatever company it is
        alone = company.sudo().with_context(prefetch_fields=False)
        limit = alone.contract_access_limit
        if not limit:
            return
        [[count, alarms]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FILTER (WHERE kind IN %s),"
                " count(*) FILTER (WHERE kind = 'alarm') FROM crm_contract_access"
                " WHERE user_id = %s"
                " AND date > (now() AT TIME ZONE 'UTC') - interval '1 hour'",
                _WATCHED,
                self.env.uid,
            )
        )
        if count > limit and not alarms:
            self._raise_alarm(record, company, count)

    @api.model
    def _raise_alarm(self, record, company, count):
        self._insert([self._prepare(record, "alarm", None)], 0)
        # sudo: the user tells nobody; the managers are told of him
        contract = self._get_contract(record.sudo())
        target = contract or record.sudo()
        managers = self.env["crm.contract"]._get_contract_managers(company)
        manager = (managers - self.env.user)[:1] or managers[:1]
        if not manager or not hasattr(target, "activity_schedule"):
            return
        target.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Many looks at protected data"),
            note=self.env._(
                "%(user)s revealed or downloaded protected data %(count)s times within "
                "an hour. See the list of looks under Contracts, Configuration.",
                user=self.env.user.name,
                count=count,
            ),
            user_id=manager.id,
        )

    @api.model
    def _drop_old(self):
        """Delete what is older than the companies keep it; return how much it was.

        The one place that does, past the model, which refuses.
        """
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_contract_access WHERE id IN (
                    SELECT a.id FROM crm_contract_access a
                      LEFT JOIN res_company c ON c.id = a.company_id
                     WHERE COALESCE(c.contract_access_days, %(days)s) > 0
                       AND a.date < (now() AT TIME ZONE 'UTC')
                           - COALESCE(c.contract_access_days, %(days)s)
                             * interval '1 day'
                     ORDER BY a.id LIMIT %(batch)s)
                """,
                days=self.env["res.company"]
                ._fields["contract_access_days"]
                .default(self.env["res.company"]),
                batch=_BATCH,
            )
        )
        return self.env.cr.rowcount

    @api.autovacuum
    def _gc_accesses(self):
        count = self._drop_old()
        # As many as there may be more, so that the job goes on.
        return count, count if count == _BATCH else 0
