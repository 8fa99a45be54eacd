import hashlib
import json
from datetime import datetime

from odoo.exceptions import AccessError, UserError

from ..tools import event_chain
from .common import ContractCommon
from .common_doctest import check_doctests


class TestEvent(ContractCommon):
    """What happens to a contract, link by link: added by code alone, never changed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.events = cls.env["crm.contract.event"]

    def _get_chain(self, contract):
        return self.events.search([("contract_id", "=", contract.id)], order="number")

    def test_doctests(self):
        check_doctests(self, event_chain)

    def test_chain(self):
        contract = self._submit(self._create_contract())
        before = self._get_chain(contract)
        one = self.events.with_user(self.user)._add(
            contract, "sent", {"to": ["Sam"], "days": 7}
        )
        two = self.events._add(contract, "opened", actor="Sam, by link")
        self.assertEqual(one.number, len(before) + 1)
        self.assertEqual(two.number, one.number + 1)
        self.assertEqual((one.user_id, one.actor), (self.user, self.user.name))
        self.assertEqual(two.actor, "Sam, by link")
        self.assertEqual(one.version_id, contract.version_id)
        for event in one | two:
            digest = hashlib.sha256(event.content.encode()).hexdigest()
            self.assertEqual(event.content_hash, digest)
        said = json.loads(two.content)
        self.assertEqual(said["previous"], one.content_hash)
        said = json.loads(one.content)
        self.assertEqual(said["facts"], {"to": ["Sam"], "days": 7})
        self.assertEqual(said["version"], contract.version_id.content_hash)
        self.assertEqual(
            said["contract"],
            {"key": contract.content_key, "number": contract.number},
        )
        self.assertEqual(
            datetime.fromisoformat(said["date"]).replace(tzinfo=None), one.date
        )

    def test_batch_takes_the_same_queries(self):
        contracts = self.env["crm.contract"].union(
            *(self._submit(self._create_contract()) for _number in range(4))
        )

        def add(some):
            self.env.flush_all()
            self.env.invalidate_all()
            return self.events._add_many(
                [(one, "sent", {}, None, None) for one in some]
            )

        add(contracts)
        counts = []
        for some in (contracts[:2], contracts):
            before = self.env.cr.sql_log_count
            events = add(some)
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(events.contract_id, some)
        self.assertEqual(*counts)

    def test_several_of_one_contract(self):
        contract = self._submit(self._create_contract())
        events = self.events._add_many(
            [(contract, kind, None, None, None) for kind in ("sent", "opened", "read")]
        )
        first = events[0].number
        self.assertEqual(events.mapped("number"), [first, first + 1, first + 2])

    def test_nobody_changes_one(self):
        contract = self._submit(self._create_contract())
        event = self.events._add(contract, "sent")
        for record in (event.with_user(self.manager), event.sudo()):
            for vals in ({"actor": "Me"}, {"content": "{}"}, {"number": 9}, {}):
                with self.subTest(vals), self.assertRaises(UserError):
                    record.write(vals)
            with self.assertRaises(UserError):
                record.unlink()

    def test_nobody_makes_one(self):
        contract = self._submit(self._create_contract())
        vals = self.events._add(contract, "sent").copy_data()[0] | {"number": 99}
        for user in (self.user, self.manager, self.env.ref("base.user_admin")):
            with self.assertRaises(AccessError):
                self.events.with_user(user).create(vals)

    def test_who_reads_one(self):
        event = self.events._add(self._submit(self._create_contract()), "sent")
        for user in (self.reader, self.user, self.manager, self.accountant):
            self.assertTrue(event.with_user(user).content_hash)
        foreign = self._submit(self._create_contract(self.user_all))
        foreign = self.events._add(foreign, "sent")
        for record in (
            event.with_user(self.portal),
            event.with_user(self.salesman),
            foreign.with_user(self.user),
        ):
            with self.assertRaises(AccessError):
                record.read(["content"])

    def test_draft_has_none(self):
        contract = self._create_contract()
        with self.assertRaisesRegex(UserError, "nothing to prove"):
            self.events._add(contract, "sent")
        contract.unlink()


class TestEventSteps(ContractCommon):
    """Each step of the life cycle is an event: once, of the text that it was about."""

    def _get_story(self, contract):
        events = self.env["crm.contract.event"].search(
            [("contract_id", "=", contract.id)], order="number"
        )
        return [(event.kind, event.version_id.number) for event in events]

    def test_way_through(self):
        contract = self._create_contract(date_start=self._days(3))
        self.assertEqual(self._get_story(contract), [])
        self._sign(contract, file="AAAA")
        self.assertEqual(
            self._get_story(contract)[:4],
            [("submitted", 1), ("approved", 1), ("completed", 1), ("stored", 1)],
        )

    def test_recall_and_resubmit(self):
        contract = self._send_to_review(self._create_contract())
        contract.action_recall()
        self._submit(contract).action_withdraw()
        self._submit(contract).action_cancel()
        self.assertEqual(
            self._get_story(contract),
            [
                ("submitted", 1),
                ("recalled", 1),
                ("submitted", 2),
                ("approved", 2),
                ("withdrawn", 2),
                ("submitted", 3),
                ("approved", 3),
                ("cancelled", 3),
            ],
        )

    def test_performance(self):
        contract = self._create_signed()
        contract.action_suspend()
        contract.action_resume()
        self._end(contract, reason="completed")
        contract._action_reopen()
        kinds = [kind for kind, _version in self._get_story(contract)]
        self.assertEqual(
            kinds[3:], ["started", "suspended", "resumed", "ended", "reopened"]
        )

    def test_what_it_says(self):
        contract = self._create_signed()
        submitted, _approved, signed, _started = [
            json.loads(event.content)
            for event in self.env["crm.contract.event"].search(
                [("contract_id", "=", contract.id)], order="number"
            )
        ]
        text = contract._get_text_document()
        self.assertEqual(
            submitted["facts"],
            {"state": "review", "sha256": hashlib.sha256(text._get_file()).hexdigest()},
        )
        self.assertEqual(submitted["actor"], self.user.name)
        self.assertEqual(
            signed["facts"],
            {
                "state": "signed",
                "date_signed": self.today.isoformat(),
                "signed_by_customer": "Sam Signatory",
                "signed_by_company": self.manager.name,
            },
        )

    def test_draft_that_is_cancelled(self):
        contract = self._create_contract()
        contract.action_cancel()
        self.assertEqual(self._get_story(contract), [("cancelled", False)])

    def test_submission_in_batch(self):
        """More contracts take more queries for their texts, none for their events."""
        counts = []
        for size in (2, 4):
            contracts = self.env["crm.contract"].union(
                *(self._create_contract() for _number in range(size))
            )
            contracts.action_submit()
            events = self.env["crm.contract.event"]
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            events._follow(contracts, "approve", {})
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)
