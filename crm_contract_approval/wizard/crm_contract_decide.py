from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.crm_contract.tools.records import one

from ..models.decision.crm_contract_approval_interface import DECISIONS

# What can be done to several contracts at once, with a result for each.
_MASS = ("approve", "reject", "hand_over")


class CrmContractDecide(models.TransientModel):
    """The one door to a decision: who decides is whoever is logged in."""

    _name = "crm.contract.decide"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Decide on contracts"

    decision = fields.Selection(DECISIONS, required=True, default="approve")
    line_ids = fields.One2many("crm.contract.decide.line", "wizard_id")
    line_count = fields.Integer(compute="_compute_line_count")
    task_id = fields.Many2one(
        "crm.contract.approval.task", compute="_compute_line_count"
    )
    instruction = fields.Text(related="task_id.instruction", related_sudo=False)
    comment = fields.Text()
    condition = fields.Text(
        help="What has to be changed before the approval counts.",
    )
    reason_id = fields.Many2one("crm.contract.approval.reason")
    back_to_id = fields.Many2one(
        "crm.contract.approval.task",
        string="Back to step",
        help="Empty: back to draft.",
        domain="[('id', 'in', earlier_ids)]",
    )
    earlier_ids = fields.Many2many(
        "crm.contract.approval.task", compute="_compute_line_count"
    )
    user_id = fields.Many2one("res.users", domain=[("share", "=", False)])
    of_id = fields.Many2one(
        "res.users",
        string="Part of",
        domain="[('id', 'in', waiting_ids)]",
        help="Whose part is handed over; empty: all that you may hand over.",
    )
    waiting_ids = fields.Many2many("res.users", compute="_compute_line_count")
    is_done = fields.Boolean(readonly=True)

    @api.depends("line_ids")
    def _compute_line_count(self):
        for wizard in self:
            tasks = wizard.line_ids.task_id
            single = tasks if len(tasks) == 1 else tasks.browse()
            wizard.line_count = len(tasks)
            wizard.task_id = single
            wizard.waiting_ids = single.waiting_ids
            wizard.earlier_ids = single.contract_id.approval_task_ids.filtered(
                lambda row, single=single: (
                    row.round == single.round
                    and row.sequence < single.sequence
                    and row.state in ("approved", "kept")
                )
            )

    @api.model
    def default_get(self, fields):
        """Take the steps that are open, or chosen, with the content that they showed."""
        values = super().default_get(fields)
        if "line_ids" in fields:
            values["line_ids"] = [
                (0, 0, {"task_id": task.id, "content_hash": shown})
                for task, shown in self._get_shown().items()
            ]
        return values

    @api.model
    def _get_shown(self):
        """Return the steps to decide on, and the content that the user saw of each."""
        context = self.env.context
        model, ids = context.get("active_model"), context.get("active_ids") or []
        tasks = self.env["crm.contract.approval.task"]
        if model == tasks._name:
            tasks = tasks.browse(ids)
        elif model == "crm.contract":
            tasks = self.env[model].browse(ids).approval_task_id
        # The form that the wizard was opened from says what it showed; a list shows
        # what is there when the wizard opens.
        shown = len(ids) == 1 and context.get("shown_hash")
        tasks = tasks.exists()
        # A client may name any.
        tasks.check_access("read")
        return {task: shown or task.content_hash for task in tasks}

    @api.constrains("decision", "line_ids")
    def _check_decision(self):
        for wizard in self:
            if wizard.line_count > 1 and wizard.decision not in _MASS:
                raise ValidationError(
                    self.env._("This is possible for one contract at a time.")
                )

    def action_decide(self):
        """Do it; several steps one by one, with what became of each.

        :raise UserError: if it is refused, for a single step
        """
        if not self.line_ids:
            raise UserError(self.env._("Choose what to decide on."))
        one(self)
        if self.is_done:
            raise UserError(self.env._("This is done already."))
        if len(self.line_ids) == 1:
            self.line_ids.task_id.action_decide(
                self.decision,
                content_hash=self.line_ids.content_hash,
                comment=self.comment,
                condition=self.condition,
                reason_id=self.reason_id.id,
                back_to_id=self.back_to_id.id,
                user_id=self.user_id.id,
                of_id=self.of_id.id,
            )
            return {"type": "ir.actions.act_window_close"}
        self._act_on_many()
        self.is_done = True
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Result"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _act_on_many(self):
        """Act on all that is possible at once; if that fails, on each by itself."""
        tasks = self.line_ids.task_id
        tasks._lock()
        refusals = tasks._get_refusals()
        if self.decision == "hand_over" and tasks._is_manager():
            refusals = dict.fromkeys(tasks, "")
        possible = self.line_ids.browse()
        for line in self.line_ids:
            line.result = refusals[line.task_id]
            if not line.result:
                possible |= line
        if possible and not self._try(possible):
            for line in possible:
                self._try(line)

    def _try(self, lines):
        """Act on lines, all or nothing; return whether it worked."""
        try:
            with self.env.cr.savepoint():
                self._act(lines)
        except (AccessError, UserError) as error:
            lines.result = str(error)
            return False
        lines.write({"result": self.env._("Done"), "is_done": True})
        return True

    def _act(self, lines):
        lines.task_id._check_shown({line.task_id: line.content_hash for line in lines})
        lines.task_id._decide(
            self.decision,
            comment=self.comment or "",
            condition=self.condition or "",
            reason=self.reason_id,
            back_to=self.back_to_id,
            user=self.user_id,
            of=self.of_id,
        )


class CrmContractDecideLine(models.TransientModel):
    _name = "crm.contract.decide.line"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Step to decide on"

    wizard_id = fields.Many2one(
        "crm.contract.decide", required=True, ondelete="cascade", index=True
    )
    task_id = fields.Many2one(
        "crm.contract.approval.task", required=True, ondelete="cascade"
    )
    # Without sudo: a client may name any step here, and would be told what it says.
    contract_id = fields.Many2one(related="task_id.contract_id", related_sudo=False)
    partner_id = fields.Many2one(related="contract_id.partner_id", related_sudo=False)
    currency_id = fields.Many2one(related="contract_id.currency_id", related_sudo=False)
    amount_total = fields.Monetary(
        related="contract_id.amount_total", related_sudo=False
    )
    step = fields.Char(related="task_id.name", related_sudo=False)
    content_hash = fields.Char(help="Of the content that was shown.")
    result = fields.Char()
    is_done = fields.Boolean()
