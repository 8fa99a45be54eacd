from odoo import api, models
from odoo.exceptions import UserError

_LOCKED_FIELDS = {"raw", "datas", "db_datas", "store_fname", "res_model", "res_id",
                  "res_field", "url", "type", "checksum", "mimetype"}  # fmt: skip


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            # Beforehand: the route that takes uploads keeps what was made before an
            # error.
            self._check_contract_document_ids(vals.get("res_model"), vals.get("res_id"))
        attachments = super().create(vals_list)
        attachments._check_contract_documents()
        return attachments

    def write(self, vals):
        if _LOCKED_FIELDS.isdisjoint(vals):
            return super().write(vals)
        self._check_contract_documents()
        result = super().write(vals)
        # Nor may another file be moved to where the document keeps its own.
        self._check_contract_documents()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_contract_document(self):
        self._check_contract_documents()

    def _check_contract_documents(self):
        attachments = self.filtered(lambda a: a.res_model == "crm.contract.document")
        if attachments:
            self._check_contract_document_ids(
                "crm.contract.document", *attachments.mapped("res_id")
            )

    @api.model
    def _check_contract_document_ids(self, model, *ids):
        """Keep the files of frozen and locked contract documents as they are.

        The document model guards its own writes; this closes the way around it.
        """
        if model != "crm.contract.document" or not any(ids):
            return
        documents = self.env["crm.contract.document"].browse(filter(None, ids))
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
