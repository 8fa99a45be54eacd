from odoo.fields import Command

from .common import GROUP, ApprovalCommon


class TestConditions(ApprovalCommon):
    """What an approver asks for blocks until it is met, whatever happens meanwhile."""

    def _conditional(self, user=None, **vals):
        contract = self._send(**vals)
        self._decide(contract, self.lawyer, "condition", condition="Cap at 10 %")
        return contract

    def _meet(self, contract, user):
        contract.condition_ids.with_user(user).action_met()

    def _assert_blocked(self, contract):
        self.assertEqual(contract.state, "review")
        with self._refused("waits for a condition"):
            contract.sudo()._action_approve()
        contract.invalidate_recordset()
        self.assertIn(
            "Meet the conditions of the approval",
            contract.activity_ids.mapped("summary"),
        )

    def test_policy_is_gone(self):
        contract = self._conditional()
        contract.action_recall()
        self.policy.active = False
        self._submit(contract)
        self._assert_blocked(contract)
        self.assertEqual(
            self._certify("status", contract),
            "In review: a condition of an earlier approval is open.",
        )
        self.assertEqual(self._certify("watermark", contract), "Not approved")
        self._meet(contract, self.lawyer)
        self.assertEqual(contract.state, "to_sign")

    def test_policy_is_another_one(self):
        contract = self._conditional()
        contract.action_recall()
        self.policy.copy({"sequence": -20}).step_ids[0].unlink()
        self._submit(contract)
        self._decide(contract, self.boss)
        self._assert_blocked(contract)
        self._meet(contract, self.lawyer)
        self.assertEqual(contract.state, "to_sign")

    def test_condition_of_an_added_step(self):
        """Whoever was added is not asked again: what he asked for stays."""
        contract = self._send()
        self._decide(contract, self.lawyer, "after", user_id=self.manager.id)
        self._decide(contract, self.lawyer)
        self._decide(contract, self.manager, "condition", condition="Annex 2")
        contract.action_recall()
        self._submit(contract)
        self.assertEqual(self._task(contract).name, "Executive")
        self._decide(contract, self.boss)
        self._assert_blocked(contract)
        self._meet(contract, self.manager)
        self.assertEqual(contract.state, "to_sign")

    def test_all_steps_stay_approved(self):
        self.policy.step_ids = [Command.unlink(self.executive.id)]
        contract = self._send()
        self._decide(contract, self.lawyer, "after", user_id=self.manager.id)
        self._decide(contract, self.lawyer)
        self._decide(contract, self.manager, "condition", condition="Annex 2")
        contract.action_recall()
        self._submit(contract)
        self._assert_blocked(contract)

    def test_signature(self):
        contract = self._approve_all(self._send())
        task = contract.approval_task_ids[0].sudo()
        task.env["crm.contract.approval.condition"].create(
            {
                "contract_id": contract.id,
                "task_id": task.id,
                "name": "Late",
                "user_id": self.lawyer.id,
            }
        )
        with self._refused("waits for a condition"):
            self._open_sign(contract).action_sign()

    def test_author_meets_none(self):
        contract = self._conditional()
        self._decide(contract, self.boss)
        for user in (self.user, self.lawyer2, self.boss):
            with self._refused("", Exception):
                self._meet(contract, user)
        self.assertFalse(contract.condition_ids.is_met)

    def test_type_stays(self):
        other = self.type.copy({"code": "OTH"})
        contract = self._create_contract()
        contract.type_id = other
        contract.type_id = self.type
        self._submit(contract)
        contract.action_recall()
        self.assertTrue(contract.number)
        for user in (self.user, self.manager):
            with self._refused("type of .* can't change"):
                contract.with_user(user).type_id = other
        contract.type_id = self.type

    def test_undo_across_rounds(self):
        """What was decided in an earlier submission can't be undone in this one."""
        contract = self._send()
        earlier = self._task(contract)
        self._decide(contract, self.lawyer)
        contract.action_recall()
        with self._refused("no decision of yours"):
            earlier.with_user(self.lawyer).action_undo()
        contract.name = "Another"
        self._submit(contract)
        self.assertEqual(self._task(contract).name, "Legal")
        with self._refused("too late|no decision"):
            earlier.with_user(self.lawyer).action_undo()
        self.assertEqual(earlier.state, "approved")
        self.assertEqual(self._task(contract).state, "pending")

    def test_kept_decision_is_not_undone(self):
        contract = self._send()
        self._decide(contract, self.lawyer)
        contract.action_recall()
        self._submit(contract)
        kept = contract.approval_task_ids.filtered(
            lambda task: task.round == contract.approval_round
        ).sorted("sequence")[0]
        self.assertEqual(kept.state, "kept")
        with self._refused("too late"):
            kept.with_user(self.lawyer).action_undo()


class TestOwnersInbox(ApprovalCommon):
    """What the owner of a contract was told goes when it is done."""

    def _summaries(self, contract):
        return contract.activity_ids.filtered(
            lambda row: row.user_id == self.user
        ).mapped("summary")

    def test_signed(self):
        contract = self._approve_all(self._send())
        self.assertEqual(self._summaries(contract), ["Approved: have it signed"])
        self._open_sign(contract).action_sign()
        self.assertFalse(self._summaries(contract))

    def test_submitted_again(self):
        contract = self._send()
        self._decide(contract, self.lawyer, "reject", comment="No")
        self.assertEqual(self._summaries(contract), ["Contract rejected"])
        self._submit(contract)
        self.assertFalse(self._summaries(contract))

    def test_submitted_again_without_a_policy(self):
        contract = self._send()
        self._decide(contract, self.lawyer, "reject", comment="No")
        self.policy.active = False
        self._submit(contract)
        self.assertFalse(self._summaries(contract))

    def test_archived_owner(self):
        """Who is there is told: nothing waits in the inbox of somebody who left."""
        chief = self._create_user(
            "contract_late_chief",
            f"crm_contract.crm_contract_group_manager,{GROUP}legal",
        )
        self.team = self.env["crm.team"].create(
            {"name": "Team", "user_id": chief.id, "company_id": self.company.id}
        )
        contract = self._send(team_id=self.team.id)
        self.user.sudo().active = False
        self._decide(contract, self.lawyer, "reject", comment="No")
        told = contract.sudo().activity_ids.filtered(
            lambda row: row.summary == "Contract rejected"
        )
        self.assertTrue(told.user_id.active)
