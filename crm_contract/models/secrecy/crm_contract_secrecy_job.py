import secrets
from datetime import timedelta

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.secret import PREFIX, SecretError, from_clear, is_token
from ...tools.secret_master import get_masters

BATCH = 200
_PAUSED = "crm_contract.secrecy_paused"
_ERROR = "crm_contract.secrecy_error"
_MOST_NAMED = 20


class CrmContractSecrecyJob(models.AbstractModel):
    """Turning protection on and off, other keys, and the job that follows them.

    What is left to do is asked of the stored values, not of a counter: the job goes on
    wherever it was stopped or killed, and a batch is done or not.
    """

    _name = "crm.contract.secrecy.job"
    _description = "Job of protected data"

    @api.model
    def _turn_on(self):
        """Protect from now on.

        :raise UserError: if this server has no key for it
        """
        secrecy = self.env["crm.contract.secrecy"]
        keys = self.env["crm.contract.secret.key"]
        try:
            if not get_masters():
                raise SecretError("none")
            # sudo: the caller checked who asks
            keys._drop_lost()
            for company in (0, *self.env["res.company"].sudo().search(Domain.TRUE).ids):
                keys._get_primary(company)
        except SecretError as error:
            raise secrecy._error(error) from error
        if secrecy._get_state() != "on":
            secrecy._set_state("turning_on")
        self._resume()

    @api.model
    def _turn_off(self):
        """Store in clear from now on, and what is protected by the job."""
        secrecy = self.env["crm.contract.secrecy"]
        if secrecy._get_state() != "off":
            secrecy._set_state("turning_off")
            self._resume()

    @api.model
    def _rotate(self):
        """Give each company a new key."""
        if not self.env["crm.contract.secrecy"]._is_on():
            raise UserError(self.env._("Turn the protection on first."))
        self.env["crm.contract.secret.key"]._rotate()
        self._resume()

    @api.model
    def _rewrap(self):
        """Wrap the keys by the first master key."""
        return self.env["crm.contract.secret.key"]._rewrap()

    @api.model
    def _stop(self):
        """Let the job stop after its batch."""
        self._set(_PAUSED, "1")

    @api.model
    def _resume(self):
        """Let the job go on, now."""
        self._set(_PAUSED, False)
        # sudo: the caller checked who asks
        self.env.ref("crm_contract.ir_cron_secrecy").sudo()._trigger()

    @api.model
    def _is_paused(self):
        # Another server may have stopped it: not what is remembered here.
        rows = self.env.execute_query(
            SQL("SELECT value FROM ir_config_parameter WHERE key = %s", _PAUSED)
        )
        return bool(rows and rows[0][0])

    @api.model
    def _set(self, name, value):
        self.env["ir.config_parameter"].sudo().set_param(name, value)

    @api.model
    def _run(self):
        """Do what is left, in batches with a commit each; skip what can't be read."""
        errors = []
        for part in self._get_parts():
            last = 0
            while not self._is_paused():
                last, done = self._do_batch(part, last, errors)
                if last:
                    self.env["ir.cron"]._commit_progress(done)
                if not last:
                    break
        self._set(_ERROR, "\n".join(errors[:_MOST_NAMED]) or False)
        if not errors and not self._is_paused():
            self._finish()

    @api.model
    def _finish(self):
        """Say that all is done, unless somebody held something back; see again then."""
        if self._count_left():
            cron = self.env.ref("crm_contract.ir_cron_secrecy").sudo()
            cron._trigger(self.env.cr.now() + timedelta(minutes=1))
            return
        secrecy = self.env["crm.contract.secrecy"]
        done = {"turning_on": "on", "turning_off": "off"}
        state = secrecy._get_state()
        if state in done:
            secrecy._set_state(done[state])
        self.env["crm.contract.secret.key"]._retire()
        # What was there in clear goes with Odoo's clean-up of the file store: now.
        self.env.ref("base.autovacuum_job").sudo()._trigger()

    @api.model
    def _get_parts(self):
        """Return what is gone through: pairs of model and field, None for files."""
        return self.env["crm.contract.secret.key"]._get_protected()

    @api.model
    def _get_left_sql(self, field):
        """Return the condition of values that are not stored as they should be."""
        column = SQL.identifier(field.name)
        if not self.env["crm.contract.secrecy"]._is_on():
            return SQL("%s LIKE %s", column, f"{PREFIX}%")
        # sudo: which keys are in use
        keys = self.env["crm.contract.secret.key"].sudo()
        keys = keys.search([("state", "=", "primary")])
        return SQL(
            "%(column)s <> '' AND (%(column)s NOT LIKE %(prefix)s"
            " OR split_part(%(column)s, '.', 2) NOT IN %(keys)s)",
            column=column,
            prefix=f"{PREFIX}%",
            keys=tuple(map(str, keys.ids)) or ("",),
        )

    @api.model
    def _do_batch(self, part, last, errors):
        """Store the next values as they should be; return (last id, how many).

        :param last: id after which it goes on
        :param errors: list to which is added what can't be read
        :return: (0, 0) if none is left
        """
        model, field = part
        model.flush_model()
        rows = self.env.execute_query_dict(
            SQL(
                "SELECT id, contract_secret_key AS key, %(column)s AS stored"
                " FROM %(table)s WHERE id > %(last)s AND %(left)s ORDER BY id"
                " LIMIT %(batch)s FOR NO KEY UPDATE SKIP LOCKED",
                column=SQL.identifier(field.name),
                table=SQL.identifier(model._table),
                last=last,
                left=self._get_left_sql(field),
                batch=BATCH,
            )
        )
        if not rows:
            return 0, 0
        changed = self._change(model.sudo(), field, rows, errors)
        if changed:
            self._write_values(model, field, changed)
        return rows[-1]["id"], len(rows)

    @api.model
    def _change(self, model, field, rows, errors):
        """Return (id, record key, what is stored) of rows that could be read."""
        secrecy = self.env["crm.contract.secrecy"]
        records = model.browse(row["id"] for row in rows)
        changed = []
        for record, row in zip(records, rows, strict=True):
            company = record._get_secret_company()
            key = row["key"] or secrets.token_hex(16)
            try:
                text = row["stored"]
                if is_token(text):
                    place = secrecy._make_place(model._name, field.name, key, company)
                    text = secrecy._open_at(place, text)
                else:
                    text = from_clear(text)
            except SecretError as error:
                errors.append(secrecy._error(error, record).args[0])
                continue
            stored = secrecy._store(model._name, field, key, company, text)
            changed.append((record.id, key, stored))
        return changed

    @api.model
    def _write_values(self, model, field, changed):
        """Write what is stored, past the model: what it says stays as it was."""
        self.env.cr.execute(
            SQL(
                "UPDATE %(table)s SET %(column)s = t.stored, contract_secret_key = t.key"
                " FROM (VALUES %(rows)s) AS t (id, key, stored)"
                " WHERE %(table)s.id = t.id",
                table=SQL.identifier(model._table),
                column=SQL.identifier(field.name),
                rows=SQL(", ").join(changed),
            )
        )
        records = model.browse(row[0] for row in changed)
        records.invalidate_recordset([field.name, "contract_secret_key"], flush=False)

    @api.model
    def _count_left(self):
        """Return how many values and files are not stored as they should be."""
        return sum(map(self._get_left_count, self._get_parts()))

    @api.model
    def _get_left_count(self, part):
        model, field = part
        model.flush_model([field.name])
        [[count]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM %s WHERE %s",
                SQL.identifier(model._table),
                self._get_left_sql(field),
            )
        )
        return count

    @api.model
    def _describe(self):
        """Return what is protected, and what is in the way (str)."""
        secrecy = self.env["crm.contract.secrecy"]
        states = {
            "off": self.env._(
                "Off: ID numbers, private phones, confidential terms, versions and files "
                "of contracts are stored in clear."
            ),
            "turning_on": self.env._(
                "Being turned on: new data are protected already."
            ),
            "on": self.env._("On."),
            "turning_off": self.env._("Being turned off."),
        }
        left = self._count_left()
        parameters = self.env["ir.config_parameter"].sudo()
        lines = [
            states[secrecy._get_state()],
            secrecy._get_server_problem(),
            left and self.env._("%s values and files are left to do.", left),
            self._is_paused() and self.env._("The job is stopped."),
            parameters.get_param(_ERROR),
        ]
        return "\n".join(filter(None, lines))
