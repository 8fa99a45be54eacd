from odoo import api, models
from odoo.fields import Command, Domain

from odoo.addons.crm_contract.models.job.crm_contract_succession import Duty

ASKED = "crm_contract_approval.mail_activity_type_approval"


class CrmContractSuccession(models.AbstractModel):
    """Somebody who is asked to approve leaves: who decides instead.

    Nobody whom the step could not have named, and nobody whom the one who archives gains
    by. A step that finds nobody is left to an approval administrator, who is told.
    """

    _inherit = "crm.contract.succession"

    @api.model
    def _get_activity_domain(self):
        # What approvers are asked goes with their steps.
        asked = self.env.ref(ASKED)
        return super()._get_activity_domain() & Domain(
            "activity_type_id", "!=", asked.id
        )

    @api.model
    def _hand_over(self, users, successor=None):
        duties = super()._hand_over(users, successor)
        if not users:
            return duties
        # sudo: whoever archives a user need not see what he was to decide
        return duties + self.sudo()._hand_over_approvals(users, successor)

    @api.model
    def _hand_over_approvals(self, users, successor):
        tasks = self.env["crm.contract.approval.task"].search(
            [("state", "in", ("waiting", "pending")), ("waiting_ids", "in", users.ids)]
        )
        label = self.env._("Approval")
        changed = tasks.browse()
        for task in tasks.filtered(lambda task: task._is_stuck_without(users)):
            for user in task.waiting_ids & users:
                changed |= task._replace(user, users, successor)
        pending = changed.filtered(lambda task: task.state == "pending")
        pending._make_current()
        stuck = tasks.filtered(lambda task: task._is_stuck_without(users))
        stuck._tell_administrator()
        return [Duty(task, "", task.contract_id, label) for task in changed | stuck]


class CrmContractApprovalTask(models.Model):
    """Whom a step goes to when an approver leaves."""

    _inherit = "crm.contract.approval.task"

    def _is_stuck_without(self, users):
        """Return whether the step can't be decided without users who leave."""
        self.ensure_one()
        able = (self.waiting_ids - users)._filter_approvers(self.contract_id)
        done = self.approver_ids - self.waiting_ids
        return len(able | done) < self._get_needed()

    def _replace(self, leaving, users, successor):
        """Ask somebody else instead of an approver who leaves; called by code alone.

        :return: the step if somebody was found
        """
        delegation = self.env["crm.contract.approval.delegation"]
        possible = self._get_possible_users()
        candidates = leaving._get_stand_ins() | possible
        if successor:
            candidates = successor | candidates
        if self.hand_over_to != "any":
            candidates &= possible
        contract = self.contract_id
        barred = (
            users
            | self.approver_ids
            | contract._get_excluded_users()
            # Nobody gains by archiving somebody.
            | delegation._get_near(self.env.user)
        )
        user = (candidates._filter_approvers(contract) - barred)[:1]
        if not user:
            return self.browse()
        self._log(
            "hand_over",
            target_id=user.id,
            principal_ids=[Command.set(leaving.ids)],
            comment=self.env._("%s has left.", leaving.name),
            is_administrative=True,
        )
        changes = [Command.unlink(leaving.id), Command.link(user.id)]
        self.write(
            {
                "approver_ids": changes,
                "waiting_ids": changes,
                "date_notified": False,
                "date_reminded": False,
            }
        )
        return self

    def _tell_administrator(self):
        """Have an approval administrator look after steps that nobody can decide."""
        group = self.env.ref(
            "crm_contract_approval.crm_contract_approval_group_manager"
        )
        warning = self.env.ref("mail.mail_activity_data_warning")
        activities = []
        for task in self:
            contract = task.contract_id
            there = group.all_user_ids.filtered(contract._is_readable_by)
            # The system's own user reads nothing.
            user = (there - self.env.ref("base.user_root"))[:1]
            user = user or contract._get_person_in_charge()
            vals = {
                "activity_type_id": warning.id,
                "user_id": user.id,
                "summary": self.env._("“%s” waits for nobody who is there", task.name),
                "date_deadline": contract.company_id._get_today(),
            }
            activities.append((contract, vals))
        self.env["mail.activity"]._schedule_quietly(activities)
