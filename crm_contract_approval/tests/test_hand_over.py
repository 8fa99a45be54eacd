from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .common import GROUP, ApprovalCommon


class TestHandOver(ApprovalCommon):
    """To whom a step goes that somebody does not decide himself, and who says so."""

    def setUp(self):
        super().setUp()
        self.lawyer3 = self._create_user("contract_lawyer3", f"{GROUP}legal")
        self.chief = self._create_user("contract_chief", f"{GROUP}manager")

    def _hand_over(self, contract, by, to, of=None):
        vals = {"of_id": of.id} if of else {}
        self._decide(contract, by, "hand_over", user_id=to.id, **vals)

    def _told(self, user):
        messages = self.env["mail.message"].sudo()
        return messages.search([("partner_ids", "in", user.partner_id.ids)], limit=1)

    def test_only_to_whom_the_step_could_have_named(self):
        self.policy.hand_over_to = "named"
        self.legal.write(
            {
                "user_ids": self.lawyer.ids,
                "group_id": self.env.ref(f"{GROUP}legal").id,
                "fallback_user_id": self.boss.id,
            }
        )
        contract = self._send()
        self._task(contract).sudo().write(
            {
                name: [Command.set(self.lawyer.ids)]
                for name in ("approver_ids", "waiting_ids")
            }
        )
        for user in (self.lawyer, self.approval_manager):
            with self._refused("people whom it could have named"):
                self._hand_over(contract, user, self.manager)
        # A policy that is changed meanwhile changes nothing.
        self.policy.hand_over_to = "any"
        with self._refused("people whom it could have named"):
            self._hand_over(contract, self.approval_manager, self.manager)
        self._hand_over(contract, self.lawyer, self.lawyer3)
        self._hand_over(contract, self.approval_manager, self.boss)
        self.assertEqual(self._task(contract).waiting_ids, self.boss)

    def test_added_step_to_whom_its_policy_could_have_named(self):
        self.policy.hand_over_to = "named"
        contract = self._send()
        self._decide(contract, self.lawyer, "before", user_id=self.manager.id)
        with self._refused("people whom it could have named"):
            self._hand_over(contract, self.manager, self.lawyer3)
        self._hand_over(contract, self.manager, self.boss)
        self.assertEqual(self._task(contract).waiting_ids, self.boss)

    def test_administrator_not_to_himself(self):
        contract = self._send()
        with self._refused("neither to yourself"):
            self._hand_over(contract, self.approval_manager, self.approval_manager)
        self._delegate(self.approval_manager, self.lawyer3)
        with self._refused("neither to yourself"):
            self._hand_over(contract, self.approval_manager, self.lawyer3)
        self._delegate(self.boss, self.approval_manager, begin=2)
        with self._refused("neither to yourself"):
            self._hand_over(contract, self.approval_manager, self.boss)

    def test_administrator_decides_not_on_what_he_handed_over(self):
        """Not even when the other makes him his deputy afterwards."""
        contract = self._send()
        self._hand_over(contract, self.approval_manager, self.lawyer3)
        self._delegate(self.lawyer3, self.approval_manager)
        with self._refused("handed it over as an administrator"):
            self._decide(contract, self.approval_manager)
        tasks = self.env["crm.contract.approval.task"].with_user(self.approval_manager)
        mine = tasks.search([("is_mine", "=", True)])
        self.assertNotIn(contract, mine.contract_id)
        self._decide(contract, self.lawyer3)
        self.assertEqual(self._task(contract).name, "Executive")

    def test_author_is_no_administrator(self):
        author = self._create_user(
            "contract_author",
            f"{GROUP}manager,crm_contract.crm_contract_group_user_all",
        )
        contract = self._create_contract()
        contract.with_user(author).name = "Edited"
        self._submit(contract)
        with self._refused("another administrator"):
            self._hand_over(contract, author, self.lawyer3)

    def test_all_are_told_and_it_is_logged(self):
        contract = self._send()
        self._hand_over(contract, self.approval_manager, self.lawyer3)
        for user in (self.lawyer, self.lawyer2, self.lawyer3):
            self.assertIn("handed", self._told(user).subject)
        log = contract.sudo().review_ids.sorted("id")[-1]
        self.assertEqual(log.decision, "hand_over")
        self.assertTrue(log.is_administrative)
        [row] = self._certify("rows", contract.with_user(self.user))
        self.assertEqual(row["decision"], "Handed over")
        self.assertIn(self.approval_manager.name, row["who"])
        self.assertIn(f"{self.lawyer.name}, {self.lawyer2.name}", row["who"])
        self.assertIn(f"To {self.lawyer3.name}. By an administrator.", row["comment"])

    def test_own_part_is_not_administrative(self):
        contract = self._send()
        self._hand_over(contract, self.lawyer, self.lawyer3)
        self.assertFalse(contract.sudo().review_ids[0].is_administrative)

    def test_two_of_three_need_two(self):
        users = self.lawyer | self.lawyer2 | self.manager
        self.legal.write({"user_ids": users.ids, "mode": "minimum", "minimum": 2})
        contract = self._send()
        with self._refused("the decisions of 2 people"):
            self._hand_over(contract, self.approval_manager, self.lawyer3)
        self._hand_over(contract, self.approval_manager, self.lawyer3, self.lawyer)
        task = self._task(contract)
        self.assertEqual(task.waiting_ids, self.lawyer2 | self.manager | self.lawyer3)
        self._decide(contract, self.lawyer3)
        self.assertEqual(task.state, "pending")
        self._decide(contract, self.manager)
        self.assertEqual(task.state, "approved")

    def test_two_of_three_after_one_decided(self):
        users = self.lawyer | self.lawyer2 | self.manager
        self.legal.write({"user_ids": users.ids, "mode": "minimum", "minimum": 2})
        contract = self._send()
        self._decide(contract, self.lawyer)
        self._hand_over(contract, self.approval_manager, self.lawyer3)
        task = self._task(contract)
        self.assertEqual(task.state, "pending")
        self._decide(contract, self.lawyer3)
        self.assertEqual(task.state, "approved")

    def test_all_of_two_need_two(self):
        self.legal.mode = "all"
        contract = self._send()
        with self._refused("the decisions of 2 people"):
            self._hand_over(contract, self.approval_manager, self.lawyer3)
        # Nor by a deputy who hands over the parts of all.
        self._delegate(self.lawyer, self.manager)
        self._delegate(self.lawyer2, self.manager)
        with self._refused("the decisions of 2 people"):
            self._hand_over(contract, self.manager, self.lawyer3)
        self._hand_over(contract, self.manager, self.lawyer3, self.lawyer)
        self.assertEqual(self._task(contract).waiting_ids, self.lawyer2 | self.lawyer3)

    def test_part_of_somebody_who_was_not_asked(self):
        contract = self._send()
        with self._refused("does not wait for them"):
            self._hand_over(contract, self.approval_manager, self.lawyer3, self.boss)

    def test_no_administrator(self):
        contract = self._send()
        for user in (self.boss, self.manager, self.user):
            with self._refused("", (AccessError, UserError)):
                self._hand_over(contract, user, self.lawyer3)


class TestInboxOfApprovers(ApprovalCommon):
    """Nobody but the approver, and the approval itself, closes what he is asked."""

    def test_others_leave_it_alone(self):
        contract = self._send()
        activity = contract.activity_ids.filtered(
            lambda row: row.user_id == self.lawyer
        )
        for user in (self.user, self.manager, self.lawyer2, self.approval_manager):
            mine = activity.with_user(user)
            for change in (
                lambda mine=mine: mine.action_done(),
                lambda mine=mine: mine.action_cancel(),
                lambda mine=mine: mine.unlink(),
                lambda mine=mine, user=user: mine.write({"user_id": user.id}),
                lambda mine=mine: mine.write({"date_deadline": "2099-01-01"}),
                lambda mine=mine: mine.action_reschedule_nextweek(),
                lambda mine=mine: mine.write({"summary": "Nothing to do"}),
            ):
                with self._refused("", (AccessError, UserError)):
                    change()
        for user in (self.user, self.manager):
            for change in ("activity_unlink", "activity_feedback"):
                with self._refused("closes or changes"):
                    getattr(contract.with_user(user), change)(
                        ["crm_contract_approval.mail_activity_type_approval"]
                    )
        self.assertTrue(activity.exists().active)

    def test_no_false_request(self):
        contract = self._send()
        with self._refused("closes or changes"):
            contract.activity_schedule(
                "crm_contract_approval.mail_activity_type_approval",
                user_id=self.boss.id,
            )
        todo = contract.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.boss.id
        )
        asked = self.env.ref("crm_contract_approval.mail_activity_type_approval")
        with self._refused("closes or changes"):
            todo.activity_type_id = asked

    def test_approver_and_approval(self):
        contract = self._send()
        activity = contract.activity_ids.filtered(
            lambda row: row.user_id == self.lawyer
        )
        activity.with_user(self.lawyer).action_done()
        self._decide(contract, self.lawyer2)
        self.assertEqual(contract.activity_ids.user_id, self.boss)
        contract.action_recall()
        self.assertFalse(contract.activity_ids)
