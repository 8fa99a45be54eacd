from odoo import models
from odoo.exceptions import UserError

DECISIONS = [
    ("approve", "Approve"),
    ("condition", "Approve with condition"),
    ("reject", "Reject"),
    ("question", "Ask a question"),
    ("before", "Add an approver before"),
    ("after", "Add an approver after"),
    ("hand_over", "Hand over"),
]


class CrmContractApprovalTask(models.Model):
    """Decisions as dialogs and programs take them: plain arguments, see API.md."""

    _inherit = "crm.contract.approval.task"

    def action_decide(
        self,
        decision=None,
        content_hash=None,
        comment=None,
        condition=None,
        reason_id=None,
        back_to_id=None,
        user_id=None,
        of_id=None,
    ):
        """Decide on a step in the name of the user.

        :param decision: key of `DECISIONS`
        :param content_hash: what was decided on, as the step's `content_hash` says
        :param comment: needed to reject and to ask, and where the step wants one
        :param condition: change without which an approval does not count ("condition")
        :param reason_id: `crm.contract.approval.reason` ("reject")
        :param back_to_id: earlier step that decides again; to draft without ("reject")
        :param user_id: who else decides ("before", "after", "hand_over")
        :param of_id: whose part is handed over, all of the user's without ("hand_over")
        :return: the step
        :raise UserError: in one sentence, if the user may not decide like this
        """
        read = self.env["crm.contract.interface"]
        task = read._read_one(self)
        decision = read._read_choice("decision", decision, DECISIONS)
        shown = read._read_text("content_hash", content_hash, required=True)
        task._check_shown({task: shown})
        task._decide(
            decision,
            comment=read._read_text("comment", comment),
            condition=read._read_text("condition", condition),
            reason=read._read_record(
                "reason_id", reason_id, "crm.contract.approval.reason"
            ),
            back_to=read._read_record("back_to_id", back_to_id, self._name),
            user=read._read_record("user_id", user_id, "res.users"),
            of=read._read_record("of_id", of_id, "res.users"),
        )
        return self

    def action_answer(self, answer=None):
        """Answer the open question, as somebody who may work on the contract.

        :return: the step
        :raise UserError: if no question is open
        """
        read = self.env["crm.contract.interface"]
        read._read_one(self)._answer(read._read_text("answer", answer, required=True))
        return self

    def _decide(self, decision, comment, condition, reason, back_to, user, of=None):
        """Take one of the decisions on steps, see `action_decide`."""
        match decision:
            case "approve":
                self._approve(comment)
            case "condition":
                if not condition.strip():
                    raise UserError(self.env._("Write down the condition."))
                self._approve(comment, condition.strip())
            case "reject":
                self._reject(comment, reason, back_to)
            case "question":
                self._ask(comment)
            case "before" | "after":
                self._add_approver(user, decision, comment)
            case "hand_over":
                self._hand_over(user, comment, of)
