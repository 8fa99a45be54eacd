from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import mute_logger

from ..tools.canonical import file_hash
from .common_signature import PDF_LETTER, SignatureCommon


class TestAuthority(SignatureCommon):
    """Who may sign for us: on submission, on paper, online."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.type.needs_authority = True
        cls.granter = cls._create_user(
            "contract_granter", "crm_contract.crm_contract_group_manager"
        )

    def _grant(self, user=None, by=None, **vals):
        return (
            self.env["crm.contract.authority"]
            .with_user(by or self.granter)
            .create(
                {
                    "user_id": (user or self.manager).id,
                    "company_id": self.company.id,
                    "amount_max": 2000,
                    **vals,
                }
            )
        )

    def _get_messages(self, contract):
        items = self.env["crm.contract.checklist"].get_items(contract.id)
        return [item["message"] for item in items]

    def _draft(self, **vals):
        # 1,000 and the tax of 15 percent
        return self._create_contract(**vals)

    def _check_refused(self, words, **vals):
        contract = self._draft(**vals)
        with self.assertRaisesRegex(UserError, words):
            contract.action_submit()
        return contract

    def test_off_by_default(self):
        self.type.needs_authority = False
        contract = self._create_signed()
        self.assertIn(contract.state, ("signed", "running"))
        self.assertFalse(self.env["crm.contract.type"].new().needs_authority)

    def test_nobody_in_the_register(self):
        self._check_refused("not in the register")

    def test_within_the_limit(self):
        self._grant()
        self.assertEqual(self._submit(self._draft()).state, "to_sign")

    def test_above_the_limit(self):
        self._grant(amount_max=1149.99)
        self._check_refused("up to .*1,149.99; the contract comes to .*1,150.00")

    def test_at_the_limit(self):
        self._grant(amount_max=1150)
        self.assertEqual(self._submit(self._draft()).state, "to_sign")

    def test_two_entries_of_a_person(self):
        self._grant(amount_max=100)
        self._grant(is_unlimited=True, kind="contract", amount_max=0)
        self.assertEqual(self._submit(self._draft()).state, "to_sign")

    def test_rate_of_the_day(self):
        """200,000 yen are 1,000 of ours today, and were 2,000 when it was drafted."""
        yen = self._activate_yen(100)
        contract = self._draft(currency_id=yen.id)
        contract.line_ids.price_unit = 200_000
        contract.line_ids.tax_ids = False
        self._grant(amount_max=1500)
        with self.assertRaisesRegex(UserError, "2,000"):
            contract.action_submit()
        self.env["res.currency.rate"].create(
            {
                "currency_id": yen.id,
                "company_id": self.company.id,
                "name": self.today,
                "rate": 200,
            }
        )
        self.assertEqual(self._submit(contract).state, "to_sign")

    def test_type_kind_and_days(self):
        other = self.type.copy({"code": "OTH"})
        row = self._grant(type_ids=[Command.set(other.ids)])
        self._check_refused("may not sign contracts of the type Test type")
        row.type_ids = self.type
        row.date_from = self._days(1)
        self._check_refused("may sign from")
        row.write({"date_from": self._days(-9), "date_until": self._days(-1)})
        self._check_refused("expired on")
        row.date_until = self.today
        self.assertEqual(self._submit(self._draft()).state, "to_sign")

    def test_person_left(self):
        self._grant(self.user_all)
        contract = self._draft(company_signatory_id=self.user_all.id)
        self._submit(contract)
        self.user_all.active = False
        with self.assertRaisesRegex(UserError, "is not there any more"):
            self._open_sign(contract).action_sign()

    def test_revoked(self):
        row = self._grant()
        contract = self._submit(self._draft())
        row.active = False
        with self.assertRaisesRegex(UserError, "not in the register"):
            self._open_sign(contract).action_sign()

    def test_other_company(self):
        company = self._create_company("Sister")
        self.manager.company_ids |= company
        self.granter.company_ids |= company
        rows = self.env["crm.contract.authority"].sudo()
        rows.create(
            {"user_id": self.manager.id, "company_id": company.id, "amount_max": 5000}
        )
        self._check_refused("not in the register")

    def test_proposed(self):
        """Nobody named: the least powerful who may sign it is."""
        self._grant(self.granter, by=self.manager, is_unlimited=True)
        self._grant(self.user_all, amount_max=1200)
        self._grant(self.user, amount_max=100)
        contract = self._draft(company_signatory_id=False)
        self.assertEqual(self._get_messages(contract.with_user(self.user)), [])
        self._submit(contract)
        self.assertEqual(contract.company_signatory_id, self.user_all)

    def test_nobody_to_propose(self):
        self._grant(amount_max=100)
        self._check_refused("Nobody in the register", company_signatory_id=False)

    def test_signatories_are_required(self):
        self.type.require_signatories = True
        self._grant()
        contract = self._draft(company_signatory_id=False)
        self._submit(contract)
        self.assertEqual(contract.company_signatory_id, self.manager)

    def test_nobody_grants_to_himself(self):
        rows = self.env["crm.contract.authority"]
        with self.assertRaisesRegex(UserError, "Nobody grants himself"):
            self._grant(self.granter)
        with self.assertRaisesRegex(UserError, "Nobody grants himself"):
            self._grant(user_id=False, partner_id=self.granter.partner_id.id)
        # By way of somebody else's
        other = self._grant()
        with self.assertRaisesRegex(UserError, "Nobody grants himself"):
            other.user_id = self.granter
        own = self._grant(self.granter, by=self.manager)
        for vals in (
            {"amount_max": 10_000},
            {"is_unlimited": True},
            {"date_until": False},
            {"user_id": self.manager.id},
            {"active": True},
        ):
            with self.assertRaisesRegex(UserError, "changes his own"):
                own.with_user(self.granter).write(vals)
        # He may lay it down.
        own.with_user(self.granter).active = False
        self.assertEqual(own.granted_by_id, self.manager)
        with self.assertRaises(UserError):
            own.with_user(self.granter).action_unarchive()
        with self.assertRaises(UserError):
            rows.browse(own.id).with_user(self.granter).unlink()

    def test_administrator_neither(self):
        admin = self.env.ref("base.user_admin")
        admin.company_ids |= self.company
        with self.assertRaisesRegex(UserError, "Nobody grants himself"):
            self._grant(admin, by=admin)

    def test_contact_becomes_a_user(self):
        """A log-in is no way to the authority of a contact: nobody granted it that."""
        person = self.env["res.partner"].create(
            {"name": "Chair Woman", "email": "chair@supplier.example"}
        )
        self._grant(user_id=False, partner_id=person.id, is_unlimited=True)
        for user in (self.granter, self.user_all):
            user.partner_id = person
            contract = self._draft(company_signatory_id=user.id)
            with self.assertRaisesRegex(UserError, "not in the register"):
                contract.action_submit()
            user.partner_id = person.copy()

    def test_granted_to_a_contact_of_oneself(self):
        """On paper, where the name of the contact is all there is, it is none either."""
        person = self.env["res.partner"].create({"name": "Straw Man"})
        self._grant(user_id=False, partner_id=person.id, is_unlimited=True)
        self._grant()
        contract = self._submit(self._draft())
        self.granter.partner_id = person
        with self.assertRaisesRegex(UserError, "does not count"):
            contract.action_sign(contract.content_hash, signed_by_company="Straw Man")

    def test_contact_is_merged_with_a_user(self):
        person, mine = self.env["res.partner"].create(
            [{"name": "Chair"}, {"name": "Me"}]
        )
        row = self._grant(user_id=False, partner_id=person.id, is_unlimited=True)
        self.user_all.partner_id = mine
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (person | mine).ids, mine
        )
        self.assertEqual(row.partner_id, mine)
        contract = self._draft(company_signatory_id=self.user_all.id)
        with self.assertRaisesRegex(UserError, "not in the register"):
            contract.action_submit()

    def test_director_without_log_in(self):
        """Signs online at the address of the register, whatever the contact says."""
        person = self.env["res.partner"].create(
            {"name": "Chair Woman", "email": "chair@supplier.example"}
        )
        self._grant(user_id=False, partner_id=person.id, is_unlimited=True)
        contract = self._submit(self._draft(company_signatory_id=False))
        request = self._request(contract=contract)
        self.assertFalse(self._side(request, "company"))
        request.signatory_ids = [
            Command.create({"side": "company", "partner_id": person.id, "sequence": 20})
        ]
        person.email = "mallory@evil.example"
        ours = self._side(request, "company").with_user(self.user)
        ours.email = person.email
        with self.assertRaisesRegex(
            UserError, "at the address of the register: chair@"
        ):
            request.action_send()
        ours.email = "chair@supplier.example"
        request.action_send()
        self._sign_as(self._side(request, "customer"))
        self._sign_as(self._side(request, "company"))
        self.assertTrue(contract.date_signed)

    def test_owned(self):
        row = self._grant()
        with self.assertRaises(AccessError):
            row.with_user(self.granter).write({"granted_by_id": self.manager.id})
        for user in (self.user_all, self.reader, self.accountant):
            with self.assertRaises(AccessError):
                self._grant(self.manager, by=user)
            with self.assertRaises(AccessError):
                row.with_user(user).write({"amount_max": 9999})

    def test_terms(self):
        for vals in (
            {"amount_max": 0},
            {"date_from": self.today, "date_until": self._days(-1)},
        ):
            with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
                self._grant(**vals).flush_recordset()
        with self.assertRaisesRegex(ValidationError, "PDF, PNG or JPEG"):
            self._grant(letter="aGVsbG8=")

    def test_on_paper(self):
        row = self._grant(letter=PDF_LETTER, letter_name="Letter.pdf")
        contract = self._submit(self._draft())
        with self.assertRaisesRegex(UserError, "Mallory is not in the register"):
            self._open_sign(contract, signed_by_company="Mallory").action_sign()
        both = f"{self.manager.name}, Mallory"
        with self.assertRaisesRegex(UserError, "Mallory is not in the register"):
            contract.action_sign(contract.content_hash, signed_by_company=both)
        self.assertEqual(contract.state, "to_sign")
        contract.action_sign(
            contract.content_hash, signed_by_company=self.manager.name.upper()
        )
        letter = contract.document_ids.filtered(lambda d: d.kind == "letter")
        self.assertEqual(letter.name, "Letter.pdf")
        self.assertEqual(letter.sha256, file_hash(b"%PDF-1.4 letter of authority"))
        events = self.env["crm.contract.event"].search(
            [("contract_id", "=", contract.id), ("kind", "=", "authorised")]
        )
        facts = events._get_facts()
        self.assertEqual(facts["authority"], row.id)
        self.assertEqual(facts["letter_sha256"], letter.sha256)
        self.assertNotIn("2000", events.content)
        evidence = self.env["crm.contract.evidence"]
        self.assertEqual(evidence._get_problems(contract)[contract], [])

    def test_name_with_a_comma(self):
        self._grant(name="Doe, John and Sons")
        contract = self._submit(self._draft())
        contract.action_sign(
            contract.content_hash, signed_by_company="Doe, John and Sons"
        )
        self.assertTrue(contract.date_signed)

    def test_paper_of_the_day(self):
        """What counts is the day of the signature, but no day before the submission."""
        row = self._grant()
        contract = self._submit(self._draft())
        with freeze_time(self._days(10)):
            row.date_until = self._days(5)
            with self.assertRaisesRegex(UserError, "expired"):
                contract.action_sign(contract.content_hash, date=self._days(6))
            contract.action_sign(contract.content_hash, date=self._days(5))
        self.assertEqual(contract.date_signed, self._days(5))
        row.date_until = False
        late = self._submit(self._draft())
        # On the paper of a day when there was one already, but no such text.
        row.write({"date_from": self._days(-20), "date_until": self._days(-1)})
        with self.assertRaisesRegex(UserError, "expired"):
            late.action_sign(late.content_hash, date=self._days(-3))

    def test_renamed_contact(self):
        """Whoever renames a contact signs by no other authority."""
        person = self.env["res.partner"].create({"name": "Chair Woman"})
        self._grant(user_id=False, partner_id=person.id, is_unlimited=True)
        self._grant()
        contract = self._submit(self._draft())
        person.name = "Mallory"
        with self.assertRaisesRegex(UserError, "Mallory is not in the register"):
            contract.action_sign(contract.content_hash, signed_by_company="Mallory")

    def test_online(self):
        row = self._grant(letter=PDF_LETTER, letter_name="Letter.pdf")
        request = self._send()
        ours = self._side(request, "company")
        self.assertEqual(ours.letter_name, "Letter.pdf")
        self.assertEqual(ours.letter_sha256, row.letter_sha256)
        self._sign_as(self._side(request, "customer"))
        row.amount_max = 10
        with self.assertRaisesRegex(UserError, "up to"):
            self._sign_as(ours)
        row.amount_max = 5000
        self._sign_as(ours)
        contract = request.contract_id
        self.assertTrue(contract.date_signed)
        letters = contract.document_ids.filtered(lambda d: d.kind == "letter")
        self.assertEqual(letters.sha256, row.letter_sha256)
        kinds = [event["kind"] for event in self._get_events(request)]
        self.assertEqual(kinds.count("authorised"), 1)
        evidence = self.env["crm.contract.evidence"]
        self.assertEqual(evidence._get_problems(contract)[contract], [])

    def test_letter_expires_between(self):
        row = self._grant()
        request = self._send()
        self._sign_as(self._side(request, "customer"))
        row.write({"date_from": self._days(-5), "date_until": self._days(-1)})
        with self.assertRaisesRegex(UserError, "expired"):
            self._sign_as(self._side(request, "company"))

    def test_send_refuses(self):
        self._grant()
        request = self._request()
        ours = self._side(request, "company").with_user(self.user)
        ours.user_id = self.user_all
        with self.assertRaisesRegex(UserError, "not in the register"):
            request.action_send()
        ours.write({"user_id": self.manager.id, "email": "mallory@evil.example"})
        with self.assertRaisesRegex(UserError, "at the address of the register"):
            request.action_send()

    def test_handed_over(self):
        self._grant()
        self.user_all.email = "all@supplier.example"
        request = self._send()
        self._sign_as(self._side(request, "customer"))
        with self.assertRaisesRegex(UserError, "not in the register"):
            self._side(request, "company")._hand_over(
                "Someone", "all@supplier.example", None, None, None, self.facts
            )

    def test_request_proposes(self):
        self.type.signature_user_ids = self.user_all | self.reader
        self._grant()
        self._grant(self.reader, amount_max=3000)
        contract = self._submit(self._draft())
        # Whoever was named on the draft is gone from it: types name some.
        self._tamper(contract, company_signatory_id=None)
        request = self._request(contract=contract)
        self.assertEqual(self._side(request, "company").user_id, self.reader)

    def test_found_in_review(self):
        """What is found is looked at as long as it is not signed."""
        row = self._grant()
        contract = self._submit(self._draft())
        row.active = False
        checklist = self.env["crm.contract.checklist"]
        (item,) = checklist._get_findings(contract)[contract]
        self.assertTrue(item.refuses)
        self.assertEqual(item.kind, "authority")

    def test_queries(self):
        """One query for the register, however many drafts."""
        self._grant()
        checklist = self.env["crm.contract.checklist"]
        counts = []
        for number in (2, 6):
            contracts = self._draft().concat(*(self._draft() for _ in range(number)))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            checklist._get_findings(contracts)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)
