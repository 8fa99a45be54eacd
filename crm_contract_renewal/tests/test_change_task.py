from odoo.exceptions import AccessError, ValidationError
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


class TestChangeTaskTrust(AmendmentCommon):
    """Through a task, nobody reaches a record on which he has no rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tasks = cls.env["crm.contract.change.task"]
        cls.foreign = cls.customer.activity_schedule(
            "mail.mail_activity_data_todo", summary="Secret", user_id=cls.manager.id
        )

    def _create_task(self, user=None, signed=True, **vals):
        """Return a task of an amendment of the user's own contract."""
        contract = self._create_running()
        amendment = self._change_line(self._draft(contract, 10), price_unit=110)
        task = self.tasks.with_user(self.user).create(
            {"amendment_id": amendment.id, "name": "Tell the site", **vals}
        )
        if signed:
            self._sign(amendment)
        return task

    def _create_foreign_amendment(self):
        """Return a signed amendment of a contract that the user may not open."""
        amendment = self._sign(
            self._change_line(self._draft(self._create_running(), 10), price_unit=110)
        )
        family = (amendment | amendment.origin_id).sudo()
        family.user_id = self.manager
        self.assertFalse(amendment.with_user(self.user).has_access("read"))
        return amendment.with_env(self.env)

    def _assert_foreign_untouched(self):
        self.assertTrue(self.foreign.exists().active)
        self.assertEqual(self.foreign.summary, "Secret")
        self.assertEqual(self.foreign.user_id, self.manager)

    def _get_owned_values(self, task):
        other = self._create_foreign_amendment()
        return {
            "activity_id": self.foreign.id,
            "contract_id": other.origin_id.id,
            "company_id": self.env.company.search([("id", "!=", self.company.id)])[
                0
            ].id,
            "date_deadline": self._days(-100),
        }

    def test_owned_fields_by_write_and_copy(self):
        task = self._create_task()
        values = self._get_owned_values(task)
        self.assertEqual(values.keys(), set(task._get_owned_fields()))
        admin = self.env.ref("base.user_admin")
        admin.company_ids += self.company
        for user in (self.user, self.manager, admin):
            mine = task.with_user(user)
            for name, value in values.items():
                with self._refused("", AccessError):
                    mine.write({name: value})
                with self._refused("", AccessError):
                    mine.copy({name: value})
                with self._refused("", AccessError):
                    mine.create(
                        {"amendment_id": task.amendment_id.id, "name": "x", name: value}
                    )
                with self._refused("", AccessError):
                    mine.amendment_id.write(
                        {"task_ids": [Command.create({"name": "x", name: value})]}
                    )
        self._assert_foreign_untouched()

    def test_owned_fields_by_default(self):
        """Neither the context nor a default that a user keeps for himself sets them."""
        amendment = self._create_task().amendment_id
        mine = self.tasks.with_user(self.user)
        context = {"default_activity_id": self.foreign.id}
        vals = {"amendment_id": amendment.id, "name": "x"}
        with self._refused("", AccessError):
            mine.with_context(**context).create(vals)
        self.env["ir.default"].with_user(self.user).set(
            "crm.contract.change.task", "activity_id", self.foreign.id, user_id=True
        )
        self.assertNotIn("activity_id", mine.default_get(["activity_id"]))
        task = mine.create(vals)
        self.assertNotEqual(task.sudo().activity_id, self.foreign)
        task.unlink()
        self._assert_foreign_untouched()

    def test_owned_fields_by_import(self):
        task = self._create_task()
        result = self.tasks.with_user(self.user).load(
            ["amendment_id/.id", "name", "activity_id/.id"],
            [[str(task.amendment_id.id), "x", str(self.foreign.id)]],
        )
        self.assertFalse(result["ids"])
        self._assert_foreign_untouched()

    def test_activity_that_was_moved(self):
        """Its owner may move an activity anywhere: the task lets go of it."""
        task = self._create_task()
        activity = task.sudo().activity_id
        activity.with_user(self.user).write(
            {
                "res_model_id": self.env["ir.model"]._get_id("res.partner"),
                "res_id": self.customer.id,
            }
        )
        task.write({"name": "Changed", "user_id": self.manager.id})
        self.assertEqual(activity.summary, "Tell the site")
        self.assertEqual(activity.user_id, self.user)
        task.with_user(self.manager).action_done()
        self.assertTrue(activity.active)
        task.unlink()
        self.assertTrue(activity.exists().active)

    def test_task_stays_with_its_amendment(self):
        task, other = self._create_task(), self._create_task().amendment_id
        foreign = self._create_foreign_amendment()
        for amendment in (other, foreign):
            with self._refused("stays with its amendment"):
                task.amendment_id = amendment
        task.write({"amendment_id": task.amendment_id.id, "name": "Same"})
        self.assertEqual(task.name, "Same")

    def test_amendments_alone_have_tasks(self):
        contract = self._create_running()
        with self._refused("Only an amendment", ValidationError):
            self.tasks.with_user(self.user).create(
                {"amendment_id": contract.id, "name": "x"}
            )

    def test_no_task_on_what_one_may_not_write(self):
        amendment = self._create_foreign_amendment()
        count = len(amendment.origin_id.activity_ids)
        for owner in (self.user, self.manager):
            with self._refused("", AccessError):
                self.tasks.with_user(self.user).create(
                    {
                        "amendment_id": amendment.id,
                        "name": "Intrusion",
                        "user_id": owner.id,
                    }
                )
        self.assertEqual(len(amendment.origin_id.activity_ids), count)

    def test_owner_reports_and_changes_nothing(self):
        amendment = self._create_foreign_amendment()
        tasks = self.tasks.with_user(self.manager).create(
            [
                {"amendment_id": amendment.id, "name": "Theirs", "user_id": owner.id}
                for owner in (self.user, self.manager)
            ]
        )
        mine, theirs = tasks.with_user(self.user)
        self.assertEqual(self.tasks.with_user(self.user).search([]), mine)
        with self._refused("", AccessError):
            mine.name = "Mine"
        with self._refused("", AccessError):
            mine.unlink()
        with self._refused("", AccessError):
            theirs.action_done()
        mine.sudo().activity_id.unlink()
        self.env.invalidate_all()
        mine.action_done()
        self.assertEqual(tasks.mapped("date_done"), [self.today, False])

    def test_owner_who_only_reads(self):
        amendment = self._create_foreign_amendment()
        task = self.tasks.with_user(self.manager).create(
            {"amendment_id": amendment.id, "name": "Read", "user_id": self.reader.id}
        )
        self.env.invalidate_all()
        task.with_user(self.reader).action_done()
        self.assertEqual(task.date_done, self.today)

    def test_user_of_all_contracts(self):
        amendment = self._create_foreign_amendment()
        task = self.tasks.with_user(self.user_all).create(
            {"amendment_id": amendment.id, "name": "Help"}
        )
        activity = task.sudo().activity_id
        self.assertEqual(activity.res_id, amendment.origin_id.id)
        task.unlink()
        self.assertFalse(activity.exists())
