from datetime import timedelta

from psycopg2 import IntegrityError

from odoo.fields import Command
from odoo.tools import mute_logger

from .common import ContractCommon


class TestTemplate(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.env["crm.contract.template"].create(
            {
                "name": "Maintenance template",
                "title": "Maintenance contract",
                "type_id": cls.type.id,
                "lang_id": cls.lang_en.id,
                "preamble": "<p>Between the parties.</p>",
                "duration": 2,
                "duration_unit": "year",
                "notice_period": 2,
                "dispute_method": "arbitration",
                "dispute_place": "Geneva",
                "clause_ids": [Command.set(cls.clause.ids)],
                "line_ids": [
                    Command.create(
                        {"name": "Services", "display_type": "line_section"}
                    ),
                    Command.create({"product_id": cls.product.id, "scope": "Plant"}),
                    Command.create(
                        {"product_id": cls.product.id, "name": "Own", "price_unit": 7}
                    ),
                ],
                "milestone_ids": [
                    Command.create({"name": "Kick-off", "days": 10}),
                    Command.create(
                        {"name": "Acceptance", "days": 60, "party": "customer"}
                    ),
                ],
                "installment_ids": [
                    Command.create({"name": "Deposit", "percentage": 30, "days": 5}),
                    Command.create(
                        {"name": "Rest", "percentage": 70, "trigger": "milestone"}
                    ),
                ],
            }
        )
        cls.template.installment_ids[1].milestone_id = cls.template.milestone_ids[1]

    def _prepare_vals(self, **vals):
        return {
            "template_id": self.template.id,
            "type_id": self.type.id,
            "partner_id": self.customer.id,
            "date_start": self.today,
            "customer_signatory_id": self.signatory.id,
            "company_signatory_id": self.manager.id,
            **vals,
        }

    def _create(self, **vals):
        contracts = self.env["crm.contract"].with_user(self.user)
        return contracts.create(self._prepare_vals(**vals))

    def test_recurring_line(self):
        self.template.line_ids[2].write(
            {
                "is_recurring": True,
                "recurrence_interval": 2,
                "recurrence_unit": "quarter",
                "billed_in": "arrears",
                "free_periods": 1,
            }
        )
        contract = self._create()
        _section, one_off, line = contract.line_ids
        self.assertFalse(one_off.is_recurring)
        self.assertTrue(line.is_recurring)
        self.assertEqual(line.recurrence_text, "every 2 quarters, in arrears")
        self.assertEqual(line.free_periods, 1)
        self.assertEqual(contract.amount_one_off, 1150)
        self.assertFalse(contract.plan_difference)
        self._submit(contract)

    def test_only_recurring_lines(self):
        self.template.line_ids[1:].is_recurring = True
        self.template.installment_ids.unlink()
        self.type.require_plan = True
        contract = self._create()
        self.assertFalse(contract.amount_one_off)
        self._submit(contract)

    def test_defaults_of_recurrence(self):
        line = self.template.line_ids[1]
        line.is_recurring = True
        self.assertEqual(
            line._prepare_recurrence_vals(),
            {
                "is_recurring": True,
                "recurrence_interval": 1,
                "recurrence_unit": "month",
                "billed_in": "advance",
                "free_periods": 0,
            },
        )

    @mute_logger("odoo.sql_db")
    def test_sections_do_not_recur(self):
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.template.line_ids[0].is_recurring = True
            self.env.flush_all()

    def test_filled(self):
        contract = self._create()
        self.assertEqual(contract.name, "Maintenance contract")
        self.assertIn("Between", contract.preamble)
        self.assertEqual((contract.duration, contract.duration_unit), (2, "year"))
        self.assertEqual(contract.notice_period, 2)
        self.assertEqual(contract.dispute_place, "Geneva")
        self.assertEqual(contract.clause_ids.template_id, self.clause)
        section, first, second = contract.line_ids
        self.assertEqual(section.display_type, "line_section")
        self.assertEqual((first.price_unit, first.scope), (1000, "Plant"))
        self.assertEqual((second.name, second.price_unit), ("Own", 7))
        self.assertEqual(first.tax_ids, self.tax)
        self._check_plan(contract)
        self._submit(contract)

    def _check_plan(self, contract):
        kick_off, acceptance = contract.milestone_ids
        self.assertEqual(acceptance.date_deadline, contract.date_start + timedelta(60))
        self.assertEqual(acceptance.party, "customer")
        deposit, rest = contract.installment_ids.sorted("id")
        self.assertEqual(deposit.date, contract.date_start + timedelta(5))
        self.assertFalse(deposit.milestone_id)
        self.assertEqual(rest.milestone_id, acceptance)
        self.assertFalse(contract.plan_difference)
        self.assertNotEqual(kick_off, acceptance)

    def test_given_content_wins(self):
        contract = self._create(
            name="Own title",
            duration=3,
            line_ids=[Command.create({"product_id": self.product.id})],
            clause_ids=[
                Command.create({"name": "Own", "category_id": self.category.id})
            ],
            milestone_ids=[Command.create({"name": "Own"})],
        )
        self.assertEqual(contract.name, "Own title")
        self.assertEqual(contract.duration, 3)
        self.assertEqual(len(contract.line_ids), 1)
        self.assertEqual(contract.clause_ids.mapped("name"), ["Own"])
        self.assertEqual(contract.milestone_ids.mapped("name"), ["Own"])
        self.assertFalse(contract.installment_ids)
        contract = self._create(
            installment_ids=[Command.create({"name": "Own", "percentage": 100})]
        )
        self.assertEqual(contract.installment_ids.mapped("name"), ["Own"])
        self.assertEqual(len(contract.milestone_ids), 2)

    def test_empty_lists_of_a_form_are_filled(self):
        contract = self._create(line_ids=[], clause_ids=[], installment_ids=[])
        self.assertEqual(len(contract.line_ids), 3)
        self.assertEqual(len(contract.clause_ids), 1)
        self.assertEqual(len(contract.installment_ids), 2)

    def test_batch(self):
        """What one more contract costs does not grow with their number."""
        contracts = self.env["crm.contract"].with_user(self.user)
        costs = {}
        for size in (1, 5, 25):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            batch = contracts.create([self._prepare_vals() for _index in range(size)])
            self.env.flush_all()
            costs[size] = self.env.cr.sql_log_count - before
        for contract in batch:
            self._check_plan(contract)
        self.assertLess(costs[25] - costs[5], 20 * 3)

    def test_mixed_batch(self):
        with_template, without = self.env["crm.contract"].create(
            [self._prepare_vals(), self._prepare_contract_vals()]
        )
        self.assertEqual(len(with_template.line_ids), 3)
        self.assertEqual(len(without.line_ids), 1)

    def test_copy_of_a_contract(self):
        contract = self._sign(self._create())
        copied = contract.copy()
        self.assertEqual(copied.name, f"{contract.name} (copy)")
        self.assertEqual(copied.state, "draft")
        self._check_plan(copied)
        for name in ("line_ids", "clause_ids", "milestone_ids", "installment_ids"):
            self.assertEqual(len(copied[name]), len(contract[name]), name)
            self.assertFalse(copied[name] & contract[name])
            self.assertFalse(
                set(copied[name].mapped("content_key"))
                & set(contract[name].mapped("content_key"))
            )
        self.assertEqual(copied.amount_total, contract.amount_total)

    def test_copy_of_an_edited_contract(self):
        contract = self._create()
        contract.installment_ids.unlink()
        contract.milestone_ids[0].unlink()
        contract.clause_ids.unlink()
        contract.line_ids[0].unlink()
        copied = contract.copy()
        self.assertEqual(len(copied.milestone_ids), 1)
        self.assertEqual(len(copied.line_ids), 2)
        self.assertFalse(copied.clause_ids)
        self.assertFalse(copied.installment_ids)
        contract.milestone_ids.unlink()
        contract.line_ids.unlink()
        copied = contract.copy()
        self.assertFalse(copied.milestone_ids)
        self.assertFalse(copied.line_ids)

    def test_copy_with_milestones_in_another_order(self):
        contract = self._create()
        contract.milestone_ids[0].date_deadline = self._days(90)
        contract.milestone_ids[1].sequence = 5
        copied = (contract + self._create()).copy()[0]
        row = copied.installment_ids.filtered("milestone_id")
        self.assertEqual(row.milestone_id.name, "Acceptance")
        self.assertEqual(row.milestone_id.contract_id, copied)

    def test_copy_of_a_template(self):
        copied = self.template.with_user(self.manager).copy()
        self.assertEqual(copied.name, "Maintenance template (copy)")
        rest = copied.installment_ids[1]
        self.assertEqual(rest.milestone_id, copied.milestone_ids[1])
        self.assertFalse(copied.milestone_ids & self.template.milestone_ids)

    def test_new_contract_from_the_template(self):
        action = self.template.with_user(self.user).action_new_contract()
        contract = (
            self.env["crm.contract"]
            .with_user(self.user)
            .with_context(**action["context"])
            .create({"partner_id": self.customer.id})
        )
        self.assertEqual(contract.template_id, self.template)
        self.assertEqual(contract.type_id, self.type)
        self.assertEqual(len(contract.line_ids), 3)
