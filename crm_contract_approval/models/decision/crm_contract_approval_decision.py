from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.crm_contract.tools.records import one

from .crm_contract_approval_task import DONE_STATES


class CrmContractApprovalTask(models.Model):
    """Decisions: who may take one, and what it does."""

    _inherit = "crm.contract.approval.task"

    def action_undo(self):
        """Take the user's own decision back, as long as nobody acted on it.

        :return: the step
        :raise UserError: if it is too late, or if there is none
        """
        one(self)
        self._lock()
        refusal = self._get_refusal_to_undo()
        if refusal:
            raise UserError(refusal)
        self._log("undo")
        # sudo: written by code alone, after the check
        task = self.sudo()
        task._get_next_task()._set_waiting()
        standing = task.review_ids.filtered(
            lambda row: row.user_id == self.env.user and row.date >= task.date_start
        )
        back = (standing.principal_ids | self.env.user) & task.approver_ids
        task.write(
            {
                "state": "pending",
                "waiting_ids": [Command.link(user.id) for user in back],
                "decided_ids": [Command.unlink(self.env.uid)],
                "date_done": False,
                "hours": 0,
            }
        )
        task.env["crm.contract.approval.condition"].search(
            [("task_id", "=", task.id), ("user_id", "=", self.env.uid)]
        ).unlink()
        task._make_current()
        return self

    def _approve(self, comment="", condition=""):
        """Approve the steps in the name of the user; the contracts go on.

        :param condition: change without which the approval does not count
        :raise UserError: if the user may not decide on one of them
        """
        self._check_can_decide(comment)
        # sudo: written by code alone, after the checks. Deleting activities empties the
        # cache, which the prefetching of what was read through others rests on.
        tasks = self.sudo().with_prefetch()
        for principals, group in tasks._group_by_principals():
            group._log(
                "condition" if condition else "approve",
                comment="\n".join(filter(None, (comment, condition))),
                principal_ids=[Command.set((principals - self.env.user).ids)],
            )
            group.write(
                {
                    "waiting_ids": [Command.unlink(user.id) for user in principals],
                    "decided_ids": [Command.link(self.env.uid)],
                    "has_question": False,
                }
            )
        tasks._set_conditions(condition)
        tasks._remove_activities(self.env.user)
        tasks.filtered(lambda task: task._is_satisfied())._finish("approved")
        tasks._continue_review(tasks.contract_id)

    def _reject(self, comment, reason=None, back_to=None):
        """Reject in the name of the user: to draft, or back to an earlier step.

        :param reason: `crm.contract.approval.reason`
        :param back_to: an earlier step of the same submission, which decides again
        :raise UserError: without a comment, or if the user may not decide
        """
        if not (comment or "").strip():
            raise UserError(self.env._("Say why you reject."))
        self._check_can_decide(comment)
        back_to = back_to or self.browse()
        self._check_back_to(back_to)
        target = back_to and self.env._("Back to “%s”.", back_to.name)
        for principals, group in self.sudo()._group_by_principals():
            group._log(
                "reject",
                comment="\n".join(filter(None, (target, comment))),
                reason_id=reason and reason.id,
                principal_ids=[Command.set((principals - self.env.user).ids)],
            )
        # sudo: written by code alone, after the checks
        tasks = self.sudo()
        tasks.write({"decided_ids": [Command.link(self.env.uid)]})
        if back_to:
            tasks._go_back(back_to.sudo())
        else:
            tasks._finish("rejected")
            tasks.contract_id._action_reject()
        self._remind_owner(
            tasks.contract_id,
            self.env._("Contract rejected"),
            "\n".join(filter(None, (target, comment))),
        )

    def _ask(self, comment):
        """Ask the submitter; the step stays where it is."""
        self._check_can_decide(comment)
        if not (comment or "").strip():
            raise UserError(self.env._("Write your question."))
        self._log("question", comment=comment)
        # sudo: written by code alone, after the check
        self.sudo().has_question = True
        for task in self.sudo():
            self._remind_owner(
                task.contract_id, self.env._("Answer a question"), comment
            )

    def _answer(self, comment):
        """Answer the open question, as somebody who may work on the contract."""
        self.contract_id.check_access("write")
        if not (comment or "").strip():
            raise UserError(self.env._("Write your answer."))
        unasked = self.filtered(lambda task: not task.has_question)
        if unasked or not self:
            raise UserError(self.env._("No question is open."))
        self._lock()
        self._log("answer", comment=comment)
        # sudo: written by code alone, after the checks
        tasks = self.sudo()
        tasks.has_question = False
        tasks._close_owner_activities(tasks.contract_id)
        tasks.date_notified = False
        self._notify_later()

    def _check_can_decide(self, comment=""):
        """Lock the contracts and check that the user may decide on all steps now.

        :raise UserError: with a line per step that he may not decide on
        """
        if not self:
            raise UserError(self.env._("Choose what to decide on."))
        self._lock()
        refusals = list(filter(None, self._get_refusals().values()))
        if refusals:
            raise UserError("\n".join(refusals))
        if self.filtered("comment_required") and not (comment or "").strip():
            raise UserError(self.env._("This step takes a comment."))
        # sudo: the whole content, parts included
        contracts = self.sudo().contract_id
        self.env["crm.contract.verification"]._check_unchanged(contracts)

    def _check_shown(self, hashes):
        """Check that what was shown is what is decided on.

        :param hashes: {task: content hash that the user saw}
        """
        for task, shown in hashes.items():
            if not shown or {shown} != {
                task.content_hash,
                task.contract_id.content_hash,
            }:
                raise UserError(
                    self.env._(
                        "%s: the contract changed since you opened it. Look at it again.",
                        task.contract_id.display_name,
                    )
                )  # fmt: skip

    def _lock(self):
        """Let decisions, recalls and edits of the same contracts come one by one."""
        self.check_access("read")
        # sudo: approvers have no right to write a contract
        self.sudo().contract_id._serialise()

    def _get_refusals(self):
        """Return why the user may not decide now: {task: str, empty if he may}."""
        user = self.env.user
        # sudo: who edited a contract is not for everybody's eyes
        contracts = self.sudo().contract_id
        excluded = {c.id: c._get_excluded_users().ids for c in contracts}
        return {
            task: task._get_refusal(user, excluded.get(task.contract_id.id, ()))
            for task in self
        }

    def _get_refusal(self, user, excluded):
        name = self.display_name
        if self.state != "pending" or self.contract_id.state != "review":
            return self.env._("%s does not wait for a decision (any more).", name)
        if user.id in excluded:
            return self.env._(
                "%s: whoever wrote or submitted the contract, and who stands in for "
                "them, can't decide on it.",
                name,
            )
        if user in self.decided_ids:
            return self.env._("%s: you have decided already.", name)
        if user in self._get_administrators():
            return self.env._(
                "%s: you handed it over as an administrator, and can't decide on it.",
                name,
            )
        if self.escalated_to_id != user and not self._get_principals():
            return self.env._("%s does not wait for you.", name)
        return ""

    def _get_refusal_to_undo(self):
        """Return why the user can't take his decision back (str)."""
        self.ensure_one()
        if self.env.user not in self.decided_ids or self.contract_id.state != "review":
            return self.env._("There is no decision of yours to undo.")
        if self.state == "pending":
            return ""
        following = self.sudo()._get_next_task()
        if self.state != "approved" or not following or following.decided_ids:
            return self.env._("It is too late: the next step has acted.")
        return ""

    def _check_back_to(self, back_to):
        if not back_to:
            return
        self.ensure_one()
        is_earlier = (
            back_to.contract_id == self.contract_id
            and back_to.round == self.round
            and back_to.sequence < self.sequence
            and back_to.state in DONE_STATES
        )
        if not is_earlier:
            raise UserError(
                self.env._("Choose an earlier step of the same submission.")
            )

    def _group_by_principals(self):
        """Return pairs of (users that the user decides for, steps)."""
        groups = {}
        for task in self:
            principals = task._get_principals()
            if task.mode == "minimum":
                # Each of them is one opinion, whoever stands in for several.
                own = principals & self.env.user
                principals = own or principals[:1]
            groups.setdefault(principals, self.browse())
            groups[principals] |= task
        return groups.items()

    def _is_satisfied(self):
        """Return whether the step has all decisions that it needs."""
        self.ensure_one()
        if self.escalated_to_id and self.escalated_to_id in self.decided_ids:
            return True
        return len(self.approver_ids - self.waiting_ids) >= self._get_needed()

    def _get_needed(self):
        """Return how many approvers have to agree (int)."""
        self.ensure_one()
        needed = {"any": 1, "minimum": self.minimum, "all": len(self.approver_ids)}
        return needed[self.mode]

    def _set_conditions(self, condition):
        """Keep the condition, or close those that the step had before."""
        rows = self.env["crm.contract.approval.condition"]
        if condition:
            rows.create(
                [
                    {
                        "contract_id": task.contract_id.id,
                        "version_id": task.version_id.id,
                        "task_id": task.id,
                        "name": condition,
                        "user_id": self.env.uid,
                    }
                    for task in self
                ]
            )
            return
        if not self.contract_id.condition_ids.filtered(lambda row: not row.is_met):
            return
        for task in self:
            earlier = task.contract_id.condition_ids.filtered(
                lambda row, task=task: (
                    row.task_id.round < task.round
                    and row.task_id.name == task.name
                    and row.task_id.step_id == task.step_id
                )
            )
            earlier._set_met()

    def _finish(self, state):
        """Close the steps; called by code alone."""
        now = fields.Datetime.now()
        for task in self:
            begun = task.date_start or now
            task.hours = (now - begun).total_seconds() / 3600
        self.write({"state": state, "date_done": now})
        # Before another step becomes the pending one.
        self.flush_recordset(["state"])
        self._remove_activities()

    def _set_waiting(self):
        """Let the steps begin anew when it is their turn; called by code alone."""
        self._remove_activities()
        for task in self:
            task.write(
                {
                    "state": "waiting",
                    "waiting_ids": [Command.set(task.approver_ids.ids)],
                    "decided_ids": [Command.clear()],
                    "escalated_to_id": False,
                    "date_start": False,
                    "date_done": False,
                    "date_deadline": False,
                    "hours": 0,
                }
            )
        # Before another step becomes the pending one.
        self.flush_recordset(["state"])

    def _go_back(self, back_to):
        for task in self:
            between = task.contract_id.approval_task_ids.filtered(
                lambda row, task=task: (
                    row.round == task.round
                    and back_to.sequence <= row.sequence <= task.sequence
                )
            )
            between._set_waiting()
        self._continue_review(self.contract_id)

    def _get_next_task(self):
        """Return the pending step after this one, if any."""
        return self.contract_id.approval_task_ids.filtered(
            lambda row: (
                row.round == self.round
                and row.sequence > self.sequence
                and row.state == "pending"
            )
        )
