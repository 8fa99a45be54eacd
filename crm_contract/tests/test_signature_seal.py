import base64
import errno
import io
import json
import shutil
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from pypdf import PdfReader, PdfWriter

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.signature import crm_contract_seal
from ..tools import seal as sealing
from ..tools.canonical import file_hash
from ..tools.seal_key import SealError
from .common_seal import (
    PASSWORD,
    TimeServer,
    look_by_poppler,
    make_pdf,
    make_seal_key,
    server_options,
)
from .common_signature import SignatureCommon, draw

SERVICE = "odoo.addons.crm_contract.models.signature.crm_contract_seal"
LOG = SERVICE
PICTURE = base64.b64decode(draw())


class SealedCommon(SignatureCommon):
    """A server with a key; texts and evidence pages are small PDFs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not sealing.is_installed():
            cls.skipTest(cls, "pyHanko is not installed")
        cls.folder = Path(tempfile.mkdtemp(prefix="contract-seal-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.path = str(cls.folder / "seal.p12")
        data, cls.key = make_seal_key("Supplier Ltd")
        Path(cls.path).write_bytes(data)

    @classmethod
    def _patch_text(cls):
        contracts = cls.registry["crm.contract"]
        cls.startClassPatcher(
            patch.object(
                contracts,
                "_render_text",
                lambda contract: make_pdf(f"Text of {contract.number}", "Page 2"),
            )
        )

    def setUp(self):
        super().setUp()
        self.problems = []
        seals = self.registry["crm.contract.seal"]

        def render(_service, _request, problem):
            self.problems.append(problem)
            return make_pdf("Evidence")

        self.startPatcher(patch.object(seals, "_render_pages", render))

    def _complete(self, request=None, **options):
        """Let both sides sign; return the signed document."""
        request = request or self._send()
        if not options:
            options = {"seal_file": self.path, "seal_password": PASSWORD}
        with server_options(**options):
            for side in ("customer", "company"):
                self._sign_as(self._side(request, side))
        self.assertEqual(request.state, "done")
        return request.document_id

    def _verify(self, document):
        return self.env["crm.contract.seal"]._get_problems(document)

    def _tamper(self, document, data):
        """Change the stored file, and the hash that it was stored with, as a thief."""
        self.env.cr.execute(
            """
            UPDATE ir_attachment SET store_fname = NULL, db_datas = %s
            WHERE res_model = %s AND res_field = 'file' AND res_id = %s
            """,
            [data, document._name, document.id],
        )
        self.env.cr.execute(
            "UPDATE crm_contract_document SET sha256 = %s WHERE id = %s",
            [file_hash(data), document.id],
        )
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestSignatureSeal(SealedCommon):
    """The final file, and how it is sealed."""

    def test_final_file(self):
        document = self._complete()
        data, request = document._get_file(), self.env[
            "crm.contract.signature.request"
        ].search([("document_id", "=", document.id)])  # fmt: skip
        text = request.text_id._get_file()
        self.assertTrue(data.startswith(text))
        pages = [
            page.extract_text().strip() for page in PdfReader(io.BytesIO(data)).pages
        ]
        number = request.contract_id.number
        self.assertEqual(pages, [f"Text of {number}", "Page 2", "Evidence"])
        self.assertTrue(document.name.endswith(" (signed).pdf"))
        said = look_by_poppler(self, data)
        self.assertIn("Signature is Valid", said)
        self.assertIn("Total document signed", said)
        row = document.seal_ids
        self.assertEqual((row.level, row.signer), ("b", "Supplier Ltd"))
        self.assertEqual(row.fingerprint, self.key.fingerprint)
        self.assertEqual(row.sha256, file_hash(data))
        self.assertFalse(row.is_waiting)
        self.assertEqual(self.problems, [""])
        self.assertEqual(self._verify(document), [])

    def test_event(self):
        document = self._complete()
        event = self.env["crm.contract.event"].search(
            [("contract_id", "=", document.contract_id.id), ("kind", "=", "sealed")]
        )
        facts = json.loads(event.content)["facts"]
        self.assertEqual(facts["sha256"], document.sha256)
        self.assertEqual(facts["fingerprint"], self.key.fingerprint)
        self.assertEqual(facts["level"], "PAdES B-B")
        self.assertEqual(event.actor, "Supplier Ltd")
        self.assertEqual(event.version_id, document.version_id)

    def test_nobody_changes_it(self):
        row = self._complete().seal_ids
        with self.assertRaises(AccessError):
            row.with_user(self.manager).write({"is_waiting": True})
        with self.assertRaises(AccessError):
            row.with_user(self.manager).copy({"document_id": row.document_id.id})
        with self.assertRaises(AccessError):
            row.with_user(self.manager).unlink()
        with self.assertRaises(UserError):
            row.sudo().write({"signer": "Me"})
        with self.assertRaises(UserError):
            row.sudo().unlink()

    def test_who_may_see_it(self):
        document = self._complete()
        for user in (self.reader, self.accountant, self.manager):
            seen = document.with_user(user).seal_ids
            self.assertEqual(seen.signer, "Supplier Ltd")
            self.assertIn("Supplier Ltd", document.with_user(user).seal_description)

    @mute_logger(LOG)
    def test_no_key_no_seal_but_signed(self):
        """Whatever is wrong with the key: the signature holds, and all is said."""
        junk, expired = self.folder / "junk.p12", self.folder / "expired.p12"
        junk.write_bytes(b"no key")
        expired.write_bytes(make_seal_key(days=1)[0])
        cases = (
            ("No key is set", {"seal_file": ""}),
            ("password", {"seal_file": self.path, "seal_password": "wrong"}),
            ("can't be read", {"seal_file": str(junk), "seal_password": PASSWORD}),
            ("can't be read", {"seal_file": "/nowhere", "seal_password": PASSWORD}),
        )
        for words, options in cases:
            with self.subTest(words=words):
                document = self._complete(**options)
                row = document.seal_ids
                self.assertEqual(row.level, "none")
                self.assertIn(words, row.reason)
                self.assertIn(words, self.problems[-1])
                self.assertIsNone(sealing.read_seal(document._get_file()))
                self.assertEqual(self._verify(document), [])
                notes = document.contract_id.message_ids.filtered(
                    lambda message: "without a seal" in (message.body or "")
                )
                self.assertEqual(bool(notes), bool(options["seal_file"]))

    @mute_logger(LOG)
    def test_certificate_that_ended(self):
        moment = self.key.valid_until + timedelta(days=1)
        with patch.object(crm_contract_seal.fields.Datetime, "now", lambda: moment):
            options = {"seal_file": self.path, "seal_password": PASSWORD}
            with server_options(**options):
                problem = self.env["crm.contract.seal"]._get_problem(self.company)
                finding = self.env["crm.contract.seal"]._get_finding(self.company)
        self.assertIn("expired", problem)
        self.assertEqual(finding, problem)

    @mute_logger(LOG)
    def test_sealing_that_fails(self):
        """The page that was made for a seal is made anew without one."""

        def fail(*_args, **_kwargs):
            raise SealError("broken", "the library failed")

        with patch(f"{SERVICE}.sealing.seal", fail):
            document = self._complete()
        self.assertEqual(document.seal_ids.level, "none")
        self.assertEqual(self.problems, ["", "The file could not be sealed."])

    @mute_logger(LOG)
    def test_without_the_library(self):
        with patch(f"{SERVICE}.sealing.is_installed", lambda: False):
            document = self._complete()
        self.assertIn("pyHanko", document.seal_ids.reason)

    def test_text_that_was_changed(self):
        request = self._send()
        self._tamper(request.text_id, make_pdf("Another text"))
        with self.assertRaisesRegex(UserError, "damaged"):
            self.env["crm.contract.seal"]._make_final(request)

    def test_key_of_a_company(self):
        other = self.folder / "other.p12"
        data, key = make_seal_key("Daughter Ltd")
        other.write_bytes(data)
        own = {
            f"seal_file_{self.company.id}": str(other),
            f"seal_password_{self.company.id}": PASSWORD,
        }
        document = self._complete(seal_file=self.path, seal_password="x", **own)
        self.assertEqual(document.seal_ids.fingerprint, key.fingerprint)

    def test_scan_stays_as_it_is(self):
        scan = make_pdf("Scan of paper")
        contract = self._submit(self._create_contract())
        with server_options(seal_file=self.path, seal_password=PASSWORD):
            contract._action_sign(
                fields.Date.today(), "A", "B", contract.content_hash, ("scan.pdf", scan)
            )
        document = contract.document_ids.filtered(lambda row: row.kind == "signed")
        self.assertEqual(document._get_file(), scan)
        self.assertFalse(document.seal_ids)
        self.assertEqual(self._verify(document), [])

    def test_what_is_printed_and_sent(self):
        """The stored file, for readers as well; a picture of paper is no print."""
        documents = self.env["crm.contract.document"]
        document = self._complete()
        contract = document.contract_id
        for user in (self.reader, self.accountant):
            printed = documents.with_user(user)._get_frozen_attachment(contract)
            self.assertEqual(printed.raw, document._get_file())
        reports = self.env["ir.actions.report"].with_user(self.reader)
        printed = reports.with_context(force_report_rendering=True)._render_qweb_pdf(
            "crm_contract.action_report_contract", contract.ids
        )[0]
        self.assertEqual(printed, document._get_file())
        for scan, is_print in ((make_pdf("Scan"), True), (PICTURE, False)):
            contract = self._submit(self._create_contract())
            contract._action_sign(
                fields.Date.today(), "A", "B", contract.content_hash, ("scan", scan)
            )
            text = contract._get_text_document()._get_file()
            printed = documents._get_frozen_attachment(contract)
            self.assertEqual(printed.raw, scan if is_print else text)

    def test_settings_say_what_is_in_use(self):
        settings = self.env["res.config.settings"].create({})
        with server_options(seal_file=self.path, seal_password=PASSWORD):
            settings.invalidate_recordset()
            said = settings.contract_seal_description
        self.assertIn("Supplier Ltd", said)
        self.assertIn(self.key.fingerprint, said)
        self.assertIn("self-signed", said)
        self.assertNotIn(PASSWORD, said)
        with server_options():
            settings.invalidate_recordset()
            self.assertIn("no seal", settings.contract_seal_description)


@tagged("post_install", "-at_install")
class TestSignaturePage(SealedCommon):
    """The evidence pages say what was done, and claim no more."""

    def _render(self, request, user=None, **data):
        reports = self.env["ir.actions.report"].with_user(user or self.env.user)
        report = "crm_contract.action_report_signature_evidence"
        html = reports._render_qweb_html(report, request.ids, data=data)[0]
        return " ".join(html.decode().split())

    def test_what_they_say(self):
        request = self._send()
        self._complete(request)
        with server_options(seal_file=self.path, seal_password=PASSWORD):
            text = self._render(request, self.manager)
        customer = self._side(request, "customer")
        for part in (
            "Sam Signatory",
            "sam@customer.example",
            "192.0.2.7",
            "Test browser 1.0",
            "Link by mail",
            customer.consent_hash,
            f"{customer.date_signed} UTC",
            request.content_hash,
            request.text_sha256,
            f"first {len(request.text_id._get_file())} bytes",
            self.key.fingerprint,
            "self-signed",
            "article 13",
            "No certificate of a signatory was used",
            "no article of the clause library",
        ):
            self.assertIn(part, text)
        self.assertEqual(text.count("Supported, not proven"), 2)
        self.assertEqual(text.count('<td class="small">Met</td>'), 2)

    def test_without_a_seal(self):
        request = self._send()
        self._complete(request, seal_file="")
        with server_options():
            text = self._render(request)
        self.assertIn("This file has no seal", text)
        self.assertIn("without an electronic seal", text)
        self.assertNotIn('<td class="small">Met</td>', text)

    def test_nobody_makes_it_say_otherwise(self):
        """What the address of a report claims is not printed."""
        request = self._send()
        self._complete(request)
        with server_options(seal_file=self.path, seal_password=PASSWORD):
            text = self._render(
                request, self.manager, is_final=True, seal_problem="Forged"
            )
        self.assertNotIn("Forged", text)

    def test_who_has_no_right_to_the_contract(self):
        request = self._send()
        stranger = self._create_user("stranger", "crm_contract.crm_contract_group_user")
        request.contract_id.sudo().user_id = self.manager
        with self.assertRaises(AccessError):
            self._render(request, stranger)


@tagged("post_install", "-at_install")
class TestSignatureSealStore(SealedCommon):
    """Where the signed file can't be stored, nobody has signed, and may try again."""

    def _assert_can_be_repeated(self, request, ours):
        self.assertEqual((request.state, ours.state), ("open", "invited"))
        self.assertFalse(ours.date_signed)
        contract = request.contract_id
        self.assertEqual(contract.state, "to_sign")
        self.assertFalse(contract.document_ids.filtered(lambda d: d.kind == "signed"))
        self.assertFalse(contract.version_id.date_signed)
        events = self.env["crm.contract.event"].search(
            [("contract_id", "=", contract.id), ("kind", "in", ("signed", "sealed"))]
        )
        self.assertEqual(len(events), 1)
        self.assertIn("Sam Signatory", events.actor)

    def _sign_last(self, request, *patches):
        self._sign_as(self._side(request, "customer"))
        ours = self._side(request, "company")
        options = {"seal_file": self.path, "seal_password": PASSWORD}
        with server_options(**options), ExitStack() as stack:
            for each in patches:
                stack.enter_context(each)
            with self.assertRaises(UserError) as caught:
                self._sign_as(ours)
        self._assert_can_be_repeated(request, ours)
        with server_options(**options):
            self._sign_as(ours)
        self.assertEqual(request.state, "done")
        self.assertEqual(request.document_id.seal_ids.level, "b")
        self.assertEqual(self._verify(request.document_id), [])
        return str(caught.exception)

    def test_disk_full(self):
        self._check_disk_full(b"%PDF")

    def test_disk_full_at_the_drawing(self):
        self._check_disk_full(b"\x89PNG")

    def _check_disk_full(self, start):
        """The first file that begins so finds no room."""
        attachments = self.registry["ir.attachment"]
        write_file = attachments._file_write

        def fail(attachment, data, checksum):
            if data.startswith(start):
                raise OSError(errno.ENOSPC, "No space left on device")
            return write_file(attachment, data, checksum)

        with mute_logger(
            "odoo.addons.crm_contract.models.version.crm_contract_document"
        ):
            said = self._sign_last(
                self._send(), patch.object(attachments, "_file_write", fail)
            )
        self.assertIn("the disk of the server may be full", said)

    def test_file_that_is_not_there_after(self):
        """As of a file store that takes a part of it and does not say so."""
        request = self._send()
        with mute_logger(
            "odoo.addons.crm_contract.models.version.crm_contract_document"
        ):
            # The text is read before: it is whole.
            text = request.text_id._get_file()
            documents = self.registry["crm.contract.document"]
            get = documents._get_file

            def get_half(document):
                return text if document.kind == "text" else get(document)[:-1]

            said = self._sign_last(
                request, patch.object(documents, "_get_file", get_half)
            )
        self.assertIn("could not be stored", said)

    def test_engine_that_fails(self):
        seals = self.registry["crm.contract.seal"]

        def fail(*_args):
            raise UserError(self.env._("The PDF engine failed"))

        said = self._sign_last(self._send(), patch.object(seals, "_render_pages", fail))
        self.assertIn("PDF engine", said)

    @mute_logger(LOG)
    def test_pages_that_can_not_be_added(self):
        seals = self.registry["crm.contract.seal"]
        said = self._sign_last(
            self._send(),
            patch.object(seals, "_render_pages", lambda *_args: b"%PDF-1.4 broken"),
            mute_logger("pypdf._reader"),
        )
        self.assertIn("could not be added", said)


@tagged("post_install", "-at_install")
class TestSignatureSealVerify(SealedCommon):
    """What is told of a file that somebody changed, who changed its hash as well."""

    def setUp(self):
        super().setUp()
        self.document = self._complete()
        self.data = self.document._get_file()

    def assertNamed(self, words, data):
        self._tamper(self.document, data)
        problems = self._verify(self.document)
        self.assertTrue(
            any(words in problem for problem in problems), f"{words}: {problems}"
        )

    def _append(self, change):
        writer = PdfWriter(io.BytesIO(self.data), incremental=True)
        change(writer)
        result = io.BytesIO()
        writer.write(result)
        return result.getvalue()

    def test_bit_flip(self):
        data = bytearray(self.data)
        data[300] ^= 1
        self.assertNamed("is broken", bytes(data))

    def test_page_added(self):
        data = self._append(lambda writer: writer.add_blank_page(100, 100))
        self.assertNamed("Something was added", data)

    def test_page_swapped(self):
        """The file is written anew with another page: its seal does not fit any more."""
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(self.data)))
        other = PdfReader(io.BytesIO(make_pdf("Another price"))).pages[0]
        writer.insert_page(other, 0)
        writer.remove_page(1)
        result = io.BytesIO()
        writer.write(result)
        self.assertNamed("does not begin with the text", result.getvalue())
        self.assertNamed("is broken", result.getvalue())

    def test_metadata(self):
        data = self._append(lambda writer: writer.add_metadata({"/Author": "Me"}))
        self.assertNamed("Something was added", data)

    def test_evidence_edited(self):
        """The seal goes over the evidence pages as well."""
        place = self.data.rindex(b"endstream", 0, self.data.index(b"/ByteRange"))
        data = bytearray(self.data)
        data[place - 10] ^= 1
        # Not a byte of it can be changed; this one spoils the table of contents, too.
        self.assertNamed("can't be read", bytes(data))

    def test_seal_stripped(self):
        text = self.document.version_id.document_ids.filtered(
            lambda row: row.kind == "text"
        )
        bare = sealing.add_pages(text._get_file(), make_pdf("Evidence"))
        self.assertNamed("was taken away", bare)

    def test_sealed_with_another_key(self):
        _data, other = make_seal_key("Supplier Ltd")
        text = self.document.version_id.document_ids.filtered(
            lambda row: row.kind == "text"
        )
        bare = sealing.add_pages(text._get_file(), make_pdf("Evidence"))
        data = sealing.seal(bare, other, "Signed")[0]
        self.assertNamed("another key", data)
        self.assertNamed(other.serial, data)

    def test_file_of_another_contract(self):
        other = self._complete()
        self.assertNamed("does not begin with the text", other._get_file())

    def test_verify_names_it(self):
        contract = self.document.contract_id
        verification = self.env["crm.contract.verification"]
        self.assertEqual(verification._get_broken_proofs(contract), [])
        self._tamper(self.document, self.data + b"\n% more\n")
        problems = verification._get_broken_proofs(contract)
        self.assertIn("Something was added", " ".join(problems))

    def test_the_daily_job_finds_it(self):
        health = self.env["crm.contract.health"]
        scan = next(scan for scan in health._get_scans() if scan.name == "seals")
        row = self.document
        self.assertIn(row, self.env[scan.model].search(scan.domain()))
        self.assertEqual(scan.judge(row), "")
        self._tamper(self.document, self.data + b"\n% more\n")
        self.assertIn("Something was added", scan.judge(row))

    def test_no_pdf(self):
        self.assertNamed("can't be read", b"no PDF")

    def test_without_the_library_nothing_is_claimed(self):
        with (
            patch(f"{SERVICE}.sealing.read_seal", side_effect=SealError("missing")),
            mute_logger(LOG),
        ):
            self.assertEqual(self._verify(self.document), [])


@tagged("post_install", "-at_install")
class TestSignatureSealStamp(SealedCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = TimeServer()
        cls.addClassCleanup(cls.server.close)
        cls.options = {
            "seal_file": cls.path,
            "seal_password": PASSWORD,
            "seal_timestamp_url": cls.server.url,
        }

    def setUp(self):
        super().setUp()
        self.server.mode = "stamp"
        self.startPatcher(patch.object(crm_contract_seal, "LIMIT", 0.5))

    def _outage(self, mode="fail"):
        self.server.mode = mode
        with mute_logger(LOG):
            return self._complete(**self.options)

    def test_stamped_at_once(self):
        document = self._complete(**self.options)
        row = document.seal_ids
        self.assertEqual(row.level, "t")
        self.assertIn("Time of day", row.stamped_by)
        self.assertTrue(row.date_stamped)
        self.assertFalse(row.is_waiting)
        self.assertEqual(self._verify(document), [])
        self.assertIn(
            "Total document signed", look_by_poppler(self, document._get_file())
        )

    def test_outage_is_made_good(self):
        document = self._outage("hang")
        row, before = document.seal_ids, document._get_file()
        self.assertEqual((row.level, row.is_waiting), ("b", True))
        self.server.mode = "stamp"
        with server_options(**self.options):
            row._advance_stamp()
        self.assertFalse(row.is_waiting)
        self.assertTrue(row.date_stamped)
        # What was mailed stays what is kept.
        self.assertEqual(document._get_file(), before)
        token = document.seal_ids._read_token()
        self.assertTrue(self.server.verify(token, before))
        self.assertEqual(self._verify(document), [])
        event = self.env["crm.contract.event"].search(
            [("contract_id", "=", document.contract_id.id)],
            order="number desc",
            limit=1,
        )
        self.assertEqual(event.kind, "timestamped")
        self.assertEqual(
            json.loads(event.content)["facts"]["sha256"], file_hash(before)
        )

    def test_still_no_server(self):
        document = self._outage()
        row = document.seal_ids
        with (
            server_options(**self.options),
            self.assertRaisesRegex(UserError, "failed"),
        ):
            row._advance_stamp()
        self.assertTrue(row.is_waiting)

    def test_an_outage_is_asked_once(self):
        rows = self._outage().seal_ids | self._outage().seal_ids
        self.server.asked = 0
        with server_options(**self.options):
            reasons = rows._get_unreachable(rows)
        self.assertEqual(set(reasons), set(rows))
        self.assertEqual(self.server.asked, 1)

    def test_nobody_is_asked_any_more(self):
        row = self._outage().seal_ids
        with server_options():
            row._advance_stamp()
        self.assertFalse(row.is_waiting)
        self.assertFalse(row.date_stamped)

    def test_due(self):
        row = self._outage().seal_ids
        schedule = self.env["crm.contract.schedule"]
        step = next(s for s in schedule._get_steps() if s.name == "timestamp")
        self.assertIn(row.id, schedule._find_due(step))
        self.server.mode = "stamp"
        with server_options(**self.options):
            row._advance_stamp()
        self.assertNotIn(row.id, schedule._find_due(step))

    def test_token_of_another_file(self):
        first, second = (self._outage() for _number in range(2))
        self.server.mode = "stamp"
        with server_options(**self.options):
            for row in (first | second).seal_ids:
                row._advance_stamp()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_contract_document_seal SET token = %s WHERE id = %s",
            [second.seal_ids.with_context(bin_size=False).token, first.seal_ids.id],
        )
        first.seal_ids.invalidate_recordset()
        self.assertIn("time stamp", self._verify(first)[0])

    def test_health(self):
        row = self._outage().seal_ids
        health = self.env["crm.contract.health"]
        check = health._get_check("seals_unstamped")
        companies = self.company
        self.assertNotIn(row.id, health._find_ids(check, companies, 1000))
        self.env.cr.execute(
            "UPDATE crm_contract_document_seal SET create_date = %s WHERE id = %s",
            [fields.Datetime.subtract(fields.Datetime.now(), days=2), row.id],
        )
        self.assertIn(row.id, health._find_ids(check, companies, 1000))
        check = health._get_check("seal_key")
        with server_options(seal_file=self.path, seal_password="wrong"):
            self.assertIn(self.company.id, health._find_ids(check, companies, 1000))
        with server_options(**self.options):
            self.assertNotIn(self.company.id, health._find_ids(check, companies, 1000))
        with server_options():
            self.assertFalse(health._count(check))
