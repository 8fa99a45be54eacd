from odoo import fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    contract_revenue_id = fields.Many2one(
        "crm.contract.revenue",
        string="Revenue statement",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        owned=True,
    )

    def _post(self, soft=True):
        """Let the reversal of an entry of revenue be posted when its day has come."""
        posted = super()._post(soft)
        for move in posted.filtered("contract_revenue_id"):
            drafts = move.reversal_move_ids.filtered(lambda one: one.state == "draft")
            # sudo: owned by code; whoever posts the entry means its reversal as well
            drafts.sudo().auto_post = "at_date"
            today = move.company_id._get_today()
            due = drafts.filtered(lambda one, today=today: one.date <= today)
            due.sudo()._post(soft=False)
        return posted
