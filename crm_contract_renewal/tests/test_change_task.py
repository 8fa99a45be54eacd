from odoo.exceptions import AccessError
from odoo.fields import Command

from .test_amend import AmendmentCommon


class TestChangeTask(AmendmentCommon):
    """What has to be done to carry out an amendment."""

    def _draft_with_task(self, contract):
        amendment = self._change_line(self._draft(contract, 10), price_unit=110)
        amendment.task_ids = [
            Command.create(
                {"name": "Order spare parts", "user_id": self.user_all.id, "days": 5}
            )
        ]
        return amendment

    def test_activity_on_signature(self):
        contract = self._create_running()
        amendment = self._draft_with_task(contract)
        task = amendment.task_ids
        self.assertFalse(task.activity_id)
        with self._refused("begins when the amendment is signed"):
            task.action_done()
        self._sign(amendment)
        activity = task.sudo().activity_id
        self.assertEqual(activity.res_id, contract.id)
        self.assertEqual(activity.user_id, self.user_all)
        self.assertEqual(activity.date_deadline, self._days(15))
        self.assertEqual(contract.change_task_count, 1)
        self.assertEqual(contract.change_task_done_count, 0)

    def test_done_either_way(self):
        contract = self._create_running()
        amendment = self._sign(self._draft_with_task(contract))
        task = amendment.task_ids
        task.sudo().activity_id.with_user(self.user_all).action_feedback()
        self.assertEqual(task.date_done, self.today)
        self.assertEqual(contract.change_task_done_count, 1)
        amendment.task_ids = [Command.create({"name": "Tell the site"})]
        other = amendment.task_ids - task
        self.assertTrue(other.activity_id)
        other.action_done()
        self.assertEqual(other.date_done, self.today)
        open_tasks = amendment.task_ids.search(
            [("amendment_id", "=", amendment.id), ("date_done", "=", False)]
        )
        self.assertFalse(open_tasks)

    def test_follows_the_task(self):
        amendment = self._sign(self._draft_with_task(self._create_running()))
        task = amendment.task_ids
        task.write({"user_id": self.user.id, "days": 7})
        activity = task.sudo().activity_id
        self.assertEqual(activity.user_id, self.user)
        self.assertEqual(activity.date_deadline, self._days(17))
        task.unlink()
        self.assertFalse(activity.exists())

    def test_deleted_activity_was_not_done(self):
        amendment = self._sign(self._draft_with_task(self._create_running()))
        task = amendment.task_ids
        task.sudo().activity_id.unlink()
        self.assertFalse(task.date_done)
        task.action_done()
        self.assertEqual(task.date_done, self.today)

    def test_rights(self):
        amendment = self._draft_with_task(self._create_running())
        for user in (self.reader, self.accountant):
            self.assertTrue(amendment.task_ids.with_user(user).read(["name"]))
            with self._refused("", AccessError):
                amendment.task_ids.with_user(user).name = "x"
