from .common import RenewalCommon


class TestDecision(RenewalCommon):
    """What was decided, why, and what speaks against the customer staying."""

    def _decide(self, contract, decision="expire", **vals):
        model = self.env["crm.contract.decide.renewal"].with_user(self.user)
        wizard = model.with_context(
            active_model="crm.contract", active_ids=contract.ids
        ).create({"decision": decision, **vals})
        return wizard.action_decide()

    def test_let_expire(self):
        contract = self._create_running()
        with self._refused("Say why"):
            self._decide(contract)
        self._decide(contract, reason="Too dear", competitor="Cheap Inc")
        self.assertEqual(contract.renewal_decision, "expire")
        self.assertEqual(contract.renewal_competitor, "Cheap Inc")
        self.assertEqual(contract.decided_by_id, self.user)
        with self._refused("take the decision back"):
            contract._renew()
        contract.action_reopen_decision()
        self.assertFalse(contract.renewal_decision)

    def test_renew_opens_the_dialog(self):
        contract = self._create_running()
        action = self._decide(contract, "renew")
        self.assertEqual(action["res_model"], "crm.contract.renew")
        self.assertEqual(action["context"]["default_contract_ids"], contract.ids)

    def test_not_in_force(self):
        contract = self._create_contract()
        with self._refused("not in force"):
            self._decide(contract, "renew")

    def test_open_ended_goes_on(self):
        contract = self._create_running(is_open_ended=True)
        review = contract.date_review
        self._decide(contract, "renew")
        self.assertEqual(contract.date_review.year, review.year + 1)
        self.assertFalse(contract.renewal_decision)

    def test_clients_record_no_decision(self):
        contract = self._create_running()
        for user in (self.user, self.manager):
            with self._refused("", Exception):
                contract.with_user(user).write({"renewal_decision": "renew"})

    def test_risk(self):
        contract = self._create_running()
        self.assertEqual(contract.renewal_risk, "low")
        self._tamper(contract, amount_overdue=1)
        self.assertEqual(contract.renewal_risk, "medium")
        self.assertIn("overdue", contract.renewal_risk_reason)
