from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .common import PDF, ContractCommon


class TestVersion(ContractCommon):
    """One version a submission: kept as it is, whoever asks for something else."""

    def test_one_for_each_submission(self):
        contract = self._submit(self._create_contract())
        first = contract.version_id
        self.assertEqual((first.number, first.state), (1, "submitted"))
        self.assertEqual(first.user_id, self.user)
        contract.action_withdraw()
        self.assertFalse(contract.version_id)
        self.assertEqual(first.state, "withdrawn")
        contract.line_ids.price_unit = 1234
        second = self._submit(contract).version_id
        self.assertEqual((second.number, second.state), (2, "submitted"))
        self.assertNotEqual(second.content_hash, first.content_hash)
        self.assertIn("1,234.00", second.changes)
        self.assertFalse(first.changes)

    def test_batch(self):
        contracts = self._create_contract() | self._create_contract()
        contracts.action_submit()
        self.assertEqual(contracts.version_id.mapped("number"), [1, 1])
        self.assertEqual(contracts.version_id.contract_id, contracts)

    def test_signature(self):
        start = self._days(5)
        contract = self._create_signed(date_start=start, sign={"file": "AAAA"})
        version = contract.version_id
        self.assertEqual(version.state, "signed")
        self.assertEqual(version.date_signed, contract.date_signed)
        self.assertEqual(version.date_effective, start)
        self.assertEqual(version.position, 1)
        self.assertEqual(version.agreement_id, contract)
        self.assertEqual(
            sorted(version.document_ids.mapped("kind")), ["signed", "text"]
        )

    def test_recall_and_cancel_withdraw(self):
        contract = self._send_to_review(self._create_contract())
        recalled = contract.version_id
        contract.action_recall()
        cancelled = self._submit(contract).version_id
        contract.action_cancel()
        self.assertEqual((recalled | cancelled).mapped("state"), ["withdrawn"] * 2)
        self.assertEqual(contract.version_id, cancelled)

    def test_nobody_changes_one(self):
        contract = self._create_signed()
        version = contract.version_id
        for record in (version.with_user(self.manager), version, version.sudo()):
            for vals in (
                {"content": "{}"},
                {"content_hash": "0" * 64},
                {"number": 7},
                {"contract_id": self._create_contract().id},
                {"date_signed": False},
                {"date_effective": self._days(1)},
                {"position": 2},
            ):
                with (
                    self.subTest(vals),
                    self.assertRaises(UserError),
                    self.env.cr.savepoint(),
                ):
                    record.write(vals)
            with self.assertRaises(UserError), self.env.cr.savepoint():
                record.unlink()

    def test_nobody_makes_one(self):
        contract = self._submit(self._create_contract())
        vals = contract.version_id.sudo().copy_data()[0] | {"number": 2}
        for user in (self.user, self.manager, self.env.ref("base.user_admin")):
            with self.assertRaises(AccessError):
                self.env["crm.contract.version"].with_user(user).create(vals)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            contract.with_user(self.manager).version_id = False

    def test_who_reads_one(self):
        version = self._submit(self._create_contract()).version_id
        for user in (self.reader, self.user, self.manager, self.accountant):
            self.assertTrue(version.with_user(user).content_hash)
        for user in (self.portal, self.salesman):
            with self.assertRaises(AccessError):
                version.with_user(user).read(["content"])
        with self.assertRaises(AccessError):
            foreign = self._submit(self._create_contract(self.user_all)).version_id
            foreign.with_user(self.user).read(["content"])

    def test_printed_text_is_of_the_version(self):
        contract = self._create_contract()
        self._submit(contract)
        old = contract._get_text_document()
        self.assertEqual((old.version_id, old._get_file()), (contract.version_id, PDF))
        contract.action_withdraw()
        self.assertFalse(contract._get_text_document())
        self._submit(contract)
        self.assertEqual(contract._get_text_document().version_id.number, 2)
        self.assertEqual(old.version_id.number, 1)

    def test_frozen_views_are_of_the_version(self):
        contract = self._create_contract(
            preamble="<p>{{ object.customer_legal_name }}</p>",
            clause_ids=[
                Command.create(
                    {"template_id": self.clause.id, "body": "<p>{{ object.name }}</p>"}
                )
            ],
        )
        self.assertFalse(contract.preamble_frozen)
        self._submit(contract)
        self.customer.name = "Renamed"
        self._tamper(contract, name="Renamed")
        self.assertEqual(str(contract.preamble_frozen), "<p>Customer Corp</p>")
        self.assertEqual(
            str(contract.clause_ids.body_frozen), "<p>Maintenance of the plant</p>"
        )
        self.assertEqual(contract.customer_legal_name, "Customer Corp")
