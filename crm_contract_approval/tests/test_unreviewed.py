from .common import ApprovalCommon


class TestUnreviewed(ApprovalCommon):
    """What other add-ons are told about contracts that nobody was asked about."""

    def test_policy_asked(self):
        contract = self._send()
        self.assertFalse(contract._get_unreviewed())
        self._approve_all(contract)
        self.assertFalse(contract._get_unreviewed())

    def test_policy_asks_nobody_any_more(self):
        contract = self._send()
        contract.action_recall()
        self.policy.active = False
        self._submit(contract)
        self.assertEqual(contract.state, "to_sign")
        self.assertEqual(contract._get_unreviewed(), contract)

    def test_policy_asked_nobody(self):
        self.policy.active = False
        contracts = self._create_contract() | self._create_contract()
        self._submit(contracts)
        self.assertEqual(set(contracts.mapped("state")), {"to_sign"})
        self.assertEqual(contracts._get_unreviewed(), contracts)
