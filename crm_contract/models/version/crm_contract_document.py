import base64
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.canonical import file_hash, short_hash

_logger = logging.getLogger(__name__)


class CrmContractDocument(models.Model):
    """A file of a contract with its SHA-256.

    Annexes are content: they come and go in draft. The frozen text and the signed copy
    are written once by the life cycle and never change.
    """

    _name = "crm.contract.document"
    _description = "Contract document"
    _inherit = ["crm.contract.content.mixin"]
    _order = "contract_id, kind, id desc"
    _content_parent = "contract_id"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="contract_id.company_id", store=True)
    kind = fields.Selection(
        [
            ("annex", "Annex"),
            ("former", "Former annex"),
            ("text", "Contract text"),
            ("signed", "Signed copy"),
            ("scan", "Scan of a signature"),
            ("letter", "Letter of authority"),
        ],
        required=True,
        default="annex",
        readonly=True,
        owned=True,
    )
    sequence = fields.Integer(default=10, content=True)
    name = fields.Char(required=True, content=True)
    file = fields.Binary(required=True, attachment=True)
    sha256 = fields.Char(
        string="SHA-256",
        readonly=True,
        copy=False,
        index="btree_not_null",
        content=True,
        owned=True,
    )
    short_hash = fields.Char(compute="_compute_short_hash")
    version_id = fields.Many2one(
        "crm.contract.version",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="Version of the contract that this file was made of, or that was signed.",
        owned=True,
    )
    content_hash = fields.Char(
        related="version_id.content_hash", string="Hash of the version"
    )

    @api.depends("sha256")
    def _compute_short_hash(self):
        for document in self:
            document.short_hash = short_hash(document.sha256)

    @api.model_create_multi
    def create(self, vals_list):
        documents = super().create(vals_list)
        documents._set_file_hash()
        return documents

    def write(self, vals):
        self._check_not_frozen()
        if "file" in vals:
            self._check_content_editable()
        result = super().write(vals)
        if "file" in vals:
            self._set_file_hash()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_frozen(self):
        self._check_not_frozen()

    @api.model
    def _store_texts(self, contracts):
        """Store the printed text of each contract; return them in that order."""
        texts = self.browse()
        for contract in contracts:
            name = f"{contract._get_print_name()}.pdf"
            texts += self._put(contract, "text", name, contract._render_text())
        return texts

    @api.model
    def _store(self, contract, kind, name, data):
        """Store what became of a contract, with its version at hand; return it.

        :param data: bytes of the file
        :raise UserError: if the file store did not take it, all of it
        """
        document = self._put(contract, kind, name, data)
        facts = {"kind": kind, "name": name, "sha256": document.sha256}
        self.env["crm.contract.event"]._add(contract, "stored", facts)
        return document

    @api.model
    def _put(self, contract, kind, name, data):
        try:
            # sudo: frozen documents are written by the life cycle alone
            document = self.sudo().create(
                {
                    "contract_id": contract.id,
                    "kind": kind,
                    "name": name,
                    "file": base64.b64encode(data),
                    "version_id": contract.version_id.id,
                }
            )
            # As it lies in the file store, not as it is remembered.
            document.flush_recordset()
            document.invalidate_recordset(["file"])
            kept = document._get_file()
        except OSError as error:
            raise self._get_not_stored(name, error) from error
        if kept != data:
            raise self._get_not_stored(name)
        return document

    @api.model
    def _get_not_stored(self, name, error=None):
        """Return the UserError of a file that the file store did not take, all of it."""
        if error:
            _logger.error("A file could not be stored: %s", error)
        return UserError(
            self.env._(
                "The file “%s” could not be stored: the disk of the server may be "
                "full. Nothing was changed; try again, or tell an administrator.",
                name,
            )
        )

    @api.model
    def _get_frozen_attachment(self, contract):
        """Return the attachment of what is printed and sent of a contract.

        The signed file, if it is a PDF; else the frozen text; empty while that may
        change. A picture of a signed paper is no print: it is among the documents.
        """
        contract.ensure_one()
        if contract.state in ("draft", "review", "cancelled"):
            return self.env["ir.attachment"]
        text = contract._get_text_document()
        signed = contract.document_ids.filtered(
            lambda row: row.kind == "signed" and row.version_id == contract.version_id
        )
        # sudo: files of fields are hidden from a plain search; the reader of the
        # contract may read its documents
        files = self.env["ir.attachment"].sudo()
        files = files.search(
            [
                ("res_model", "=", self._name),
                ("res_field", "=", "file"),
                ("res_id", "in", (text | signed).ids),
            ],
            order="res_id desc",
        )
        return files.filtered(
            lambda file: file.res_id in text.ids or file.mimetype == "application/pdf"
        )[:1]

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {"content_hash"}

    def _filter_content(self):
        return self.filtered(lambda document: document.kind == "annex")

    def _prepare_content_vals(self):
        # Without the context of a client that asks for sizes instead of files.
        document = self.with_context(bin_size=False)
        return {"sequence": self.sequence, "name": self.name, "file": document.file}

    def _get_file(self):
        """Return the stored bytes."""
        self.ensure_one()
        return base64.b64decode(self.with_context(bin_size=False).file or b"")

    def _get_digests(self):
        """Return the SHA-256 of the stored files: `{document: str}`, empty ones left out.

        All of them take one query, and one file at a time is in memory.
        """
        # sudo: files of fields are hidden from a plain search; see `_get_file`
        attachments = self.env["ir.attachment"].sudo()
        attachments = attachments.search_fetch(
            [
                ("res_model", "=", self._name),
                ("res_field", "=", "file"),
                ("res_id", "in", self.ids),
            ],
            ["res_id", "store_fname"],
        )
        digests = {}
        for attachment in attachments:
            alone = attachment.with_prefetch()
            if data := alone.raw:
                digests[self.browse(alone.res_id)] = file_hash(data)
            alone.invalidate_recordset(["raw"], flush=False)
        return digests

    def _is_intact(self):
        """Return whether the file still has the hash that it was stored with."""
        self.ensure_one()
        return file_hash(self._get_file()) == self.sha256

    def _set_file_hash(self):
        """Take the hashes of annexes, and of files that are being stored, anew."""
        for document in self:
            digest = file_hash(document._get_file())
            is_open = document.kind == "annex" or not document.sha256
            if is_open and digest != document.sha256:
                # sudo: owned field
                document.sudo().sha256 = digest

    def _take_file_change(self):
        """Hash files anew that were changed otherwise than by their documents.

        Whoever did it becomes an editor of the contract: the hash is its content.
        """
        self.invalidate_recordset(["file"], flush=False)
        # Without a hash, a file is being stored right now; others are frozen.
        self._filter_content().filtered("sha256")._set_file_hash()

    def _get_missing(self):
        """Return what is wrong with the annexes of a draft (list of str).

        What changed past the server has no editor who could be kept from deciding.
        """
        return [
            self.env._(
                "The file “%s” is empty or was changed past the server. Upload it again.",
                document.name,
            )
            for document in self._filter_content()
            if not document._get_file() or not document._is_intact()
        ]

    def _check_not_frozen(self):
        # The hash seals a file: without it, the file is being stored right now.
        frozen = (self - self._filter_content()).filtered("sha256")
        if frozen:
            raise UserError(
                self.env._(
                    "%(documents)s can't be changed or deleted: it is the text that was "
                    "submitted or signed.",
                    documents=", ".join(frozen.mapped("name")),
                )
            )
