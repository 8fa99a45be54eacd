from odoo import fields, models

from ..tools.records import one

STEPS = [
    ("done", "Done"),
    ("accept", "Accept"),
    ("refuse", "Do not accept"),
    ("waive", "Waive"),
    ("reopen", "Reopen"),
]


class CrmContractObligationStep(models.TransientModel):
    """Asks what a step of an obligation needs: the day, a name, files, why."""

    _name = "crm.contract.obligation.step"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Step of an obligation"

    obligation_id = fields.Many2one(
        "crm.contract.obligation", required=True, readonly=True, ondelete="cascade"
    )
    step = fields.Selection(STEPS, required=True, readonly=True, default="done")
    side = fields.Selection(related="obligation_id.side")
    evidence = fields.Selection(related="obligation_id.evidence")
    date = fields.Date(string="On", help="Empty: today.")
    accepted_by = fields.Char(
        string="Accepted by", help="Who accepted it for the customer."
    )
    note = fields.Text()
    file_ids = fields.Many2many(
        "ir.attachment",
        "crm_contract_obligation_step_file_rel",
        "step_id",
        "attachment_id",
        string="Files",
    )

    def action_do(self):
        """Do the step."""
        one(self)
        row = self.obligation_id
        if self.file_ids and self.step in ("done", "accept"):
            self._add_files(row)
        if self.step == "done":
            row.action_done(self.date, self.note)
        elif self.step == "accept":
            row.action_accept(self.accepted_by, self.date, self.note)
        else:
            getattr(row, f"action_{self.step}")(self.note)
        return {"type": "ir.actions.act_window_close"}

    def _add_files(self, row):
        row.check_access("write")
        if self.step == "done":
            row.evidence_ids |= self.file_ids
        else:
            row.message_post(
                body=self.env._("Acceptance"), attachment_ids=self.file_ids.ids
            )
