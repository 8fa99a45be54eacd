from unittest import SkipTest

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form

from .test_obligation import ObligationCommon

TASK = "project.task"
PROJECT_USER = "project.group_project_user"


class TestObligationWithoutTask(ObligationCommon):
    """What holds whether Project is there or not."""

    def test_owned(self):
        row = self._sign_with({})
        with self.assertRaises(AccessError):
            row.with_user(self.manager).task_number = 7
        with self.assertRaisesRegex(ValidationError, "no record"):
            row.with_user(self.manager).write({"task_ref": "res.users,1"})
        self.assertFalse(row.task_ref)

    def test_number_of_nothing_reads(self):
        """What is left of a task that is gone, or of an app that is."""
        row = self._sign_with({})
        row.task_number = 2**31 - 1
        row = row.with_user(self.user)
        values = row.read(["task_ref", "task_status", "task_hint", "can_link_task"])[0]
        self.assertFalse(values["task_ref"] or values["task_status"])
        with Form(row) as form:
            form.note = "Read and written"
        exported = row.sudo().export_data(["name", "task_ref", "task_status"])
        self.assertEqual(exported["datas"][0][1:], ["", ""])
        with self.assertRaisesRegex(UserError, "has no task"):
            row.action_open_task()

    def test_uninstalled(self):
        """Tasks of Project begin with the number one when it is installed again."""
        row = self._sign_with({})
        row.task_number = 5
        modules = self.env["ir.module.module"]
        # What a module leaves is deleted by Odoo.
        self.patch(
            self.env.registry["ir.model.data"],
            "_module_data_uninstall",
            lambda data, names: None,
        )
        for name, number in (("calendar", 5), ("project", 0)):
            modules.search([("name", "=", name)]).module_uninstall()
            self.assertEqual(row.task_number, number)

    def test_dialog_takes_nothing_else(self):
        row = self._sign_with({})
        dialogs = self.env["crm.contract.obligation.task"].with_user(self.user)
        for value in ("res.users,1", "x", "project.task,x", "no.model,1", 7):
            with self.assertRaisesRegex(ValidationError, "no record"):
                dialogs.create({"obligation_id": row.id, "target_ref": value})

    def test_not_there(self):
        if TASK in self.env:
            self.skipTest("Project is installed")
        row = self._sign_with({}).with_user(self.user)
        self.assertFalse(row.can_link_task)
        self.assertEqual(row.fields_get(["task_ref"])["task_ref"]["selection"], [])
        for call in (row.action_create_task, row.action_link_task):
            with self.assertRaisesRegex(UserError, "“Project” is installed"):
                call(1)
        with self.assertRaisesRegex(UserError, "Choose"):
            self.env["crm.contract.obligation.task"].with_user(self.user).create(
                {"obligation_id": row.id}
            ).action_do()


class TestObligationTask(ObligationCommon):
    """The task in which an obligation is worked on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "project.task" not in cls.env:
            raise SkipTest(
                "Project is not installed: tests/test_project.py installs it"
            )
        cls.member = cls._create_user(
            "contract_member", f"crm_contract.crm_contract_group_user,{PROJECT_USER}"
        )
        cls.project = cls._create_project("Roll-out")

    @classmethod
    def _create_project(cls, name, **vals):
        stages = [Command.create({"name": stage}) for stage in ("Design", "Build")]
        return cls.env["project.project"].create(
            {
                "name": name,
                "privacy_visibility": "employees",
                "type_ids": stages,
                **vals,
            }
        )

    def setUp(self):
        super().setUp()
        terms = {"user_id": self.user.id, "evidence": "note"}
        self.rows = self._sign_with(
            {"name": "Plan", "date_deadline": self._days(3), **terms},
            {"name": "Handover", "date_deadline": self._days(9), **terms},
            user=self.member,
        ).with_user(self.member)
        self.row = self.rows[0]

    def _create_task(self, row=None):
        row = row or self.row
        row.action_create_task(self.project.id)
        return row.task_ref

    def _told(self, row=None):
        self.env.invalidate_all()
        row = row or self.row
        return row.task_ref, row.task_status, row.task_hint

    def test_create_once(self):
        self.assertTrue(self.row.can_link_task)
        action = self.row.action_create_task(self.project.id)
        task = self.row.task_ref
        self.assertEqual((action["res_model"], action["res_id"]), (TASK, task.id))
        self.assertEqual(
            (task.name, task.project_id, task.user_ids, task.partner_id),
            ("Plan", self.project, self.user, self.customer),
        )
        self.assertEqual(task.date_deadline.date(), self._days(3))
        self.assertIn(f"/odoo/contract-obligations/{self.row.id}", task.description)
        self.assertIn(self.row.contract_id.number, task.description)
        self.assertEqual(self._told()[1], "Design · In Progress")
        self.assertFalse(self.row.can_link_task)
        again = self.row.action_create_task(self.project.id)
        self.assertEqual(again["res_id"], task.id)
        self.assertEqual(len(self.project.task_ids), 1)

    def test_project_of_the_others(self):
        with self.assertRaisesRegex(UserError, "Choose the project"):
            self.row.action_create_task()
        self._create_task()
        self.rows[1].action_create_task()
        self.assertEqual(self.rows[1].task_ref.project_id, self.project)
        self.assertEqual(len(self.project.task_ids), 2)

    def test_rights(self):
        for user in (self.user, self.manager, self.reader):
            row = self.row.with_user(user)
            self.assertFalse(row.can_link_task, user.login)
            with self.assertRaises(AccessError):
                row.action_create_task(self.project.id)
        other = self._create_user(
            "contract_outsider", f"base.group_user,{PROJECT_USER}"
        )
        stranger = self._create_user(
            "contract_stranger", f"crm_contract.crm_contract_group_user,{PROJECT_USER}"
        )
        for user in (other, stranger):
            for method in ("action_create_task", "action_link_task"):
                with self.assertRaises(AccessError):
                    getattr(self.row.with_user(user), method)(self.project.id)
            with self.assertRaises(AccessError):
                self.row.with_user(user).action_unlink_task()
        self.assertFalse(self.project.task_ids)

    def test_reader_without_access_to_the_project(self):
        task = self._create_task()
        self.project.privacy_visibility = "followers"
        task.message_unsubscribe(task.message_partner_ids.ids)
        row = self.row.with_user(self.reader)
        told = self._told(row)
        self.assertEqual(told, (None, "A task that you may not see", False))
        self.assertTrue(row.web_read({"task_ref": {"fields": {"display_name": {}}}}))
        self.reader.group_ids += self.env.ref("base.group_allow_export")
        exported = row.export_data(["task_ref", "task_status"])["datas"][0]
        self.assertEqual(exported, ["", "A task that you may not see"])
        with self.assertRaisesRegex(UserError, "may not see"):
            row.action_open_task()

    def test_task_that_goes(self):
        task = self._create_task()
        task.active = False
        self.assertEqual(self._told(), (task, "Design · In Progress · archived", False))
        task.sudo().unlink()
        self.assertEqual(self._told(), (None, False, False))
        self.assertTrue(self.row.can_link_task)
        self.assertNotEqual(self._create_task().id, task.id)

    def test_other_company(self):
        company = self._create_company("Elsewhere Ltd")
        self.member.company_ids += company
        project = self._create_project("Elsewhere", company_id=company.id)
        companies = (self.company | company).ids
        row = self.row.with_context(allowed_company_ids=companies)
        task = self.env[TASK].create({"name": "Theirs", "project_id": project.id})
        with self.assertRaisesRegex(UserError, "Elsewhere Ltd"):
            row.action_create_task(project.id)
        with self.assertRaisesRegex(UserError, "Elsewhere Ltd"):
            row.action_link_task(task.id)
        ours = self._create_task()
        ours.sudo().project_id = project
        self.assertEqual(self._told()[1], "A task that you may not see")

    def test_link(self):
        task = self.env[TASK].create({"name": "There", "project_id": self.project.id})
        hidden = self._create_project("Board", privacy_visibility="followers")
        secret = self.env[TASK].create({"name": "Secret", "project_id": hidden.id})
        with self.assertRaises(AccessError):
            self.row.action_link_task(secret.id)
        for wrong in (0, 2**31 - 1, "x", [task.id], True):
            with self.assertRaises(UserError):
                self.row.action_link_task(wrong)
        self.row.action_link_task(task.id)
        self.assertEqual(self.row.task_ref, task)
        with self.assertRaisesRegex(UserError, "has a task"):
            self.row.action_link_task(self._create_task(self.rows[1]).id)
        self.row.action_unlink_task()
        self.assertFalse(self._told()[0])
        self.assertTrue(task.exists())

    def test_neither_closes_the_other(self):
        task = self._create_task()
        task.state = "1_done"
        self.assertEqual(self.row.state, "open")
        self.assertRegex(self._told()[2], "task is done")
        with self.assertRaisesRegex(UserError, "closed with a note"):
            self.row.action_done()
        task.state = "1_canceled"
        self.assertRegex(self._told()[2], "owed all the same")
        task.state = "01_in_progress"
        self.assertFalse(self._told()[2])
        self.row.action_done(note="Handed over")
        self.assertRegex(self._told()[2], "still open")
        self.assertEqual(task.state, "01_in_progress")

    def test_closed_takes_none(self):
        self.row.action_done(note="Handed over")
        self.assertFalse(self.row.can_link_task)
        with self.assertRaisesRegex(UserError, "is closed"):
            self.row.action_create_task(self.project.id)

    def test_occurrences_have_tasks_of_their_own(self):
        rows = self._sign_with(
            {"date_deadline": self._days(3), "recurrence_interval": 1},
            user=self.member,
        ).with_user(self.member)
        self._create_task(rows[0])
        self.assertFalse(any(rows[1:].mapped("task_number")))
        self.assertFalse(rows[0].copy_data()[0].get("task_number"))
        self.env["crm.contract.obligation.plan"]._derive(rows.contract_id)
        self.assertEqual(len(rows.filtered("task_number")), 1)

    def test_dialog(self):
        dialogs = self.env["crm.contract.obligation.task"].with_user(self.member)
        first = dialogs.create({"obligation_id": self.row.id})
        self.assertFalse(first.target_ref)
        first.target_ref = self.project
        self.assertEqual(first.action_do()["res_id"], self.row.task_ref.id)
        second = dialogs.create({"obligation_id": self.rows[1].id})
        self.assertEqual(second.target_ref, self.project)
        second.target_ref = self.row.task_ref
        second.action_do()
        self.assertEqual(self.rows[1].task_ref, self.row.task_ref)

    def test_dialog_names_what_may_be_read(self):
        hidden = self._create_project("Board", privacy_visibility="followers")
        dialogs = self.env["crm.contract.obligation.task"].with_user(self.member)
        with self.assertRaises(AccessError):
            dialogs.create(
                {
                    "obligation_id": self.row.id,
                    "target_ref": f"{hidden._name},{hidden.id}",
                }
            )
