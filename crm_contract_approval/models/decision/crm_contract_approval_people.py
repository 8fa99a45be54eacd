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
            "hand_over_to": self.hand_over_to,
            "version_id": self.version_id.id,
            "approver_ids": [Command.set(user.ids)],
            "waiting_ids": [Command.set(user.ids)],
        }

    def _hand_over(self, user, comment="", of=None):
        """Let somebody else decide instead (转办).

        The approvers hand over their own part; an approval administrator that of
        others, so that a step whose approvers left is not stuck.

        :param of: whose part (users); by default all that the user may hand over
        :raise UserError: if the user may not, or the other could not have been named
        """
        self._lock()
        refusals = self._get_refusals()
        for task, refusal in refusals.items():
            if refusal and not task._can_manage():
                raise UserError(refusal)
        for task in self.sudo():
            as_manager = bool(refusals[task])
            given = task._get_parts(of, as_manager)
            task._check_target(user)
            task._check_hand_over(user, given, as_manager)
            task._log(
                "hand_over",
                target_id=user.id,
                comment=comment,
                principal_ids=[Command.set((given - self.env.user).ids)],
                is_administrative=as_manager,
            )
            if as_manager:
                task._tell_handed_over(given | user, user, comment)
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

    def _get_parts(self, of, as_manager):
        """Return the users whose part in the step is handed over."""
        mine = self.waiting_ids if as_manager else self._get_principals()
        given = mine & of if of else mine
        if not given and self.escalated_to_id != self.env.user:
            raise UserError(self.env._("%s does not wait for them.", self.display_name))
        return given

    def _check_hand_over(self, user, given, as_manager):
        """Raise UserError if the parts of users can't be given to another."""
        if as_manager:
            self._check_administrator(user)
        possible = self._get_possible_users()
        if self.hand_over_to != "any" and user not in possible:
            raise UserError(
                self.env._(
                    "“%(step)s” can be handed over to people whom it could have named "
                    "alone (%(users)s), unless its policy allows anybody. Otherwise "
                    "recall the contract, and submit it again once the policy is changed.",
                    step=self.name,
                    users=", ".join(possible.mapped("name")),
                )
            )  # fmt: skip
        number = len((self.approver_ids - given) | user)
        if number < self._get_needed():
            raise UserError(
                self.env._(
                    "“%(step)s” needs the decisions of %(number)s people: hand over the "
                    "part of one of them at a time, each to somebody else.",
                    step=self.name,
                    number=self._get_needed(),
                )
            )

    def _check_administrator(self, user):
        """Raise UserError if an administrator gains by what he hands over."""
        # sudo: who edited the contract
        if self.env.user in self.contract_id.sudo()._get_excluded_users():
            raise UserError(
                self.env._(
                    "You wrote or submitted %s, or stand in for who did: another "
                    "administrator has to hand it over.",
                    self.contract_id.display_name,
                )
            )
        delegation = self.env["crm.contract.approval.delegation"]
        if user in delegation._get_near(self.env.user):
            raise UserError(
                self.env._(
                    "As an administrator you hand over to others: neither to yourself "
                    "nor to somebody who stands in for you, or you for him."
                )
            )

    def _get_possible_users(self):
        """Return whom the rule of the step could have named (users).

        For a step that somebody added, whom any step of its policy could.
        """
        self.ensure_one()
        # sudo: the policy, whoever hands over
        task = self.sudo()
        steps = task.step_id or task.policy_id.step_ids
        users = steps.fallback_user_id | steps.escalation_user_id
        for step in steps:
            users |= step._get_candidates(task.contract_id)
        return users._filter_approvers(task.contract_id)

    def _get_administrators(self):
        """Return who handed over the step, or a part of it, as an administrator."""
        # sudo: the log, whoever decides
        rows = self.sudo().review_ids.filtered("is_administrative")
        return rows.user_id

    def _tell_handed_over(self, users, user, comment):
        """Notify users of what an administrator did with the step."""
        subject = self.env._(
            "%(administrator)s handed “%(step)s” over to %(user)s",
            administrator=self.env.user.name,
            step=self.display_name,
            user=user.name,
        )
        self.env["mail.thread"].message_notify(
            partner_ids=users.partner_id.ids,
            subject=subject,
            body=comment or subject,
            author_id=self.env.user.partner_id.id,
            email_layout_xmlid="mail.mail_notification_light",
        )

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
        now = fields.Datetime.now()
        for (days, company), tasks in self.grouped(
            lambda task: (task.days, task.company_id)
        ).items():
            today = company._get_today()
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
        # The mails go out in one per approver, see `_mail_deciders`.
        self._ask_users({task: task._get_deciders() for task in self})

    def _ask_users(self, users):
        """Make an activity for each user who is to decide.

        :param users: {step: users}
        """
        activity_type = self.env.ref(
            "crm_contract_approval.mail_activity_type_approval"
        )
        # sudo: activities of others
        self.env["mail.activity"].sudo()._schedule_quietly(
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
                for task, asked in users.items()
                for user in asked
            ]
        )
        for task in users:
            task._log_deputies()

    def _refresh_activities(self):
        """Ask who has become a decider of steps that wait, and nobody else any more.

        Who is asked already keeps his activity.
        """
        added, by_user = {}, {}
        activities = self._get_activities().grouped("res_id")
        for task in self:
            deciders = task._get_deciders()
            mine = activities.get(task.contract_id.id, task.env["mail.activity"])
            mine.filtered(lambda row, users=deciders: row.user_id not in users).unlink()
            added[task] = deciders - mine.exists().user_id
            for user in added[task]:
                by_user[user] = by_user.get(user, self.browse()) | task
        self._ask_users(added)
        for user, waiting in by_user.items():
            waiting._mail(user, False)

    def _log_deputies(self):
        """Log who decides for others because an administrator said so, once."""
        delegations = self.env["crm.contract.approval.delegation"]
        asked = self.waiting_ids | self.escalated_to_id
        logged = {
            (row.target_id.id, row.principal_ids.id)
            for row in self.review_ids
            if row.decision == "delegate" and row.date >= self.date_start
        }
        for row in delegations._get_set_today(asked):
            if (row.deputy_id, row.user_id) not in logged:
                self._log(
                    "delegate",
                    user_id=row.set_by_id,
                    target_id=row.deputy_id,
                    principal_ids=[Command.set([row.user_id])],
                    is_administrative=True,
                )

    def _get_deciders(self):
        """Return who is to decide, deputies of the absent included."""
        self.ensure_one()
        users = self.waiting_ids | self.escalated_to_id
        deputies = self.env["crm.contract.approval.delegation"]._get_deputies(users)
        excluded = self.contract_id._get_excluded_users() if deputies else deputies
        return users | (deputies._filter_approvers(self.contract_id) - excluded)

    def _remove_activities(self, user=None):
        activities = self._get_activities()
        if user:
            activities = activities.filtered(lambda row: row.user_id == user)
        activities.unlink()

    def _get_activities(self):
        """Return the activities of those who are asked on the contracts (sudo)."""
        activity_type = self.env.ref(
            "crm_contract_approval.mail_activity_type_approval"
        )
        domain = [
            ("res_model", "=", "crm.contract"),
            ("res_id", "in", self.contract_id.ids),
            ("activity_type_id", "=", activity_type.id),
        ]
        # sudo: activities of others
        return self.env["mail.activity"].sudo().search(domain)
