from odoo import models

from ..decision.crm_contract_approval_task import DONE_STATES

# What a certificate shows; questions are in the log.
_SHOWN = (
    "approve",
    "condition",
    "met",
    "keep",
    "reject",
    "undo",
    "add",
    "hand_over",
    "delegate",
    "escalate",
    "recall",
)


class CrmContract(models.Model):
    """What the approval certificate says."""

    _inherit = "crm.contract"

    def _get_certificate_rows(self):
        """Return the decisions of the last submission: list of dict, in their order."""
        self.ensure_one()
        reviews = self.review_ids.filtered(
            lambda row: row.round == self.approval_round and row.decision in _SHOWN
        ).sorted("id")
        labels = dict(reviews._fields["decision"]._description_selection(self.env))
        return [
            {
                "step": review.step_name,
                "who": review._get_actor(),
                "decision": labels[review.decision],
                "date": review._get_decided_on(),
                "comment": review._get_certificate_comment(),
            }
            for review in reviews
        ]

    def _get_certificate_policy(self):
        """Return name and version of the policy of the last submission (str)."""
        self.ensure_one()
        # sudo: the name of a policy of another company's administration
        task = self.sudo()._get_round_tasks()[:1]
        if not task:
            return ""
        return self.env._(
            "%(policy)s, version %(version)s",
            policy=task.policy_id.name or self.env._("(deleted)"),
            version=task.policy_version,
        )

    def _get_certificate_hash(self):
        """Return the content hash that the decisions of the last submission name."""
        self.ensure_one()
        # sudo: all steps, whoever prints
        tasks = self.sudo()._get_round_tasks()
        return self.content_hash or tasks[:1].content_hash or ""

    def _get_certificate_status(self):
        """Return what became of the last submission, as a sentence (str)."""
        self.ensure_one()
        if not self.date_submitted:
            return self.env._("Not submitted yet.")
        # sudo: all steps, whoever prints
        tasks = self.sudo()._get_round_tasks()
        decided = tasks.filtered(lambda task: task.state in DONE_STATES)
        counts = {"decided": len(decided), "all": len(tasks)}
        if self.state == "review" and not tasks:
            return self.env._("In review: a condition of an earlier approval is open.")
        if self.state == "review":
            return self.env._(
                "In review: %(decided)s of %(all)s steps decided.", **counts
            )
        if self.state == "draft":
            return self._get_certificate_return(tasks, counts)
        if self.state == "cancelled":
            return self.env._(
                "Cancelled: %(decided)s of %(all)s steps had approved.", **counts
            )
        # sudo: see above
        if self.state == "to_sign" and self.sudo()._get_open_conditions():
            return self.env._(
                "Not approved: a condition of the approval is open.", **counts
            )
        if not tasks:
            return self.env._("Nobody had to approve this contract.")
        if decided != tasks:
            return self.env._(
                "Not approved: %(decided)s of %(all)s steps decided.", **counts
            )
        return self.env._("Approved: %(decided)s of %(all)s steps.", **counts)

    def _get_certificate_return(self, tasks, counts):
        """Return how a submission became a draft again, as a sentence (str)."""
        if "rejected" in tasks.mapped("state"):
            return self.env._(
                "Rejected: %(decided)s of %(all)s steps had approved. The contract is a "
                "draft again.",
                **counts,
            )
        # sudo: see the caller
        is_open = self.sudo()._get_open_conditions()
        if is_open or counts["decided"] < counts["all"]:
            return self.env._(
                "Recalled: %(decided)s of %(all)s steps had approved. The contract is a "
                "draft again.",
                **counts,
            )
        return self.env._(
            "Withdrawn before the signature. The contract is a draft again."
        )

    def _get_certificate_open_steps(self):
        """Return the steps to come of a review: list of dict, in their order."""
        self.ensure_one()
        if self.state != "review":
            return []
        # sudo: all steps, whoever prints
        tasks = self.sudo()._get_round_tasks()
        labels = dict(tasks._fields["state"]._description_selection(self.env))
        return [
            {
                "step": task.name,
                "state": labels[task.state],
                "who": task.waiting_names,
            }
            for task in tasks
            if task.state not in DONE_STATES
        ]

    def _get_certificate_watermark(self):
        self.ensure_one()
        if self.state == "cancelled":
            return self.env._("Cancelled")
        # sudo: all steps, whoever prints
        tasks = self.sudo()._get_round_tasks()
        is_open = tasks.filtered(lambda task: task.state not in DONE_STATES)
        if is_open or self.state in ("draft", "review"):
            return self.env._("Not approved")
        return ""


class CrmContractApprovalReview(models.Model):
    _inherit = "crm.contract.approval.review"

    def _get_actor(self):
        """Return who decided, and for whom (str)."""
        self.ensure_one()
        # sudo: names of colleagues
        review = self.sudo()
        if self.decision == "keep":
            return ", ".join(review.task_id.decided_ids.mapped("name"))
        if not review.principal_ids:
            return review.user_id.name
        return self.env._(
            "%(user)s for %(principals)s",
            user=review.user_id.name,
            principals=", ".join(review.principal_ids.mapped("name")),
        )

    def _get_certificate_comment(self):
        """Return what the certificate says of the decision: to whom, and why (str)."""
        self.ensure_one()
        parts = []
        if self.target_id:
            # sudo: names of colleagues
            parts.append(self.env._("To %s.", self.sudo().target_id.name))
        if self.is_administrative:
            parts.append(self.env._("By an administrator."))
        return " ".join([*parts, self.comment or ""]).strip()

    def _get_decided_on(self):
        """Return when it was decided; for what stays valid, when it first was."""
        self.ensure_one()
        is_kept = self.decision == "keep"
        return (is_kept and self.task_id.date_done) or self.date
