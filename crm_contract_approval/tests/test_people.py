from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form

from .common import ApprovalCommon


class TestPeople(ApprovalCommon):
    """Adding approvers, handing over, and what an approver may see."""

    def test_add_before(self):
        contract = self._send()
        legal = self._task(contract)
        with self._refused("Choose a user"):
            self._decide(contract, self.lawyer, "before")
        self._decide(contract, self.lawyer, "before", user_id=self.manager.id)
        added = self._task(contract)
        self.assertEqual(added.waiting_ids, self.manager)
        self.assertEqual(legal.state, "waiting")
        with self._refused("does not wait"):
            legal.with_user(self.lawyer)._approve()
        self._decide(contract, self.manager)
        self.assertEqual(self._task(contract), legal)
        self._approve_all(contract)

    def test_add_before_keeps_decisions(self):
        self.legal.mode = "all"
        contract = self._send()
        legal = self._task(contract)
        self._decide(contract, self.lawyer)
        self._decide(contract, self.lawyer2, "before", user_id=self.manager.id)
        self._decide(contract, self.manager)
        self.assertEqual(self._task(contract), legal)
        self.assertEqual(legal.waiting_ids, self.lawyer2)
        self._decide(contract, self.lawyer2)
        self.assertEqual(legal.state, "approved")

    def test_add_after(self):
        contract = self._send()
        self._decide(contract, self.lawyer, "after", user_id=self.manager.id)
        steps = contract.approval_task_ids.sorted("sequence")
        self.assertEqual(
            [step.approver_ids for step in steps],
            [self.lawyer | self.lawyer2, self.manager, self.boss],
        )
        self._decide(contract, self.lawyer)
        self.assertEqual(self._task(contract).waiting_ids, self.manager)
        self._decide(contract, self.manager)
        self._decide(contract, self.boss)
        self.assertEqual(contract.state, "to_sign")

    def test_back_over_an_added_step(self):
        """Who was asked in between decides again as well."""
        contract = self._send()
        legal = self._task(contract)
        self._decide(contract, self.lawyer, "after", user_id=self.manager.id)
        self._decide(contract, self.lawyer)
        self._decide(contract, self.manager)
        self._decide(contract, self.boss, "reject", comment="Cap?", back_to_id=legal.id)
        self._decide(contract, self.lawyer)
        self.assertEqual(self._task(contract).waiting_ids, self.manager)

    def test_add_leaves_earlier_submissions(self):
        contract = self._send()
        contract.action_recall()
        former = contract.approval_task_ids.sorted("sequence")
        self._submit(contract)
        self._decide(contract, self.lawyer, "before", user_id=self.manager.id)
        self.assertEqual(former.mapped("sequence"), [1, 2])

    def test_add_only_possible(self):
        contract = self._send()
        for user, word in (
            (self.user, "wrote or submitted"),
            (self.salesman, "can't read contracts"),
            (self.lawyer2, "already"),
        ):
            for decision in ("before", "hand_over"):
                with self._refused(word):
                    self._decide(contract, self.lawyer, decision, user_id=user.id)

    def test_hand_over(self):
        contract = self._send()
        task = self._task(contract)
        self._decide(contract, self.lawyer, "hand_over", user_id=self.manager.id)
        self.assertEqual(task.waiting_ids, self.manager | self.lawyer2)
        with self._refused("does not wait for you"):
            self._decide(contract, self.lawyer)
        self.assertIn(self.manager, contract.activity_ids.user_id)
        self.assertNotIn(self.lawyer, contract.activity_ids.user_id)
        self._decide(contract, self.manager)
        self.assertEqual(task.state, "approved")

    def test_handing_over_is_no_opinion(self):
        self.legal.write(
            {
                "mode": "minimum",
                "minimum": 2,
                "user_ids": [Command.link(self.user_all.id)],
            }
        )
        contract = self._send()
        task = self._task(contract)
        self._decide(contract, self.lawyer, "hand_over", user_id=self.manager.id)
        self._decide(contract, self.lawyer2)
        self.assertEqual(task.state, "pending")
        self._decide(contract, self.manager)
        self.assertEqual(task.state, "approved")

    def test_not_to_who_decided(self):
        self.legal.mode = "all"
        contract = self._send()
        self._decide(contract, self.lawyer)
        with self._refused("approver already"):
            self._decide(contract, self.lawyer2, "hand_over", user_id=self.lawyer.id)

    def test_administrator_hands_over_what_is_stuck(self):
        contract = self._send()
        (self.lawyer | self.lawyer2).active = False
        with self._refused("does not wait for you"):
            self._decide(contract, self.approval_manager)
        later = contract.approval_task_ids - self._task(contract)
        with self._refused("does not wait for a decision"):
            later.with_user(self.approval_manager)._hand_over(self.manager)
        self._decide(
            contract, self.approval_manager, "hand_over", user_id=self.manager.id
        )
        self._decide(contract, self.manager)
        self._decide(contract, self.boss)
        self.assertEqual(contract.state, "to_sign")

    def test_others_hand_nothing_over(self):
        contract = self._send()
        for user in (self.user, self.user_all, self.boss):
            with self._refused("", Exception):
                self._decide(contract, user, "hand_over", user_id=self.manager.id)

    def test_approvers_see_what_they_decide(self):
        contract = self._send()
        other = self._create_contract()
        for user in (self.lawyer, self.lawyer2):
            found = self.env["crm.contract"].with_user(user).search([])
            self.assertEqual(found.ids, contract.ids)
        self.assertFalse(self.env["crm.contract"].with_user(self.boss).search([]))
        read = contract.with_user(self.lawyer)
        for name in read._get_content_children():
            read[name].mapped("display_name")
        self.assertTrue(read.approval_task_id.figures)
        with self.assertRaises(AccessError):
            other.with_user(self.lawyer).read(["name"])
        with self.assertRaises(AccessError):
            read.note = "Mine"
        self._decide(contract, self.lawyer)
        self.assertTrue(contract.with_user(self.boss).name)
        self.assertTrue(contract.with_user(self.lawyer).name)

    def test_approver_opens_the_whole_form(self):
        contract = self._send().with_user(self.lawyer)
        task = self._task(contract).with_user(self.lawyer)
        for record in (contract, task):
            form = Form(record)
            self.assertTrue(form.partner_id)
        contract.tag_ids.mapped("name")

    def test_other_company(self):
        contract = self._send()
        other = self._create_company("Foreign Ltd")
        # Named in the policy once, moved to another company since.
        self.lawyer.write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        foreign = contract.with_user(self.lawyer).with_context(
            allowed_company_ids=other.ids
        )
        with self.assertRaises(AccessError):
            foreign.read(["name"])
        with self.assertRaises(AccessError):
            self._task(contract).with_user(self.lawyer).with_context(
                allowed_company_ids=other.ids
            )._approve()

    def test_portal_sees_nothing(self):
        contract = self._send()
        contract.message_subscribe(self.portal.partner_id.ids)
        self._decide(contract, self.lawyer, comment="Secret opinion")
        for model in ("task", "review", "condition", "policy", "step", "delegation"):
            with self.assertRaises(AccessError):
                self.env[f"crm.contract.approval.{model}"].with_user(
                    self.portal
                ).search([])
        told = contract.sudo().message_ids.filtered(
            lambda m: not m.is_internal and not m.subtype_id.internal
        )
        self.assertNotIn("Secret", "".join(told.mapped("body")))
