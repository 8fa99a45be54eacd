from odoo.exceptions import ValidationError
from odoo.fields import Command

from .common import ApprovalCommon


class TestFindings(ApprovalCommon):
    """What is found of a contract: on the sheet, as a condition, as a change."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper = cls._create_user(
            "contract_keeper", "crm_contract.crm_contract_group_keeper"
        )

    def _blacklist(self, **vals):
        rows = self.env["crm.contract.counterparty"].with_user(self.keeper)
        vals = {"list_status": "black", "list_reason": "Never paid", **vals}
        return rows.create({"partner_id": self.customer.id, **vals})

    def _get_sheet(self, contract, user=None):
        task = self._task(contract).with_user(user or self.lawyer)
        task.invalidate_recordset(["findings"])
        return str(task.findings or "")

    def _get_steps(self, contract):
        tasks = contract.sudo()._get_round_tasks()
        return dict(zip(tasks.mapped("name"), tasks.mapped("state"), strict=True))

    def test_sheet(self):
        contract = self._send()
        self.assertEqual(self._get_sheet(contract), "")
        row = self._blacklist()
        self.assertIn('data-status="new"', self._get_sheet(contract))
        contract.action_recall()
        self._submit(contract)
        sheet = self._get_sheet(contract)
        self.assertIn('data-status="known"', sheet)
        self.assertIn("Never paid", sheet)
        row.list_status = "none"
        self.assertIn('data-status="gone"', self._get_sheet(contract))

    def test_sheet_in_the_language_of_the_approver(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.lawyer.lang = "fr_FR"
        self._blacklist()
        contract = self._send()
        with_lang = self._task(contract).with_user(self.lawyer)
        sheet = str(with_lang.with_context(lang="fr_FR").findings)
        self.assertIn('data-status="known"', sheet)

    def test_preview(self):
        self._blacklist()
        dialog = self.env["crm.contract.submit"].with_user(self.user)
        contract = self._create_contract()
        preview = dialog.create({"contract_id": contract.id})
        self.assertIn("Never paid", preview.preview)
        self.assertFalse(preview.has_problem)
        self.type.refuse_listed = True
        preview = dialog.create({"contract_id": contract.id})
        self.assertTrue(preview.has_problem)

    def test_condition(self):
        self.executive.write(
            {"condition_mode": "any", "finding_condition": "counterparty"}
        )
        self.assertIn("Counterparty", self.executive.condition_summary)
        contract = self._send()
        self.assertEqual(list(self._get_steps(contract)), ["Legal"])
        self._blacklist()
        contract = self._send()
        self.assertEqual(list(self._get_steps(contract)), ["Legal", "Executive"])
        reason = contract.sudo()._get_round_tasks()[1].reason
        self.assertIn("Never paid", reason)
        self.executive.finding_condition = "split"
        contract = self._send()
        self.assertEqual(list(self._get_steps(contract)), ["Legal"])

    def test_condition_is_one(self):
        with self.assertRaisesRegex(ValidationError, "has none"):
            self.executive.write({"condition_mode": "any", "finding_condition": False})

    def test_news_ask_again(self):
        """Who approved before it was known is asked again, though nothing changed."""
        contract = self._send()
        self._decide(contract, self.lawyer)
        contract.action_recall()
        self._submit(contract)
        self.assertEqual(self._get_steps(contract)["Legal"], "kept")
        contract.action_recall()
        self._blacklist()
        self._submit(contract)
        self.assertEqual(self._get_steps(contract)["Legal"], "pending")
        self._decide(contract, self.lawyer)
        contract.action_recall()
        self._submit(contract)
        self.assertEqual(self._get_steps(contract)["Legal"], "kept")

    def test_adds_up(self):
        """1,150 twice are 2,300: the step of 2,000 is asked for the second one."""
        self.type.split_days = 10
        self.executive.write({"condition_mode": "any", "amount_from": 2000})
        first = self._send()
        self.assertEqual(list(self._get_steps(first)), ["Legal"])
        self.assertEqual(list(self._get_steps(self._send())), ["Legal"])
        self.policy.adds_up = True
        third = self._send()
        self.assertEqual(list(self._get_steps(third)), ["Legal", "Executive"])
        reason = third.sudo()._get_round_tasks()[1].reason
        self.assertIn(first.number, reason)
        self.assertIn("3,450.00", reason)

    def test_adds_up_what_was_submitted(self):
        self.type.split_days = 10
        self.policy.adds_up = True
        self.executive.write({"condition_mode": "any", "amount_from": 2000})
        self._create_contract()
        self.assertEqual(list(self._get_steps(self._send())), ["Legal"])
        pair = self._create_contract() | self._create_contract()
        pair.action_submit()
        for contract in pair:
            self.assertEqual(list(self._get_steps(contract)), ["Legal", "Executive"])

    def test_adds_up_what_is_below(self):
        """What reached the threshold alone was seen for that."""
        self.type.split_days = 10
        self.policy.adds_up = True
        self.executive.write({"condition_mode": "any", "amount_from": 2000})
        self._send(
            line_ids=[Command.create(self._prepare_line_vals(price_unit=9000))],
        )
        self.assertEqual(list(self._get_steps(self._send())), ["Legal"])

    def test_adds_up_currencies(self):
        self.type.split_days = 10
        self.policy.adds_up = True
        self.executive.write({"condition_mode": "any", "amount_from": 2000})
        yen = self._activate_yen(1000)
        line = self._prepare_line_vals(price_unit=100_000, tax_ids=[Command.clear()])
        self._send(currency_id=yen.id, line_ids=[Command.create(line)])
        # 100 and 1,150; since then, our currency fell: 1,000 and 1,150
        draft = self._create_contract()
        policies = self.env["crm.contract.approval.policy"]
        names = [row.step.name for row in policies._plan(draft)[draft]]
        self.assertEqual(names, ["Legal"])
        self.env["res.currency.rate"].create(
            {
                "currency_id": yen.id,
                "company_id": self.company.id,
                "name": self.today,
                "rate": 100,
            }
        )
        names = [row.step.name for row in policies._plan(draft)[draft]]
        self.assertEqual(names, ["Legal", "Executive"])
