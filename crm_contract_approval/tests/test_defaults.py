from odoo.addons.crm_contract.tests.common_defaults import DefaultsCommon

from .common import GROUP, ApprovalCommon


class TestStrangeDefaults(DefaultsCommon, ApprovalCommon):
    """What a client proposes in the context never reaches what is asked and decided."""

    def _decide(self, contract, user, decision="approve", **vals):
        wizard = self._open_decide(contract, user, decision, **vals)
        return wizard.with_context(**self.strange).action_decide()

    def test_decisions(self):
        last = self._get_last_ids()
        contract = self._create_contract().with_context(**self.strange)
        contract.action_submit()
        plain = contract.with_env(self.env(user=self.user))
        self._decide(plain, self.lawyer, "question", comment="Why?")
        answers = self.env["crm.contract.answer"].with_user(self.user)
        answer = answers.create({"contract_id": contract.id, "answer": "Because."})
        answer.with_context(**self.strange).action_answer()
        self._decide(plain, self.lawyer, "before", user_id=self.boss.id)
        self._decide(plain, self.boss)
        third = self._create_user("contract_lawyer3", f"{GROUP}legal")
        self._decide(plain, self.lawyer, "hand_over", user_id=third.id)
        self._decide(plain, third, "condition", condition="Cap it")
        self._decide(plain, self.boss)
        self.assertEqual(contract.state, "review")
        condition = contract.sudo().condition_ids.with_user(third)
        condition.with_context(**self.strange).action_met()
        self.assertEqual(contract.state, "to_sign")
        models = ("task", "review", "condition")
        self._assert_clean(
            last,
            ("mail.activity", *(f"crm.contract.approval.{name}" for name in models)),
        )

    def test_rejection(self):
        last = self._get_last_ids()
        contract = self._send()
        self._decide(contract, self.lawyer, "reject", comment="No")
        self.assertEqual(contract.state, "draft")
        self._assert_clean(last, ["mail.activity"])

    def test_nothing_is_approved_by_the_context(self):
        contract = self._create_contract()
        contract.with_context(
            default_state="approved", default_decided_ids=[self.lawyer.id]
        ).action_submit()
        tasks = contract.sudo().approval_task_ids
        self.assertEqual(tasks.mapped("state"), ["pending", "waiting"])
        self.assertFalse(tasks.decided_ids)
