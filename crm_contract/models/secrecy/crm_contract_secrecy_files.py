from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

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
        # What is left of records that are gone is nobody's.
        owned = SQL(" OR ").join(
            SQL(
                "(res_model = %s AND EXISTS (SELECT FROM %s t WHERE t.id = res_id%s))",
                name,
                SQL.identifier(self.env[name]._table),
                SQL() if name == "crm.contract" else SQL(" AND t.contract_id > 0"),
            )
            for name in self.env["ir.attachment"]._get_file_models()
            if name == "crm.contract" or self.env[name]._fields["contract_id"].store
        )
        return SQL(
            "type = 'binary' AND file_size > 0 AND (%s) AND"
            " COALESCE(substring(store_fname FROM '^cs([0-9]+)x'), '') NOT IN %s",
            owned,
            tuple(map(str, keys.ids)) or ("-",),
        )

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
