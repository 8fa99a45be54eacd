from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class CrmContractApprovalTask(models.Model):
    """Who is asked: adding an approver, handing over, activities as the inbox."""

    _inherit = "crm.contract.approval.task"

    def _add_approver(self, user, where, comment=""):
        """Let somebody else decide before or after the step (加签).

        :param where: "before" or "after"
        """
        self.ensure_one()
        self._check_can_decide(comment or "-")
        self._check_target(user)
        self._log("add", target_id=user.id, comment=comment)
        # sudo: written by code alone, after the checks
        task = self.sudo()
        limit = task.sequence + (where == "after")
        later = task.contract_id.approval_task_ids.filtered(
            lambda row: row.round == task.round and row.sequence >= limit
        )
        for row in later:
            row.sequence += 1
        added = task.create(task._prepare_added_vals(user, limit, comment))
        if where == "before":
            # What others have decided in the step so far still counts.
            task._remove_activities()
            task.state = "waiting"
            task.flush_recordset(["state"])
        task._continue_review(task.contract_id)
        return added.sudo(self.env.su)

    def _prepare_added_vals(self, user, sequence, comment):
        return {
            "contract_id": self.contract_id.id,
            "company_id": self.company_id.id,
            "round": self.round,
            "sequence": sequence,
            "policy_id": self.policy_id.id,
            "policy_version": self.policy_version,
            "name": self.env._("Added by %s", self.env.user.name),
            "instruction": comment,
            "days": self.days,
            "remind_days": self.remind_days,
            "version_id": self.version_id.id,
            "approver_ids": [Command.set(user.ids)],
            "waiting_ids": [Command.set(user.ids)],
        }

    def _hand_over(self, user, comment=""):
        """Let somebody else decide instead (转办).

        The approvers hand over their own part; an approval administrator all that is
        open, so that a step whose approvers left is not stuck.
        """
        self._lock()
        refusals = list(filter(None, self._get_refusals().values()))
        as_manager = bool(refusals)
        if as_manager and not self._can_manage():
            raise UserError("\n".join(refusals))
        for task in self.sudo():
            task._check_target(user)
            given = task.waiting_ids if as_manager else task._get_principals()
            task._log(
                "hand_over",
                target_id=user.id,
                comment=comment,
                principal_ids=[Command.set((given - self.env.user).ids)],
            )
            changes = [Command.unlink(row.id) for row in given]
            changes.append(Command.link(user.id))
            task.write(
                {
                    "approver_ids": changes,
                    "waiting_ids": changes,
                    "date_notified": False,
                    "date_reminded": False,
                }
            )
            task._make_current()

    def _can_manage(self):
        """Return whether the user is an approval administrator and steps are open."""
        return self._is_manager() and all(task.state == "pending" for task in self)

    def _check_target(self, user):
        """Raise UserError if somebody can't be asked about the contract."""
        # sudo: who edited the contract
        contract = self.contract_id.sudo()
        if not user:
            raise UserError(self.env._("Choose a user."))
        if not user._filter_approvers(contract):
            raise UserError(
                self.env._(
                    "%s can't read contracts of this company, or is archived.",
                    user.name,
                )
            )
        if user in contract._get_excluded_users():
            raise UserError(
                self.env._(
                    "%s wrote or submitted the contract, or stands in for who did.",
                    user.name,
                )
            )
        if user in self.waiting_ids | self.decided_ids:
            raise UserError(self.env._("%s is an approver already.", user.name))

    def _begin(self):
        """Ask the approvers of steps whose turn it is; called by code alone."""
        now, today = fields.Datetime.now(), fields.Date.context_today(self)
        for days, tasks in self.grouped("days").items():
            tasks.write(
                {
                    "state": "pending",
                    "date_start": now,
                    "date_deadline": fields.Date.add(today, days=max(days, 1)),
                    "date_notified": False,
                    "date_reminded": False,
                    "date_escalated": False,
                }
            )
        self._make_current()

    def _make_current(self):
        """Show the steps on their contracts, let the approvers in and remind them."""
        for task in self:
            task.contract_id.write(
                {
                    "approval_task_id": task.id,
                    "approval_step_id": task.step_id.id,
                    "approval_deadline": task.date_deadline,
                }
            )
        asked = {}
        for task in self:
            users = task.waiting_ids | task.escalated_to_id
            missing = tuple((users - task.contract_id.approval_user_ids).ids)
            asked.setdefault(missing, task.contract_id.browse())
            asked[missing] |= task.contract_id
        for user_ids, contracts in asked.items():
            if user_ids:
                contracts.approval_user_ids = [Command.link(id_) for id_ in user_ids]
        self._schedule_activities()
        self._notify_later()

    def _schedule_activities(self):
        """Put an activity into the inbox of everybody who is to decide."""
        self._remove_activities()
        activity_type = self.env.ref(
            "crm_contract_approval.mail_activity_type_approval"
        )
        # The mails go out in one per approver, see `_mail_deciders`.
        self.env["mail.activity"]._schedule_quietly(
            [
                (
                    task.contract_id,
                    {
                        "activity_type_id": activity_type.id,
                        "user_id": user.id,
                        "summary": task.name,
                        "date_deadline": task.date_deadline,
                    },
                )
                for task in self
                for user in task._get_deciders()
            ]
        )

    def _get_deciders(self):
        """Return who is to decide, deputies of the absent included."""
        self.ensure_one()
        users = self.waiting_ids | self.escalated_to_id
        deputies = self.env["crm.contract.approval.delegation"]._get_deputies(users)
        excluded = self.contract_id._get_excluded_users() if deputies else deputies
        return users | (deputies._filter_approvers(self.contract_id) - excluded)

    def _remove_activities(self, user=None):
        activity_type = self.env.ref(
            "crm_contract_approval.mail_activity_type_approval"
        )
        domain = [
            ("res_model", "=", "crm.contract"),
            ("res_id", "in", self.contract_id.ids),
            ("activity_type_id", "=", activity_type.id),
        ]
        if user:
            domain.append(("user_id", "=", user.id))
        # sudo: activities of others
        self.env["mail.activity"].sudo().search(domain).unlink()
