import base64
import hashlib

from odoo.exceptions import UserError
from odoo.fields import Command

from ..models.contract.crm_contract_lifecycle import STATES
from .common import PDF, ContractCommon

LOCKED = "locked|can't be changed|can't change"
LOCKED_STATES = [state for state, _label in STATES if state != "draft"]


class LockCommon(ContractCommon):
    def _prepare_full_vals(self):
        annex = {"name": "Annex", "file": base64.b64encode(b"Annex")}
        return {
            "milestone_ids": [Command.create({"name": "Acceptance"})],
            "document_ids": [Command.create(annex)],
        }

    def _create_full(self, state="draft"):
        return self._in_state(state, **self._prepare_full_vals())

    def _get_rows(self, contract):
        return {
            name: contract[name]._filter_content()[:1]
            for name in contract._get_content_children()
        }

    def _assert_locked(self, method, *args):
        with self.assertRaisesRegex(UserError, LOCKED), self.env.cr.savepoint():
            method(*args)


class TestLock(LockCommon):
    """Content changes in draft only, whoever tries and whichever way."""

    def _assert_field_locked(self, record, name):
        for writer in (record, record.sudo()):
            with self.subTest(model=record._name, field=name, sudo=writer.env.su):
                self._assert_locked(writer.write, {name: False})

    def test_content_fields(self):
        for state in LOCKED_STATES:
            contract = self._create_full(state)
            for record in (contract, *self._get_rows(contract).values()):
                for name in record._get_content_fields():
                    self._assert_field_locked(record, name)

    def test_rows(self):
        draft = self._create_full()
        for state in LOCKED_STATES:
            contract = self._create_full(state)
            hash_before = self._hash(contract)
            for name, row in self._get_rows(contract).items():
                with self.subTest(state=state, child=name):
                    self._check_row(contract, row, self._get_rows(draft)[name])
                    self._check_commands(contract, name, row, draft)
            self.assertEqual(self._hash(contract), hash_before)

    def _check_row(self, contract, row, free_row):
        vals = dict(row._prepare_content_copy_vals(), contract_id=contract.id)
        for locked, free in ((row, free_row), (row.sudo(), free_row.sudo())):
            self._assert_locked(locked.create, vals)
            self._assert_locked(locked.unlink)
            self._assert_locked(locked.write, {"contract_id": free.contract_id.id})
            self._assert_locked(free.write, {"contract_id": contract.id})

    def _check_commands(self, contract, name, row, draft):
        foreign = self._get_rows(draft)[name]
        for command in (
            Command.create(row._prepare_content_copy_vals()),
            Command.update(row.id, {"name": "Changed"}),
            Command.delete(row.id),
            Command.unlink(row.id),
            Command.link(foreign.id),
            Command.clear(),
            Command.set(foreign.ids),
        ):
            self._assert_locked(contract.write, {name: [command]})

    def test_clauses_through_their_parts(self):
        contract = self._create_full("to_sign")
        for command in (
            Command.create({"template_id": self.clause.id}),
            Command.clear(),
        ):
            self._assert_locked(contract.write, {"breach_clause_ids": [command]})
        self._assert_locked(contract.clause_ids.action_reset_to_library)
        self._assert_locked(contract.action_insert_mandatory_clauses)

    def test_installments_through_their_milestone(self):
        contract = self._create_full("running")
        milestone, row = contract.milestone_ids, contract.installment_ids[0]
        for command in (
            Command.link(row.id),
            Command.update(row.id, {"percentage": 1}),
            Command.create({"name": "I", "percentage": 1, "contract_id": contract.id}),
        ):
            self._assert_locked(milestone.write, {"installment_ids": [command]})

    def test_draft_is_free(self):
        contract = self._create_full()
        contract.write({"name": "Changed", "line_ids": [Command.clear()]})
        for row in self._get_rows(contract).values():
            row.write({"sequence": 5})
            row.unlink()
        self.assertFalse(contract.clause_ids)

    def test_unlocked_for_one_and_for_a_while(self):
        """What an amendment changes is open while it does so, and nothing else is."""
        contract, other = self._create_full("running"), self._create_full("running")
        with contract._content_unlocked():
            contract.name = "Amended"
            contract.line_ids.quantity = 2
            self._assert_locked(other.write, {"name": "Other"})
            self._assert_locked(other.line_ids.write, {"quantity": 2})
        with self.assertRaises(ValueError), contract._content_unlocked():
            raise ValueError
        self.assertEqual(contract.name, "Amended")
        self._assert_locked(contract.write, {"name": "Again"})
        self._assert_locked(contract.line_ids.write, {"quantity": 3})

    def test_what_stays_writable(self):
        """A new field of the add-on is content, owned, or named here."""
        contract = self._create_full("running")
        free = {
            name
            for name, field in contract._fields.items()
            if field._module == "crm_contract"
            and field.store
            and field.type != "one2many"
            and not field.readonly
        }
        free -= {*contract._get_content_fields(), *contract._get_owned_fields()}
        team = self.env["crm.team"].create({"name": "Team"})
        lead = self.env["crm.lead"].create(
            {"name": "Lead", "type": "opportunity", "partner_id": self.customer.id}
        )
        journal = self.env["account.journal"].search(
            [("company_id", "=", self.company.id), ("type", "=", "sale")], limit=1
        )
        values = {
            "active": True,
            "color": 5,
            "journal_id": journal.id,
            "note": "<p>Internal</p>",
            "opportunity_id": lead.id,
            "tag_ids": [Command.set(self.env["crm.tag"].create({"name": "Tag"}).ids)],
            "team_id": team.id,
            "user_id": self.user.id,
        }
        self.assertEqual(free, {*values, "billing_mode"})
        # Who links an opportunity has to be able to win it.
        self.user.group_ids += self.env.ref("sales_team.group_sale_salesman_all_leads")
        contract.write(values)
        contract.with_user(self.manager).billing_mode = "post"
        contract.milestone_ids.write({"user_id": self.user_all.id})
        contract.milestone_ids.action_done()
        self.assertFalse(
            self.env["crm.contract.verification"]._get_departures(contract)
        )

    def test_what_stays_writable_is_not_computed_into_content(self):
        contract = self._create_full("to_sign")
        content = contract._get_content()
        self.env["crm.contract.template"].create(
            {"name": "T", "title": "T", "type_id": self.type.id, "preamble": "New"}
        )
        self._assert_field_locked(contract, "template_id")
        contract.write({"user_id": self.user_all.id})
        self.customer.write({"lang": False, "property_payment_term_id": False})
        self.type.write({"duration": 99, "payment_term_id": False})
        self.assertEqual(contract.sudo()._get_content(), content)

    def test_archive(self):
        for state in ("review", "to_sign", "signed", "running", "suspended"):
            contract = self._in_state(state)
            with self.assertRaisesRegex(UserError, contract.number):
                contract.active = False
        for state in ("draft", "cancelled", "ended"):
            self._in_state(state).action_archive()


class TestDocuments(LockCommon):
    """The files of a contract are as firm as its rows."""

    def _get_attachment(self, document):
        return self.env["ir.attachment"].search(
            [
                ("res_model", "=", document._name),
                ("res_id", "=", document.id),
                ("res_field", "=", "file"),
            ]
        )

    def _assert_file_firm(self, document):
        attachment = self._get_attachment(document)
        before = attachment.raw
        for user in (document.env.user, self.env.ref("base.user_root")):
            locked = attachment.with_user(user)
            for vals in (
                {"raw": b"forged"},
                {"datas": base64.b64encode(b"forged")},
                {"res_id": 0},
                {"res_model": False},
                {"res_field": False},
                {"type": "url", "url": "https://example.com"},
            ):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    locked.write(vals)
            with self.assertRaises(UserError), self.env.cr.savepoint():
                locked.unlink()
            self._assert_no_second_file(document, locked)
        self.assertEqual(self._get_attachment(document).raw, before)
        self.assertTrue(document._is_intact())

    def _assert_no_second_file(self, document, attachments):
        forged = {
            "name": "file",
            "res_model": document._name,
            "res_id": document.id,
            "res_field": "file",
        }
        # Refused before it is made: the route of uploads keeps what was made until then.
        count = attachments.sudo().search_count([])
        with self.assertRaises(UserError):
            attachments.create(dict(forged, raw=b"forged"))
        self.assertEqual(attachments.sudo().search_count([]), count)
        other = attachments.create({"name": "Own", "raw": b"forged"})
        with self.assertRaises(UserError), self.env.cr.savepoint():
            other.write(forged)

    def test_annex_of_a_locked_contract(self):
        for state in LOCKED_STATES:
            with self.subTest(state):
                contract = self._create_full(state)
                annex = contract.document_ids.filtered(lambda d: d.kind == "annex")
                self._assert_locked(annex.write, {"file": "Rm9yZ2Vk"})
                self._assert_file_firm(annex)

    def test_annex_in_draft(self):
        annex = self._create_full().document_ids
        digest = annex.sha256
        annex.file = base64.b64encode(b"Second version")
        self.assertNotEqual(annex.sha256, digest)
        self.assertTrue(annex._is_intact())
        self.assertEqual(annex.short_hash, annex.sha256[:12])
        annex.unlink()

    def test_frozen_text_never_changes(self):
        contract = self._submit(self._create_contract())
        text = contract._get_text_document()
        self.assertEqual(text._get_file(), PDF)
        self._assert_file_firm(text)
        contract.action_withdraw()
        self._assert_file_firm(text)
        for record in (text, text.sudo()):
            for vals in ({"name": "Changed"}, {"file": "Rm9yZ2Vk"}, {"sequence": 1}):
                with self.assertRaisesRegex(UserError, "can't be changed"):
                    record.write(vals)
            with self.assertRaisesRegex(UserError, "can't be changed"):
                record.unlink()
            with self.assertRaisesRegex(UserError, "can't be changed"):
                contract.write({"document_ids": [Command.delete(text.id)]})

    def test_tampered_file_is_noticed(self):
        contract = self._submit(self._create_contract())
        text = contract._get_text_document()
        self.assertFalse(self.env["crm.contract.verification"]._get_problems(contract))
        attachment = self._get_attachment(text)
        self.env["ir.attachment"].flush_model()
        other = self.env["ir.attachment"].create({"name": "x", "raw": b"forged"})
        self._tamper(attachment, store_fname=other.store_fname)
        problems = self.env["crm.contract.verification"]._get_problems(contract)
        self.assertEqual(len(problems), 1)
        self.assertIn(text.name, problems[0])

    def test_client_makes_annexes_only(self):
        contract = self._create_full("running")
        model = contract.document_ids.browse()
        vals = {"contract_id": contract.id, "name": "Forged", "file": "RA=="}
        self._assert_locked(model.create, vals)
        with self.assertRaises(UserError):
            model.create(dict(vals, kind="signed"))


class TestFilesByOtherRoutes(LockCommon):
    """The annex of a draft has the hash of its file, whoever changed it, and how."""

    def setUp(self):
        super().setUp()
        self.contract = self._create_full()
        self.annex = self.contract.document_ids
        self.attachments = self.env["ir.attachment"].with_user(self.user)
        self.place = {
            "res_model": self.annex._name,
            "res_id": self.annex.id,
            "res_field": "file",
        }

    def _get_attachment(self):
        domain = [(name, "=", value) for name, value in self.place.items()]
        return self.env["ir.attachment"].sudo().search(domain).with_user(self.user)

    def _assert_hashed(self, content):
        self.assertEqual(self.annex._get_file(), content)
        self.assertEqual(self.annex.sha256, hashlib.sha256(content).hexdigest())

    def test_written(self):
        for number, name in enumerate(("raw", "datas", "db_datas")):
            content = b"Other text %d" % number
            value = base64.b64encode(content) if name == "datas" else content
            self._get_attachment().write({name: value})
            if name == "db_datas":
                # What is stored in the file store is read first.
                content = b"Other text 1"
            self._assert_hashed(content)

    def test_moved_away_and_another_one_moved_in(self):
        attachment = self._get_attachment()
        attachment.write({"res_model": False, "res_id": False, "res_field": False})
        self._assert_hashed(b"")
        with self.assertRaisesRegex(UserError, "is empty"):
            self.contract.action_submit()
        other = self.attachments.create({"name": "Other", "raw": b"Other file"})
        other.write(self.place)
        self._assert_hashed(b"Other file")

    def test_deleted_and_made_anew(self):
        self._get_attachment().unlink()
        self._assert_hashed(b"")
        self.attachments.create({"name": "Other", "raw": b"New file", **self.place})
        self._assert_hashed(b"New file")

    def test_no_second_file(self):
        attachment = self._get_attachment()
        other = self.attachments.create({"name": "Other", "raw": b"Other file"})
        for change in (
            lambda: self.attachments.create({"name": "O", "raw": b"2", **self.place}),
            lambda: other.write(self.place),
            lambda: attachment.copy(),
            lambda: (other + other.copy()).write(self.place),
        ):
            with (
                self.assertRaisesRegex(UserError, "has a file already"),
                self.env.cr.savepoint(),
            ):
                change()

    def test_not_shared_by_a_link(self):
        attachment = self._get_attachment()
        public = self.attachments.sudo().create(
            {"name": "Public", "raw": b"Public", "public": True}
        )
        for change in (
            lambda: attachment.sudo().write({"public": True}),
            lambda: attachment.sudo().write({"access_token": "known"}),
            lambda: attachment.generate_access_token(),
            lambda: public.write(dict(self.place, res_field=False)),
            lambda: self.attachments.create(
                {"name": "O", "raw": b"2", **self.place, "res_field": False,
                 "public": True}
            ),
        ):  # fmt: skip
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()

    def test_changed_past_the_server(self):
        self.env["ir.attachment"].flush_model()
        other = self.attachments.create({"name": "x", "raw": b"forged"})
        self._tamper(self._get_attachment(), store_fname=other.store_fname)
        with self.assertRaisesRegex(UserError, "changed past the server"):
            self.contract.action_submit()
        self.annex.file = base64.b64encode(b"Uploaded again")
        self._submit(self.contract)

    def test_moved_to_another_storage(self):
        """Frozen files too may move from the database to the file store and back."""
        self._submit(self.contract)
        texts = (
            self.env["crm.contract.document"]._get_frozen_attachment(self.contract)
            + self._get_attachment().sudo()
        )
        before = texts.mapped("raw")
        self.env["ir.config_parameter"].sudo().set_param("ir_attachment.location", "db")
        texts._migrate()
        self.assertTrue(all(texts.mapped("db_datas")))
        self.assertEqual(texts.mapped("raw"), before)
        self.assertFalse(
            self.env["crm.contract.verification"]._get_problems(self.contract)
        )
