from odoo import models


class CrmContractFileMixin(models.AbstractModel):
    """Records with a file of their own: reading it is a download, by whatever route."""

    _name = "crm.contract.file.mixin"
    _description = "Record with a protected file"

    def _read_format(self, fnames, load="_classic_read"):
        result = super()._read_format(fnames, load)
        names = [name for name in fnames if self._fields[name].type == "binary"]
        # A client that shows a page asks for sizes; code that prints has the rights.
        if names and not self.env.su and not self.env.context.get("bin_size"):
            ids = [vals["id"] for vals in result if any(map(vals.get, names))]
            self._note_files(self.browse(filter(None, ids)))
        return result

    def copy_data(self, default=None):
        """Return the values of copies; the content of a file is among them."""
        result = super().copy_data(default)
        names = [name for name, field in self._fields.items() if field.type == "binary"]
        if not self.env.su:
            pairs = zip(self.ids, result, strict=True)
            copied = [row_id for row_id, vals in pairs if any(map(vals.get, names))]
            self._note_files(self.browse(copied))
        return result

    def _note_files(self, records):
        self.env["crm.contract.access"]._note(records, "downloaded", minutes=1)


class CrmContractDocument(models.Model):
    _name = "crm.contract.document"
    _inherit = ["crm.contract.document", "crm.contract.file.mixin"]


class CrmContractSignatory(models.Model):
    _name = "crm.contract.signatory"
    _inherit = ["crm.contract.signatory", "crm.contract.file.mixin"]


class CrmContractAuthority(models.Model):
    _name = "crm.contract.authority"
    _inherit = ["crm.contract.authority", "crm.contract.file.mixin"]


class CrmContractQualification(models.Model):
    _name = "crm.contract.qualification"
    _inherit = ["crm.contract.qualification", "crm.contract.file.mixin"]


class CrmContractArchiveLoan(models.Model):
    _name = "crm.contract.archive.loan"
    _inherit = ["crm.contract.archive.loan", "crm.contract.file.mixin"]
