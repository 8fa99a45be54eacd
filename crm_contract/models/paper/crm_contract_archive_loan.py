import base64
import io

from pypdf import PdfReader, PdfWriter

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...tools.canonical import file_hash
from ...tools.records import one, search_flag, some
from .crm_contract_archive import is_overdue

LOAN_KINDS = [("original", "Original"), ("copy", "Copy with the borrower's name")]


class CrmContractArchiveLoan(models.Model):
    """Who has an original, or got a copy, until when."""

    _name = "crm.contract.archive.loan"
    _description = "Loan from the archive"
    _inherit = ["crm.contract.owned.mixin", "crm.contract.named.mixin"]
    _order = "id desc"
    _rec_name = "partner_id"

    archive_id = fields.Many2one(
        "crm.contract.archive",
        string="Archive file",
        required=True,
        index=True,
        ondelete="restrict",
    )
    contract_id = fields.Many2one(
        related="archive_id.contract_id", store=True, index=True
    )
    company_id = fields.Many2one(related="archive_id.company_id", store=True)
    kind = fields.Selection(
        LOAN_KINDS, string="What", required=True, default="original"
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Borrower",
        required=True,
        index=True,
        ondelete="restrict",
        help="A colleague, or somebody from outside such as a lawyer.",
    )
    purpose = fields.Char(required=True)
    copies = fields.Integer(string="Number", default=1, required=True, aggregator="sum")
    date_out = fields.Date(string="Lent on", readonly=True, copy=False, owned=True)
    date_due = fields.Date(string="Back by", required=True)
    date_back = fields.Date(string="Back on", readonly=True, copy=False, owned=True)
    user_id = fields.Many2one(
        "res.users", string="Lent by", readonly=True, copy=False, owned=True
    )
    is_told_late = fields.Boolean(readonly=True, copy=False, owned=True)
    is_late = fields.Boolean(
        string="Overdue", compute="_compute_is_late", search="_search_is_late"
    )
    file = fields.Binary(
        string="Copy",
        attachment=True,
        readonly=True,
        copy=False,
        help="The contract with the name of the borrower on each page.",
        owned=True,
    )
    filename = fields.Char(readonly=True, copy=False, owned=True)

    _copies_positive = models.Constraint("CHECK (copies > 0)", "Say how many are lent.")
    _out_idx = models.Index("(date_due) WHERE date_back IS NULL")

    @api.depends("date_due", "date_back")
    def _compute_is_late(self):
        lent = self.filtered(lambda loan: not loan.date_back)
        late = self.env["res.company"]._filter_on_days(lent, is_overdue)
        for loan in self:
            loan.is_late = loan in late

    def _search_is_late(self, operator, value):
        return search_flag(operator, value, self._get_late_domain)

    @api.model
    def _get_late_domain(self):
        """Return the domain of loans that should be back."""
        overdue = self.env["res.company"]._on_days(is_overdue)
        return Domain("date_back", "=", False) & overdue

    @api.model
    def _get_bounds(self, field):
        return (1, 1000) if field.name == "copies" else super()._get_bounds(field)

    @api.constrains("date_out", "date_due")
    def _check_dates(self):
        for loan in self:
            if loan.date_out and loan.date_due < loan.date_out:
                raise ValidationError(self.env._("It has to be back after it is lent."))

    @api.model_create_multi
    def create(self, vals_list):
        """Lend originals, or make copies with the name of who gets them.

        :raise UserError: for what is not filed, or not there
        """
        self._check_named(vals_list)
        loans = super().create(vals_list)
        loans._lend()
        return loans

    def write(self, vals):
        self._check_named([vals])
        if not self.env.su:
            self._check_open()
            fixed = {"archive_id", "kind", "copies", "partner_id"} & set(vals)
            if fixed:
                raise UserError(
                    self.env._("What is lent to whom stays: return it and lend anew.")
                )
        if "date_due" in vals:
            # A new day, a new reminder.
            super(CrmContractArchiveLoan, self.sudo()).write({"is_told_late": False})
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Loans are kept: return them instead."))

    def action_return(self):
        """Take back what was lent; return the loans."""
        loans = some(self)
        loans.check_access("write")
        loans._check_open()
        for loan in loans:
            # sudo: owned field
            loan.sudo().date_back = loan.company_id._get_today()
            loan._tell_chain("returned")
        return loans

    def action_print_copy(self):
        """Open the copy with the name of the borrower on each page."""
        one(self).check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file?filename_field=filename"
            "&download=true",
            "target": "new",
        }

    def _check_open(self):
        if self.filtered("date_back"):
            raise UserError(self.env._("It is back already."))

    def _filter_out(self):
        """Return the loans of originals that are not back."""
        return self.filtered(
            lambda loan: loan.kind == "original" and not loan.date_back
        )

    def _lend(self):
        for loan in self:
            archive = loan.archive_id
            if loan.kind == "original":
                archive._check_can_lend()
            # sudo: owned fields, after the checks
            today = loan.company_id._get_today()
            loan.sudo().write({"user_id": self.env.uid, "date_out": today})
            if loan.kind == "copy":
                loan._make_copy()
            loan._tell_chain("lent")

    def _tell_chain(self, kind):
        # sudo: what the archive says
        loan = self.sudo()
        facts = {
            "what": loan.kind,
            "copies": loan.copies,
            "borrower": loan.partner_id.name,
            "purpose": loan.purpose,
            "due": loan.date_due.isoformat(),
        }
        # What was printed for somebody can be told from any other print.
        if loan.file and kind == "lent":
            facts["sha256"] = self._get_hash(loan)
        self.env["crm.contract.event"]._add(loan.contract_id, kind, facts)

    @api.model
    def _get_hash(self, loan):
        return file_hash(base64.b64decode(loan.with_context(bin_size=False).file))

    def _make_copy(self):
        """Store the signed file, or else the text, with the borrower's name on it."""
        # sudo: stored files of the contract; who may lend was checked
        loan = self.sudo()
        documents = loan.contract_id.document_ids
        signed = documents.filtered(lambda row: row.kind == "signed").sorted("id")[-1:]
        for document in signed | loan.contract_id._get_text_document():
            data = self._stamp(document._get_file())
            if data:
                name = document.name.removesuffix(".pdf")
                loan.write(
                    {
                        "file": base64.b64encode(data),
                        "filename": f"{name} ({loan.partner_id.name}).pdf",
                    }
                )
                return
        raise UserError(
            self.env._(
                "%s has no PDF that a name could be put on.",
                loan.contract_id.display_name,
            )
        )

    def _stamp(self, data):
        """Return a PDF with the name of the borrower across each page (bytes).

        :return: None for what is no PDF
        """
        try:
            pages = PdfReader(io.BytesIO(data)).pages
            count = len(pages)
        except Exception:
            return None
        mark = PdfReader(io.BytesIO(self._render_mark())).pages[0]
        writer = PdfWriter()
        for number in range(count):
            page = writer.add_page(pages[number])
            page.merge_scaled_page(
                mark,
                float(page.mediabox.height) / float(mark.mediabox.height),
            )
        result = io.BytesIO()
        writer.write(result)
        return result.getvalue()

    def _render_mark(self):
        """Return a page with nothing but the mark (bytes of a PDF)."""
        report = self.env["ir.actions.report"].sudo()
        return report._render_qweb_pdf(
            "crm_contract.action_report_loan_mark", self.ids
        )[0]

    # Job

    def _advance_late(self):
        """Tell who lent it, or who is there, that it should be back."""
        contract = self.contract_id
        user = self.user_id if contract._is_readable_by(self.user_id) else None
        user = user or contract._get_person_in_charge()
        if not user:
            raise UserError(
                self.env._("Nobody is there to ask for %s.", contract.display_name)
            )
        contract.activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=user.id,
            date_deadline=self.date_due,
            summary=self.env._("Ask %s for the original", self.partner_id.name),
        )
        self.is_told_late = True
