import hashlib
import io
import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools.misc import file_path

from ..evidence import verify_contract
from .common import PDF, ContractCommon

SCRIPT = file_path("crm_contract/evidence/verify_contract.py")


class EvidenceCommon(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.evidence = cls.env["crm.contract.evidence"]
        cls.verification = cls.env["crm.contract.verification"]

    def _get_events(self, contract):
        self.env.flush_all()
        return self.env["crm.contract.event"].search(
            [("contract_id", "=", contract.id)], order="number"
        )

    def _get_codes(self, contract):
        self.env.invalidate_all()
        problems = self.evidence._get_problems(contract)[contract]
        return sorted({problem.code for problem in problems})

    def _assert_found(self, contract, *codes):
        """The chain shows it, and *Verify* says so."""
        self.assertEqual(self._get_codes(contract), sorted(codes))
        texts = self.verification._get_problems(contract.with_user(self.reader))
        said = self.evidence._describe(
            contract, self.evidence._get_problems(contract)[contract]
        )
        self.assertTrue(said)
        self.assertLessEqual(set(said), set(texts))
        params = contract.with_user(self.reader).action_verify()["params"]
        self.assertEqual(params["type"], "danger")

    def _hash(self, text):
        return hashlib.sha256(text.encode()).hexdigest()

    def _forge(self, event, **said):
        """Write an event anew behind the back of the ORM, with the hash that fits."""
        content = {**json.loads(event.content), **said}
        text = json.dumps(
            content, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        columns = {name: said[name] for name in ("kind", "actor") if name in said}
        self._tamper(event, content=text, content_hash=self._hash(text), **columns)


class TestChainTampering(EvidenceCommon):
    """Whoever changes the database behind the back of the server breaks the chain."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.contract = self._create_signed(sign={"file": "AAAA"})
        self.events = self._get_events(self.contract)
        self.assertEqual(self._get_codes(self.contract), [])

    def _delete(self, events):
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM crm_contract_event WHERE id IN %s", [tuple(events.ids)]
        )
        self.env.invalidate_all()

    def test_untouched(self):
        result = self.contract.action_verify()["params"]
        self.assertEqual(result["type"], "success")
        self.assertEqual(self.verification._get_problems(self.contract), [])

    def test_bytes_of_an_event(self):
        event = self.events[1]
        self._tamper(event, content=event.content.replace(self.user.name, "Nobody"))
        self._assert_found(self.contract, "event_bytes", "event_listed")

    def test_event_with_its_hash(self):
        self._forge(self.events[1], actor="Nobody")
        self._assert_found(self.contract, "event_previous")

    def test_last_event_with_its_hash(self):
        """Nothing follows it: its hash is kept beside the chain."""
        self._forge(self.events[-1], actor="Nobody")
        self._assert_found(self.contract, "head")
        # What comes next does not cover it.
        self.env["crm.contract.event"]._add(self.contract, "mailed")
        self._assert_found(self.contract, "event_previous")

    def test_end_cut_off(self):
        """Events that no file and no state needs are missed as well, and for good."""
        self.contract.action_verify()
        verified = self._get_events(self.contract)[-1]
        self.assertEqual(verified.kind, "verified")
        number = verified.number
        self._delete(verified)
        self._assert_found(self.contract, "count", "head")
        # Verify just wrote what it found; the gap before it stays.
        self.env["crm.contract.event"]._add(self.contract, "mailed")
        numbers = self._get_events(self.contract).mapped("number")
        self.assertNotIn(number, numbers)
        self.assertLess(number, numbers[-1])
        self._assert_found(self.contract, "count", "event_number", "event_previous")

    def test_event_added_at_the_end(self):
        """By whoever knows how to make one that fits."""
        last = self.events[-1]
        said = {**json.loads(last.content), "number": last.number + 1,
                "previous": last.content_hash, "kind": "mailed"}  # fmt: skip
        text = json.dumps(
            said, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        self.env.cr.execute(
            """
            INSERT INTO crm_contract_event
                   (contract_id, company_id, number, kind, date, version_id, user_id,
                    actor, content, content_hash)
            SELECT contract_id, company_id, number + 1, 'mailed', date, version_id,
                   user_id, actor, %s, %s
              FROM crm_contract_event WHERE id = %s
            """,
            [text, self._hash(text), last.id],
        )
        self._assert_found(self.contract, "count", "head")

    def test_nobody_writes_the_newest(self):
        head = self.env["crm.contract.event.head"].search(
            [("contract_id", "=", self.contract.id)]
        )
        self.assertEqual(
            (head.number, head.content_hash),
            (self.events[-1].number, self.events[-1].content_hash),
        )
        vals = {"contract_id": self.contract.id, "number": 1, "content_hash": "0"}
        # By rights, and by code that has all of them
        for env in (self.manager, self.env.ref("base.user_admin"), None):
            row = head.with_user(env) if env else head.sudo()
            for act in (
                lambda row: row.write({"number": 1}),
                lambda row: row.unlink(),
                lambda row: row.create([vals]),
            ):
                with self.assertRaises(UserError):
                    act(row)
        for user in (self.user, self.manager, self.reader):
            with self.assertRaises(AccessError):
                head.with_user(user).read(["number"])

    def test_event_listed_otherwise(self):
        self._tamper(self.events[0], actor="Nobody")
        self._assert_found(self.contract, "event_listed")

    def test_event_removed(self):
        """In front, in between, and at the end, where nothing follows that names it."""
        last = [event for event in self.events if "state" in event._get_facts()][-1]
        self.assertEqual(last.kind, "started")
        for events, codes in (
            (
                self.events[0],
                {"count", "event_number", "event_previous", "file_unnamed"},
            ),
            (self.events[1], {"count", "event_number", "event_previous"}),
            (
                self.events.filtered(lambda row: row.number >= last.number),
                {"count", "head", "state"},
            ),
        ):
            with self.subTest(codes), self.env.cr.savepoint() as savepoint:
                self._delete(events)
                self._assert_found(self.contract, *codes)
                savepoint.rollback()

    def test_all_events_removed(self):
        self._delete(self.events)
        self._assert_found(self.contract, "no_event")

    def test_events_reordered(self):
        one, two = self.events[1:3]
        self._tamper(one, number=99)
        self._tamper(two, number=2)
        self._tamper(one, number=3)
        # As long as they happened in the same second, the clock tells nothing.
        same = {one.date for one in self.events[1:3]}
        codes = ["event_listed", "event_number", "event_previous"]
        self._assert_found(self.contract, *codes, *["clock"] * (len(same) > 1))

    def test_event_of_another_contract(self):
        other = self._create_signed()
        foreign = self._get_events(other)[-1]
        self._tamper(foreign, contract_id=self.contract.id, number=len(self.events) + 1)
        codes = self._get_codes(self.contract)
        self.assertIn("event_contract", codes)
        self.assertIn("event_previous", codes)
        self.assertIn("state", self._get_codes(other))

    def test_file_with_its_hash(self):
        """The file, its hash in the database and all: the chain names another one."""
        text = self.contract._get_text_document().sudo()
        attachment = self.env["ir.attachment"].search(
            [
                ("res_model", "=", text._name),
                ("res_id", "=", text.id),
                ("res_field", "=", "file"),
            ]
        )
        other = PDF + b" swapped"
        fname = attachment._file_write(other, hashlib.sha1(other).hexdigest())
        self._tamper(attachment, store_fname=fname)
        self._tamper(text, sha256=hashlib.sha256(other).hexdigest())
        self.assertTrue(text._is_intact())
        self._assert_found(self.contract, "file_unnamed")

    def test_version_with_its_hash(self):
        version = self.contract.version_id
        text = version.sudo().content.replace("Maintenance", "Maintenence")
        self._tamper(version, content=text, content_hash=self._hash(text))
        self._assert_found(
            self.contract, "version_missing", "version_unnamed", "event_listed"
        )

    def test_bytes_of_a_version(self):
        version = self.contract.version_id
        self._tamper(version, content=version.sudo().content.replace("Maint", "maint"))
        self._assert_found(self.contract, "version_bytes")

    def test_file_of_another_contract(self):
        other = self._create_signed(sign={"file": "AAEC"})
        copy = other.document_ids.filtered(lambda row: row.kind == "signed")
        self._tamper(copy.sudo(), contract_id=self.contract.id)
        self._assert_found(self.contract, "file_unnamed")

    def test_nonsense_with_its_hash(self):
        """What is no event, and no text, is told: nothing falls over it."""
        for text in ("", "[]", "5", '{"contract": 5}', '{"format": 1, "facts": []}'):
            with self.subTest(text), self.env.cr.savepoint() as savepoint:
                self._tamper(
                    self.events[1], content=text, content_hash=self._hash(text)
                )
                self._tamper(
                    self.contract.version_id,
                    content=text,
                    content_hash=self._hash(text),
                )
                codes = self._get_codes(self.contract)
                self.assertIn("event_format", codes)
                self.assertIn("version_missing", codes)
                savepoint.rollback()

    def test_state_behind_the_back(self):
        self._tamper(self.contract, state="ended")
        codes = self._get_codes(self.contract)
        self.assertEqual(codes, ["state"])

    def test_signature_goes_on(self):
        """What was broken can't be mended: it is told, and does not stop the business."""
        contract = self._submit(self._create_contract())
        self._forge(self._get_events(contract)[0], actor="Nobody")
        self._open_sign(contract).action_sign()
        self.assertIn(contract.state, ("signed", "running"))
        self.assertEqual(self._get_codes(contract), ["event_previous"])


class TestEvidence(EvidenceCommon):
    """Whatever a contract went through, its evidence holds, here and outside."""

    def _assert_intact(self, contract):
        self.assertEqual(self._get_codes(contract), [])
        self.assertEqual(self.verification._get_problems(contract), [])
        self.assertEqual(self._run_script(contract).returncode, 0)

    def _run_script(self, contract, change=None):
        """Run the verifier in a Python that has its standard library and no more.

        :param change: function of the names and bytes in the archive, that returns them
        """
        data = self.evidence._export_archive(contract)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        members = change(members) if change else members
        with TemporaryDirectory() as folder:
            path = Path(folder, "evidence.zip")
            with zipfile.ZipFile(path, "w") as archive:
                for name, member in members.items():
                    archive.writestr(name, member)
            return self._run(path)

    def _run(self, *paths):
        return subprocess.run(
            [sys.executable, "-I", "-S", SCRIPT, *map(str, paths)],
            capture_output=True,
            text=True,
            check=False,
        )

    def test_ways(self):
        recalled = self._send_to_review(self._create_contract())
        recalled.action_recall()
        resubmitted = self._send_to_review(self._create_contract())
        resubmitted.action_recall()
        resubmitted.name = "Another text"
        self._sign(resubmitted, file="AAAA")
        annexed = self._create_signed(
            document_ids=[Command.create({"name": "Annex.txt", "file": "AAAA"})]
        )
        ended = self._end(self._create_signed(), reason="completed")
        archived = self._end(self._create_signed(), reason="completed")
        archived.active = False
        cancelled = self._create_contract()
        cancelled.action_cancel()
        for contract in resubmitted | annexed | ended | archived:
            with self.subTest(contract=contract.number):
                self._assert_intact(contract)
        for contract in recalled | cancelled:
            self.assertEqual(self._get_codes(contract), [])
            self.assertEqual(self._run_script(contract).returncode, 0)

    def test_address_after_signature(self):
        contract = self._create_signed()
        self.company.partner_id.street = "9 New Street"
        self.customer.write({"street": "7 Other Street", "name": "Customer Two"})
        self._assert_intact(contract)

    def test_take_over(self):
        contract = self._create_contract(self.manager)
        wizard = self.env["crm.contract.take.over"].with_user(self.manager)
        wizard = wizard.create({"contract_ids": [Command.set(contract.ids)]})
        wizard.action_take_over()
        kinds = self._get_events(contract).mapped("kind")
        self.assertEqual(kinds[:3], ["submitted", "approved", "completed"])
        self.assertIn("imported", kinds)
        self._assert_intact(contract)

    def test_older_than_the_chain(self):
        contract = self._create_signed(sign={"file": "AAAA"})
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM crm_contract_event WHERE contract_id = %(id)s;"
            "DELETE FROM crm_contract_event_head WHERE contract_id = %(id)s",
            {"id": contract.id},
        )
        self.env.invalidate_all()
        self.env["crm.contract.event"]._add_imported(contract)
        [event] = self._get_events(contract)
        self.assertEqual(event.kind, "imported")
        self.assertEqual(
            event._get_facts()["versions"], [contract.version_id.content_hash]
        )
        self._assert_intact(contract)
        self._end(contract, reason="completed")
        self._assert_intact(contract)
        self._tamper(contract.document_ids[0], sha256="0" * 64)
        self.assertEqual(self._get_codes(contract), ["file_unnamed"])

    def test_import_of_what_has_events(self):
        """A file corrects a draft that was taken back; its chain goes on, untouched."""
        contract = self._submit(self._create_contract())
        contract.action_withdraw()
        self.env["ir.model.data"].create(
            {
                "name": "imported_contract",
                "module": "__test__",
                "model": "crm.contract",
                "res_id": contract.id,
            }
        )
        before = self._get_events(contract).mapped("content_hash")

        def load(names, row):
            contracts = self.env["crm.contract"].with_user(self.user)
            return contracts.load(
                ["id", *names], [["__test__.imported_contract", *row]]
            )

        result = load(["name"], ["Corrected by a file"])
        self.assertEqual(result["ids"], contract.ids)
        self.assertEqual(contract.name, "Corrected by a file")
        self.assertEqual(self._get_events(contract).mapped("content_hash"), before)
        self.assertEqual(self._get_codes(contract), [])
        self._submit(contract)
        events = self._get_events(contract)
        self.assertEqual(events.mapped("content_hash")[: len(before)], before)
        self.assertEqual(events[len(before)].kind, "submitted")
        self._assert_intact(contract)
        # Neither what is offered nor its chain is corrected by a file.
        result = load(["name"], ["Once more"])
        self.assertFalse(result["ids"])
        self.assertEqual(contract.name, "Corrected by a file")
        events = self.env["crm.contract.event"].with_user(
            self.env.ref("base.user_admin")
        )
        result = events.load(
            ["contract_id/.id", "number", "kind", "actor"],
            [[str(contract.id), "99", "signed", "Me"]],
        )
        self.assertFalse(result["ids"])
        self._assert_intact(contract)

    def test_clock_put_back(self):
        contract = self._submit(self._create_contract())
        yesterday = fields.Datetime.now() - timedelta(days=1)
        with patch.object(fields.Datetime, "now", lambda *args: yesterday):
            self.env["crm.contract.event"]._add(contract, "sent")
        self.env["crm.contract.event"]._add(contract, "opened")
        self.assertEqual(self._get_events(contract)[-2:].mapped("number"), [3, 4])
        self.assertEqual(self._get_codes(contract), ["clock"])
        self.assertEqual(self.verification._get_problems(contract), [])
        params = contract.action_verify()["params"]
        self.assertEqual(params["type"], "success")
        self.assertIn("clock", params["message"])
        run = self._run_script(contract)
        self.assertEqual(run.returncode, 0)
        self.assertIn("note", run.stdout)
        self._open_sign(contract).action_sign()

    def test_verified_is_written_once_a_day(self):
        contract = self._create_signed()
        for user in (self.reader, self.reader, self.user):
            contract.with_user(user).action_verify()
        verified = self._get_events(contract).filtered(lambda e: e.kind == "verified")
        self.assertEqual(verified.user_id, self.reader | self.user)
        self.assertEqual(len(verified), 2)
        draft = self._create_contract()
        draft.action_verify()
        self.assertFalse(self._get_events(draft))

    def test_outside(self):
        """The verifier names what was changed in an archive."""
        contract = self._create_signed(sign={"file": "AAAA"})

        def change_file(members):
            name = next(name for name in members if name.startswith("files/"))
            return {**members, name: members[name] + b" "}

        def drop_file(members):
            name = next(name for name in members if name.startswith("files/"))
            return {key: data for key, data in members.items() if key != name}

        def add_file(members):
            return {**members, "files/9 other.pdf": b"other"}

        def with_evidence(function):
            def change(members):
                evidence = json.loads(members["evidence.json"])
                function(evidence)
                return {**members, "evidence.json": json.dumps(evidence).encode()}

            return change

        def bend_event(evidence):
            row = evidence["events"][1]
            row["content"] = row["content"].replace("approved", "rejected")
            row["content_hash"] = self._hash(row["content"])

        def bend_version(evidence):
            row = evidence["versions"][0]
            row["content"] = row["content"].replace("Maint", "maint")

        cases = {
            "changed: it does not have its SHA-256": change_file,
            "is missing": drop_file,
            "is none of this contract": add_file,
            "Event 3 does not follow": with_evidence(bend_event),
            "was changed: it does not have its hash": with_evidence(bend_version),
            "events are missing": with_evidence(lambda e: e["events"].pop(1)),
            "in another order": with_evidence(lambda e: e["events"].reverse()),
            "not the one that the evidence names": with_evidence(
                lambda e: e["events"].pop()
            ),
            "some at the end were taken away": with_evidence(
                lambda e: e["events"].pop()
            ),
            "no event": with_evidence(lambda e: e["events"].clear()),
            "format": with_evidence(lambda e: e.update(format="contract-evidence/9")),
        }
        for words, change in cases.items():
            with self.subTest(words):
                run = self._run_script(contract, change)
                self.assertEqual(run.returncode, 1, run.stderr)
                self.assertIn(words, run.stdout)
                self.assertIn("Something does not match", run.stdout)

    def test_outside_with_single_files(self):
        contract = self._create_signed(sign={"file": "AAAA"})
        evidence = self.evidence._export(contract)
        with TemporaryDirectory() as folder:
            path = Path(folder, "evidence.json")
            path.write_text(json.dumps(evidence), encoding="utf-8")
            text, other = Path(folder, "text.pdf"), Path(folder, "other.pdf")
            text.write_bytes(PDF)
            other.write_bytes(b"%PDF other")
            self.assertEqual(self._run(path, text).returncode, 0)
            self.assertEqual(self._run(path, other).returncode, 1)
            self.assertEqual(self._run(other).returncode, 2)
            self.assertEqual(self._run(Path(folder, "nothing")).returncode, 2)
            path.write_text("[]", encoding="utf-8")
            self.assertEqual(self._run(path).returncode, 2)

    def test_every_problem_has_words(self):
        codes = set(verify_contract._TEXTS)
        here = set(self.evidence._get_texts())
        outside = {"file_missing", "file_bytes", "file_unknown"}
        self.assertEqual(here - codes, {"event_listed", "state"})
        self.assertEqual(codes - here, outside)

    def test_head(self):
        """What is handed out tells how many events there are, and the last one."""
        contract = self._submit(self._create_contract())
        said = self.evidence._export(contract)
        events = self._get_events(contract)
        self.assertEqual(
            (said["count"], said["head"]), (len(events), events[-1].content_hash)
        )
        said = self.evidence._export(self._create_contract())
        self.assertEqual((said["count"], said["head"]), (0, None))

    def test_batch(self):
        contracts = self.env["crm.contract"].union(
            *(self._create_signed() for _number in range(3))
        )
        counts = []
        for some in (contracts[:1], contracts):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            problems = self.evidence._get_problems(some)
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(problems, dict.fromkeys(some, []))
        self.assertEqual(*counts)


@tagged("post_install", "-at_install")
class TestEvidenceDownload(HttpCase, EvidenceCommon):
    """Whoever may read a contract may take its evidence away; nobody else."""

    def _open(self, user, contract_id, suffix=""):
        self.authenticate(user.login, user.login)
        return self.url_open(f"/contract/evidence/{contract_id}{suffix}")

    def test_json_and_archive(self):
        contract = self._create_signed(sign={"file": "AAAA"})
        answer = self._open(self.reader, contract.id)
        self.assertEqual(answer.status_code, 200)
        evidence = answer.json()
        self.assertEqual(verify_contract.get_problems(evidence), [])
        self.assertEqual(evidence["contract"]["number"], contract.number)
        answer = self._open(self.reader, contract.id, "/archive")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            names = archive.namelist()
            self.assertIn("evidence.json", names)
            script = archive.read("verify_contract.py")
            self.assertIn(PDF, [archive.read(name) for name in names])
        self.assertEqual(script, Path(SCRIPT).read_bytes())
        answer = self.url_open("/contract/evidence/verify_contract.py")
        self.assertEqual(answer.content, script)

    def test_who_may_not(self):
        contract = self._create_signed(self.user_all)
        for user in (self.portal, self.salesman, self.user):
            for suffix in ("", "/archive"):
                answer = self._open(user, contract.id, suffix)
                self.assertEqual(answer.status_code, 404)
                # As if there were none.
                answer = self._open(user, 2**30, suffix)
                self.assertEqual(answer.status_code, 404)
        self.authenticate(None, None)
        answer = self.url_open(f"/contract/evidence/{contract.id}")
        self.assertIn("/web/login", answer.url)

    def test_action(self):
        contract = self._create_signed()
        url = contract.with_user(self.reader).action_download_evidence()["url"]
        self.assertIn(str(contract.id), url)
        with self.assertRaises(UserError):
            contract.with_user(self.portal).action_download_evidence()
