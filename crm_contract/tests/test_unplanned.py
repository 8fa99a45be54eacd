from odoo.fields import Command

from .common import ContractCommon


class TestUnplanned(ContractCommon):
    """Fees that are paid once are billed, planned or not."""

    def _create_fee(self, **vals):
        line = self._prepare_line_vals(price_unit=5000, tax_ids=False)
        return self._create_contract(
            line_ids=[Command.create(line)], installment_ids=False, **vals
        )

    def test_falls_due_on_signature(self):
        contract = self._sign(self._create_fee())
        row = contract.installment_ids
        self.assertEqual((row.trigger, row.amount), ("signature", 5000))
        self.assertEqual(row.state, "due")
        self.assertEqual(contract.amount_remaining, 5000)

    def test_type_refuses(self):
        self.type.require_plan = True
        with self.assertRaisesRegex(Exception, "payment plan is empty"):
            self._create_fee().action_submit()

    def test_submitted_again(self):
        contract = self._create_fee()
        contract.action_submit()
        contract.action_withdraw()
        contract.action_submit()
        self.assertEqual(len(contract.installment_ids), 1)

    def test_beside_recurring_lines(self):
        contract = self._create_fee()
        line = self._prepare_line_vals(price_unit=10, is_recurring=True, tax_ids=False)
        contract.line_ids = [Command.create(line)]
        contract.action_submit()
        self.assertEqual(contract.installment_ids._filter_plan().amount, 5000)

    def test_framework_plans_nothing(self):
        contract = self._create_fee(amount_ceiling=10000)
        contract.type_id = self.type.copy({"is_framework": True, "code": "FRM"})
        self.env["crm.contract.installment"]._plan_what_has_no_plan(contract)
        self.assertFalse(contract.installment_ids)
