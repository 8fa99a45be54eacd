from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from .crm_contract import IN_FORCE

ACTIVITY = "crm_contract_renewal.mail_activity_type_renewal"


class CrmContractRungFired(models.Model):
    """That a reminder was sent for a term of a contract: once, whatever happens."""

    _name = "crm.contract.rung.fired"
    _description = "Reminder that was sent"
    _order = "id desc"
    _rec_name = "rung_id"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    rung_id = fields.Many2one(
        "crm.contract.rung", required=True, ondelete="cascade", index=True
    )
    term = fields.Date(required=True, help="Deadline that it was fired for.")
    date = fields.Date(required=True)
    outcome = fields.Selection(
        [
            ("fired", "Sent"),
            ("missed", "Missed, told with a later one"),
            ("skipped", "Condition did not hold"),
        ],
        required=True,
    )
    activity_ids = fields.Many2many("mail.activity", string="Activities")

    _once = models.UniqueIndex(
        "(contract_id, rung_id, term)", "This reminder was sent already."
    )

    @api.model
    def _fire(self, contracts):
        """Keep on record which reminders of contracts are due today, and send them.

        :raise UserError: if nobody is there for one of them; none is recorded then
        """
        self._close_stale(contracts)
        vals_list = []
        for contract in contracts:
            today = contract.company_id._get_today()
            days_left = contract.date_deadline - today
            due = contract._get_open_reminders().filtered(
                lambda row, left=days_left: timedelta(days=row.days) >= left
            )
            holding = due.filtered(
                lambda row, c=contract: c.filtered_domain(row._get_domain())
            )
            # Several at once were missed: the nearest to the deadline speaks for all.
            latest = holding.sorted("days")[:1]
            for row in due:
                outcome = "fired" if row == latest else "missed"
                outcome = outcome if row in holding else "skipped"
                vals_list.append(self._prepare_vals(contract, row, today, outcome))
        self.create(vals_list)._send()

    @api.model
    def _prepare_vals(self, contract, reminder, day, outcome):
        return {
            "contract_id": contract.id,
            "company_id": contract.company_id.id,
            "rung_id": reminder.id,
            "term": contract.date_deadline,
            "date": day,
            "outcome": outcome,
        }

    @api.model
    def _move(self, contracts):
        """Let open reminders move along with the deadline, or go until they are due.

        One that was sent for the old deadline, and would be due for the new one, is
        taken for sent.
        """
        # sudo: reminders, and activities, of others
        for contract in contracts.sudo().filtered("fired_ids"):
            deadline, rows = contract.date_deadline, contract.fired_ids
            terms = set(rows.filtered("activity_ids").mapped("term"))
            sent = rows.filtered(lambda row, term=deadline: row.term == term)
            for row in rows.filtered(lambda row, terms=terms: row.term in terms):
                if row._is_due_for(deadline) and row.rung_id not in sent.rung_id:
                    row.term = deadline
                    row.activity_ids.date_deadline = deadline
                    sent |= row
        self._close_stale(contracts)

    @api.model
    def _close_stale(self, contracts):
        """Remove the open reminders of deadlines that are not the present one."""
        # sudo: activities of others
        rows = contracts.sudo().fired_ids.filtered("activity_ids")
        rows.filtered(lambda row: row._is_stale()).activity_ids.unlink()

    def _send(self):
        """Make the activities of the reminders, and write to customers."""
        missed = self.filtered(lambda row: row.outcome == "missed")
        missed = missed.grouped("contract_id")
        fired = self.filtered(lambda row: row.outcome == "fired")
        reminders, rows = [], []
        for row in fired:
            told_too = missed.get(row.contract_id, self.browse()).rung_id
            users = row.rung_id._get_users(row.contract_id)
            writes = row._writes_to_customer()
            if not users and not writes:
                raise UserError(row._describe_nobody())
            for user in users:
                vals = row._prepare_activity_vals(user, told_too)
                reminders.append((row.contract_id, vals))
                rows.append(row)
        activities = self.env["mail.activity"]._schedule_quietly(reminders)
        for row, activity in zip(rows, activities, strict=True):
            row.activity_ids = [Command.link(activity.id)]
        for row in fired.filtered("rung_id.template_id"):
            if row.rung_id.recipient != "customer" or row._writes_to_customer():
                row.rung_id.template_id.send_mail(row.contract_id.id)
        fired._tell_followers()

    def _tell_followers(self):
        texts = {
            contract: self.env._(
                "Decide by %s what follows the term.",
                format_date(self.env, contract.date_deadline),
            )
            for contract in self.contract_id
        }
        self.env["crm.contract.notice"]._tell(
            texts, "crm_contract_renewal.mt_contract_expiring"
        )

    def _writes_to_customer(self):
        reminder = self.rung_id
        return reminder.recipient == "customer" and reminder._has_address(
            self.contract_id
        )

    def _describe_nobody(self):
        return self.env._(
            "“%(reminder)s” of %(contract)s reaches nobody: neither salesperson nor team "
            "leader, responsible of the type or contract manager is active and may read "
            "it.",
            reminder=self.rung_id.name,
            contract=self.contract_id.display_name,
        )

    def _prepare_activity_vals(self, user, missed):
        """Return create values of the activity that reminds a user.

        :param missed: reminders that were not sent in time, told along
        """
        note = ""
        if missed:
            names = missed.sorted("days").mapped("name")
            note = self.env._("Not sent in time: %s.", ", ".join(names))
        if self.rung_id.recipient == "customer":
            note = self.env._(
                "The customer has no e-mail address: tell them by another way. %s", note
            )
        activity_type = self.rung_id.activity_type_id or self.env.ref(ACTIVITY)
        return {
            "activity_type_id": activity_type.id,
            "user_id": user.id,
            "summary": self.rung_id.name,
            "note": note,
            "date_deadline": self.term,
        }

    def _is_stale(self):
        """Return whether its deadline is not, or no longer, to be decided on."""
        self.ensure_one()
        contract = self.contract_id
        return (
            contract.state not in IN_FORCE
            or bool(contract.renewal_decision)
            or self.term != contract.date_deadline
        )

    def _is_due_for(self, deadline):
        """Return whether it would be due by now if that were the deadline."""
        if not deadline:
            return False
        today = self.contract_id.company_id._get_today()
        return deadline - timedelta(days=self.rung_id.days) <= today
