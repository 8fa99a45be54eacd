from odoo import api, models
from odoo.exceptions import UserError

_DOCUMENT = "crm.contract.document"
# What decides what a document's file is.
_FILE_FIELDS = {"raw", "datas", "db_datas", "store_fname", "res_model", "res_id",
                "res_field", "url", "type", "checksum", "mimetype"}  # fmt: skip
# What opens a file to whoever has its address.
_OPENING = {"public", "access_token"}
_PLACE = {"res_model", "res_id", "res_field"}


class IrAttachment(models.Model):
    """Files of contract documents, by whatever route they change.

    The document model guards its own writes; this closes the ways around it: frozen and
    locked files stay as they are, and the annex of a draft gets its hash, and the
    contract its editor, when somebody writes the file itself.
    """

    _inherit = "ir.attachment"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            # Beforehand: the route that takes uploads keeps what was made before an
            # error.
            self._check_contract_document_ids(vals.get("res_model"), vals.get("res_id"))
            self.browse()._check_one_contract_file(vals)
        self._check_no_field(vals_list)
        attachments = super().create(vals_list)
        attachments._check_contract_documents()
        attachments._check_not_opened()
        attachments._get_contract_documents()._take_file_change()
        return attachments

    def write(self, vals):
        if _FILE_FIELDS.isdisjoint(vals):
            result = super().write(vals)
            if not _OPENING.isdisjoint(vals):
                self._check_not_opened()
            return result
        if self._is_stored_elsewhere(vals):
            return super().write(vals)
        self._check_no_field([vals])
        documents = self._get_contract_documents()
        self._check_contract_documents()
        self._check_one_contract_file(vals)
        result = super().write(vals)
        # Nor may another file be moved to where the document keeps its own.
        self._check_contract_documents()
        if not (_PLACE | _OPENING).isdisjoint(vals):
            self._check_not_opened()
        (documents | self._get_contract_documents())._take_file_change()
        return result

    def unlink(self):
        documents = self._get_contract_documents()
        result = super().unlink()
        documents.exists()._take_file_change()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_contract_document(self):
        self._check_contract_documents()
        self._check_no_field()

    def _check_no_field(self, vals_list=()):
        """Raise UserError if a file of a field is changed past its record.

        Signatures and letters of authority are evidence: their model says who writes
        them. Fields themselves are written by the server.
        """
        if self.env.su:
            return
        rows = [(row.res_model, row.res_field) for row in self.sudo()]
        places = rows + [
            (vals.get("res_model", model), vals.get("res_field", field))
            for vals in vals_list
            for model, field in rows or [(None, None)]
        ]
        if any(
            field and model != _DOCUMENT and (model or "").startswith("crm.contract")
            for model, field in places
        ):
            raise UserError(self.env._("Change this file on the record it belongs to."))

    def _get_contract_documents(self):
        """Return the contract documents that the attachments belong to, in sudo."""
        # sudo: for the locks and hashes alone, which hold whoever may read the contract
        own = self.sudo().filtered(lambda a: a.res_model == _DOCUMENT and a.res_id)
        documents = self.env[_DOCUMENT].sudo().browse(own.mapped("res_id"))
        return documents.exists()

    def _check_contract_documents(self):
        self._check_contract_document_ids(
            _DOCUMENT, *self._get_contract_documents().ids
        )

    def _check_not_opened(self):
        """Raise UserError if somebody without rights could read a contract's file."""
        # sudo: the token is not for everybody's eyes
        opened = self.sudo().filtered(
            lambda a: a.res_model == _DOCUMENT and (a.public or a.access_token)
        )
        if opened:
            raise UserError(
                self.env._("The files of contracts can't be shared by a link.")
            )

    @api.model
    def _check_contract_document_ids(self, model, *ids):
        """Keep the files of frozen and locked contract documents as they are."""
        if model != _DOCUMENT or not any(ids):
            return
        documents = self.env[_DOCUMENT].browse(filter(None, ids))
        # sudo: the lock holds for those who can't read the contract as well
        documents = documents.sudo().exists().filtered("sha256")
        documents._check_not_frozen()
        locked = documents.contract_id.filtered(lambda c: c.state != "draft")
        if locked:
            raise UserError(
                self.env._(
                    "The documents of %s are locked.",
                    ", ".join(locked.mapped("display_name")),
                )
            )

    def _check_one_contract_file(self, vals):
        """Let no second file stand where a document keeps its own.

        Which of them is read would be a matter of chance.

        :param vals: of a creation (on no attachments), or of a write
        """
        if _PLACE.isdisjoint(vals):
            return
        for row in self.sudo() or (self.browse(),):
            place = {
                name: vals.get(name, row[name] if row else False)
                for name in sorted(_PLACE)
            }
            if place["res_model"] != _DOCUMENT or place["res_field"] != "file":
                continue
            # sudo: files of fields are hidden from a plain search
            others = self.sudo().search(
                [*((name, "=", value) for name, value in place.items()),
                 ("id", "not in", self.ids)], limit=1)  # fmt: skip
            if others or len(self) > 1:
                raise UserError(
                    self.env._(
                        "The document has a file already. Upload the new one on the "
                        "document itself."
                    )
                )

    def _is_stored_elsewhere(self, vals):
        """Return whether a write only moves the same bytes to another kind of storage."""
        return set(vals) == {"raw", "mimetype"} and all(
            row.mimetype == vals["mimetype"] and row.raw == vals["raw"] for row in self
        )
