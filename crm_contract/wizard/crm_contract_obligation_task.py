from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.obligation.crm_contract_obligation_task import PROJECT, TASK
from ..tools.records import one


class CrmContractObligationTask(models.TransientModel):
    """Asks in which project the task of an obligation is made, or which one it is."""

    _name = "crm.contract.obligation.task"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Task of an obligation"

    obligation_id = fields.Many2one(
        "crm.contract.obligation", required=True, readonly=True, ondelete="cascade"
    )
    target_ref = fields.Reference(
        selection="_selection_target",
        string="Make it in, or take",
        compute="_compute_target_ref",
        store=True,
        readonly=False,
    )

    @api.model
    def _selection_target(self):
        if TASK not in self.env:
            return []
        return [
            (PROJECT, self.env._("A new task in the project")),
            (TASK, self.env._("A task that is there")),
        ]

    @api.depends("obligation_id")
    def _compute_target_ref(self):
        for dialog in self:
            row = dialog.obligation_id
            known = PROJECT in self.env and row and row._get_usual_project()
            dialog.target_ref = known or False

    def action_do(self):
        """Make the task, or link it."""
        one(self)
        target = self.target_ref
        if not target:
            raise UserError(self.env._("Choose a project, or a task."))
        if target._name == PROJECT:
            return self.obligation_id.action_create_task(target.id)
        self.obligation_id.action_link_task(target.id)
        return {"type": "ir.actions.act_window_close"}
