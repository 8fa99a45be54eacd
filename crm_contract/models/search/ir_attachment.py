from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.file_text import READ, read_file_text
from ...tools.secret_file import is_protected

TEXTS = [
    ("read", "Searched"),
    ("empty", "No text layer"),
    ("locked", "Locked by a password"),
    ("large", "Too large"),
    ("broken", "Can't be read"),
    ("other", "Kind that is not read"),
    ("protected", "Protected"),
]


class IrAttachment(models.Model):
    """Texts of contracts' files: read by a job, so that nobody who uploads waits."""

    _inherit = "ir.attachment"

    contract_text = fields.Selection(
        TEXTS,
        string="Text of a contract's file",
        readonly=True,
        copy=False,
        help="Whether the search finds the file by its text. Empty: not read yet, or no "
        "file of a contract.",
    )

    # The job looks for what was not read yet.
    _contract_text_idx = models.Index(
        "(id) WHERE contract_text IS NULL AND res_model LIKE 'crm.contract%'"
    )

    @api.model
    def _get_contract_text_domain(self):
        """Return the domain of the files whose texts are searched.

        Pictures of fields, as drawn signatures, are no files that somebody looks for.
        """
        return (
            Domain("res_model", "=like", "crm.contract%")
            & Domain("res_model", "in", self._get_file_models())
            & Domain("file_size", ">", 0)
            & (
                Domain("res_field", "=", False)
                | Domain("mimetype", "not =like", "image/%")
            )
        )

    def _get_datas_related_values(self, data, mimetype):
        # Another file, another text
        values = super()._get_datas_related_values(data, mimetype)
        return {**values, "contract_text": False}

    def _read_contract_text(self):
        """Keep the text of a file as it is searched, or why it has none."""
        self.ensure_one()
        if is_protected(self.store_fname):
            self.contract_text = "protected"
            return
        kind, text = read_file_text(self.raw or b"", self.mimetype or "")
        if text:
            self.index_content = text
        # What other add-ons read of kinds that this one doesn't is searched as well.
        self.contract_text = READ if self.index_content else kind
