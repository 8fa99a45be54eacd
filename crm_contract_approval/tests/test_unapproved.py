from .common import ApprovalCommon


class TestUnapproved(ApprovalCommon):
    """What other add-ons are told about contracts that nobody was asked about."""

    def test_policy_asked(self):
        contract = self._send()
        self.assertEqual(contract._get_unapproved(), contract)
        self._approve_all(contract)
        self.assertFalse(contract._get_unapproved())

    def test_no_policy(self):
        self.policy.active = False
        contract = self._submit(self._create_contract())
        self.assertEqual(contract.state, "to_sign")
        self.assertEqual(contract._get_unapproved(), contract)

    def test_another_content(self):
        """An approval holds for the content that it was given to."""
        contract = self._approve_all(self._send())
        contract.action_withdraw()
        contract.line_ids[0].price_unit = 7
        self._submit(contract)
        self.assertEqual(contract._get_unapproved(), contract)
