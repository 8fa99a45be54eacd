from odoo import api, fields, models


class CrmContractAnswer(models.TransientModel):
    """Answer what an approver asks."""

    _name = "crm.contract.answer"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Answer an approver"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="cascade"
    )
    question = fields.Text(compute="_compute_question")
    answer = fields.Text(required=True)

    @api.depends("contract_id")
    def _compute_question(self):
        for wizard in self:
            task = wizard.contract_id.approval_task_id
            asked = task.review_ids.filtered(lambda row: row.decision == "question")
            wizard.question = asked[:1].comment

    def action_answer(self):
        """Send the answer to whoever is to decide."""
        self.contract_id.approval_task_id.action_answer(self.answer)
        return {"type": "ir.actions.act_window_close"}
