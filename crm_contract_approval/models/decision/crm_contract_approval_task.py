from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.crm_contract.tools.records import one

from ..policy.crm_contract_approval_step import HAND_OVER, MODES

TASK_STATES = [
    ("waiting", "Not begun"),
    ("pending", "Waiting for decision"),
    ("approved", "Approved"),
    ("kept", "Stays approved"),
    ("rejected", "Rejected"),
    ("cancelled", "Cancelled"),
]
DONE_STATES = ("approved", "kept")


class CrmContractApprovalTask(models.Model):
    """A step of one submission: the policy's step as it was then, and who is asked.

    Written by code alone: nobody has the right to create, change or delete one.
    """

    _name = "crm.contract.approval.task"
    _description = "Approval of a contract"
    _order = "contract_id desc, round desc, sequence, id"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    round = fields.Integer(required=True, aggregator=None, string="Submission no.")
    sequence = fields.Integer()
    policy_id = fields.Many2one(
        "crm.contract.approval.policy", ondelete="set null", index="btree_not_null"
    )
    policy_version = fields.Integer(aggregator=None)
    step_id = fields.Many2one(
        "crm.contract.approval.step",
        string="Step of the policy",
        ondelete="set null",
        index="btree_not_null",
    )
    # Each reader has them in his language, whoever submitted.
    name = fields.Char(string="Step", required=True, translate=True)
    instruction = fields.Text(translate=True)
    reason = fields.Char(string="Why", translate=True)
    mode = fields.Selection(MODES, required=True, default="any")
    minimum = fields.Integer(aggregator=None)
    days = fields.Integer(aggregator=None)
    remind_days = fields.Integer(aggregator=None)
    escalation_user_id = fields.Many2one("res.users", string="Escalates to")
    escalated_to_id = fields.Many2one("res.users", string="Escalated to")
    comment_required = fields.Boolean()
    hand_over_to = fields.Selection(
        HAND_OVER, string="Handed over to", required=True, default="named"
    )
    version_id = fields.Many2one(
        "crm.contract.version",
        ondelete="restrict",
        index="btree_not_null",
        help="Version of the contract that is decided on.",
    )
    content_hash = fields.Char(related="version_id.content_hash")
    state = fields.Selection(TASK_STATES, required=True, default="waiting", index=True)
    # Archived approvers count as well: nothing is approved because somebody left.
    approver_ids = fields.Many2many(
        "res.users",
        "crm_contract_approval_task_approver_rel",
        string="Approvers",
        context={"active_test": False},
    )
    waiting_ids = fields.Many2many(
        "res.users",
        "crm_contract_approval_task_waiting_rel",
        string="Waiting for",
        context={"active_test": False},
    )
    decided_ids = fields.Many2many(
        "res.users",
        "crm_contract_approval_task_decided_rel",
        string="Decided by",
        context={"active_test": False},
    )
    has_question = fields.Boolean(string="Question open")
    date_start = fields.Datetime(string="Asked on")
    date_deadline = fields.Date(string="Decide until", index="btree_not_null")
    date_done = fields.Datetime(string="Decided on")
    hours = fields.Float(
        string="Hours to decide",
        aggregator="avg",
        help="Hours from the moment that the step began to its decision.",
    )
    date_notified = fields.Datetime()
    date_reminded = fields.Datetime()
    date_escalated = fields.Datetime()
    review_ids = fields.One2many("crm.contract.approval.review", "task_id")

    is_mine = fields.Boolean(
        string="Waiting for me", compute="_compute_is_mine", search="_search_is_mine"
    )
    can_undo = fields.Boolean(compute="_compute_can_undo")
    can_hand_over = fields.Boolean(compute="_compute_can_hand_over")
    waiting_names = fields.Char(
        string="Who",
        compute="_compute_waiting_names",
        store=True,
        compute_sudo=True,
        help="Whom the step waits for, or who has decided.",
    )
    is_late = fields.Boolean(string="Late", compute="_compute_is_late")
    partner_id = fields.Many2one(related="contract_id.partner_id")
    user_id = fields.Many2one(related="contract_id.user_id")
    type_id = fields.Many2one(related="contract_id.type_id")
    currency_id = fields.Many2one(related="contract_id.currency_id")
    amount_total = fields.Monetary(related="contract_id.amount_total")
    contract_state = fields.Selection(
        related="contract_id.state", string="State of the contract"
    )

    # The jobs that notify, remind and escalate look at pending steps alone, and at few
    # of them: most rows are history.
    _pending_idx = models.Index("(date_deadline) WHERE state = 'pending'")
    _to_notify_idx = models.Index(
        "(id) WHERE state = 'pending' AND date_notified IS NULL"
    )
    _one_pending = models.UniqueIndex(
        "(contract_id) WHERE state = 'pending'",
        "A contract waits for one step at a time.",
    )

    @api.depends("name", "contract_id")
    def _compute_display_name(self):
        for task in self:
            task.display_name = f"{task.contract_id.display_name} – {task.name}"

    @api.depends("state", "waiting_ids", "escalated_to_id")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        # One query, and the same answer as a search gives; `_get_refusals` has the last
        # word when somebody decides.
        mine = self.search([("id", "in", self.ids), ("is_mine", "=", True)])
        for task in self:
            task.is_mine = task._origin in mine

    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        uid = self.env.uid
        principals = self.env["crm.contract.approval.delegation"]._get_principal_ids(
            uid
        )
        domain = (
            Domain("state", "=", "pending")
            & (
                Domain("waiting_ids", "in", list(principals))
                | Domain("escalated_to_id", "=", uid)
            )
            & Domain("decided_ids", "not in", [uid])
            & Domain("contract_id.create_uid", "!=", uid)
            & Domain("contract_id.submitted_by_id", "!=", uid)
            & Domain("contract_id.editor_ids", "not in", [uid])
            & ~Domain(
                "review_ids",
                "any!",
                Domain("is_administrative", "=", True) & Domain("user_id", "=", uid),
            )
        )
        return domain if True in value else ~domain

    @api.depends("state", "decided_ids")
    @api.depends_context("uid")
    def _compute_can_undo(self):
        for task in self:
            task.can_undo = not task._get_refusal_to_undo()

    @api.depends_context("uid")
    def _compute_can_hand_over(self):
        for task in self:
            task.can_hand_over = task.state == "pending" and (
                task.is_mine or task._is_manager()
            )

    @api.depends(
        "state", "approver_ids", "waiting_ids", "decided_ids", "escalated_to_id"
    )
    def _compute_waiting_names(self):
        for task in self:
            if task.state == "pending":
                who = task.escalated_to_id | task.waiting_ids
            elif task.state == "waiting":
                who = task.approver_ids
            else:
                who = task.decided_ids
            task.waiting_names = ", ".join(who.mapped("name"))

    @api.depends("state", "date_deadline")
    def _compute_is_late(self):
        for task in self:
            today = task.company_id._get_today()
            task.is_late = (
                task.state == "pending"
                and bool(task.date_deadline)
                and task.date_deadline < today
            )

    def action_open_contract(self):
        """Open the contract of the step."""
        one(self)
        return self.contract_id._get_records_action()

    def _is_manager(self):
        return self.env.user.has_group(
            "crm_contract_approval.crm_contract_approval_group_manager"
        )

    def _get_principals(self):
        """Return for whom the user decides in a step (users, in the waiting ones)."""
        self.ensure_one()
        ids = self.env["crm.contract.approval.delegation"]._get_principal_ids(
            self.env.uid
        )
        return self.waiting_ids.filtered(lambda user: user.id in ids)

    def _log(self, decision, **vals):
        """Add a row per step to the log; the actor is whoever is logged in."""
        # sudo: nobody has the right to write the log, see the model
        return (
            self.env["crm.contract.approval.review"]
            .sudo()
            .create(
                [
                    {
                        "contract_id": task.contract_id.id,
                        "company_id": task.company_id.id,
                        "task_id": task.id,
                        "step_name": task.name,
                        "round": task.round,
                        "version_id": task.version_id.id,
                        "decision": decision,
                        "user_id": self.env.uid,
                        **vals,
                    }
                    for task in self
                ]
            )
        )

    @api.model
    def get_my_count(self):
        """Return how many steps wait for the user (int), for the menu bar."""
        if not self.has_access("read"):
            return 0
        return self.search_count([("is_mine", "=", True)])
