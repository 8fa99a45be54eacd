import json
import os
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..tools.secret import Secret, is_token
from ..tools.secret_master import make_line
from .common_secrecy import ID_NUMBER, PHONE, SecrecyCommon
from .common_signature import SignatureCommon

MASK = "••••002X"


@tagged("post_install", "-at_install")
class TestSecrecy(SecrecyCommon, SignatureCommon):
    """What somebody reads of protected data, how he finds them, and what keys do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._turn_on()
        cls.type.has_confidential_terms = True
        cls.person = cls._create_person()

    # Values

    def test_ciphertext_is_stored(self):
        for name in ("contract_id_number", "contract_private_phone"):
            stored = self._get_stored(self.person, name)
            self.assertTrue(is_token(stored))
            self.assertNotIn("1949", stored)
        self.env.invalidate_all()
        self.assertEqual(self.person._get_secret("contract_id_number"), ID_NUMBER)
        self.assertEqual(self.person._get_secret("contract_private_phone"), PHONE)

    def test_reading_shows_a_mask(self):
        self.manager.group_ids |= self.env.ref("base.group_allow_export")
        person = self.person.with_user(self.manager)
        self.assertEqual(person.contract_id_number, MASK)
        [read] = person.read(["contract_id_number"])
        self.assertEqual(read["contract_id_number"], MASK)
        [read] = person.web_read({"contract_id_number": {}})
        self.assertEqual(read["contract_id_number"], MASK)
        exported = person.export_data(["contract_id_number"])["datas"]
        self.assertEqual(exported, [[MASK]])
        [found] = person.search_read([("id", "=", person.id)], ["contract_id_number"])
        self.assertEqual(found["contract_id_number"], MASK)
        rendered = self.env["mail.render.mixin"]._render_template(
            "{{ object.contract_id_number }}", "res.partner", person.ids
        )
        self.assertEqual(rendered[person.id], MASK)
        self.person.contract_id_number = "22010519491231003Y"
        self.assertEqual(self.person.contract_id_number, "••••003Y", "not flushed yet")

    def test_copying_values_tells_nothing(self):
        contract = self._create_contract(confidential_terms="Planted terms")
        [vals] = contract.copy_data()
        self.assertIsInstance(vals["confidential_terms"], Secret)
        self.assertNotIn("Planted", json.dumps(vals, default=str))

    def test_reveal_is_a_right_and_recorded(self):
        looks = self.env["crm.contract.access"]
        before = looks.search_count([])
        for user in (self.user, self.reader):
            with self.assertRaises(AccessError):
                self.person.with_user(user).reveal("contract_id_number")
        self.assertEqual(looks.search_count([]), before)
        person = self.person.with_user(self.manager)
        self.assertEqual(person.reveal("contract_id_number"), ID_NUMBER)
        [look] = looks.search([], limit=1)
        self.assertEqual(
            (look.user_id, look.kind, look.res_model, look.res_id, look.field),
            (self.manager, "revealed", "res.partner", person.id, "contract_id_number"),
        )
        for name in ("name", "nothing", None, "contract_secret_key"):
            with self.assertRaises(UserError):
                person.reveal(name)
        with self.assertRaises(UserError):
            (person | self.customer).reveal("contract_id_number")

    def test_exact_search(self):
        partners = self.env["res.partner"]
        for text in (ID_NUMBER, "11010519491231002x", " １１０１０５ 1949-1231 002X"):
            found = partners.search([("contract_id_number", "=", text)])
            self.assertEqual(found, self.person, text)
            found = partners.search([("contract_id_number", "in", [text, "other"])])
            self.assertEqual(found, self.person)
            match = self.person.filtered_domain([("contract_id_number", "=", text)])
            self.assertEqual(match, self.person)
        for text in (ID_NUMBER[:-1], "002X", "other"):
            self.assertFalse(partners.search([("contract_id_number", "=", text)]))
        # Nor is another field's value found
        self.assertFalse(partners.search([("contract_private_phone", "=", ID_NUMBER)]))
        everybody = [("id", "in", (self.person | self.customer).ids)]
        for domain, expected in (
            ([("contract_id_number", "!=", False)], self.person),
            ([("contract_id_number", "=", False)], self.customer),
            ([("contract_id_number", "!=", ID_NUMBER)], self.customer),
            ([("contract_id_number", "not in", ["x"])], self.person | self.customer),
        ):
            found = partners.search(everybody + domain)
            self.assertEqual(found.sorted("id"), expected.sorted("id"), domain)

    def test_nothing_else_is_asked_of_it(self):
        partners = self.env["res.partner"]
        for operator in ("ilike", "like", "=like", ">", "<="):
            with self.assertRaisesRegex(UserError, "ID number"):
                partners.search([("contract_id_number", operator, "1")])
        with self.assertRaises(UserError):
            partners.search([], order="contract_id_number")
        for groupby, aggregates in (
            (["contract_id_number"], ["__count"]),
            (["company_id"], ["contract_id_number:array_agg"]),
        ):
            with self.assertRaises(UserError):
                partners._read_group([], groupby, aggregates)
        described = partners.fields_get(["contract_id_number"])["contract_id_number"]
        self.assertFalse(described["sortable"] or described["groupable"])

    def test_a_mask_is_never_stored(self):
        stored = self._get_stored(self.person, "contract_id_number")
        self.person.write({"contract_id_number": MASK, "name": "Same"})
        self.assertEqual(self._get_stored(self.person, "contract_id_number"), stored)
        for value in ("••••0000", "••••", "••••002X and more"):
            with self.assertRaises(UserError):
                self.person.write({"contract_id_number": value})
            with self.assertRaises(UserError):
                self.env["res.partner"].create(
                    {"name": "New", "contract_id_number": value}
                )
        self.person.contract_id_number = False
        self.assertIsNone(self._get_stored(self.person, "contract_id_number"))

    def test_any_text_comes_back(self):
        for text in (
            "0",
            "a\0b",
            "cs1.7.x.y",
            "cs0.z",
            "甲" * 9,
            "a\nb",
            "' OR 1=1 --",
            "😀",
        ):
            self.person.contract_id_number = text
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertEqual(self.person._get_secret("contract_id_number"), text)
        # What PostgreSQL itself does not take, neither.
        self.person.contract_id_number = "a\0b"
        self._turn_off()
        self.assertEqual(self.secrecy._get_state(), "off")
        self.env.invalidate_all()
        self.assertEqual(self.person._get_secret("contract_id_number"), "a\0b")

    def test_a_row_of_another_is_refused(self):
        other = self._create_person(contract_id_number="22010519491231003Y")
        token = self._get_stored(self.person, "contract_id_number")
        self._tamper(other, contract_id_number=token)
        self._assert_unreadable(other, token)
        self._tamper(self.person, contract_private_phone=token)
        self._assert_unreadable(self.person, token, "contract_private_phone")
        self._tamper(other, contract_id_number=token[:-8])
        self._assert_unreadable(other, token[:-8])
        self._tamper(self.person, contract_id_number=token)
        self._tamper(self.person, company_id=self.company.id)
        self._assert_unreadable(self.person, token)

    def _assert_unreadable(self, person, stored, name="contract_id_number"):
        """Masked, refused with its name, never written over; others go on."""
        self.assertEqual(person[name], "•••• ?")
        for act in (
            lambda: person.with_user(self.manager).reveal(name),
            lambda: person.write({name: "new"}),
            lambda: person.write({name: False}),
        ):
            with self.assertRaisesRegex(UserError, person.name):
                act()
        self.assertEqual(self._get_stored(person, name), stored)
        person.name = "Goes on"
        person.flush_recordset()

    def test_company_change_protects_anew(self):
        company = self._create_company("Other Ltd")
        before = self._get_stored(self.person, "contract_id_number")
        for owner in (company, self.company, company.browse()):
            self.person.company_id = owner
            after = self._get_stored(self.person, "contract_id_number")
            self.assertNotEqual(after.split(".")[1], before.split(".")[1])
            before = after
            self.env.invalidate_all()
            self.assertEqual(self.person._get_secret("contract_id_number"), ID_NUMBER)
            found = self.person.search([("contract_id_number", "=", ID_NUMBER)])
            self.assertEqual(found, self.person)

    def test_in_memory(self):
        """A form that is filled in shows what the record does, and saves it."""
        draft = self.env["res.partner"].new({"name": "x"}, origin=self.person)
        self.assertEqual(draft.contract_id_number, MASK)
        self.assertEqual(draft._get_secret("contract_id_number"), ID_NUMBER)
        spec = {"contract_id_number": {}, "name": {}}
        result = self.person.onchange({"name": "y"}, ["name"], spec)
        self.assertNotIn(ID_NUMBER, json.dumps(result, default=str))

    def test_merged_partners(self):
        """What the one lacks, the other does not hand over unread; nothing breaks."""
        other = self.env["res.partner"].create({"name": "Twin"})
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.person | other).ids, self.person)
        self.assertFalse(other.exists())
        self.env.invalidate_all()
        self.assertEqual(self.person._get_secret("contract_id_number"), ID_NUMBER)

    # Turning on and off, other keys, lost keys

    def test_off_says_so_and_works(self):
        self._turn_off()
        person = self.person
        self.assertEqual(self._get_stored(person, "contract_id_number"), ID_NUMBER)
        self.assertEqual(person.contract_id_number, MASK)
        for text in (ID_NUMBER, "１１０１０５19491231-002x"):
            found = person.search([("contract_id_number", "=", text)])
            self.assertEqual(found, person)
        self.assertIn("Off", self.job._describe())
        health = self.env["crm.contract.health"]
        self.assertTrue(health._count(health._get_check("secrecy")))
        self._turn_on()
        self.assertFalse(health._count(health._get_check("secrecy")))

    def test_on_and_off_again(self):
        self._turn_off()
        person = self.person
        signed = self._create_signed()
        digest = signed.version_id.content_hash
        bytes_before = self._get_stored(signed.version_id, "content")
        self._turn_on()
        self.assertEqual(self.secrecy._get_state(), "on")
        for record, name in (
            (person, "contract_id_number"),
            (signed.version_id, "content"),
        ):
            self.assertTrue(is_token(self._get_stored(record, name)))
        self._assert_provable(signed, digest)
        self.assertEqual(signed.version_id.sudo().content, bytes_before)
        self.assertEqual(person._get_secret("contract_id_number"), ID_NUMBER)
        self._turn_off()
        self.assertEqual(self.secrecy._get_state(), "off")
        self.assertEqual(self._get_stored(signed.version_id, "content"), bytes_before)
        self.assertEqual(self._get_stored(person, "contract_id_number"), ID_NUMBER)
        self._assert_provable(signed, digest)

    def _assert_provable(self, contract, digest):
        self.env.invalidate_all()
        self.assertTrue(contract.version_id._is_intact())
        self.assertEqual(contract.version_id.content_hash, digest)
        self.assertFalse(
            self.env["crm.contract.verification"]._get_problems(contract.sudo())
        )

    def test_rotation(self):
        people = [self._create_person(contract_id_number=f"ID{n:09}") for n in range(5)]
        signed = self._create_signed()
        self.job._rotate()
        # Batch by batch, and whatever was not reached yet is found and read.
        batch = "odoo.addons.crm_contract.models.secrecy.crm_contract_secrecy_job.BATCH"
        self.startPatcher(patch(batch, 2))
        with patch.object(type(self.job), "_is_paused", side_effect=[False, True] * 99):
            self.job._run()
        self._assert_all_found(people)
        self.job._run()
        self._assert_all_found(people)
        self.assertEqual(
            set(self.keys.search([]).mapped("state")), {"primary", "retired"}
        )
        self.assertTrue(signed.version_id._is_intact())

    def _assert_all_found(self, people):
        self.env.invalidate_all()
        for number, person in enumerate(people):
            found = person.search([("contract_id_number", "=", f"id {number:09}")])
            self.assertEqual(found, person)
            self.assertEqual(person.contract_id_number, f"••••{number:04}")

    def test_master_keys_change_one_by_one(self):
        person = self.person
        stored = self._get_stored(person, "contract_id_number")
        new = make_line("k2")
        # Known everywhere first, then the first one everywhere, then the only one.
        self._use_masters(self.master, new)
        self.assertEqual(self.job._rewrap(), 0)
        self._use_masters(new, self.master)
        self.assertEqual(person._get_secret("contract_id_number"), ID_NUMBER)
        self.assertEqual(self.job._rewrap(), self.keys.search_count([]))
        self._use_masters(new)
        self.assertEqual(person._get_secret("contract_id_number"), ID_NUMBER)
        self.assertEqual(self._get_stored(person, "contract_id_number"), stored)
        self.assertFalse(self.secrecy._get_server_problem())

    def test_lost_and_wrong_keys(self):
        person = self.person
        signed = self._create_signed()
        self.env.flush_all()
        stored = self._get_stored(person, "contract_id_number")
        for lines, reason in (
            ((), "has no key"),
            ((make_line("k9"),), "“k1” is missing"),
            ((make_line("k1"),), "Another key"),
            (("k1:short",), "can't be read"),
        ):
            self._use_masters(*lines)
            self._assert_goes_on(person, signed, reason)
            self.assertEqual(self._get_stored(person, "contract_id_number"), stored)
            self.assertIn(reason, self.job._describe())
            check = self.env["crm.contract.health"]._get_check("secrecy_keys")
            self.assertTrue(self.env["crm.contract.health"]._count(check))
            with self.assertRaisesRegex(UserError, reason):
                self._create_person()
        self.job._turn_off()
        self.job._run()
        self.assertEqual(self._get_stored(person, "contract_id_number"), stored)
        self.assertEqual(self.secrecy._get_state(), "turning_off")
        self._use_masters(self.master)
        self.job._run()
        self.assertEqual(self._get_stored(person, "contract_id_number"), ID_NUMBER)

    def _assert_goes_on(self, person, signed, reason):
        with self.assertRaisesRegex(UserError, f"{person.name}.*{reason}"):
            person.contract_id_number = "new"
        with self.assertRaisesRegex(UserError, reason) as caught:
            signed.version_id._get_content()
        self.assertIs(type(caught.exception), UserError, "clients know no other")
        contract = signed.with_user(self.manager)
        [read] = contract.web_read({"name": {}, "line_ids": {}, "customer_vat": {}})
        self.assertEqual(read["customer_vat"], "•••• ?")
        person.comment = "Goes on"
        self.env.flush_all()
        self.assertFalse(person.search([("contract_id_number", "=", ID_NUMBER)]))

    def test_nobody_makes_keys_by_hand(self):
        key = self.keys.search([], limit=1)
        for user in (self.manager, self.env.ref("base.user_admin")):
            mine = key.with_user(user)
            for act in (
                lambda mine=mine: mine.write({"state": "retired"}),
                lambda mine=mine: mine.unlink(),
                lambda mine=mine: mine.create(
                    {"uid": "x", "master": "k", "wrapped": "y"}
                ),
                lambda mine=mine: mine.read(["wrapped"]),
            ):
                with self.assertRaises(UserError):
                    act()
        with self.assertRaises(UserError):
            key.unlink()
        settings = self.env["res.config.settings"].with_user(self.manager)
        with self.assertRaises(AccessError):
            settings.action_contract_secrecy_off()

    def test_without_a_key(self):
        self.person.unlink()
        self._use_masters()
        self.env.registry.clear_cache()
        # Keys that protect nothing are not missed.
        self._use_masters(make_line("k9"))
        self._turn_on()
        self.assertFalse(self.secrecy._get_server_problem())
        with patch.dict(os.environ, {"CONTRACT_SECRET_KEYS": ""}):
            self._turn_off()
            self.env.registry.clear_cache()
            with self.assertRaisesRegex(UserError, "no key"):
                self.job._turn_on()
            self.assertEqual(self.secrecy._get_state(), "off")
            self.assertTrue(self._create_person())

    # Confidential terms, from the draft to its successors

    def test_terms_are_agreed_on_and_masked(self):
        contract = self._create_contract(confidential_terms="Planted terms")
        self.assertEqual(contract.confidential_terms, "••••")
        self.assertTrue(is_token(self._get_stored(contract, "confidential_terms")))
        hash_before = self._hash(contract)
        contract.confidential_terms = "Other terms"
        self.assertNotEqual(self._hash(contract), hash_before)
        self._submit(contract)
        with self.assertRaises(UserError):
            contract.confidential_terms = "After the submission"
        content = contract.version_id._get_content()
        self.assertEqual(content["fields"]["confidential_terms"], "Other terms")
        self.assertNotIn("Other", self._get_stored(contract.version_id, "content"))
        self.assertFalse(
            self.env["crm.contract.verification"]._get_problems(contract.sudo())
        )
        self.assertEqual(
            contract.with_user(self.manager).reveal("confidential_terms"), "Other terms"
        )

    def test_changes_tell_that_and_not_what(self):
        contract = self._create_contract(confidential_terms="First planted")
        self._send_to_review(contract)
        contract.action_recall()
        contract.confidential_terms = "Second planted"
        self._submit(contract)
        changes = contract.sudo().version_ids.sorted("number")[-1].changes
        self.assertIn("Confidential", str(changes))
        bodies = " ".join(contract.sudo().message_ids.mapped("body"))
        for text in (str(changes), bodies):
            self.assertNotIn("planted", text)

    def test_a_copy_has_them_too(self):
        contract = self._create_contract(confidential_terms="Planted terms")
        copied = contract.copy()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(copied._get_secret("confidential_terms"), "Planted terms")
        token = self._get_stored(contract, "confidential_terms")
        self.assertNotEqual(self._get_stored(copied, "confidential_terms"), token)

    def test_versions_are_not_read_past_the_masks(self):
        contract = self._submit(self._create_contract(confidential_terms="Planted"))
        for user in (self.user, self.reader):
            with self.assertRaises(AccessError):
                contract.version_id.with_user(user).read(["content"])

    def test_company_change_of_a_draft(self):
        company = self._create_company("Other Ltd")
        contract = self._create_contract(confidential_terms="Planted terms").sudo()
        # Behind the checks of other fields, which have nothing to do with it.
        contract.env["crm.contract"]._fields["company_id"].write(contract, company.id)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(contract._get_secret("confidential_terms"), "Planted terms")

    # The account of a customer, which contracts name

    def _create_named(self):
        """A draft for a customer with a protected account, and none of Odoo's own."""
        self.customer.contract_bank_account = "Planted Bank 6222020000001234"
        contract = self._create_contract(customer_bank_id=False)
        self.env.flush_all()
        self.env.invalidate_all()
        return contract

    def _print(self, contract):
        report = "crm_contract.report_contract"
        reports = self.env["ir.actions.report"].with_user(self.user)
        return reports._render_qweb_html(report, contract.ids)[0].decode()

    def test_account_of_a_customer(self):
        contract = self._create_named()
        stored = self._get_stored(self.customer, "contract_bank_account")
        self.assertTrue(is_token(stored))
        self.assertEqual(contract.customer_bank_account, "••••1234")
        self._submit(contract)
        self.assertEqual(contract.customer_bank_account, "••••1234")
        page = self._print(contract)
        self.assertIn("••••1234", page)
        self.assertNotIn("Planted", page)
        # One of Odoo's own that is chosen comes first.
        account = self.env["res.partner.bank"].sudo().create(
            {"partner_id": self.customer.id, "acc_number": "OWN 0001"}
        )  # fmt: skip
        other = self._create_contract(customer_bank_id=account.id)
        self.assertEqual(other.customer_bank_account, "OWN 0001")
        found = self.env["res.partner"].with_user(self.user).search(
            [("contract_bank_account", "=", "planted bank 6222 0200 0000 1234")]
        )  # fmt: skip
        self.assertEqual(found, self.customer)
        revealed = self.customer.with_user(self.manager).reveal("contract_bank_account")
        self.assertEqual(revealed, "Planted Bank 6222020000001234")

    def test_types_that_print_what_is_protected(self):
        """Then it is in the text that people sign, which is stored as ciphertext."""
        contract = self._create_named()
        contract.type_id.sudo().write(
            {"has_confidential_terms": True, "prints_secrets": True}
        )
        contract.confidential_terms = "Planted terms"
        self._submit(contract)
        page = self._print(contract)
        self.assertIn("Planted Bank 6222020000001234", page)
        self.assertIn("Planted terms", page)
        self.assertNotIn("Planted", self._get_stored(contract.version_id, "content"))

    def test_account_that_cant_be_read(self):
        """The draft opens, and nobody submits it with what nobody knows."""
        contract = self._create_named()
        contract.type_id.sudo().prints_secrets = True
        # Of another field: all keys are there, and this value alone is not to be read.
        token = self._get_stored(self.person, "contract_id_number")
        self._tamper(self.customer, contract_bank_account=token)
        self.assertEqual(contract.customer_bank_account, "•••• ?")
        with self.assertRaises(UserError) as caught:
            self._submit(contract)
        self.assertIn(self.customer.name, str(caught.exception))
        self.assertEqual(contract.state, "draft")

    def test_signatories(self):
        request = self._request()
        vals = self._prepare_signatory(id_number=ID_NUMBER, private_phone=PHONE)
        request.write({"signatory_ids": [Command.create(vals)]})
        signatory = request.signatory_ids.filtered("id_number")
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(signatory.id_number, MASK)
        self.assertTrue(is_token(self._get_stored(signatory, "id_number")))
        self.assertEqual(signatory._get_secret("private_phone"), PHONE)
        found = signatory.search([("id_number", "=", ID_NUMBER.lower())])
        self.assertEqual(found, signatory)
        again = signatory._prepare_again()
        self.assertEqual(again["id_number"].text, ID_NUMBER)
