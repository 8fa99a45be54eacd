import logging

import psycopg2

from odoo import api, fields, models
from odoo.tools.misc import get_lang

_logger = logging.getLogger(__name__)


class CrmContractApprovalTask(models.Model):
    """The jobs: one mail per approver for what is new or late, and escalation."""

    _inherit = "crm.contract.approval.task"

    @api.model
    def _cron_notify(self):
        """Mail each approver what has begun to wait for him, all in one mail."""
        tasks = self.search([("state", "=", "pending"), ("date_notified", "=", False)])
        self._mail_deciders(tasks, "date_notified")

    @api.model
    def _cron_remind(self):
        """Escalate what is late and remind of what soon will be.

        Looks at dates only: days of downtime are caught up, and a second run finds
        nothing left to do.
        """
        pending = self.search([("state", "=", "pending")])
        today = fields.Date.today()
        for task in pending.filtered(
            lambda t: t.date_deadline < today and not t.date_escalated
        ):
            self._in_chunk(task, task._escalate)
        soon = pending.filtered(
            lambda t: (
                not t.date_reminded
                and fields.Date.subtract(t.date_deadline, days=t.remind_days) <= today
            )
        )
        self._mail_deciders(soon, "date_reminded")

    @api.model
    def _in_chunk(self, records, method, *args):
        """Do a piece of a job and commit it; one bad record keeps no other waiting."""
        try:
            locked = records.try_lock_for_update(allow_referencing=True)
            if locked == records:
                method(*args)
            return self.env["ir.cron"]._commit_progress(1)
        except psycopg2.OperationalError:
            # Somebody decides right now: the next run sees it as it is then.
            self.env.cr.rollback()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("%s failed for %s", method.__name__, records)
        return True

    def _escalate(self):
        """Let the escalation target decide alone, if the step has one who can."""
        self.ensure_one()
        self.date_escalated = fields.Datetime.now()
        user, contract = self.escalation_user_id, self.contract_id
        possible = user._filter_approvers(contract) - contract._get_excluded_users()
        if not possible or user in self.decided_ids:
            contract._remind_owner(
                self.env._("The approval is late"), self._get_late_text()
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

    @api.model
    def _mail_deciders(self, tasks, stamp):
        """Send one mail per user about the steps, and stamp them; a chunk per user."""
        by_user = {}
        for task in tasks:
            for user in task._get_deciders():
                by_user.setdefault(user, self.browse())
                by_user[user] |= task
        for user, waiting in by_user.items():
            self._in_chunk(waiting, waiting._mail, user, stamp == "date_reminded")
        for task in tasks:
            self._in_chunk(task, task._stamp, stamp)

    def _stamp(self, name):
        self[name] = fields.Datetime.now()

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
