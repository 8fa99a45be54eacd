from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.fields import Command, Domain

from .crm_contract import IN_FORCE

CHUNK = 100
ACTIVITY = "crm_contract_renewal.mail_activity_type_renewal"


class CrmContract(models.Model):
    """The ladder: each rung is fired once per contract and term."""

    _inherit = "crm.contract"

    fired_ids = fields.One2many(
        "crm.contract.rung.fired", "contract_id", string="Reminders"
    )
    date_next_rung = fields.Date(
        string="Next reminder",
        compute="_compute_date_next_rung",
        store=True,
        help="Day on which the next reminder is due.",
    )

    # The daily job looks for what is due, among many contracts with nothing due.
    _next_rung_idx = models.Index("(date_next_rung) WHERE date_next_rung IS NOT NULL")

    @api.depends(
        "state",
        "date_deadline",
        "renewal_decision",
        "type_id.rung_ids.days",
        "type_id.rung_ids.active",
        "fired_ids.term",
    )
    def _compute_date_next_rung(self):
        for contract in self:
            deadline = contract.date_deadline
            contract.date_next_rung = min(
                (
                    deadline - timedelta(days=rung.days)
                    for rung in contract._get_open_rungs()
                ),
                default=False,
            )

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {"fired_ids"}

    def write(self, vals):
        result = super().write(vals)
        if not {"date_end", "date_review", "notice_period"}.isdisjoint(vals):
            self._redate_rungs()
        return result

    def _get_open_rungs(self):
        """Return the rungs that are still to be fired for the present deadline."""
        self.ensure_one()
        if (
            self.state not in IN_FORCE
            or self._is_amendment()
            or not self.date_deadline
            or self.renewal_decision
        ):
            return self.type_id.rung_ids.browse()
        # sudo: the ladder goes on whoever looks
        fired = self.sudo().fired_ids.filtered(
            lambda row: row.term == self.date_deadline
        )
        return self.type_id.rung_ids - fired.rung_id

    @api.model
    def _get_rung_due_domain(self):
        return Domain("date_next_rung", "<=", "today")

    @api.model
    def _cron_ladder(self):
        """Fire the rungs that are due, in chunks that are committed one by one.

        Another worker's contracts are skipped; days of downtime are caught up with one
        activity per contract.
        """
        cron = self.env["ir.cron"]
        domain = self._get_rung_due_domain()
        due = self.search(domain, order="date_next_rung, id")._ids
        cron._commit_progress(remaining=len(due))
        for start in range(0, len(due), CHUNK):
            chunk = self.browse(due[start : start + CHUNK])
            try:
                claimed = chunk.try_lock_for_update(allow_referencing=True)
                claimed.filtered_domain(domain)._fire_rungs()
                if not cron._commit_progress(len(chunk)):
                    return
            except psycopg2.OperationalError:
                # Somebody changed one of them: the next run sees it as it is then.
                self.env.cr.rollback()

    def _fire_rungs(self):
        """Fire what is due of the contracts, and keep on record that it was."""
        today = fields.Date.context_today(self)
        last = {}
        vals_list = []
        for contract in self:
            due = contract._get_open_rungs().filtered(
                lambda rung, c=contract: (
                    c.date_deadline - timedelta(days=rung.days) <= today
                )
            )
            holding = due.filtered(
                lambda rung, c=contract: c.filtered_domain(rung._get_domain())
            )
            # Several at once were missed: the nearest to the deadline speaks for all.
            latest = holding.sorted("days")[:1]
            last[contract] = latest, holding - latest
            for rung in due:
                outcome = "fired" if rung == latest else "missed"
                outcome = outcome if rung in holding else "skipped"
                vals_list.append(contract._prepare_fired_vals(rung, today, outcome))
        fired = self.env["crm.contract.rung.fired"].create(vals_list)
        self._remind(last, fired)

    def _prepare_fired_vals(self, rung, day, outcome):
        return {
            "contract_id": self.id,
            "company_id": self.company_id.id,
            "rung_id": rung.id,
            "term": self.date_deadline,
            "date": day,
            "outcome": outcome,
        }

    def _remind(self, last, fired):
        """Make the activities of the rungs, and write to customers."""
        reminders, owners = [], []
        for row in fired.filtered(lambda row: row.outcome == "fired"):
            rung, missed = last[row.contract_id]
            for user in rung._get_users(row.contract_id):
                contract = row.contract_id
                vals = contract._prepare_reminder_vals(rung, missed, user)
                reminders.append((contract, vals))
                owners.append(row)
        activities = self.env["mail.activity"]._schedule_quietly(reminders)
        for row, activity in zip(owners, activities, strict=True):
            row.activity_ids = [Command.link(activity.id)]
        for row in fired.filtered(lambda row: row.outcome == "fired"):
            if row.rung_id.template_id:
                row.rung_id.template_id.send_mail(row.contract_id.id)

    def _prepare_reminder_vals(self, rung, missed, user):
        default = self.env.ref(ACTIVITY)
        note = ""
        if missed:
            note = self.env._(
                "Not sent in time: %s.", ", ".join(missed.sorted("days").mapped("name"))
            )
        return {
            "activity_type_id": (rung.activity_type_id or default).id,
            "user_id": user.id,
            "summary": rung.name,
            "note": note,
            "date_deadline": self.date_deadline,
        }

    def _redate_rungs(self):
        """Move the open reminders to the present deadline."""
        # sudo: activities of others follow the contract
        for contract in self.sudo().filtered("date_deadline"):
            contract.fired_ids.activity_ids.date_deadline = contract.date_deadline

    def _close_rungs(self):
        """Remove the open reminders: it is decided what they asked for."""
        # sudo: activities of others
        self.sudo().fired_ids.activity_ids.unlink()
