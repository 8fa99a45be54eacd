import io

from pypdf import PdfReader, PdfWriter

from odoo.tests import tagged

from ..tools import seal as sealing
from .common_seal import make_pdf, make_seal_key
from .test_signature_seal import SealedCommon


@tagged("post_install", "-at_install")
class TestTenKinds(SealedCommon):
    """Ten kinds of tampering, by somebody who has the database and the file store.

    Hashes in the database are changed along, so that no file looks damaged by itself.
    *Verify* names each of them, to whoever may read the contract.
    """

    def setUp(self):
        super().setUp()
        self.document = self._complete()
        self.contract = self.document.contract_id
        self.data = self.document._get_file()
        self.text = self.document.version_id.document_ids.filtered(
            lambda row: row.kind == "text"
        )

    def _verify_as_reader(self, contract):
        self.env.flush_all()
        self.env.invalidate_all()
        return contract.with_user(self.reader).action_verify()["params"]

    def _append(self, change):
        writer = PdfWriter(io.BytesIO(self.data), incremental=True)
        change(writer)
        result = io.BytesIO()
        writer.write(result)
        return result.getvalue()

    def _flip(self, place):
        data = bytearray(self.data)
        data[place] ^= 1
        return bytes(data)

    def _swap_page(self):
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(self.data)))
        other = PdfReader(io.BytesIO(make_pdf("Another price"))).pages[0]
        writer.insert_page(other, 0)
        writer.remove_page(1)
        result = io.BytesIO()
        writer.write(result)
        return result.getvalue()

    def _get_older(self):
        """Return the sealed file of another text of the customer, signed before."""
        return self._complete()._get_file()

    def _strip(self):
        return sealing.add_pages(self.text._get_file(), make_pdf("Evidence"))

    def _seal_again(self):
        _data, other = make_seal_key("Supplier Ltd")
        return sealing.seal(self._strip(), other, "Signed")[0]

    def test_files(self):
        """Nine kinds that change the file; none is like another."""
        self.assertEqual(self._verify_as_reader(self.contract)["type"], "success")
        evidence = self.data.rindex(b"endstream", 0, self.data.index(b"/ByteRange"))
        older = self._get_older()
        text = self.text._get_file()
        kinds = {
            "bit flip": (self._flip(300), "broken"),
            "page added as an update": (
                self._append(lambda writer: writer.add_blank_page(100, 100)),
                "Something was added",
            ),
            "page swapped": (self._swap_page(), "broken"),
            "metadata": (
                self._append(lambda writer: writer.add_metadata({"/Author": "Me"})),
                "Something was added",
            ),
            "evidence page edited": (self._flip(evidence - 10), "can't be read"),
            "evidence of another contract": (
                sealing.add_pages(text, older),
                "another contract",
            ),
            "older version": (older, "does not begin with the text"),
            "seal stripped": (self._strip(), "was taken away"),
            "sealed again": (self._seal_again(), "another key"),
        }
        for kind, (data, words) in kinds.items():
            with self.subTest(kind):
                self._tamper(self.document, data)
                params = self._verify_as_reader(self.contract)
                self.assertEqual(params["type"], "danger")
                self.assertIn(words, params["message"])
                # Whatever is said of the seal, the chain names another file.
                self.assertIn("named by no event", params["message"])
        self._tamper(self.document, self.data)
        self.assertEqual(self._verify_as_reader(self.contract)["type"], "success")

    def test_chain(self):
        """The tenth: events that are gone, or stand in another order."""
        events = self.env["crm.contract.event"].search(
            [("contract_id", "=", self.contract.id)], order="number"
        )
        kinds = events.mapped("kind")
        self.assertEqual(kinds[:2], ["submitted", "approved"])
        for kind in ("sent", "signed", "completed", "stored", "sealed"):
            self.assertIn(kind, kinds)
        signed = events.filtered(lambda event: event.kind == "signed")[0]
        with self.env.cr.savepoint() as savepoint:
            self.env.cr.execute(
                "DELETE FROM crm_contract_event WHERE id = %s", [signed.id]
            )
            params = self._verify_as_reader(self.contract)
            self.assertIn("events are missing", params["message"])
            savepoint.rollback()
        one, two = events[2:4]
        for event, number in ((one, 99), (two, one.number), (one, two.number)):
            self.env.cr.execute(
                "UPDATE crm_contract_event SET number = %s WHERE id = %s",
                [number, event.id],
            )
        params = self._verify_as_reader(self.contract)
        self.assertEqual(params["type"], "danger")
        self.assertIn("does not follow the one before", params["message"])

    def test_daily_job(self):
        health = self.env["crm.contract.health"].sudo()
        [scan] = [scan for scan in health._get_scans() if scan.name == "seals"]
        other = self._complete()
        documents = (self.document | other).sudo()
        found = self.env[scan.model].sudo().search(scan.domain())
        self.assertLessEqual(documents, found)
        self.assertEqual(health._judge(scan, documents), {})
        self._tamper(self.document, self._strip())
        [(document, reason)] = health._judge(scan, documents).items()
        self.assertEqual(document, self.document)
        self.assertIn("was taken away", reason)

    def test_seal_is_forgotten(self):
        """Another file, and no word of the seal in the database: the chain has both."""
        self._tamper(self.document, self._strip())
        self.env.cr.execute(
            "DELETE FROM crm_contract_document_seal WHERE document_id = %s",
            [self.document.id],
        )
        params = self._verify_as_reader(self.contract)
        self.assertEqual(params["type"], "danger")
        self.assertIn("named by no event", params["message"])
