from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Command

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
        """Keep on record which reminders of contracts are due today, and send them."""
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

    def _send(self):
        """Make the activities of the reminders, and write to customers."""
        missed = self.filtered(lambda row: row.outcome == "missed")
        missed = missed.grouped("contract_id")
        fired = self.filtered(lambda row: row.outcome == "fired")
        reminders, rows = [], []
        for row in fired:
            told_too = missed.get(row.contract_id, self.browse()).rung_id
            for user in row.rung_id._get_users(row.contract_id):
                vals = row._prepare_activity_vals(user, told_too)
                reminders.append((row.contract_id, vals))
                rows.append(row)
        activities = self.env["mail.activity"]._schedule_quietly(reminders)
        for row, activity in zip(rows, activities, strict=True):
            row.activity_ids = [Command.link(activity.id)]
        for row in fired.filtered("rung_id.template_id"):
            row.rung_id.template_id.send_mail(row.contract_id.id)

    def _prepare_activity_vals(self, user, missed):
        """Return create values of the activity that reminds a user.

        :param missed: reminders that were not sent in time, told along
        """
        note = ""
        if missed:
            names = missed.sorted("days").mapped("name")
            note = self.env._("Not sent in time: %s.", ", ".join(names))
        activity_type = self.rung_id.activity_type_id or self.env.ref(ACTIVITY)
        return {
            "activity_type_id": activity_type.id,
            "user_id": user.id,
            "summary": self.rung_id.name,
            "note": note,
            "date_deadline": self.term,
        }
