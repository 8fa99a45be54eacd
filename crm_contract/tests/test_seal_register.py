from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .common import ContractCommon


class PaperCommon(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper = cls._create_user("contract_keeper")
        cls.deputy = cls._create_user("contract_deputy")
        cls.stamp = cls._create_stamp("Contract seal")

    @classmethod
    def _create_stamp(cls, name, **vals):
        return cls.env["crm.contract.stamp"].create(
            {
                "name": name,
                "company_id": cls.company.id,
                "keeper_id": cls.keeper.id,
                "deputy_ids": [Command.set(cls.deputy.ids)],
                **vals,
            }
        )

    def _apply(self, contract, user=None, **vals):
        rows = self.env["crm.contract.sealing"].with_user(user or self.user)
        return rows.create(
            {
                "contract_id": contract.id,
                "stamp_id": self.stamp.id,
                "purpose": "Originals",
                "copies": 2,
                **vals,
            }
        )

    def _as(self, record, user):
        return record.with_user(user)

    def _get_kinds(self, contract):
        events = self.env["crm.contract.event"].sudo()
        rows = events.search([("contract_id", "=", contract.id)], order="number")
        return rows.mapped("kind")

    def _get_tasks(self, record):
        return record.sudo().activity_ids

    def _run(self):
        with self.enter_registry_test_mode():
            self.env.ref("crm_contract.ir_cron_advance").method_direct_trigger()
        self.env.invalidate_all()


class TestSealRegister(PaperCommon):
    """Who has which seal, for which approved text."""

    def test_refused_before_number_and_approval(self):
        contract = self._create_contract()
        with self.assertRaisesRegex(UserError, "no number yet"):
            self._apply(contract)
        self._send_to_review(contract)
        with self.assertRaisesRegex(UserError, "not approved yet"):
            self._apply(contract)
        contract._action_approve()
        row = self._apply(contract)
        self.assertEqual(row.version_id, contract.version_id)
        self.assertEqual((row.state, row.user_id), ("applied", self.user))

    def test_refused_for_cancelled(self):
        contract = self._submit(self._create_contract())
        contract.action_cancel()
        with self.assertRaisesRegex(UserError, "is cancelled"):
            self._apply(contract)

    def test_refused_for_draft_that_was_withdrawn(self):
        contract = self._submit(self._create_contract())
        contract.action_withdraw()
        with self.assertRaisesRegex(UserError, "not approved yet"):
            self._apply(contract)

    def test_changed_past_the_server(self):
        contract = self._submit(self._create_contract())
        self._tamper(contract, name="Something else")
        with self.assertRaisesRegex(UserError, "changed after it was submitted"):
            self._apply(contract)

    def test_we_seal_last(self):
        self.type.seal_last = True
        contract = self._submit(self._create_contract())
        with self.assertRaisesRegex(UserError, "we seal last"):
            self._apply(contract)
        scans = self.env["crm.contract.scan"].with_user(self.user)
        scans._add(contract, "company", "ours.pdf", b"%PDF-1.4 ours")
        with self.assertRaisesRegex(UserError, "we seal last"):
            self._apply(contract)
        scans._add(contract, "customer", "theirs.pdf", b"%PDF-1.4 theirs")
        row = self._apply(contract)
        # The signature was on a text that is not valid any more.
        contract.action_withdraw()
        contract.name = "Another text"
        contract.action_submit()
        self.assertEqual(row.state, "void")
        with self.assertRaisesRegex(UserError, "we seal last"):
            self._apply(contract)

    def test_way_of_the_seal(self):
        contract = self._submit(self._create_contract())
        row = self._apply(contract)
        task = self._get_tasks(row)
        self.assertEqual(task.user_id, self.keeper)
        kept = self._as(row, self.keeper)
        self.assertEqual(kept.display_name, f"Contract seal: {contract.display_name}")
        kept.action_hand_out()
        self.assertFalse(self._get_tasks(row))
        self.assertEqual((row.state, row.keeper_id), ("out", self.keeper))
        self.assertEqual(row.date_due, self.today)
        self.assertEqual(self.stamp.holder_id, self.user)
        kept.action_return(1)
        self.assertEqual((row.state, row.copies_sealed), ("returned", 1))
        self.assertTrue(row.date_out <= row.date_back)
        self.assertFalse(self.stamp.holder_id)
        self.assertEqual(
            self._get_kinds(contract)[-3:],
            ["stamp_applied", "stamp_out", "stamp_returned"],
        )

    def test_only_the_keeper_decides(self):
        contract = self._submit(self._create_contract())
        row = self._apply(contract)
        for user in (self.user, self.user_all, self.manager):
            for step in ("action_hand_out", "action_seal"):
                with self.assertRaises(AccessError):
                    getattr(self._as(row, user), step)()
            with self.assertRaises(AccessError):
                self._as(row, user).action_refuse("No")
        with self.assertRaises(AccessError):
            self._as(row, self.reader).action_return()
        other = self._create_user("contract_no_keeper")
        with self.assertRaises(AccessError):
            self._as(row, other).read(["purpose"])
        self._as(row, self.deputy).action_seal(2)
        self.assertEqual((row.state, row.keeper_id), ("returned", self.deputy))

    def test_keeper_applies_for_nothing_and_changes_nothing(self):
        contract = self._submit(self._create_contract())
        with self.assertRaises(AccessError):
            self._apply(contract, self.keeper)
        row = self._apply(contract)
        with self.assertRaises(AccessError):
            self._as(row, self.keeper).copies = 9
        with self.assertRaises(AccessError):
            self._as(contract, self.keeper).read(["name"])
        for user in (self.reader, self.accountant):
            with self.assertRaises(AccessError):
                self._apply(contract, user)

    def test_nobody_forges_a_row(self):
        contract = self._submit(self._create_contract())
        row = self._apply(contract)
        for user in (self.user, self.manager):
            for vals in (
                {"state": "returned"},
                {"copies_sealed": 2},
                {"version_id": False},
                {"user_id": self.manager.id},
                {"keeper_id": self.manager.id},
                {"date_out": "2020-01-01 00:00:00"},
            ):
                with self.assertRaises(AccessError):
                    self._as(row, user).write(vals)
                with self.assertRaises(AccessError):
                    self._apply(contract, user, **vals)
        with self.assertRaises(UserError):
            row.sudo().unlink()
        self._as(row, self.keeper).action_refuse("Not today")
        self.assertEqual((row.state, row.reason), ("refused", "Not today"))
        with self.assertRaises(UserError):
            row.purpose = "Changed afterwards"

    def test_foreign_contract(self):
        foreign = self._submit(
            self._create_contract(self.manager, user_id=self.manager.id)
        )
        with self.assertRaises(AccessError):
            self._apply(foreign)
        own = self._submit(self._create_contract())
        row = self._apply(own)
        with self.assertRaises(UserError):
            row.contract_id = foreign

    def test_one_seal_is_in_one_place(self):
        first, second = (self._submit(self._create_contract()) for _n in range(2))
        other = self._submit(
            self._create_contract(self.manager, user_id=self.manager.id)
        )
        rows = self._apply(first) | self._apply(second)
        self._as(rows, self.keeper).action_hand_out()
        with self.assertRaisesRegex(UserError, "is with"):
            self._as(self._apply(other, self.manager), self.keeper).action_hand_out()
        self._as(rows[0], self.keeper).action_return()
        self.assertEqual(self.stamp.holder_id, self.user)
        with self.assertRaisesRegex(UserError, "is with"):
            self.stamp.active = False
        self._as(rows[1], self.keeper).action_return()
        self.assertFalse(self.stamp.holder_id)
        self.stamp.active = False

    def test_not_more_copies_than_asked_for(self):
        row = self._apply(self._submit(self._create_contract()))
        self._as(row, self.keeper).action_hand_out()
        for wrong in (3, -1, 1.5, "two"):
            with self.assertRaises(UserError):
                self._as(row, self.keeper).action_return(wrong)
        self._as(row, self.keeper).action_return(0)
        self.assertEqual(row.copies_sealed, 0)

    def test_other_type_and_other_company(self):
        other = self.type.copy({"code": "OTH"})
        self.stamp.type_ids = other
        contract = self._submit(self._create_contract())
        with self.assertRaisesRegex(UserError, "not for contracts of the type"):
            self._apply(contract)
        company = self._create_company("Sister Ltd")
        foreign = self._create_user("contract_sister_keeper", company=company)
        stamp = self.env["crm.contract.stamp"].create(
            {"name": "Of the sister", "company_id": company.id, "keeper_id": foreign.id}
        )
        with self.assertRaises(UserError):
            self._apply(contract, stamp_id=stamp.id)
        sudo = self.env["crm.contract.sealing"].sudo()
        with self.assertRaises(UserError):
            sudo.create(
                {
                    "contract_id": contract.id,
                    "stamp_id": stamp.id,
                    "purpose": "Wrong company",
                }
            )

    def test_withdrawn_after_application(self):
        for way in ("action_withdraw", "action_cancel"):
            contract = self._submit(self._create_contract())
            row = self._apply(contract)
            getattr(contract, way)()
            self.assertEqual(row.state, "void", way)
            with self.assertRaises(UserError):
                self._as(row, self.keeper).action_hand_out()

    def test_withdrawn_while_the_seal_is_out(self):
        contract = self._submit(self._create_contract())
        row = self._apply(contract)
        self._as(row, self.keeper).action_hand_out()
        contract.action_withdraw()
        self.assertEqual(row.state, "out")
        self.assertTrue(row.is_withdrawn)
        told = self._get_tasks(row)
        self.assertEqual(told.user_id, self.keeper | self.user)
        self._as(row, self.keeper).action_return(2)
        self.assertFalse(self.stamp.holder_id)
        task = self._get_tasks(row)
        self.assertEqual(task.user_id, self.user)
        self.assertIn("2 sealed copies", task.note)
        row.action_destroy_copies()
        self.assertEqual(row.copies_destroyed, 2)
        self.assertFalse(self._get_tasks(row))
        self.assertEqual(self._get_kinds(contract)[-1], "destroyed")

    def test_withdrawn_after_it_was_sealed(self):
        contract = self._submit(self._create_contract())
        row = self._apply(contract)
        self._as(row, self.keeper).action_seal()
        with self.assertRaisesRegex(UserError, "not withdrawn"):
            row.action_destroy_copies()
        contract.action_withdraw()
        self.assertIn("2 sealed copies", self._get_tasks(row).note)
        found = self.env["crm.contract.sealing"].search([("is_withdrawn", "=", True)])
        self.assertIn(row.id, found.ids)

    def test_old_application_is_not_for_the_new_text(self):
        contract = self._submit(self._create_contract())
        row = self._apply(contract)
        self._as(row, self.keeper).action_hand_out()
        contract.action_withdraw()
        contract.name = "Another text"
        contract.action_submit()
        new = self._apply(contract)
        self.assertNotEqual(new.version_id, row.version_id)
        self._as(row, self.keeper).action_return(0)
        # An application whose text was replaced without its being told.
        self._tamper(new, version_id=row.version_id.id, state="applied")
        with self.assertRaisesRegex(UserError, "another text was submitted"):
            self._as(new, self.keeper).action_seal()

    def test_signed_texts_can_be_sealed_again(self):
        contract = self._create_signed()
        row = self._apply(contract, purpose="Copy for the bank")
        self._as(row, self.keeper).action_seal()
        self.assertFalse(row.is_withdrawn)
        self._end(contract, reason="completed")
        self.assertFalse(row.is_withdrawn)

    def test_keeper_sees_the_approved_text(self):
        row = self._apply(self._submit(self._create_contract()))
        kept = self._as(row, self.keeper)
        self.env.invalidate_all()
        text = row.version_id.sudo().document_ids.filtered(lambda d: d.kind == "text")
        self.assertEqual(kept.text_file, text.file)
        self.assertEqual(kept.text_name, text.name)

    def test_late_seal_is_told_once(self):
        row = self._apply(self._submit(self._create_contract()))
        self._as(row, self.keeper).action_hand_out()
        self._run()
        self.assertFalse(self._get_tasks(row))
        self._tamper(row, date_due=self._days(-1))
        for _run in range(2):
            self._run()
        self.assertEqual(len(self._get_tasks(row)), 2)
        self.assertEqual(self._get_tasks(row).user_id, self.keeper | self.user)

    def test_keeper_left(self):
        row = self._apply(self._submit(self._create_contract()))
        self.keeper.active = False
        self.assertEqual(self.stamp.keeper_id, self.deputy)
        self._as(row, self.deputy).action_hand_out()
        with self.assertRaises(AccessError):
            self._as(row, self.keeper).action_return()

    def test_keeper_without_deputy_left(self):
        self.stamp.deputy_ids = False
        row = self._apply(self._submit(self._create_contract()))
        self.keeper.active = False
        keeper = self.stamp.keeper_id
        self.assertTrue(keeper.active)
        self.assertIn(
            keeper, self.env["crm.contract"]._get_contract_managers(self.company)
        )
        self.assertTrue(self._get_tasks(row).user_id.active)

    def test_applicant_left_with_the_seal(self):
        row = self._apply(self._submit(self._create_contract()))
        self._as(row, self.keeper).action_hand_out()
        self.user.active = False
        self._tamper(row, date_due=self._days(-1))
        self._run()
        self.assertEqual(self._get_tasks(row).user_id, self.keeper)

    def test_import_is_an_application(self):
        contract = self._submit(self._create_contract())
        rows = self.env["crm.contract.sealing"].with_user(self.user)
        names = ["contract_id/.id", "stamp_id/.id", "purpose", "copies"]
        values = [str(contract.id), str(self.stamp.id), "From a list", "3"]
        result = rows.load(names, [values])
        row = rows.browse(result["ids"])
        self.assertEqual(
            (row.state, row.user_id, row.copies), ("applied", self.user, 3)
        )
        result = rows.load([*names, "state"], [[*values, "Returned"]])
        self.assertFalse(result["ids"])

    def test_company_of_a_draft_changes(self):
        """The register stays readable, and the next seal is one of the new company."""
        contract = self._submit(self._create_contract(self.manager))
        row = self._apply(contract, self.manager)
        contract.action_withdraw()
        sister = self._create_company("Sister of seals")
        self._tamper(contract, company_id=sister.id)
        self._tamper(row, company_id=sister.id)
        self.assertEqual((row.sudo().state, row.sudo().stamp_id), ("void", self.stamp))
        self.assertIn(self.stamp.name, row.sudo().display_name)
        with self.assertRaises(UserError):
            self._as(row, self.keeper).action_hand_out()


class TestPaperLookUp(PaperCommon):
    """Is this the approved version? – as the keeper asks who holds the paper."""

    def _look(self, code, user=None):
        papers = self.env["crm.contract.paper"].with_user(user or self.keeper)
        return papers.look_up(code)

    def test_answers(self):
        contract = self._send_to_review(self._create_contract())
        first = contract.content_hash
        self.assertEqual(self._look(first)["answer"], "review")
        contract._action_approve()
        found = self._look(f"https://x.example/contract/verify/{first.upper()}?x=1")
        self.assertEqual(found["answer"], "approved")
        self.assertEqual(found["contract"], contract.display_name)
        self.assertEqual(self._look(first[:12])["answer"], "approved")
        contract.action_withdraw()
        self.assertEqual(self._look(first)["answer"], "withdrawn")
        contract.name = "Another text"
        contract.action_submit()
        found = self._look(first)
        self.assertEqual(found["answer"], "withdrawn")
        self.assertEqual(found["current_hash"], contract.content_hash[:12])
        self._sign_again(contract)
        self.assertEqual(self._look(contract.content_hash)["answer"], "signed")

    def _sign_again(self, contract):
        self._open_sign(contract).action_sign()

    def test_same_words_again(self):
        """A paper of before says what is approved, word for word."""
        contract = self._submit(self._create_contract())
        first = contract.content_hash
        contract.action_withdraw()
        contract.action_submit()
        self.assertEqual(contract.content_hash, first)
        self.assertEqual(self._look(first)["answer"], "approved")

    def test_unknown(self):
        for code in ("", "0" * 64, "abc", "not a hash", "%" * 12, "_" * 12):
            found = self._look(code)
            self.assertEqual(found["answer"], "unknown", code)
            self.assertNotIn("contract", found)
        with self.assertRaises(UserError):
            self._look(7)

    def test_who_may_look(self):
        contract = self._submit(self._create_contract())
        stranger = self._create_user("contract_stranger")
        for user in (stranger, self.portal):
            with self.assertRaises(AccessError):
                self._look(contract.content_hash, user)
        foreign = self._submit(
            self._create_contract(self.manager, user_id=self.manager.id)
        )
        found = self._look(foreign.content_hash, self.user)
        self.assertEqual(found["answer"], "approved")
        self.assertNotIn("contract", found)

    def test_register_of_the_text(self):
        contract = self._submit(self._create_contract())
        row = self._apply(contract)
        check = (
            self.env["crm.contract.paper.check"]
            .with_user(self.keeper)
            .create({"code": contract.content_hash})
        )
        self.assertEqual(check.answer, "approved")
        self.assertEqual(check.sealing_ids, row.with_user(self.keeper))
