from freezegun import freeze_time
from psycopg2.errors import ForeignKeyViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import mute_logger

from .common import ContractCommon


class GuardCommon(ContractCommon):
    """What is found of drafts, asked as the salesperson who may submit them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper = cls._create_user(
            "contract_keeper", "crm_contract.crm_contract_group_keeper"
        )

    def _get_told(self, contract):
        """Return what is told of a contract: {message: whether it is refused}."""
        checklist = self.env["crm.contract.checklist"].with_user(self.user)
        items = checklist.get_items(contract.id)
        return {item["message"]: item["refuses"] for item in items}

    def _find(self, contract, user=None):
        checklist = self.env["crm.contract.checklist"].with_user(user or self.user)
        return checklist._get_findings(contract.with_user(user or self.user))[contract]

    def _file(self, partner=None, **vals):
        return (
            self.env["crm.contract.counterparty"]
            .with_user(self.keeper)
            .create({"partner_id": (partner or self.customer).id, **vals})
        )

    def _blacklist(self, partner=None, **vals):
        vals = {"list_status": "black", "list_reason": "Never paid", **vals}
        return self._file(partner, **vals)


class TestCounterparty(GuardCommon):
    """Lists, qualifications, credit and numbers of the customer."""

    def test_nothing_known(self):
        self.assertEqual(self._get_told(self._create_contract()), {})

    def test_black_list_is_told(self):
        row = self._blacklist()
        self.assertEqual(row.list_since, self.today)
        self.assertEqual(row.listed_by_id, self.keeper)
        contract = self._create_contract()
        ((message, refuses),) = self._get_told(contract).items()
        self.assertIn("Customer Corp is on a list (Black list", message)
        self.assertIn("Never paid", message)
        self.assertFalse(refuses)
        self._submit(contract)
        self.assertEqual(contract.state, "to_sign")
        # As it was known then, whatever becomes of the list.
        row.list_status = "none"
        self.assertEqual(list(self._get_told(contract)), [message])
        ((status, *_rest),) = self.env["crm.contract.finding"]._compare(contract)
        self.assertEqual(status, "gone")

    def test_black_list_refuses(self):
        self.type.refuse_listed = True
        self._blacklist()
        contract = self._create_contract()
        with self.assertRaisesRegex(UserError, "Black list"):
            contract.action_submit()

    def test_watch_list_never_refuses(self):
        self.type.refuse_listed = True
        self._blacklist(list_status="watch")
        contract = self._create_contract()
        self.assertEqual(list(self._get_told(contract).values()), [False])
        self.assertEqual(self._submit(contract).state, "to_sign")

    def test_days_of_a_list(self):
        row = self._blacklist(list_since=self._days(-9), list_until=self._days(-1))
        contract = self._create_contract()
        self.assertEqual(self._get_told(contract), {})
        row.list_until = self.today
        self.assertEqual(len(self._get_told(contract)), 1)
        row.write({"list_since": self._days(1), "list_until": False})
        self.assertEqual(self._get_told(contract), {})

    def test_whichever_contact(self):
        """The commercial entity bears the file, whoever is named."""
        row = self._blacklist(self.signatory)
        self.assertEqual(row.partner_id, self.customer)
        branch = self.env["res.partner"].create(
            {"name": "Branch", "parent_id": self.customer.id, "street": "5 Side Street"}
        )
        contract = self._create_contract(partner_id=branch.id)
        self.assertEqual(len(self._get_told(contract)), 1)

    def test_way_out_by_another_parent(self):
        """Whoever is made a contact of somebody else brings his file along."""
        self._blacklist()
        clean = self.customer.copy({"name": "Clean Ltd", "company_registry": "HRB 2"})
        self.customer.write({"is_company": False, "parent_id": clean.id})
        self.assertEqual(self.customer.commercial_partner_id, clean)
        contract = self._create_contract(
            partner_id=clean.id, customer_signatory_id=False
        )
        self.assertEqual(len(self._get_told(contract)), 1)

    def test_way_out_by_a_twin(self):
        """The same company, entered once more."""
        self._blacklist()
        twin = self.customer.copy({"name": "Customer Corporation"})
        vals = {"partner_id": twin.id, "customer_signatory_id": False}
        contract = self._create_contract(**vals)
        (message,) = self._get_told(contract)
        self.assertIn("has the number of Customer Corp", message)
        twin.company_registry = "HRB 99"
        self.assertEqual(self._get_told(contract), {})

    def test_merged(self):
        """What was known of either is known of what is left."""
        clean = self.customer.copy({"name": "Clean Ltd", "company_registry": "HRB 2"})
        self._file(clean, note="Nothing")
        self._blacklist()
        vals = {"partner_id": clean.id, "customer_signatory_id": False}
        contract = self._create_contract(**vals)
        self.assertEqual(self._get_told(contract), {})
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.customer | clean).ids, clean
        )
        self.assertFalse(self.customer.exists())
        (message,) = self._get_told(contract)
        self.assertIn("Clean Ltd is on a list", message)

    def test_archived_customer(self):
        row = self._blacklist()
        self.customer.active = False
        self.assertTrue(row.active)
        self.customer.active = True
        self.assertEqual(len(self._get_told(self._create_contract())), 1)

    def test_deleted_customer(self):
        clean = self.customer.copy({"name": "Clean Ltd", "company_registry": "HRB 2"})
        self._blacklist(clean)
        with self.assertRaises(ForeignKeyViolation), mute_logger("odoo.sql_db"):
            clean.unlink()

    def test_of_a_company(self):
        other = self._create_company("Sister")
        self.keeper.company_ids |= other
        mine = self._blacklist(company_id=self.company.id)
        self.assertEqual(len(self._get_told(self._create_contract())), 1)
        mine.sudo().company_id = other
        self.assertEqual(self._get_told(self._create_contract()), {})
        mine.sudo().company_id = False
        self.assertEqual(len(self._get_told(self._create_contract())), 1)

    def test_who_writes(self):
        row = self._blacklist()
        for user in (self.user, self.user_all, self.reader):
            with self.assertRaises(AccessError):
                row.with_user(user).write({"list_status": "none"})
            with self.assertRaises(AccessError):
                row.with_user(user).unlink()
            with self.assertRaises(AccessError):
                row.with_user(user).active = False
            with self.assertRaises(AccessError):
                rows = self.env["crm.contract.counterparty"].with_user(user)
                rows.create({"partner_id": self.signatory.id})
            self.assertEqual(row.with_user(user).list_status, "black")
        for user in (self.accountant, self.portal):
            with self.assertRaises(AccessError):
                row.with_user(user).list_status.upper()
        with self.assertRaises(AccessError):
            row.with_user(self.keeper).listed_by_id = self.user

    def test_a_list_has_a_reason_and_stays(self):
        with (
            self.assertRaisesRegex(ValidationError, "Say why"),
            self.env.cr.savepoint(),
        ):
            self._blacklist(list_reason=" ")
        row = self._blacklist()
        with self.assertRaisesRegex(UserError, "is on a list"):
            row.unlink()
        with (
            self.assertRaisesRegex(ValidationError, "There is a file"),
            self.env.cr.savepoint(),
        ):
            self._file()
        row.list_status = "none"
        row.unlink()

    def test_partner_tells(self):
        self._blacklist()
        people = (self.customer | self.signatory).with_user(self.user)
        self.assertEqual(people.mapped("contract_list_status"), ["black", "black"])
        action = self.signatory.with_user(self.user).action_view_counterparty()
        self.assertEqual(action["views"], [(False, "form")])

    def test_qualifications(self):
        licence, permit = self.env["crm.contract.qualification.kind"].create(
            [{"name": "Licence"}, {"name": "Permit"}]
        )
        self.type.write(
            {
                "qualification_kind_ids": [Command.set(licence.ids)],
                "refuse_unqualified": True,
            }
        )
        contract = self._create_contract()
        told = "Customer Corp has no valid qualification “Licence”."
        self.assertEqual(self._get_told(contract), {told: True})
        row = self._file(
            qualification_ids=[
                Command.create({"kind_id": licence.id, "date_until": self._days(-1)}),
                Command.create({"kind_id": permit.id, "date_until": self._days(-2)}),
            ]
        )
        expired = self._get_told(contract)
        self.assertEqual(list(expired.values()), [True, False])
        self.assertTrue(all(" expired on " in message for message in expired))
        # A new one takes the place of the old one.
        row.qualification_ids = [
            Command.create({"kind_id": licence.id, "date_from": self.today})
        ]
        self.assertEqual(list(self._get_told(contract).values()), [False])
        valid = self.env["crm.contract.qualification"].search([("is_valid", "=", True)])
        self.assertEqual(valid, row.qualification_ids.filtered("is_valid").sudo())
        self.assertEqual(valid.date_from, self.today)

    def test_credit(self):
        """1,150 owed, another 1,150 to come."""
        contract = self._create_signed(
            installment_ids=[
                Command.create({"name": "All", "date": self.today, "percentage": 100})
            ]
        )
        contract.with_user(self.accountant).action_bill().action_post()
        row = self._file(has_credit_limit=True, credit_limit=2300)
        draft = self._create_contract()
        self.assertEqual(self._get_told(draft), {})
        row.credit_limit = 2299.99
        ((message, refuses),) = self._get_told(draft).items()
        self.assertIn("owes $ 1,150.00", message.replace("\xa0", " "))
        self.assertIn("2,300.00", message)
        self.assertFalse(refuses)
        self.type.refuse_credit = True
        with self.assertRaisesRegex(UserError, "credit limit"):
            draft.action_submit()
        row.write({"credit_limit": 5000, "credit_until": self._days(-1)})
        ((message, refuses),) = self._get_told(draft).items()
        self.assertIn("was to be checked", message)
        self.assertFalse(refuses)

    def test_credit_in_another_currency(self):
        yen = self._activate_yen(100)
        self._file(has_credit_limit=True, credit_limit=114_999, currency_id=yen.id)
        (message,) = self._get_told(self._create_contract())
        self.assertIn("115,000", message)

    def test_numbers(self):
        self.customer.write(
            {
                "country_id": self.env.ref("base.cn").id,
                "company_registry": "91110000600037341L",
                "vat": False,
            }
        )
        contract = self._create_contract()
        self.assertEqual(self._get_told(contract), {})
        self.customer.company_registry = "91110000600037342L"
        ((message, refuses),) = self._get_told(contract).items()
        self.assertIn("91110000600037342L can't be right", message)
        self.assertFalse(refuses)
        self.type.refuse_numbers = True
        with self.assertRaisesRegex(UserError, "can't be right"):
            contract.action_submit()

    def test_event(self):
        """The chain has the hash of what was found, not the words."""
        self._blacklist()
        contract = self._submit(self._create_contract())
        event = self.env["crm.contract.event"].search(
            [("contract_id", "=", contract.id), ("kind", "=", "found")]
        )
        rows = self.env["crm.contract.finding"].search(
            [("contract_id", "=", contract.id)]
        )
        self.assertEqual(event._get_facts()["hash"], rows._hash())
        self.assertNotIn("Never paid", event.content)
        evidence = self.env["crm.contract.evidence"]
        self.assertEqual(evidence._get_problems(contract)[contract], [])
        with self.assertRaises(UserError):
            rows.message = "Nothing"
        with self.assertRaises(UserError):
            rows.unlink()
        with self.assertRaises(AccessError):
            rows.with_user(self.user_all).create([{"message": "x"}])

    def test_queries(self):
        """As many for many drafts as for some."""
        self._blacklist(has_credit_limit=True, credit_limit=10)
        self.type.split_days, self.type.split_amount = 9, 10_000
        counts = []
        for number in (2, 8):
            contracts = self.env["crm.contract"].union(
                *(self._create_contract() for _ in range(number))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            contracts.env["crm.contract.checklist"]._get_findings(contracts)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)


class TestSplit(GuardCommon):
    """Contracts that together reach what none reaches alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.type.write({"split_days": 30, "split_amount": 2000})

    def _get_kinds(self, contract, user=None):
        return [item.kind for item in self._find(contract, user)]

    def test_alone(self):
        self.assertEqual(self._find(self._create_contract()), [])

    def test_together(self):
        """1,150 twice are 2,300."""
        first = self._submit(self._create_contract())
        second = self._create_contract()
        (item,) = self._find(second)
        self.assertFalse(item.refuses)
        self.assertIn(f"{first.number} Maintenance of the plant", item.message)
        self.assertIn("2,300.00", item.message)
        self.type.split_amount = 2300.01
        self.assertEqual(self._find(second), [])

    def test_above_alone(self):
        """What reaches the threshold alone needs no other for it."""
        large = self._create_contract()
        large.line_ids.price_unit = 5000
        self._submit(large)
        self.assertEqual(self._find(self._create_contract()), [])
        self.assertEqual(self._find(large), [])

    def test_currencies(self):
        """115,000 yen, by the rate of today, not that of the day of the draft."""
        yen = self._activate_yen(1000)
        first = self._create_contract(currency_id=yen.id)
        first.line_ids.write({"price_unit": 100_000, "tax_ids": [Command.clear()]})
        second = self._create_contract()
        self.assertEqual(self._find(second), [])
        self.env["res.currency.rate"].create(
            {
                "currency_id": yen.id,
                "company_id": self.company.id,
                "name": self.today,
                "rate": 100,
            }
        )
        (item,) = self._find(second)
        self.assertIn("2,150.00", item.message)

    def test_other_customer_type_or_days(self):
        first = self._submit(self._create_contract())
        second = self._create_contract()
        self.assertEqual(len(self._find(second)), 1)
        self._tamper(first, date_submitted=f"{self._days(-31)} 12:00:00")
        self.assertEqual(self._find(second), [])
        self._tamper(first, date_submitted=f"{self._days(-30)} 12:00:00")
        self.assertEqual(len(self._find(second)), 1)
        other = self.type.copy({"code": "OTH"})
        second.type_id = other
        self.assertEqual(self._find(second), [])
        second.type_id = self.type
        clean = self.customer.copy({"name": "Clean Ltd"})
        second.write({"partner_id": clean.id, "customer_signatory_id": False})
        self.assertEqual(self._find(second), [])

    def test_by_another_contact(self):
        branch = self.env["res.partner"].create(
            {"name": "Branch", "parent_id": self.customer.id, "street": "5 Side Street"}
        )
        self._submit(self._create_contract())
        self.assertEqual(
            len(self._find(self._create_contract(partner_id=branch.id))), 1
        )

    def test_date_of_signature_is_no_way_out(self):
        contract = self._submit(self._create_contract())
        contract.action_sign(contract.content_hash, date=self._days(-200))
        self.assertEqual(len(self._find(self._create_contract())), 1)

    def test_old_draft(self):
        old = self._create_contract()
        self._tamper(old, create_date=f"{self._days(-60)} 12:00:00")
        self.assertEqual(self._find(self._create_contract()), [])
        self._submit(old)
        self.assertEqual(len(self._find(self._create_contract())), 1)

    def test_cancelled(self):
        first = self._create_contract()
        second = self._create_contract()
        self.assertEqual(len(self._find(second)), 1)
        first.action_cancel()
        self.assertEqual(self._find(second), [])

    def test_others_of_other_people(self):
        """What somebody may not see is counted, and not named."""
        secret = self._create_contract(self.user_all, name="Secret", user_id=False)
        secret.sudo().user_id = self.user_all
        mine = self._create_contract(user_id=self.user.id)
        (item,) = self._find(mine)
        self.assertNotIn("Secret", item.message)
        self.assertIn("1 more", item.message)
        (item,) = self._find(mine, self.user_all)
        self.assertIn("Secret", item.message)


class TestExpiry(GuardCommon):
    """Somebody is told before licences and authorities expire, once."""

    def _run(self, days=0):
        self.env.flush_all()
        job = self.env.ref("crm_contract.ir_cron_advance")
        with freeze_time(self._days(days)), self.enter_registry_test_mode():
            job.method_direct_trigger()
        self.env.invalidate_all()

    def _get_told(self, record):
        rows = record.sudo().activity_ids
        return [(row.summary, row.user_id, row.date_deadline) for row in rows]

    def test_qualification(self):
        kind = self.env["crm.contract.qualification.kind"].create({"name": "Licence"})
        vals = {"kind_id": kind.id, "date_until": self._days(31)}
        row = self._file(qualification_ids=[Command.create(vals)])
        self._run()
        self.assertEqual(self._get_told(row), [])
        for days in (1, 2):
            self._run(days)
        told = ("Licence expires", self.keeper, self._days(31))
        self.assertEqual(self._get_told(row), [told])
        # It was prolonged: another end, of which somebody is told again.
        row.qualification_ids.date_until = self._days(90)
        self._run(61)
        self.assertEqual(len(self._get_told(row)), 2)

    def test_nobody_silences_it(self):
        kind = self.env["crm.contract.qualification.kind"].create({"name": "Licence"})
        vals = {"kind_id": kind.id, "date_until": self._days(10), "is_told": True}
        with self.assertRaises(AccessError):
            self._file(qualification_ids=[Command.create(vals)])
        del vals["is_told"]
        row = self._file(qualification_ids=[Command.create(vals)])
        with self.assertRaises(AccessError):
            row.with_user(self.keeper).qualification_ids.is_told = True
        self._run()
        self.assertEqual(len(self._get_told(row)), 1)

    def test_authority_whose_granter_left(self):
        granter = self._create_user(
            "contract_granter", "crm_contract.crm_contract_group_manager"
        )
        rows = self.env["crm.contract.authority"].with_user(granter)
        row = rows.create(
            {
                "user_id": self.user.id,
                "company_id": self.company.id,
                "is_unlimited": True,
                "date_until": self._days(10),
            }
        )
        granter.active = False
        self._run()
        ((summary, user, day),) = self._get_told(row)
        self.assertEqual(summary, f"The authority of {self.user.name} expires")
        self.assertTrue(user.has_group("crm_contract.crm_contract_group_manager"))
        self.assertEqual(day, self._days(10))

    def test_who_leaves_hands_over(self):
        row = self._file()
        self.keeper.active = False
        self.assertNotEqual(row.sudo().user_id, self.keeper)
        self.assertTrue(
            row.sudo().user_id.has_group("crm_contract.crm_contract_group_keeper")
        )
