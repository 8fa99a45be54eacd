import logging

import psycopg2

from odoo import api, models
from odoo.fields import Domain

_logger = logging.getLogger(__name__)


class CrmContract(models.Model):
    """The daily job: what the calendar alone makes happen."""

    _inherit = "crm.contract"

    @api.model
    def _get_start_due_domain(self):
        # An amendment never runs: it changes the contract that does.
        return Domain("state", "=", "signed") & Domain(
            [("date_start", "<=", "today"), ("kind", "!=", "amendment")]
        )

    @api.model
    def _get_expire_due_domain(self):
        return Domain(
            [("state", "in", ("running", "suspended")), ("date_end", "<", "today")]
        )

    @api.model
    def _cron_advance(self):
        """Start, expire and let fall due what the calendar says, as of today.

        Looks at states and dates only, so that days of downtime are caught up and a
        second run finds nothing left to do.
        """
        installments = self.env["crm.contract.installment"]
        jobs = (
            (self, self._get_extend_due_domain(), "_advance_ledger"),
            (self, self._get_start_due_domain(), "_advance_start"),
            (self, self._get_expire_due_domain(), "_advance_expire"),
            (installments, installments._get_overrun_domain(), "_advance_overrun"),
            (installments, installments._get_fall_due_domain(), "_advance_due"),
            (
                installments,
                installments._get_become_overdue_domain(),
                "_advance_overdue",
            ),
        )
        cron = self.env["ir.cron"]
        cron._commit_progress(
            remaining=sum(model.search_count(domain) for model, domain, _step in jobs)
        )
        for model, domain, step in jobs:
            for record in model.search(domain, order="id"):
                if not self._advance(record, domain, step):
                    return

    @api.model
    def _advance(self, record, domain, step):
        """Do one step of the daily job and commit; return whether time is left."""
        try:
            locked = record.try_lock_for_update(allow_referencing=True)
            if locked.filtered_domain(domain):
                getattr(locked, step)()
            return self.env["ir.cron"]._commit_progress(1)
        except psycopg2.OperationalError:
            # Somebody else changed the record meanwhile: the next run sees it as it is.
            self.env.cr.rollback()
            return True
        except Exception:
            # One bad record must not keep the others from their dates.
            self.env.cr.rollback()
            _logger.exception("%s failed for %s", step, record)
            return self.env["ir.cron"]._commit_progress(1)

    def _advance_start(self):
        self._transition("start")

    def _advance_expire(self):
        """End a contract whose term is over; its owner has an activity."""
        self._action_end("expired", self.date_end)
        if self.user_id:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=self.user_id.id,
                summary=self.env._("Contract expired"),
                note=self.env._("Check open amounts and what comes next."),
            )
