from .common import RenewalCommon


class TestEventFollows(RenewalCommon):
    """Chains of contracts that others follow: each has its own, and names the others."""

    def _get_events(self, contract):
        self.env.flush_all()
        return self.env["crm.contract.event"].search(
            [("contract_id", "=", contract.id)], order="number"
        )

    def _assert_intact(self, contracts):
        self.env.invalidate_all()
        problems = self.env["crm.contract.evidence"]._get_problems(contracts)
        self.assertEqual(problems, dict.fromkeys(contracts, []))
        verification = self.env["crm.contract.verification"]
        for contract in contracts:
            self.assertEqual(verification._get_problems(contract), [])

    def test_amendment(self):
        contract = self._create_running()
        amendment = contract.with_user(self.user)._amend(self.today, "Dearer")
        amendment.line_ids.price_unit = 200
        self._sign(amendment)
        self.assertEqual(amendment.state, "in_force")
        last = self._get_events(contract)[-1]
        self.assertEqual(
            (last.kind, last.version_id), ("amended", amendment.version_id)
        )
        self.assertEqual(last._get_facts()["by"], amendment.number)
        self.assertEqual(
            self._get_events(amendment).mapped("kind"),
            ["submitted", "approved", "completed", "effective"],
        )
        self._assert_intact(contract | amendment)
        # What was agreed of another text is proven by the chain as well.
        text = amendment.sudo().version_id.content.replace("Dearer", "Cheaper")
        self._tamper(amendment.version_id, content=text)
        found = self.env["crm.contract.evidence"]._get_problems(contract)[contract]
        self.assertEqual([problem.code for problem in found], ["version_bytes"])

    def test_amendment_of_annexes(self):
        contract = self._create_running(
            document_ids=[(0, 0, {"name": "Annex.txt", "file": "AAAA"})]
        )
        amendment = contract.with_user(self.user)._amend(self.today, "Other annex")
        amendment.document_ids.file = "AAEC"
        self._sign(amendment)
        kinds = contract.document_ids.mapped("kind")
        self.assertIn("former", kinds)
        self._assert_intact(contract | amendment)

    def test_renewal(self):
        contract = self._create_running()
        renewal = self._renew(contract)
        self._sign(renewal)
        last = self._get_events(contract)[-1]
        self.assertEqual((last.kind, last.version_id), ("renewed", renewal.version_id))
        self._assert_intact(contract | renewal)

    def test_end_and_reopening(self):
        contract = self._create_running()
        amendment = contract.with_user(self.user)._amend(self.today, "Dearer")
        amendment.line_ids.price_unit = 200
        self._sign(amendment)
        self._end(contract.with_user(self.manager), reason="completed")
        contract._action_reopen()
        self.assertEqual(
            self._get_events(amendment).mapped("kind")[-2:], ["superseded", "reopened"]
        )
        self.assertEqual(
            self._get_events(contract).mapped("kind")[-2:], ["ended", "reopened"]
        )
        self._assert_intact(contract | amendment)
