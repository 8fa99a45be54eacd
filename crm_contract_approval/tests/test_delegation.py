from freezegun import freeze_time

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form

from .common import GROUP, ApprovalCommon


class TestDelegation(ApprovalCommon):
    """Standing in for an approver, and what it does not open."""

    def setUp(self):
        super().setUp()
        self.legal.user_ids = self.lawyer

    def test_deputy_decides(self):
        contract = self._send()
        with self.assertRaises(AccessError):
            contract.with_user(self.boss).read(["name"])
        self._delegate(self.lawyer, self.boss)
        self.assertTrue(contract.with_user(self.boss).can_decide)
        self._decide(contract, self.boss)
        review = contract.review_ids[0]
        self.assertEqual(review.user_id, self.boss)
        self.assertEqual(review.principal_ids, self.lawyer)

    def test_only_in_its_time(self):
        contract = self._send()
        self._delegate(self.lawyer, self.boss, begin=1)
        self._delegate(self.lawyer, self.lawyer2, begin=-9, end=-1)
        for user in (self.boss, self.lawyer2):
            with self._refused("", Exception):
                self._decide(contract, user)

    def test_in_the_inbox_of_the_deputy(self):
        self._delegate(self.lawyer, self.lawyer2)
        contract = self._send()
        self.assertEqual(contract.activity_ids.user_id, self.lawyer | self.lawyer2)
        self._delegate(self.lawyer2, self.user)
        other = self._send()
        self.assertEqual(other.activity_ids.user_id, self.lawyer | self.lawyer2)
        contract = contract | other
        mine = self.env["crm.contract.approval.task"].with_user(self.lawyer2)
        self.assertEqual(mine.search([("is_mine", "=", True)]).contract_id, contract)

    def test_authors_and_their_deputies_never(self):
        self.legal.user_ids = self.lawyer | self.user_all
        contract = self._create_contract()
        contract.with_user(self.user_all).name = "Edited"
        self._submit(contract)
        with self._refused("wrote or submitted"):
            self._decide(contract, self.user_all)
        # By a chain: approver → author → his deputy
        self._delegate(self.lawyer, self.user)
        self._delegate(self.user, self.manager)
        for user in (self.user, self.manager):
            with self._refused("wrote or submitted"):
                self._decide(contract, user)

    def test_ended_delegation_still_excludes(self):
        contract = self._send()
        row = self._delegate(self.user, self.lawyer)
        row.action_end()
        with self._refused("wrote or submitted"):
            self._decide(contract, self.lawyer)

    def test_chain(self):
        contract = self._send()
        self._delegate(self.lawyer, self.boss)
        self._delegate(self.boss, self.manager)
        self._decide(contract, self.manager)
        self.assertEqual(contract.review_ids[0].principal_ids, self.lawyer)

    def test_cycle(self):
        self._delegate(self.lawyer, self.boss)
        self._delegate(self.boss, self.manager)
        # What is in memory must not be what the new one is compared with.
        self.env["crm.contract.approval.delegation"]._get_principal_ids(self.boss.id)
        with self._refused("each other", ValidationError):
            self._delegate(self.manager, self.lawyer)
        self._delegate(self.manager, self.lawyer, begin=10, end=12)

    def test_changed_meanwhile(self):
        """What is kept in memory follows what is written."""
        model = self.env["crm.contract.approval.delegation"]
        row = self._delegate(self.lawyer, self.boss, begin=-2)
        planned = self._delegate(self.lawyer, self.manager, begin=6, end=9)
        ids = {self.boss.id, self.lawyer.id}
        self.assertEqual(model._get_principal_ids(self.boss.id), ids)
        row.action_end()
        self.assertEqual(model._get_principal_ids(self.boss.id), {self.boss.id})
        pair = (self.lawyer.id, self.manager.id)
        self.assertIn(pair, [row[:2] for row in model._get_all()])
        planned.unlink()
        self.assertNotIn(pair, [row[:2] for row in model._get_all()])

    def test_undo_by_a_deputy(self):
        """Those for whom he decided are asked again, and nobody else."""
        self.legal.write({"user_ids": self.lawyer | self.lawyer2, "mode": "all"})
        contract = self._send()
        task = self._task(contract)
        self._delegate(self.lawyer, self.manager)
        self._decide(contract, self.manager)
        self.assertEqual(task.waiting_ids, self.lawyer2)
        task.with_user(self.manager).action_undo()
        self.assertEqual(task.waiting_ids, self.lawyer | self.lawyer2)

    def test_only_ones_own(self):
        with self.assertRaises(AccessError):
            self._delegate(self.lawyer, self.user, by=self.user)
        row = self._delegate(self.lawyer, self.boss, by=self.approval_manager)
        with self.assertRaises(AccessError):
            row.with_user(self.boss).date_to = self._days(99)
        planned = self._delegate(self.lawyer, self.boss, begin=7, end=9)
        for change in (
            lambda: planned.with_user(self.boss).write(
                {"user_id": self.boss.id, "deputy_id": self.manager.id}
            ),
            lambda: planned.with_user(self.boss).unlink(),
            lambda: planned.write({"user_id": self.boss.id, "deputy_id": self.user.id}),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                change()

    def test_begun_is_on_record(self):
        row = self._delegate(self.lawyer, self.boss)
        for change in (
            lambda: row.write({"deputy_id": self.manager.id}),
            lambda: row.write({"date_from": self._days(-3)}),
            lambda: row.with_user(self.approval_manager).write(
                {"user_id": self.lawyer2.id}
            ),
            row.unlink,
            # The deputy agreed to its days, and is excluded from decisions on them.
            lambda: row.write({"date_to": self._days(8)}),
        ):
            with self._refused("has begun"):
                change()
        row.date_to = self._days(4)
        self._delegate(self.lawyer, self.manager, begin=6, end=9).unlink()

    def test_past_is_on_record(self):
        """Who stood in until today can't be made one who never did."""
        self.legal.user_ids += self.lawyer2
        row = self._delegate(self.user, self.lawyer, begin=-9)
        with freeze_time(self._days(-3)):
            contract = self._send()
        for change in (
            lambda: row.write({"date_to": self._days(-5)}),
            lambda: row.with_user(self.approval_manager).write(
                {"date_to": self._days(-2)}
            ),
        ):
            with self._refused("yesterday"):
                change()
        row.action_end()
        self.assertEqual(row.date_to, self._days(-1))
        self.assertEqual(row.state, "over")
        with self._refused("wrote or submitted"):
            self._decide(contract, self.lawyer2, "hand_over", user_id=self.lawyer.id)

    def test_form(self):
        form = Form(
            self.env["crm.contract.approval.delegation"].with_user(self.lawyer),
            "crm_contract_approval.crm_contract_approval_delegation_view_list",
        )
        form.deputy_id = self.boss
        form.date_to = self._days(3)
        self.assertEqual(form.save().user_id, self.lawyer)

    def test_one_opinion_of_several(self):
        self.legal.write(
            {"user_ids": self.lawyer | self.lawyer2, "mode": "minimum", "minimum": 2}
        )
        contract = self._send()
        self._delegate(self.lawyer2, self.lawyer)
        self._decide(contract, self.lawyer)
        self.assertEqual(self._task(contract).name, "Legal")
        with self._refused("decided already"):
            self._decide(contract, self.lawyer)

    def test_one_opinion_for_several_absent(self):
        """Who stands in for two of at least two is one opinion all the same."""
        self.legal.write(
            {"user_ids": self.lawyer | self.lawyer2, "mode": "minimum", "minimum": 2}
        )
        contract = self._send()
        task = self._task(contract)
        self._delegate(self.lawyer, self.manager)
        self._delegate(self.lawyer2, self.manager)
        self._decide(contract, self.manager)
        self.assertEqual(len(task.waiting_ids), 1)
        review = contract.review_ids.filtered(lambda row: row.decision == "approve")
        self.assertEqual(review.principal_ids, task.approver_ids - task.waiting_ids)
        with self._refused("decided already"):
            self._decide(contract, self.manager)
        self._decide(contract, task.waiting_ids)
        self.assertEqual(task.state, "approved")

    def test_for_all_absent(self):
        """Where everybody decides, a deputy decides for each whom he stands in for."""
        self.legal.write({"user_ids": self.lawyer | self.lawyer2, "mode": "all"})
        contract = self._send()
        self._delegate(self.lawyer, self.manager)
        self._delegate(self.lawyer2, self.manager)
        self._decide(contract, self.manager)
        self.assertEqual(self._task(contract).name, "Executive")
        review = contract.review_ids.filtered(lambda row: row.decision == "approve")
        self.assertEqual(review.principal_ids, self.lawyer | self.lawyer2)

    def test_authors_meet_no_condition(self):
        """Neither as a deputy of who set it, nor as an approval administrator."""
        chief = self._create_user(
            "contract_chief",
            f"{GROUP}manager,crm_contract.crm_contract_group_user_all",
        )
        contract = self._create_contract()
        contract.with_user(chief).name = "Edited"
        self._submit(contract)
        self._decide(contract, self.lawyer, "condition", condition="Cap at 10 %")
        self._decide(contract, self.boss)
        self._delegate(self.lawyer, self.user)
        self._delegate(self.user, self.manager)
        condition = contract.condition_ids
        for author in (self.user, self.manager, chief):
            with self._refused("You wrote or submitted"):
                condition.with_user(author).action_met()
            self.assertFalse(condition.with_user(author).can_meet)
        self.assertEqual(contract.state, "review")
        condition.with_user(self.approval_manager).action_met()
        self.assertEqual(contract.state, "to_sign")

    def test_deputy_meets_a_condition(self):
        contract = self._send()
        self._decide(contract, self.lawyer, "condition", condition="Cap at 10 %")
        self._decide(contract, self.boss)
        with self._refused("", Exception):
            contract.condition_ids.with_user(self.lawyer2).action_met()
        self._delegate(self.lawyer, self.lawyer2)
        contract.condition_ids.with_user(self.lawyer2).action_met()
        self.assertEqual(contract.condition_ids.met_by_id, self.lawyer2)
        self.assertEqual(contract.state, "to_sign")
