from odoo.tests import tagged

from odoo.addons.crm_contract.tests.common_tours import LANGUAGES, TourCommon

from .common import ApprovalCommon


@tagged("post_install", "-at_install")
class TestTours(TourCommon, ApprovalCommon):
    """Approve: the first step of two, by somebody who only approves."""

    def test_approve(self):
        for lang in LANGUAGES:
            with self.subTest(lang=lang):
                contract = self._send()
                self._play("crm_contract_approve", self.lawyer, lang, contract)
                [legal, executive] = contract._get_round_tasks()
                self.assertEqual(
                    (legal.state, executive.state), ("approved", "pending")
                )
