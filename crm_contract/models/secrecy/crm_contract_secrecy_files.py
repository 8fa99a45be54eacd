from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .ir_attachment import CARRIERS, COMPOSERS

# Of which each is in memory once.
BATCH = 10


class CrmContractSecrecyJob(models.AbstractModel):
    """The same for the files of contracts."""

    _inherit = "crm.contract.secrecy.job"

    @api.model
    def _get_parts(self):
        return [*super()._get_parts(), None]

    @api.model
    def _do_batch(self, part, last, errors):
        if part is not None:
            return super()._do_batch(part, last, errors)
        attachments = self.env["ir.attachment"].sudo()
        attachments.flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM ir_attachment WHERE id > %s AND %s ORDER BY id"
                " LIMIT %s FOR NO KEY UPDATE SKIP LOCKED",
                last,
                self._get_files_left_sql(),
                BATCH,
            )
        )
        if not rows:
            return 0, 0
        for [number] in rows:
            # Each alone: one content at a time is in memory.
            self._do_file(attachments.browse(number), errors)
        return rows[-1][0], len(rows)

    @api.model
    def _do_file(self, attachment, errors):
        try:
            data = attachment.raw
            if data:
                attachment._store_again(data)
            elif attachment.store_fname:
                raise UserError(
                    self.env._(
                        "The file of “%s” is not in the file store.", attachment.name
                    )
                )
        except UserError as error:
            errors.append(error.args[0])
        attachment.flush_recordset()
        attachment.invalidate_recordset(["raw", "datas"], flush=False)

    @api.model
    def _get_files_left_sql(self):
        """Return the condition of files that are not stored as they should be."""
        if not self.env["crm.contract.secrecy"]._is_on():
            return SQL("store_fname LIKE 'cs%%'")
        # sudo: which keys are in use
        keys = self.env["crm.contract.secret.key"].sudo()
        keys = keys.search(Domain("state", "=", "primary"))
        return SQL(
            "type = 'binary' AND file_size > 0 AND (%s) AND"
            " COALESCE(substring(store_fname FROM '^cs([0-9]+)x'), '') NOT IN %s",
            self._get_protected_sql(),
            tuple(map(str, keys.ids)) or ("-",),
        )

    @api.model
    def _get_protected_sql(self):
        """Return the condition of files that are protected: as `_get_file_place`."""
        parts = [self._get_ours_sql("ir_attachment"), *self._get_carried_sql()]
        parts.append(
            SQL(
                "(res_model = 'ir.attachment' AND EXISTS (SELECT FROM ir_attachment o"
                " WHERE o.id = ir_attachment.res_id AND (%s)))",
                SQL(" OR ").join(
                    [self._get_ours_sql("o"), *self._get_carried_sql("o")]
                ),
            )
        )
        return SQL(" OR ").join(parts)

    @api.model
    def _get_ours_sql(self, alias):
        models = self.env["ir.attachment"]._get_file_models()
        # What is left of contracts that are gone is nobody's: their key went with them.
        return SQL(
            "(%(table)s.res_model IN %(others)s"
            " OR (%(table)s.res_model = 'crm.contract' AND (%(none)s OR EXISTS"
            " (SELECT FROM crm_contract t WHERE t.id = %(table)s.res_id)))"
            " OR (%(table)s.res_model = 'crm.contract.document' AND (%(none)s OR EXISTS"
            " (SELECT FROM crm_contract_document t WHERE t.id = %(table)s.res_id))))",
            table=SQL.identifier(alias),
            none=SQL("COALESCE(%s.res_id, 0) = 0", SQL.identifier(alias)),
            others=tuple(
                {*models, *COMPOSERS} - {"crm.contract", "crm.contract.document"}
            ),
        )

    @api.model
    def _get_carried_sql(self, alias="ir_attachment"):
        models = self.env["ir.attachment"]._get_file_models()
        return [
            SQL(
                "(%(table)s.res_model = %(model)s AND EXISTS (SELECT FROM %(carrier)s m"
                " WHERE m.id = %(table)s.res_id AND m.%(name)s IN %(models)s))",
                table=SQL.identifier(alias),
                model=model,
                carrier=SQL.identifier(self.env[model]._table),
                name=SQL.identifier(name),
                models=models,
            )
            for model, (name, _number) in CARRIERS.items()
            if model != "ir.attachment"
        ]

    @api.model
    def _get_left_count(self, part):
        if part is not None:
            return super()._get_left_count(part)
        self.env["ir.attachment"].flush_model()
        [[count]] = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM ir_attachment WHERE %s",
                self._get_files_left_sql(),
            )
        )
        return count
