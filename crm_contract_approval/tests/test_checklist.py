from odoo.exceptions import UserError

from .common import ApprovalCommon


class TestChecklist(ApprovalCommon):
    """What keeps a draft from its approval is told while it is written."""

    def _get_messages(self, contract):
        checklist = self.env["crm.contract.checklist"].with_user(self.user_all)
        return [item["message"] for item in checklist.get_items(contract.id)]

    def test_nobody_can_decide(self):
        contract = self._create_contract()
        self.assertEqual(self._get_messages(contract), [])
        (self.lawyer | self.lawyer2).active = False
        (message,) = self._get_messages(contract)
        self.assertIn("“Legal” has no possible approver", message)

    def test_what_cant_be_compared(self):
        """The form opens, and tells why the value can't be compared."""
        self.executive.write({"condition_mode": "any", "amount_from": 10})
        currency = self.env["res.currency"].create({"name": "QQQ", "symbol": "Q"})
        contract = self._create_contract(currency_id=currency.id)
        messages = self._get_messages(contract)
        self.assertIn("The currency QQQ has no exchange rate.", messages)
        self.assertIn("“Executive” depends on the value", messages[-1])
        with self.assertRaises(UserError):
            contract.with_user(self.user_all).action_submit()
