from odoo import api, fields, models
from odoo.exceptions import UserError

DECISIONS = [
    ("submit", "Submitted"),
    ("approve", "Approved"),
    ("condition", "Approved with condition"),
    ("met", "Condition met"),
    ("keep", "Stays approved"),
    ("reject", "Rejected"),
    ("question", "Question"),
    ("answer", "Answer"),
    ("add", "Approver added"),
    ("hand_over", "Handed over"),
    ("delegate", "Deputy set"),
    ("undo", "Decision undone"),
    ("escalate", "Escalated"),
    ("recall", "Recalled"),
]


class CrmContractApprovalReview(models.Model):
    """The log of an approval: who did what, when, on which content.

    Rows are only ever added, and by code alone: nobody has the right to create one, and
    nothing changes or deletes them.
    """

    _name = "crm.contract.approval.review"
    _description = "Review of a contract"
    _order = "id desc"
    _rec_name = "decision"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    task_id = fields.Many2one(
        "crm.contract.approval.task",
        string="Step",
        index="btree_not_null",
        ondelete="restrict",
    )
    step_name = fields.Char(string="Step name")
    round = fields.Integer(aggregator=None)
    decision = fields.Selection(DECISIONS, required=True)
    user_id = fields.Many2one("res.users", string="By", required=True, index=True)
    principal_ids = fields.Many2many(
        "res.users",
        "crm_contract_approval_review_principal_rel",
        string="For",
        help="Whom the user stood in for.",
    )
    target_id = fields.Many2one("res.users", string="To")
    is_administrative = fields.Boolean(
        string="As administrator", help="Done for others by an approval administrator."
    )
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    comment = fields.Text()
    reason_id = fields.Many2one("crm.contract.approval.reason")
    version_id = fields.Many2one(
        "crm.contract.version",
        ondelete="restrict",
        index="btree_not_null",
        help="Version of the contract that was decided on.",
    )
    content_hash = fields.Char(related="version_id.content_hash")
    content_hash_short = fields.Char(
        related="version_id.content_hash_short", string="Content hash"
    )

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("Reviews can't be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Reviews can't be deleted."))

    @api.model
    def _log_round(self, contracts, decision):
        """Log what happened to whole submissions, in the name of the user."""
        # sudo: nobody has the right to write the log
        self.sudo().create(
            [
                {
                    "contract_id": contract.id,
                    "company_id": contract.company_id.id,
                    "round": contract.approval_round,
                    "version_id": contract.version_id.id,
                    "decision": decision,
                    "user_id": self.env.uid,
                }
                for contract in contracts
            ]
        )
