from odoo import api, fields, models


class CrmContractPaperCheck(models.TransientModel):
    """The question of a keeper who holds a paper: is this the approved version?"""

    _name = "crm.contract.paper.check"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Is this the approved version?"

    code = fields.Char(
        string="Hash on the paper",
        help="As printed at the foot of each page, or what its QR code says.",
    )
    answer = fields.Selection(
        [
            ("approved", "Approved"),
            ("signed", "Signed"),
            ("review", "In review"),
            ("withdrawn", "Withdrawn"),
            ("unknown", "Unknown"),
        ],
        compute="_compute_answer",
    )
    text = fields.Char(compute="_compute_answer")
    contract_name = fields.Char(string="Contract", compute="_compute_answer")
    customer_name = fields.Char(string="Customer", compute="_compute_answer")
    current_hash = fields.Char(
        string="Hash of the valid version", compute="_compute_answer"
    )
    sealing_ids = fields.Many2many(
        "crm.contract.sealing", string="Seal register", compute="_compute_answer"
    )

    @api.depends("code")
    def _compute_answer(self):
        papers = self.env["crm.contract.paper"]
        for check in self:
            found = papers.look_up(check.code) if check.code else {}
            check.answer = found.get("answer", False)
            check.text = found.get("text", "")
            check.contract_name = found.get("contract", "")
            check.customer_name = found.get("customer", "")
            check.current_hash = found.get("current_hash", "")
            check.sealing_ids = found.get("sealing_ids", [])
