from odoo.exceptions import AccessError
from odoo.fields import Command

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
        decision = contract.renewal_decision_id.with_user(self.user)
        self.assertEqual(
            (decision.reason, decision.competitor), ("Too dear", "Cheap Inc")
        )
        self.assertEqual(decision.user_id, self.user)
        with self._refused("take the decision back"):
            contract._renew()
        contract.action_reopen_decision()
        self.assertFalse(contract.renewal_decision)

    def _get_history(self, contract, user=None):
        """Return the decisions on a contract as its user sees them, first one first."""
        self.env.flush_all()
        model = self.env["crm.contract.renewal.decision"].with_user(user or self.user)
        return model.search([("contract_id", "=", contract.id)], order="id")

    def test_decided_taken_back_and_decided_again(self):
        contract = self._create_running()
        self._decide(contract, reason="Too dear", competitor="Cheap Inc")
        contract.with_user(self.manager).action_reopen_decision()
        self.assertFalse(contract.renewal_decision_id)
        self._decide(contract, "renegotiate", reason="They think again")
        first, second = self._get_history(contract)
        self.assertEqual((first.decision, second.decision), ("expire", "renegotiate"))
        self.assertEqual((first.reason, first.competitor), ("Too dear", "Cheap Inc"))
        self.assertEqual(first.taken_back_by_id, self.manager)
        self.assertEqual(first.date_taken_back, self.today)
        self.assertEqual(first.date_deadline, contract.date_deadline)
        self.assertEqual(first.date_end, contract.date_end)
        self.assertFalse(second.date_taken_back)
        self.assertEqual(contract.renewal_decision_id, second)
        self.assertEqual(contract.renewal_decision, "renegotiate")
        self.assertEqual(
            first.display_name, "Let expire – Too dear – Lost to: Cheap Inc"
        )

    def test_decided_anew(self):
        """A decision that follows another one takes its place; both are on record."""
        contract = self._create_running()
        self._decide(contract, "renegotiate")
        self._decide(contract, reason="No way")
        self.assertEqual(len(self._get_history(contract)), 2)
        self.assertEqual(contract.renewal_decision, "expire")

    def test_many_at_once(self):
        contracts = self._create_running() | self._create_running()
        self._decide(contracts, reason="All too dear")
        for contract in contracts:
            self.assertEqual(contract.renewal_decision_id.contract_id, contract)
            self.assertEqual(len(self._get_history(contract)), 1)

    def test_recorded_by_code_alone(self):
        contract = self._create_running()
        self._decide(contract, reason="Too dear")
        decision = contract.renewal_decision_id
        vals = {
            "contract_id": contract.id,
            "decision": "renew",
            "date_decided": "2026-01-01",
        }
        for user in (self.user, self.manager, self.env.ref("base.user_admin")):
            mine = decision.with_user(user)
            for call in (
                lambda mine=mine: mine.create(vals),
                lambda mine=mine: mine.write({"decision": "renew"}),
                lambda mine=mine: mine.write({"date_taken_back": "2026-01-01"}),
                lambda mine=mine: mine.unlink(),
            ):
                with self._refused():
                    call()
        with self._refused("can't be changed"):
            decision.sudo().write({"reason": "Other"})
        with self._refused("can't be deleted"):
            decision.sudo().unlink()

    def test_who_sees_what(self):
        mine = self._create_running()
        other = self._create_running(user=self.manager, user_id=self.manager.id)
        both = mine | other
        both.with_user(self.manager)._decide_renewal("renegotiate")
        for user, contracts in (
            (self.user, mine),
            (self.user_all, both),
            (self.reader, both),
            (self.accountant, both),
        ):
            model = self.env["crm.contract.renewal.decision"].with_user(user)
            found = model.search([("contract_id", "in", both.ids)])
            self.assertEqual(found.contract_id, contracts, user.login)
        for user in (self.portal, self.salesman):
            with self._refused("", AccessError):
                self._get_history(mine, user)

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
        decision = self._get_history(contract)
        self.assertEqual((decision.decision, decision.date_deadline), ("renew", review))
        self.assertFalse(decision.date_taken_back)

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
        wizard = self.env["crm.contract.decide.renewal"].create(
            {"contract_ids": [Command.set(contract.ids)]}
        )
        self.assertIn("overdue", wizard.risk)
