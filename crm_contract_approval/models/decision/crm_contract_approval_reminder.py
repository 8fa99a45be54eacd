from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.misc import get_lang

from odoo.addons.crm_contract.models.job.crm_contract_job import Step

# Steps that are told of together, so that an approver gets one mail.
CHUNK = 1000


class CrmContractApprovalReminder(models.AbstractModel):
    """The jobs: one mail per approver for what is new or late, and escalation.

    Looks at dates only, so that days of downtime are caught up.
    """

    _name = "crm.contract.approval.reminder"
    _inherit = "crm.contract.job"
    _description = "Remind of approvals"

    @api.model
    def _get_steps(self):
        tasks = self.env["crm.contract.approval.task"]
        delegations = self.env["crm.contract.approval.delegation"]
        return [
            *super()._get_steps(),
            Step(
                "approval_deputies",
                self.env._("Ask deputies whose time begins"),
                delegations,
                delegations._get_effect_domain,
                lambda row: row._take_effect(),
            ),
            Step(
                "approval_notify",
                self.env._("Mail approvers what waits for them"),
                tasks,
                lambda: self._get_pending_domain("date_notified"),
                lambda new: new._mail_deciders("date_notified"),
                batch=True,
                chunk=CHUNK,
            ),
            Step(
                "approval_escalate",
                self.env._("Escalate late approvals"),
                tasks,
                self._get_late_domain,
                lambda task: task._escalate(),
            ),
            Step(
                "approval_remind",
                self.env._("Remind of approvals"),
                tasks,
                lambda: self._get_pending_domain("date_reminded"),
                lambda soon: soon._mail_deciders("date_reminded"),
                keep=lambda task: task._is_soon_late(),
                batch=True,
                chunk=CHUNK,
            ),
        ]

    @api.model
    def _get_late_domain(self):
        """Return the domain of steps to escalate."""
        is_late = self.env["res.company"]._on_days(
            lambda today: Domain("date_deadline", "<", today)
        )
        return self._get_pending_domain("date_escalated") & is_late

    @api.model
    def _get_pending_domain(self, stamp):
        """Return the domain of steps that wait, and have no such stamp yet."""
        return Domain("state", "=", "pending") & Domain(stamp, "=", False)


class CrmContractApprovalTask(models.Model):
    """What the jobs do with a step, each once."""

    _inherit = "crm.contract.approval.task"

    def _is_soon_late(self):
        self.ensure_one()
        first = fields.Date.subtract(self.date_deadline, days=self.remind_days)
        return first <= self.company_id._get_today()

    def _escalate(self):
        """Let the escalation target decide alone, if the step has one who can."""
        self.ensure_one()
        self.date_escalated = fields.Datetime.now()
        user, contract = self.escalation_user_id, self.contract_id
        possible = user._filter_approvers(contract) - contract._get_excluded_users()
        if not possible or user in self.decided_ids:
            self._remind_owner(
                contract, self.env._("The approval is late"), self._get_late_text()
            )
            return
        self.escalated_to_id = user
        self.date_notified = False
        self._log("escalate", target_id=user.id, comment=self._get_late_text())
        self._make_current()

    def _get_late_text(self):
        return self.env._(
            "“%(step)s” was to be decided until %(date)s by %(users)s.",
            step=self.name,
            date=self.date_deadline,
            users=self.waiting_names,
        )

    def _mail_deciders(self, stamp):
        """Send one mail per user about the steps, and stamp them."""
        by_user = {}
        for task in self:
            for user in task._get_deciders():
                by_user[user] = by_user.get(user, self.browse()) | task
        for user, waiting in by_user.items():
            waiting._mail(user, stamp == "date_reminded")
        self.write({stamp: fields.Datetime.now()})

    def _mail(self, user, is_reminder):
        """Tell a user of the steps, with links to pages that only show them."""
        tasks = self.with_context(lang=get_lang(self.env, user.lang).code)
        body = self.env["ir.qweb"]._render(
            "crm_contract_approval.mail_to_decide",
            {"tasks": tasks, "user": user, "base_url": self[:1].get_base_url()},
            lang=user.lang,
        )
        # An internal notification to the user alone: no follower, hence no customer,
        # ever gets it.
        self.env["mail.thread"].message_notify(
            partner_ids=user.partner_id.ids,
            subject=tasks.env._("Reminder: contracts wait for your decision")
            if is_reminder
            else tasks.env._("Contracts wait for your decision"),
            body=body,
            email_layout_xmlid="mail.mail_notification_light",
        )
