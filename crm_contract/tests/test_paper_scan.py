import base64
import io

from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen import canvas

from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase
from odoo.tools import mute_logger

from ..tools import pdf_text, scan_text
from .common_doctest import check_doctests
from .test_archive import ArchiveCommon

TEXT = [
    ["Service contract TST/2026/00001", "Fee of 1,409.50 EUR a month.", "Page 1 / 2"],
    ["Notice of three months.", "Liable to the limit of 50,000 EUR.", "Page 2 / 2"],
]


def make_pdf(pages):
    """Return a PDF with a text layer: a list of lines for each page."""
    result = io.BytesIO()
    sheet = canvas.Canvas(result)
    for lines in pages:
        for number, line in enumerate(lines):
            sheet.drawString(72, 750 - 20 * number, line)
        sheet.showPage()
    sheet.save()
    return result.getvalue()


class TestScanTools(BaseCase):
    def test_doctests(self):
        check_doctests(self, pdf_text)
        check_doctests(self, scan_text)

    def test_pages(self):
        data = make_pdf(TEXT)
        self.assertEqual(pdf_text.count_pages(data), 2)
        first, second = pdf_text.read_pdf_text(data)
        self.assertEqual(first.split(), " ".join(TEXT[0]).split())
        self.assertEqual(second.split(), " ".join(TEXT[1]).split())

    def test_what_is_no_pdf(self):
        locked = PdfWriter()
        locked.append(PdfReader(io.BytesIO(make_pdf(TEXT))))
        locked.encrypt("secret")
        stream = io.BytesIO()
        locked.write(stream)
        for data in (b"", b"\x89PNG", b"%PDF-1.4 broken", stream.getvalue()):
            self.assertIsNone(pdf_text.read_pdf_text(data))

    def test_endless_page_ends(self):
        """A file that would take hours, or gigabytes, is one that can't be read."""
        data = make_pdf([["a" * 80] * 30] * 3)
        self.assertIsNone(pdf_text.read_pdf_text(data, timeout=0.01))


class TestScan(ArchiveCommon):
    """What comes back signed: whose, and whether it says what was approved."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.text = make_pdf(TEXT)

    @classmethod
    def _patch_text(cls):
        cls.classPatch(
            cls.env.registry["crm.contract"],
            "_render_text",
            lambda contract: make_pdf(TEXT),
        )

    def _scan(self, contract, data, side="customer", user=None):
        scans = self.env["crm.contract.scan"].with_user(user or self.user)
        return scans._add(contract.with_user(user or self.user), side, "a.pdf", data)

    def test_same_words(self):
        contract = self._submit(self._create_contract())
        # Broken into other lines, on more pages, as a scanner reads them.
        pages = [["Service contract", "TST/2026/00001 Fee of"],
                 ["1,409.50 EUR a month.", "Notice of three months. Liable"],
                 ["to the limit of 50,000 EUR."]]  # fmt: skip
        scan = self._scan(contract, make_pdf(pages))
        self.assertEqual(scan.differences, "The text has 2 pages, the scan 3.")
        scan = self._scan(contract, self.text)
        self.assertEqual((scan.comparison, scan.differences), ("same", ""))
        self.assertEqual(scan.version_id, contract.version_id)
        self.assertTrue(scan.document_id.sudo()._is_intact())
        self.assertEqual(scan.document_id.kind, "scan")
        self.assertEqual(self._get_kinds(contract).count("scanned"), 2)

    def test_other_words(self):
        contract = self._submit(self._create_contract())
        pages = [[line.replace("1,409.50", "1,009.50") for line in TEXT[0]],
                 [TEXT[1][0].replace("three", "six"), *TEXT[1][1:]]]  # fmt: skip
        scan = self._scan(contract, make_pdf(pages))
        self.assertEqual(scan.comparison, "differs")
        lines = scan.differences.splitlines()
        self.assertEqual(len(lines), 2)
        self.assertIn("“1,409.50” in the text, “1,009.50” in the scan", lines[0])
        self.assertIn("“three” in the text, “six” in the scan", lines[1])
        self.assertIn("1,009.50", contract.message_ids[:1].body)
        # It is told; nobody is kept from signing.
        self._open_sign(contract).action_sign()
        self.assertTrue(contract.date_signed)

    def test_page_is_missing(self):
        contract = self._submit(self._create_contract())
        scan = self._scan(contract, make_pdf(TEXT[:1]))
        self.assertEqual(scan.comparison, "differs")
        self.assertIn("The text has 2 pages, the scan 1.", scan.differences)

    def test_without_text_layer(self):
        contract = self._submit(self._create_contract())
        for data in (b"\x89PNG\r\n", make_pdf([[], []]), b"%PDF-1.4 broken"):
            scan = self._scan(contract, data)
            self.assertEqual((scan.comparison, scan.differences), ("none", ""))

    def test_state_and_rights(self):
        draft = self._create_contract()
        with self._refused("not approved"):
            self._scan(draft, self.text)
        contract = self._submit(draft)
        for user in (self.reader, self.accountant):
            with self.assertRaises(AccessError):
                self._scan(contract, self.text, user=user)
        foreign = self._submit(
            self._create_contract(self.manager, user_id=self.manager.id)
        )
        with self.assertRaises(AccessError):
            self._scan(foreign, self.text)
        contract.action_cancel()
        with self._refused("not approved"):
            self._scan(contract, self.text)

    def test_rows_stay(self):
        contract = self._submit(self._create_contract())
        scan = self._scan(contract, self.text)
        for user in (self.user, self.manager):
            mine = scan.with_user(user)
            with self.assertRaises(UserError):
                mine.side = "both"
            with self.assertRaises(UserError):
                mine.unlink()
            with self.assertRaises(AccessError):
                mine.create({"contract_id": contract.id, "side": "both"})
            with self.assertRaises(UserError):
                mine.document_id.unlink()
        with self.assertRaises(UserError):
            scan.sudo().comparison = "differs"
        with self.assertRaises(UserError), mute_logger("odoo.sql_db"):
            scan.sudo().document_id.file = "AAAA"

    def test_dialog(self):
        contract = self._submit(self._create_contract())
        dialogs = self.env["crm.contract.scan.upload"].with_user(self.user)
        empty = dialogs.create({"contract_id": contract.id})
        with self._refused("Choose the file"):
            empty.action_add()
        dialog = dialogs.create(
            {
                "contract_id": contract.id,
                "side": "company",
                "file": base64.b64encode(self.text),
                "filename": "ours.pdf",
            }
        )
        action = dialog.action_add()
        scan = self.env["crm.contract.scan"].browse(action["res_id"])
        self.assertEqual((scan.side, scan.document_id.name), ("company", "ours.pdf"))

    def test_signed_copy_is_looked_at(self):
        contract = self._submit(self._create_contract())
        other = make_pdf([["Quite another contract"]])
        self._open_sign(
            contract, file=base64.b64encode(other), filename="signed.pdf"
        ).action_sign()
        scan = self.env["crm.contract.scan"].search([("contract_id", "=", contract.id)])
        self.assertEqual((scan.side, scan.comparison), ("both", "differs"))
        self.assertEqual(scan.document_id.kind, "signed")

    def test_signed_copy_that_comes_later(self):
        contract = self._create_signed()
        self.env["crm.contract.signed.copy"].with_user(self.user).create(
            {
                "contract_id": contract.id,
                "file": base64.b64encode(self.text),
                "filename": "signed.pdf",
            }
        ).action_add()
        scan = self.env["crm.contract.scan"].search([("contract_id", "=", contract.id)])
        self.assertEqual((scan.side, scan.comparison), ("both", "same"))

    def test_pages_of_the_register(self):
        row = self._apply(self._submit(self._create_contract()))
        self.assertEqual(row.pages, 2)
        other = self._apply(self._submit(self._create_contract()), pages=5)
        self.assertEqual(other.pages, 5)


class TestWatermark(ArchiveCommon):
    """A copy says on each page who got it."""

    @classmethod
    def _patch_text(cls):
        cls.classPatch(
            cls.env.registry["crm.contract"],
            "_render_text",
            lambda contract: make_pdf(TEXT),
        )

    def test_copy(self):
        archive = self._file(self._create_signed())
        mark = make_pdf([["Copy for Lena Lawyer"]])
        model = self.env.registry["crm.contract.archive.loan"]
        self.classPatch(model, "_render_mark", lambda loan: mark)
        loan = self._lend(archive, kind="copy")
        pages = pdf_text.read_pdf_text(base64.b64decode(loan.file))
        self.assertEqual(len(pages), 2)
        for page, lines in zip(pages, TEXT, strict=True):
            self.assertIn("Copy for Lena Lawyer", page)
            self.assertIn(lines[0], page)
        self.assertEqual(archive.originals_out, 0)
        # What is in the archive stays as it is.
        self.assertFalse(
            self.env["crm.contract.verification"]._get_broken_proofs(
                archive.contract_id
            )
        )
        with self.assertRaises(AccessError):
            loan.file = base64.b64encode(b"Other")

    def test_nothing_to_copy(self):
        archive = self._file(self._create_signed())
        text = archive.contract_id.sudo()._get_text_document()
        with self._refused("no PDF"):
            self.classPatch(
                self.env.registry["crm.contract.document"],
                "_get_file",
                lambda document: b"no PDF" if document == text else b"",
            )
            self._lend(archive, kind="copy")
