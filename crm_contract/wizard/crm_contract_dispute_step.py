from odoo import api, fields, models

from ..models.dispute.crm_contract_dispute_settlement import PAYMENTS
from ..models.dispute.crm_contract_dispute_stage import INTERRUPTIONS
from ..tools.records import one

STEPS = [
    ("negotiate", "Negotiate"),
    ("mediate", "Mediation"),
    ("arbitrate", "Arbitration"),
    ("sue", "Court"),
    ("settle", "Settle"),
    ("decide", "Award or judgment"),
    ("withdraw", "Withdraw the claim"),
    ("reopen", "Reopen"),
    ("interrupt", "Interrupt the limitation"),
    ("draft", "Draft what was agreed"),
]


class CrmContractDisputeStep(models.TransientModel):
    """Asks what a step of a dispute needs: the day, before whom, what was agreed."""

    _name = "crm.contract.dispute.step"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Step of a dispute"

    dispute_id = fields.Many2one(
        "crm.contract.dispute", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="dispute_id.currency_id")
    step = fields.Selection(STEPS, required=True, default="settle")
    date = fields.Date(string="On", help="Empty: today.")
    body = fields.Char(string="Brought before", help="Mediator, institution or court.")
    reference = fields.Char(string="Case number")
    kind = fields.Selection(INTERRUPTIONS, default="demand")
    note = fields.Text(string="What came of it")
    pay = fields.Selection(PAYMENTS, string="To draft")
    amount = fields.Monetary()
    amount_most = fields.Monetary(
        string="At most", compute="_compute_amount_most", help="Of what is disputed."
    )
    interest = fields.Boolean(
        string="Interest for the disputed days",
        help="Otherwise, what was disputed bears no interest for these days.",
    )

    @api.depends("dispute_id")
    def _compute_amount_most(self):
        for dialog in self:
            amounts = dialog.dispute_id._get_creditable()
            dialog.amount_most = sum(amounts.values())

    def action_do(self):
        """Do the step."""
        one(self)
        row = self.dispute_id
        ending = (self.note, self.date, self.pay, self.amount, self.interest)
        if self.step in ("negotiate", "mediate", "arbitrate", "sue"):
            row.action_escalate(
                self.step, self.date, self.body, self.reference, self.note
            )
        elif self.step == "settle":
            row.action_settle(*ending)
        elif self.step == "decide":
            row.action_decide(*ending)
        elif self.step == "withdraw":
            row.action_withdraw(self.note, self.date, self.interest)
        elif self.step == "reopen":
            row.action_reopen(self.note)
        elif self.step == "interrupt":
            row.action_interrupt(self.kind, self.date, self.note)
        else:
            row.action_draft_settlement(self.pay, self.amount)
        return {"type": "ir.actions.act_window_close"}
