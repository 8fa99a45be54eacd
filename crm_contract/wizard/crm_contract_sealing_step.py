from odoo import api, fields, models

from ..tools.records import one

STEPS = [
    ("return", "The seal is back"),
    ("seal", "Sealed here"),
    ("refuse", "Refuse"),
]


class CrmContractSealingStep(models.TransientModel):
    """Asks the keeper how many copies were sealed, or why it is refused."""

    _name = "crm.contract.sealing.step"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Step of the seal register"

    sealing_id = fields.Many2one(
        "crm.contract.sealing", required=True, readonly=True, ondelete="cascade"
    )
    step = fields.Selection(STEPS, required=True, readonly=True, default="return")
    copies = fields.Integer(
        string="Copies sealed",
        compute="_compute_copies",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
    )
    reason = fields.Char()

    @api.depends("sealing_id")
    def _compute_copies(self):
        self.sealing_id.check_access("read")
        for wizard in self:
            wizard.copies = wizard.sealing_id.copies

    def action_do(self):
        """Do the step."""
        one(self)
        if self.step == "refuse":
            self.sealing_id.action_refuse(self.reason)
        elif self.step == "seal":
            self.sealing_id.action_seal(self.copies)
        else:
            self.sealing_id.action_return(self.copies)
        return {"type": "ir.actions.act_window_close"}
