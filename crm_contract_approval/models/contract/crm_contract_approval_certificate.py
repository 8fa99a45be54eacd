from odoo import api, models

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


class CrmContractApprovalCertificate(models.AbstractModel):
    """What the approval certificate says of a contract, in whatever state it is."""

    _name = "crm.contract.approval.certificate"
    _description = "Approval certificate"

    @api.model
    def _get_rows(self, contract):
        """Return the decisions of the last submission: list of dict, in their order."""
        reviews = contract.review_ids.filtered(
            lambda row: row.round == contract.approval_round and row.decision in _SHOWN
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

    @api.model
    def _get_policy(self, contract):
        """Return name and version of the policy of the last submission (str)."""
        # sudo: the name of a policy of another company's administration
        task = contract.sudo()._get_round_tasks()[:1]
        if not task:
            return ""
        return self.env._(
            "%(policy)s, version %(version)s",
            policy=task.policy_id.name or self.env._("(deleted)"),
            version=task.policy_version,
        )

    @api.model
    def _get_hash(self, contract):
        """Return the content hash that the decisions of the last submission name."""
        # sudo: all steps, whoever prints
        tasks = contract.sudo()._get_round_tasks()
        return contract.content_hash or tasks[:1].content_hash or ""

    @api.model
    def _get_status(self, contract):
        """Return what became of the last submission, as a sentence (str)."""
        if not contract.date_submitted:
            return self.env._("Not submitted yet.")
        # sudo: all steps, whoever prints
        tasks = contract.sudo()._get_round_tasks()
        decided = tasks.filtered(lambda task: task.state in DONE_STATES)
        counts = {"decided": len(decided), "all": len(tasks)}
        if contract.state == "review" and not tasks:
            return self.env._("In review: a condition of an earlier approval is open.")
        if contract.state == "review":
            return self.env._(
                "In review: %(decided)s of %(all)s steps decided.", **counts
            )
        if contract.state == "draft":
            return self._get_return(contract, tasks, counts)
        if contract.state == "cancelled":
            return self.env._(
                "Cancelled: %(decided)s of %(all)s steps had approved.", **counts
            )
        # sudo: see above
        if contract.state == "to_sign" and contract.sudo()._get_open_conditions():
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

    @api.model
    def _get_return(self, contract, tasks, counts):
        """Return how a submission became a draft again, as a sentence (str)."""
        if "rejected" in tasks.mapped("state"):
            return self.env._(
                "Rejected: %(decided)s of %(all)s steps had approved. The contract is a "
                "draft again.",
                **counts,
            )
        # sudo: see the caller
        is_open = contract.sudo()._get_open_conditions()
        if is_open or counts["decided"] < counts["all"]:
            return self.env._(
                "Recalled: %(decided)s of %(all)s steps had approved. The contract is a "
                "draft again.",
                **counts,
            )
        return self.env._(
            "Withdrawn before the signature. The contract is a draft again."
        )

    @api.model
    def _get_open_steps(self, contract):
        """Return the steps to come of a review: list of dict, in their order."""
        if contract.state != "review":
            return []
        # sudo: all steps, whoever prints
        tasks = contract.sudo()._get_round_tasks()
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

    @api.model
    def _get_watermark(self, contract):
        if contract.state == "cancelled":
            return self.env._("Cancelled")
        # sudo: all steps, whoever prints
        tasks = contract.sudo()._get_round_tasks()
        is_open = tasks.filtered(lambda task: task.state not in DONE_STATES)
        if is_open or contract.state in ("draft", "review"):
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
