from datetime import datetime, time

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...tools.records import one
from .crm_contract_obligation import OPEN
from .crm_contract_obligation_steps import IN_FORCE

TASK, PROJECT = "project.task", "project.project"


class CrmContractObligation(models.Model):
    """The task in which an obligation is worked on, where Project is installed.

    These add-ons do without Project: the number of the task is what is stored, and all
    else is asked of it where it is there. A task neither closes an obligation nor keeps
    it open; what both say is told.
    """

    _inherit = "crm.contract.obligation"

    task_number = fields.Integer(
        string="Number of the task",
        readonly=True,
        copy=False,
        owned=True,
        aggregator=None,
        index="btree_not_null",
    )
    task_ref = fields.Reference(
        selection="_selection_task",
        string="Task",
        compute="_compute_task",
        owned=True,
        help="In which it is worked on in Project.",
    )
    task_status = fields.Char(string="State of the task", compute="_compute_task")
    task_hint = fields.Char(compute="_compute_task")
    can_link_task = fields.Boolean(compute="_compute_can_link_task")

    @api.model
    def _selection_task(self):
        return [(TASK, self.env._("Task"))] if TASK in self.env else []

    @api.depends("task_number", "state")
    @api.depends_context("uid", "allowed_company_ids", "lang")
    def _compute_task(self):
        tasks = self._get_tasks()
        seen = tasks and tasks.with_env(self.env)._filtered_access("read")
        by_number = {task.id: task for task in seen or ()}
        hidden = set(tasks.ids if tasks else ()) - set(by_number)
        for row in self:
            task = by_number.get(row.task_number)
            row.task_ref = task or False
            row.task_hint = task and row._get_task_hint(task)
            if task:
                row.task_status = row._get_task_status(task)
            else:
                row.task_status = row.task_number in hidden and self.env._(
                    "A task that you may not see"
                )

    @api.depends("task_number", "state", "contract_id.state")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_can_link_task(self):
        rows = self._filtered_access("write") if self._may_task() else self.browse()
        tasks = rows and rows._get_tasks()
        taken = set(tasks.ids if tasks else ())
        for row in self:
            row.can_link_task = bool(
                row in rows
                and row.state in OPEN
                and row.contract_state in IN_FORCE
                and row.task_number not in taken
            )

    @api.model
    def _may_task(self):
        """Return whether the user makes tasks in projects."""
        # Everybody may write to-dos of his own: that is not enough.
        return TASK in self.env and (
            self.env.su or self.env.user.has_group("project.group_project_user")
        )

    def _get_tasks(self):
        """Return the tasks that there are (sudo), None where there is no Project."""
        if TASK not in self.env:
            return None
        ids = [number for number in self.mapped("task_number") if number]
        # sudo: whether they are there; who may read them is asked besides
        return self.env[TASK].sudo().browse(ids).exists()

    def _get_task_status(self, task):
        states = dict(task._fields["state"]._description_selection(self.env))
        told = [task.stage_id.name, states.get(task.state)]
        if not task.active:
            told.append(self.env._("archived"))
        return " · ".join(filter(None, told))

    def _get_task_hint(self, task):
        """Return what obligation and task do not agree on (str), False for nothing."""
        if self.state in OPEN and task.state == "1_done":
            return self.env._(
                "The task is done. The obligation is open until somebody says so here, "
                "with the evidence that it takes."
            )
        if self.state in OPEN and task.is_closed:
            return self.env._(
                "The task is cancelled; what is agreed is owed all the same."
            )
        if self.state not in OPEN and not task.is_closed:
            return self.env._("The obligation is closed; its task is still open.")
        return False

    # What people and programs do

    def action_create_task(self, project_id=None):
        """Make the task of an obligation in Project, if it has none.

        :param project_id: project in which it is made; that of the contract's other
            tasks if not given
        :return: action that opens the task
        :raise UserError: in one sentence, without Project, or for what is closed
        :raise AccessError: if the user may not write the obligation, or create tasks
        """
        row, arguments = one(self)._enter_task()
        project = arguments._read_record("project_id", project_id, PROJECT)
        if not row._get_tasks():
            project = project or row._get_usual_project()
            row._check_can_link(project)
            task = self.env[TASK].create(row._prepare_task_vals(project))
            row._set_task(task)
        return row.action_open_task()

    def action_link_task(self, task_id=None):
        """Say in which task of Project an obligation is worked on.

        :param task_id: task that the user may read
        :return: the obligation
        :raise UserError: in one sentence, if it has another task, or is closed
        """
        row, arguments = one(self)._enter_task()
        task = arguments._read_record("task_id", task_id, TASK)
        if not task:
            raise UserError(self.env._("Choose a task."))
        known = row._get_tasks()
        if known and known.id != task.id:
            raise UserError(
                self.env._(
                    "“%s” has a task. Take its link away first.", row.display_name
                )
            )
        row._check_can_link(task)
        row._set_task(task)
        return row

    def action_unlink_task(self):
        """Take away the link to a task; the task stays."""
        row = one(self)
        row.check_access("write")
        row._set_task(None)
        return row

    def action_open_task(self):
        """Open the task of an obligation."""
        row = one(self)
        row.check_access("read")
        if not row.task_ref:
            raise UserError(
                row.task_status
                or self.env._("“%s” has no task in Project.", row.display_name)
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": TASK,
            "res_id": row.task_number,
            "views": [(False, "form")],
        }

    def action_choose_task(self):
        """Open the dialog that makes a task, or names one that is there."""
        one(self).check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Task of “%s”", self.display_name),
            "res_model": "crm.contract.obligation.task",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_obligation_id": self.id},
        }

    def _enter_task(self):
        """Return the locked record and the reader of arguments, after the checks."""
        row, arguments = self._enter()
        if TASK not in self.env:
            raise UserError(
                self.env._("Tasks are there once the app “Project” is installed.")
            )
        if not self._may_task():
            raise AccessError(
                self.env._("Users of the app “Project” alone make and link tasks.")
            )
        row._lock_rows()
        return row, arguments

    def _check_can_link(self, target):
        """Refuse what is closed, and projects or tasks of other companies."""
        if self.state not in OPEN:
            raise UserError(
                self.env._("“%s” is closed: it takes no task.", self.display_name)
            )
        if not target:
            raise UserError(self.env._("Choose the project in which the task is made."))
        if target.company_id and target.company_id != self.company_id:
            raise UserError(
                self.env._(
                    "“%(target)s” is of %(company)s, the obligation of %(other)s.",
                    target=target.display_name,
                    company=target.company_id.name,
                    other=self.company_id.name,
                )
            )

    def _set_task(self, task):
        # sudo: an owned field; the caller has checked the rights
        self.sudo().task_number = task and task.id or 0
        said = self.env._("Task: %s", task.display_name) if task else (
            self.env._("The link to its task was taken away.")
        )  # fmt: skip
        self.message_post(body=said)

    def _get_usual_project(self):
        """Return the project of the newest task of the contract that the user may use."""
        projects = self.env[PROJECT]
        if TASK not in self.env:
            return projects
        # sudo: numbers of tasks of other obligations; the projects are asked for below
        rows = self.sudo().contract_id.milestone_ids.obligation_ids
        found = rows._get_tasks().sorted("id", reverse=True).project_id
        found = found.with_env(self.env)._filtered_access("read").filtered("active")
        return found.filtered(
            lambda project: project.company_id.id in (False, self.company_id.id)
        )[:1]

    def _prepare_task_vals(self, project):
        # Noon is the same day almost everywhere.
        due = self.date_due and datetime.combine(self.date_due, time(12))
        # sudo: what the contract is called, to whoever may write its obligation
        contract = self.sudo().contract_id.display_name
        link = Markup('<a href="/odoo/contract-obligations/%s">%s</a>') % (
            self.id,
            self.env._("%(obligation)s, of %(contract)s",
                       obligation=self.display_name, contract=contract),
        )  # fmt: skip
        text = Markup("<p>%s</p>") % self.description if self.description else ""
        return {
            "name": self.display_name,
            "project_id": project.id,
            "partner_id": self.partner_id.id,
            "user_ids": self.user_id.filtered("active").ids,
            "date_deadline": due,
            "description": Markup("%s<p>%s</p>") % (text, link),
        }

    @api.model
    def _forget_tasks(self):
        """Forget all links: what has these numbers later are other tasks (sudo)."""
        self.search([("task_number", "!=", False)]).task_number = 0
