from odoo.tests import tagged

from .common import ContractCommon


@tagged("post_install", "-at_install")
class TestOnboarding(ContractCommon):
    """What a company without contracts is shown, and whom."""

    def _get_help(self, user):
        contracts = self.env["crm.contract"].with_user(user)
        return contracts.get_empty_list_help("<p>Nothing</p>")

    def _get_done(self):
        steps = self.env["crm.contract.onboarding"].with_user(self.manager)
        return [step.is_done for step in steps._get_steps()]

    def test_steps(self):
        company = self.company.partner_id
        company.company_registry = False
        self.assertEqual(self._get_done(), [False, True, True, False])
        company.write({"company_registry": "HRB 1", "street": "1 Main Street"})
        self.assertEqual(self._get_done(), [True, True, True, False])

    def test_shown_until_there_is_a_contract(self):
        text = self._get_help(self.manager)
        self.assertIn("/odoo/contracts/new", text)
        self.assertIn(f"/odoo/res.partner/{self.company.partner_id.id}", text)
        self._create_contract().active = False
        self.assertIn("Nothing", self._get_help(self.manager))

    def test_for_those_who_set_up(self):
        self.assertIn("Nothing", self._get_help(self.user))
