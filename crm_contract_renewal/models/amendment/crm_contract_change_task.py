from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.date_utils import add

from odoo.addons.crm_contract.tools.records import one, some


class CrmContractChangeTask(models.Model):
    """What somebody has to do so that an amendment is carried out.

    From the signature on, it is an activity on the contract.
    """

    _name = "crm.contract.change.task"
    _description = "Task of an amendment"
    _inherit = ["crm.contract.owned.mixin"]
    _order = "sequence, id"
    _check_company_auto = True

    amendment_id = fields.Many2one(
        "crm.contract",
        required=True,
        index=True,
        ondelete="cascade",
        domain=[("kind", "=", "amendment")],
    )
    contract_id = fields.Many2one(
        related="amendment_id.origin_id", store=True, index="btree_not_null"
    )
    company_id = fields.Many2one(
        related="amendment_id.company_id", store=True, index=True
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(string="Task", required=True)
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        required=True,
        default=lambda self: self.env.user,
        index=True,
        check_company=True,
        domain="[('share', '=', False)]",
    )
    days = fields.Integer(
        string="Days after", help="Days after the amendment is in effect."
    )
    date_deadline = fields.Date(
        string="Due on", compute="_compute_date_deadline", store=True, owned=True
    )
    activity_id = fields.Many2one(
        "mail.activity", readonly=True, copy=False, ondelete="set null", owned=True
    )
    date_done = fields.Date(string="Done on", related="activity_id.date_done")

    @api.depends("amendment_id.date_effective", "days")
    def _compute_date_deadline(self):
        for task in self:
            day = task.amendment_id.date_effective
            task.date_deadline = day and add(day, days=task.days)

    @api.constrains("amendment_id")
    def _check_amendment(self):
        if self.amendment_id.filtered(lambda contract: not contract._is_amendment()):
            raise ValidationError(
                self.env._("Only an amendment has tasks that carry it out.")
            )

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {"company_id", "contract_id"}

    @api.model_create_multi
    def create(self, vals_list):
        tasks = super().create(vals_list)
        tasks._check_can_plan()
        tasks.filtered(lambda task: task._has_begun())._launch()
        return tasks

    def write(self, vals):
        self._check_can_plan()
        before = {task: task.amendment_id for task in self}
        result = super().write(vals)
        if any(task.amendment_id != before[task] for task in self):
            raise UserError(self.env._("A task stays with its amendment."))
        if {"user_id", "days", "name"} & set(vals):
            self._update_activities()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_activities(self):
        self._check_can_plan()
        self._get_open_activities().unlink()

    def action_done(self):
        """Mark the tasks as done, as their activities are.

        Their owners may, and whoever may write the amendment.

        :return: the tasks
        """
        some(self).check_access("read")
        self.filtered(lambda task: task.user_id != self.env.user)._check_can_plan()
        # sudo: the owner of a task may not be able to open its contract
        early = self.filtered(lambda task: not task.sudo()._has_begun())
        if early:
            raise UserError(
                self.env._(
                    "“%s” begins when the amendment is signed.",
                    ", ".join(early.mapped("name")),
                )
            )
        # An activity that somebody deleted was not done.
        self.sudo()._launch()
        self._get_open_activities().action_feedback()
        return self

    def _check_can_plan(self):
        """Raise AccessError unless the user may write the amendments of the tasks."""
        if self.amendment_id:
            self.amendment_id.check_access("write")

    def _get_open_activities(self):
        """Return the activities to do that the tasks have on their contracts (sudo).

        One that its user moved to another record is none of theirs any more.
        """
        activities = self.env["mail.activity"].sudo()
        # sudo: the activity goes with its task, whoever owns it
        for task in self.sudo():
            activity, contract = task.activity_id, task.contract_id
            place = (activity.res_model, activity.res_id)
            if activity.active and place == (contract._name, contract.id):
                activities |= activity
        return activities

    def _has_begun(self):
        return self.amendment_id.state in ("signed", "in_force", "superseded")

    def _launch(self):
        """Make the activities of the tasks on the contract."""
        for task in self.filtered(lambda task: not task.activity_id):
            # sudo: the owner need not be the one who signs or plans
            task.sudo().activity_id = task.contract_id.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                task.date_deadline,
                summary=task.name,
                note=task.amendment_id._get_html_link(),
                user_id=task.user_id.id,
            )

    def _update_activities(self):
        for task in self:
            task._get_open_activities().write(
                {
                    "user_id": task.user_id.id,
                    "date_deadline": task.date_deadline,
                    "summary": task.name,
                }
            )


class CrmContract(models.Model):
    """Execution of a change: its tasks, on the amendment and on the contract."""

    _inherit = "crm.contract"

    task_ids = fields.One2many(
        "crm.contract.change.task", "amendment_id", string="Tasks"
    )
    change_task_ids = fields.One2many(
        "crm.contract.change.task", "contract_id", string="Tasks of amendments"
    )
    change_task_count = fields.Integer(compute="_compute_change_task_count")
    change_task_done_count = fields.Integer(compute="_compute_change_task_count")

    @api.depends("change_task_ids.date_done", "task_ids.date_done")
    def _compute_change_task_count(self):
        # sudo: the numbers alone; opening the tasks asks for access to them
        for contract in self.sudo():
            tasks = contract.task_ids
            # Most contracts were never amended; an amendment in force may be archived.
            if contract.amendment_ids or contract.amount_signed:
                tasks |= contract.change_task_ids
            contract.change_task_count = len(tasks)
            contract.change_task_done_count = len(tasks.filtered("date_done"))

    def action_view_change_tasks(self):
        """Open the tasks of the contract's amendments."""
        one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract_renewal.crm_contract_change_task_action"
        )
        tasks = self.change_task_ids | self.task_ids
        return dict(action, domain=[("id", "in", tasks.ids)], context={})
