from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from .common import ContractCommon


class TestNumbering(ContractCommon):
    def _number(self, **vals):
        return self._submit(self._create_contract(**vals)).number

    @property
    def year(self):
        return self.today.year

    def test_draft_has_no_number(self):
        contract = self._create_contract()
        self.assertFalse(contract.number)
        self.assertFalse(contract.date_number)
        self.assertEqual(contract.display_name, contract.name)

    def test_counts_without_gaps(self):
        contracts = [self._create_contract() for _index in range(3)]
        for contract in reversed(contracts):
            self._submit(contract)
        numbers = [contract.number for contract in reversed(contracts)]
        expected = [f"TST/{self.year}/0000{index}" for index in (1, 2, 3)]
        self.assertEqual(numbers, expected)
        self.assertEqual(
            contracts[-1].display_name, f"{expected[0]} {contracts[-1].name}"
        )

    def test_a_refused_submission_takes_no_number(self):
        self._number()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._number(line_ids=False)
        self.assertEqual(self._number(), f"TST/{self.year}/00002")

    def test_survives_recall_and_cancellation(self):
        contract = self._submit(self._create_contract())
        number = contract.number
        contract.action_withdraw()
        with freeze_time(f"{self.year + 1}-01-02"):
            self._submit(contract)
        self.assertEqual(contract.number, number)
        contract.action_cancel()
        self.assertEqual(contract.number, number)
        self.assertEqual(self._number(), f"TST/{self.year}/00002")

    def test_next_year_starts_anew(self):
        self._number()
        with freeze_time(f"{self.year + 1}-01-01"):
            self.assertEqual(self._number(), f"TST/{self.year + 1}/00001")
        self.assertEqual(self._number(), f"TST/{self.year}/00002")

    def test_year_of_the_company(self):
        """On its island it is next year already, wherever the user is."""
        self.company.resource_calendar_id.tz = "Pacific/Kiritimati"
        contract = self._create_contract().with_context(tz="Pacific/Honolulu")
        with freeze_time(f"{self.year}-12-31 12:00:00"):
            self._submit(contract)
        self.assertEqual(contract.number, f"TST/{self.year + 1}/00001")

    def test_types_count_apart(self):
        other = self.type.copy({"code": "TS"})
        self.assertEqual(self._number(), f"TST/{self.year}/00001")
        self.assertEqual(self._number(type_id=other.id), f"TS/{self.year}/00001")
        self.assertEqual(self._number(), f"TST/{self.year}/00002")
        self.assertEqual(self._number(type_id=other.id), f"TS/{self.year}/00002")

    def test_companies_count_apart(self):
        self._number()
        other = self._create_company("Other Ltd")
        manager = self._create_user(
            "other_manager", "crm_contract.crm_contract_group_manager", other
        )
        contracts = self.env["crm.contract"].with_user(manager)
        contract = contracts.with_context(allowed_company_ids=other.ids).create(
            self._prepare_contract_vals(
                company_id=other.id,
                company_signatory_id=manager.id,
                line_ids=[(0, 0, {"name": "Service", "price_unit": 100})],
            )
        )
        self.assertEqual(self._submit(contract).number, f"TST/{self.year}/00001")
        self.assertEqual(self._number(), f"TST/{self.year}/00002")

    def test_users_count_together(self):
        """A user who sees only contracts of his own goes on counting."""
        self._submit(self._create_contract(self.manager))
        self.assertEqual(self._number(), f"TST/{self.year}/00002")

    @mute_logger("odoo.sql_db")
    def test_numbers_are_unique(self):
        first, second = (self._submit(self._create_contract()) for _index in range(2))
        with self.assertRaises(Exception), self.env.cr.savepoint():  # noqa: B017
            second.sudo().number = first.number
            second.flush_recordset()

    def test_numbered_is_not_deleted(self):
        contract = self._submit(self._create_contract())
        contract.action_withdraw()
        for record in (contract, contract.sudo()):
            with self.assertRaisesRegex(UserError, contract.number):
                record.unlink()
        draft = self._create_contract()
        draft.unlink()
        self.assertFalse(draft.exists())

    def test_cancelled_is_not_deleted(self):
        contract = self._create_contract()
        contract.action_cancel()
        with self.assertRaisesRegex(UserError, "can't be deleted"):
            contract.unlink()

    def test_draft_with_milestones_is_deleted(self):
        draft = self._create_contract(milestone_ids=[(0, 0, {"name": "Acceptance"})])
        draft.installment_ids[0].write(
            {"trigger": "milestone", "milestone_id": draft.milestone_ids.id}
        )
        self.env.flush_all()
        draft.unlink()
        self.assertFalse(draft.exists())

    def test_codes(self):
        for code in ("1A", "A1", "A/B", "A B", "-A", ""):
            with self.subTest(code), self.assertRaises(ValidationError):
                self.type.copy({"code": code})
        for code in ("服务", "A-B", "Ä"):
            self.assertEqual(self.type.copy({"code": code}).code, code)
