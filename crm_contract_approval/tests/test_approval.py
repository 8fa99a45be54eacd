from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .common import ApprovalCommon


class TestApproval(ApprovalCommon):
    """The way of a contract from submission to the last approval, and off it."""

    def test_from_step_to_step(self):
        contract = self._send()
        task = self._task(contract)
        self.assertEqual(task.name, "Legal")
        self.assertEqual(contract.approval_step_id, self.legal)
        self.assertEqual(contract.approval_deadline, self._days(3))
        self.assertTrue(contract.with_user(self.lawyer).can_decide)
        self.assertFalse(contract.can_decide)
        self._decide(contract, self.lawyer2, comment="Fine")
        self.assertEqual(task.state, "approved")
        self.assertEqual(self._task(contract).name, "Executive")
        self.assertEqual(contract.approval_deadline, self._days(5))
        self._decide(contract, self.boss)
        self.assertEqual(contract.state, "to_sign")
        self.assertFalse(contract.approval_task_id)
        self.assertEqual(self._decisions(contract), ["submit", "approve", "approve"])
        reviews = contract.review_ids.sorted("id")
        self.assertEqual(reviews.user_id, self.user | self.lawyer2 | self.boss)
        self.assertEqual(set(reviews.mapped("content_hash")), {contract.content_hash})
        self._open_sign(contract).action_sign()
        self.assertEqual(contract.state, "running")

    def test_activities_are_the_inbox(self):
        contract = self._send()
        self.assertEqual(contract.activity_ids.user_id, self.lawyer | self.lawyer2)
        self._decide(contract, self.lawyer)
        self.assertEqual(contract.activity_ids.user_id, self.boss)
        self.assertEqual(contract.activity_ids.date_deadline, self._days(5))
        self._decide(contract, self.boss)
        self.assertEqual(contract.activity_ids.user_id, self.user)

    def test_without_policy(self):
        self.policy.active = False
        contract = self._submit(self._create_contract())
        self.assertEqual(contract.state, "to_sign")
        self.assertFalse(contract.review_ids)
        self._open_sign(contract).action_sign()
        self.assertEqual(contract.state, "running")

    def test_all_of_them(self):
        self.legal.mode = "all"
        contract = self._send()
        task = self._task(contract)
        self._decide(contract, self.lawyer)
        self.assertEqual(task.state, "pending")
        self.assertEqual(task.waiting_ids, self.lawyer2)
        self.assertEqual(contract.activity_ids.user_id, self.lawyer2)
        with self._refused("decided already"):
            self._decide(contract, self.lawyer)
        self._decide(contract, self.lawyer2)
        self.assertEqual(task.state, "approved")

    def test_who_left_has_not_approved(self):
        self.legal.mode = "all"
        contract = self._send()
        self.lawyer2.active = False
        self._decide(contract, self.lawyer)
        self.assertEqual(self._task(contract).name, "Legal")
        self.assertEqual(self._task(contract).waiting_ids, self.lawyer2)

    def test_at_least_a_number(self):
        third = self._create_user(
            "contract_lawyer3", "crm_contract.crm_contract_group_reader"
        )
        self.legal.write(
            {"mode": "minimum", "minimum": 2, "user_ids": [Command.link(third.id)]}
        )
        contract = self._send()
        self._decide(contract, third)
        self.assertEqual(self._task(contract).name, "Legal")
        self._decide(contract, self.lawyer)
        self.assertEqual(self._task(contract).name, "Executive")

    def test_reject_to_draft(self):
        contract = self._send()
        with self._refused("why"):
            self._decide(contract, self.lawyer, "reject", comment=" ")
        reason = self.env.ref("crm_contract_approval.reason_liability")
        self._decide(
            contract, self.lawyer, "reject", comment="No cap", reason_id=reason.id
        )
        self.assertEqual(contract.state, "draft")
        states = contract.approval_task_ids.sorted("sequence").mapped("state")
        self.assertEqual(states, ["rejected", "cancelled"])
        self.assertEqual(contract.review_ids[0].reason_id, reason)
        self.assertEqual(contract.activity_ids.user_id, self.user)
        self.assertIn("No cap", contract.activity_ids.note)

    def test_reject_to_earlier_step(self):
        contract = self._send()
        legal = self._task(contract)
        self._decide(contract, self.lawyer)
        self._decide(contract, self.boss, "reject", comment="Cap?", back_to_id=legal.id)
        self.assertEqual(contract.state, "review")
        self.assertEqual(self._task(contract), legal)
        self._approve_all(contract)

    def test_back_to_foreign_step(self):
        other = self._send()
        foreign = self._task(other)
        self._decide(other, self.lawyer)
        contract = self._send()
        self._decide(contract, self.lawyer)
        with self._refused("earlier step"):
            self._decide(
                contract, self.boss, "reject", comment="x", back_to_id=foreign.id
            )

    def test_question_and_answer(self):
        contract = self._send()
        with self._refused("question"):
            self._decide(contract, self.lawyer, "question")
        self._decide(contract, self.lawyer, "question", comment="Who insures?")
        task = self._task(contract)
        self.assertTrue(task.has_question)
        owner = contract.activity_ids.filtered(lambda a: a.user_id == self.user)
        self.assertIn("Who insures?", owner.note)
        with self.assertRaises(AccessError):
            task.with_user(self.lawyer2)._answer("They do")
        self._answer(contract, self.user)
        self.assertEqual(contract.review_ids[0].comment, "We do")
        self.assertFalse(task.has_question)
        self.assertNotIn(self.user, contract.activity_ids.user_id)
        with self._refused("No question"):
            self._answer(contract, self.user)
        self._approve_all(contract)

    def _answer(self, contract, user):
        dialog = self.env["crm.contract.answer"].with_user(user)
        wizard = dialog.create({"contract_id": contract.id, "answer": "We do"})
        self.assertIn("insures", wizard.question)
        wizard.action_answer()

    def test_decision_closes_the_question(self):
        contract = self._send()
        task = self._task(contract)
        self._decide(contract, self.lawyer, "question", comment="Who insures?")
        self._decide(contract, self.lawyer2)
        self.assertFalse(task.has_question)

    def test_back_to_another_submission(self):
        contract = self._send()
        former = self._task(contract)
        self._decide(contract, self.lawyer)
        contract.action_recall()
        self._submit(contract)
        self.assertEqual(self._task(contract).name, "Executive")
        with self._refused("earlier step"):
            self._decide(
                contract, self.boss, "reject", comment="x", back_to_id=former.id
            )

    def test_back_to_a_later_step(self):
        """A step that stays approved stands behind the one that is asked again."""
        self.legal.reapproval = "always"
        self.executive.reapproval = "changed"
        contract = self._approve_all(self._send())
        contract.action_withdraw()
        self._submit(contract)
        later = contract.sudo()._get_round_tasks()[-1]
        self.assertEqual((later.name, later.state), ("Executive", "kept"))
        with self._refused("earlier step"):
            self._decide(
                contract, self.lawyer, "reject", comment="x", back_to_id=later.id
            )

    def test_condition_blocks(self):
        contract = self._send()
        with self._refused("condition"):
            self._decide(contract, self.lawyer, "condition", condition=" ")
        self._decide(contract, self.lawyer, "condition", condition="Cap at 10 %")
        self._decide(contract, self.boss)
        self.assertEqual(contract.state, "review")
        self.assertFalse(contract.approval_task_id)
        self.assertIn("Cap at 10 %", contract.activity_ids.note)
        condition = contract.condition_ids
        with self._refused("Only"):
            condition.with_user(self.boss).action_met()
        condition.with_user(self.lawyer).action_met()
        self.assertEqual(contract.state, "to_sign")
        self.assertEqual(self._decisions(contract)[-1], "met")

    def test_condition_after_change(self):
        contract = self._send()
        self._decide(contract, self.lawyer, "condition", condition="Other title")
        self._decide(contract, self.boss)
        contract.action_recall()
        contract.name = "Other title"
        self._submit(contract)
        # Whoever set a condition is asked again, although nothing of his changed.
        self.assertEqual(self._task(contract).name, "Legal")
        self._approve_all(contract)
        self.assertTrue(contract.condition_ids.is_met)

    def test_condition_of_a_colleague(self):
        """Who approves plainly does not meet what another asked for."""
        self.legal.mode = "all"
        contract = self._send()
        self._decide(contract, self.lawyer, "condition", condition="Cap at 10 %")
        self._decide(contract, self.lawyer2)
        self._decide(contract, self.boss)
        self.assertFalse(contract.condition_ids.is_met)
        self.assertEqual(contract.state, "review")

    def test_condition_of_another_step(self):
        contract = self._send()
        self._decide(contract, self.lawyer)
        self._decide(contract, self.boss, "condition", condition="Other title")
        contract.action_recall()
        contract.write({"name": "Other title", "notice_period": 3})
        self._submit(contract)
        self._decide(contract, self.lawyer)
        self.assertFalse(contract.condition_ids.is_met)
        self._decide(contract, self.boss)
        self.assertTrue(contract.condition_ids.is_met)
        self.assertEqual(contract.state, "to_sign")

    def test_condition_met_once_and_in_draft(self):
        contract = self._send()
        self._decide(contract, self.lawyer, "condition", condition="Cap at 10 %")
        contract.action_recall()
        contract.condition_ids.with_user(self.lawyer).action_met()
        self.assertEqual(contract.state, "draft")
        contract.condition_ids.with_user(self.approval_manager).action_met()
        self.assertEqual(contract.condition_ids.met_by_id, self.lawyer)
        self.assertEqual(self._decisions(contract).count("met"), 1)

    def test_undo_after_one_of_the_next_acted(self):
        self.executive.write(
            {"mode": "all", "user_ids": [Command.link(self.manager.id)]}
        )
        contract = self._send()
        legal = self._task(contract)
        self._decide(contract, self.lawyer)
        self._decide(contract, self.boss)
        with self._refused("too late"):
            legal.with_user(self.lawyer).action_undo()

    def test_undo_until_next_step_acts(self):
        contract = self._send()
        legal = self._task(contract)
        self._decide(contract, self.lawyer)
        with self._refused("no decision of yours"):
            legal.with_user(self.lawyer2).action_undo()
        legal.with_user(self.lawyer).action_undo()
        self.assertEqual(self._task(contract), legal)
        self.assertEqual(legal.state, "pending")
        self.assertEqual(legal.waiting_ids, self.lawyer | self.lawyer2)
        self._decide(contract, self.lawyer)
        self._decide(contract, self.boss, "question", comment="?")
        self._decide(contract, self.boss)
        with self._refused("no decision of yours"):
            legal.with_user(self.lawyer).action_undo()

    def test_undo_among_several(self):
        self.legal.mode = "all"
        contract = self._send()
        legal = self._task(contract)
        self._decide(contract, self.lawyer)
        legal.with_user(self.lawyer).action_undo()
        self._decide(contract, self.lawyer2)
        self.assertEqual(legal.state, "pending")
        self._decide(contract, self.lawyer)
        self.assertEqual(legal.state, "approved")

    def test_undo_leaves_the_condition_of_a_colleague(self):
        self.legal.mode = "all"
        contract = self._send()
        legal = self._task(contract)
        self._decide(contract, self.lawyer, "condition", condition="Mine")
        self._decide(contract, self.lawyer2, "condition", condition="Another's")
        legal.with_user(self.lawyer).action_undo()
        self.assertEqual(contract.condition_ids.mapped("name"), ["Another's"])

    def test_undo_takes_the_condition_back(self):
        contract = self._send()
        legal = self._task(contract)
        self._decide(contract, self.lawyer, "condition", condition="More")
        legal.with_user(self.lawyer).action_undo()
        self.assertFalse(contract.condition_ids)
        self._approve_all(contract)

    def test_recall(self):
        contract = self._send()
        stranger = self._create_user(
            "contract_colleague", "crm_contract.crm_contract_group_user_all"
        )
        with self._refused("recalled by"):
            contract.with_user(stranger).action_recall()
        contract.action_recall()
        self.assertEqual(contract.state, "draft")
        self.assertEqual(set(contract.approval_task_ids.mapped("state")), {"cancelled"})
        self.assertFalse(contract.activity_ids)
        self.assertEqual(self._decisions(contract), ["submit", "recall"])

    def test_withdrawn_needs_approval_again(self):
        contract = self._approve_all(self._send())
        contract.action_withdraw()
        self._submit(contract)
        self.assertEqual(contract.state, "review")

    def test_cancelled_in_review(self):
        contract = self._send()
        contract.action_cancel()
        self.assertFalse(contract.approval_task_id)
        with self._refused("any more"):
            task = contract.approval_task_ids[0].with_user(self.lawyer)
            task._approve()

    def test_comment_required(self):
        self.legal.comment_required = True
        contract = self._send()
        with self._refused("takes a comment"):
            self._decide(contract, self.lawyer)
        self._decide(contract, self.lawyer, comment="Read it")

    def test_duration(self):
        contract = self._send()
        task = self._task(contract)
        later = fields.Datetime.now() + timedelta(hours=5)
        with freeze_time(later):
            self._decide(contract, self.lawyer)
        self.assertAlmostEqual(task.hours, 5, delta=0.1)
        usual = self.legal._get_usual_hours()
        self.assertAlmostEqual(usual[self.legal], 5, delta=0.1)

    def test_many_at_once(self):
        contracts = self.env["crm.contract"]
        for _number in range(3):
            contracts |= self._send().sudo(False)
        mine = self.env["crm.contract.approval.task"].with_user(self.lawyer)
        tasks = mine.search([("is_mine", "=", True)])
        self.assertEqual(tasks.contract_id, contracts.with_user(self.lawyer))
        self.assertEqual(mine.get_my_count(), 3)
        contracts[0].with_user(self.user).action_recall()
        wizard = (
            self.env["crm.contract.decide"]
            .with_user(self.lawyer)
            .with_context(active_model=tasks._name, active_ids=tasks.ids)
            .create({"decision": "approve"})
        )
        wizard.action_decide()
        done = wizard.line_ids.filtered("is_done")
        self.assertEqual(len(done), 2)
        self.assertIn("any more", (wizard.line_ids - done).result)
        with self._refused("done already"):
            wizard.action_decide()
        self.assertEqual(
            contracts.sudo().approval_task_id.mapped("name"), ["Executive"] * 2
        )

    def test_one_of_many_was_tampered_with(self):
        good, bad = self._send(), self._send()
        self._tamper(bad.line_ids, price_unit=1)
        tasks = (self._task(good) | self._task(bad)).with_user(self.lawyer)
        wizard = (
            self.env["crm.contract.decide"]
            .with_user(self.lawyer)
            .with_context(active_model=tasks._name, active_ids=tasks.ids)
            .create({"decision": "approve"})
        )
        wizard.action_decide()
        self.assertEqual(wizard.line_ids.filtered("is_done").contract_id.id, good.id)
        failed = wizard.line_ids.filtered(lambda line: not line.is_done)
        self.assertIn("changed after it was submitted", failed.result)

    def test_several_at_once_only_plainly(self):
        tasks = self._task(self._send()) | self._task(self._send())
        with self._refused("one contract at a time"):
            self.env["crm.contract.decide"].with_user(self.lawyer).with_context(
                active_model=tasks._name, active_ids=tasks.ids
            ).create({"decision": "question"})

    def test_submitted_in_a_batch(self):
        contracts = self._create_contract() | self._create_contract()
        contracts.action_submit()
        self.assertEqual(contracts.mapped("state"), ["review"] * 2)
        self.assertEqual(len(contracts.sudo().approval_task_id), 2)

    def test_copy_starts_fresh(self):
        contract = self._send()
        copy = contract.copy()
        self.assertFalse(copy.approval_task_ids)
        self.assertFalse(copy.approval_round)
        self.assertFalse(copy.sudo().approval_user_ids)

    def test_preview(self):
        contract = self._create_contract()
        action = contract.action_open_submission()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.user)
            .with_context(**action["context"])
            .create({})
        )
        self.assertIn("Legal", wizard.preview)
        self.assertIn(self.boss.name, wizard.preview)
        self.assertFalse(wizard.has_problem)
        wizard.action_submit()
        self.assertEqual(contract.state, "review")

    def test_preview_is_skipped_without_policy(self):
        self.policy.active = False
        contract = self._create_contract()
        self.assertEqual(contract.action_open_submission(), contract)
        self.assertEqual(contract.state, "to_sign")

    def test_missing_is_told_with_approvers(self):
        (self.lawyer | self.lawyer2).active = False
        contract = self._create_contract(customer_signatory_id=False)
        self.type.require_signatories = True
        with self.assertRaises(UserError) as error:
            contract.action_submit()
        for word in ("signatory", "Legal", "archived"):
            self.assertIn(word, str(error.exception))
