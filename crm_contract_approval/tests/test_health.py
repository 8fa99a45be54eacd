from datetime import timedelta

from freezegun import freeze_time

from odoo.addons.crm_contract.tests.test_health import HealthCommon

from .common import ApprovalCommon


class TestHealthApproval(ApprovalCommon, HealthCommon):
    """Steps that nobody can decide, and reviews without a step."""

    def setUp(self):
        super().setUp()
        self.contract = self._send()
        self.task = self._task(self.contract).sudo()

    def _archive(self, *users):
        for user in users:
            self._set(user, active=False)

    def test_sound(self):
        self.assert_sound()
        self._decide(self.contract, self.lawyer)
        self.assert_sound()
        self._decide(self.contract, self.boss)
        self.assertEqual(self.contract.state, "to_sign")
        self.assert_sound()

    def test_all_are_gone(self):
        self._archive(self.lawyer)
        self.assertFalse(self._find("approval_nobody"))
        with self._found("approval_nobody", self.task):
            self._archive(self.lawyer2)

    def test_one_of_all_is_gone(self):
        self._set(self.task, mode="all")
        with self._found("approval_nobody", self.task):
            self._archive(self.lawyer)

    def test_too_few_are_left(self):
        self._set(self.task, mode="minimum", minimum=2)
        with self._found("approval_nobody", self.task):
            self._archive(self.lawyer2)

    def test_in_another_company(self):
        other = self._create_company("Other Ltd")
        self._archive(self.lawyer2)
        with self._found("approval_nobody", self.task):
            self.lawyer.write(
                {"company_id": other.id, "company_ids": [(6, 0, other.ids)]}
            )
            self.env.flush_all()

    def test_who_wrote_it(self):
        self._archive(self.lawyer2)
        with self._found("approval_nobody", self.task):
            self._set(self.contract, submitted_by_id=self.lawyer.id)

    def test_deputy(self):
        """Who stands in for somebody who is gone can decide, as long as he does."""
        self._archive(self.lawyer, self.lawyer2)
        self.assertEqual(self._find("approval_nobody"), self.task)
        today = self.today
        delegation = self.env["crm.contract.approval.delegation"].create(
            {
                "user_id": self.lawyer.id,
                "deputy_id": self.boss.id,
                "date_from": today,
                "date_to": today,
            }
        )
        self.env.flush_all()
        self.assertFalse(self._find("approval_nobody"))
        self._set(delegation, date_from=today - timedelta(days=2))
        self._set(delegation, date_to=today - timedelta(days=1))
        self.assertEqual(self._find("approval_nobody"), self.task)

    def test_escalated(self):
        self._archive(self.lawyer, self.lawyer2)
        self._set(self.task, escalated_to_id=self.boss.id)
        self.assertFalse(self._find("approval_nobody"))
        with self._found("approval_nobody", self.task):
            self._archive(self.boss)

    def test_late(self):
        deadline = self.task.date_deadline
        self.env.flush_all()
        with freeze_time(deadline + timedelta(days=7)):
            self.assertFalse(self._find("approval_late"))
        with freeze_time(deadline + timedelta(days=8)):
            self.assertEqual(self._find("approval_late"), self.task)

    def test_review_without_step(self):
        with self._found("review_without_step", self.contract):
            self._set(self.task, state="approved")

    def test_step_without_review(self):
        with self._found("step_without_review", self.task):
            self._set(self.contract, state="to_sign")
