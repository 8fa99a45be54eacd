from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ...tools.limitation import DEADLINE_RUNGS, LIMITATION_RUNGS, next_rung

# Days before a limitation from which on the leader is told, not the owner.
LEADER = 30
TO_DO = "mail.mail_activity_data_todo"
WARNING = "mail.mail_activity_data_warning"


class CrmContractDispute(models.Model):
    """Who is told of limitation and deadlines, and when; none passes silently."""

    _inherit = "crm.contract.dispute"

    date_deadline = fields.Date(
        string="Next deadline",
        index="btree_not_null",
        tracking=True,
        help="E.g. to answer a claim, or to bring evidence.",
    )
    deadline_note = fields.Char(string="What for", tracking=True)
    date_told = fields.Date(
        readonly=True, copy=False, owned=True, help="Day of the last reminder."
    )
    date_reminder = fields.Date(
        readonly=True, copy=False, owned=True, help="Day of the next reminder."
    )

    _reminder_idx = models.Index(
        "(date_reminder) WHERE date_reminder IS NOT NULL AND is_open IS TRUE"
    )

    def write(self, vals):
        result = super().write(vals)
        if not {"date_deadline", "date_accrued"}.isdisjoint(vals):
            # sudo: owned fields
            self.sudo()._plan_reminder()
        return result

    def _plan_reminder(self):
        """Plan the reminders anew: the first one that is still to be given is next."""
        for row in self:
            row.write({"date_told": False, "date_reminder": row._get_next_reminder()})

    def _get_next_reminder(self):
        days = [
            next_rung(day, rungs, self.date_told or None)
            for day, rungs in (
                (self.date_limitation, LIMITATION_RUNGS),
                (self.date_deadline, DEADLINE_RUNGS),
            )
            if day and self.is_open
        ]
        return min(filter(None, days), default=False)

    @api.model
    def _get_reminder_domain(self):
        """Return the domain of disputes of which somebody is to be told now."""
        due = self.env["res.company"]._on_days(
            lambda today: Domain("date_reminder", "<=", today)
        )
        return Domain("is_open", "=", True) & due

    def _advance_reminder(self):
        """Tell of one dispute whoever is to be told, once for what has come by today.

        :raise UserError: if nobody is there
        """
        today = self.company_id._get_today()
        for day, rungs, what in (
            (
                self.date_limitation,
                LIMITATION_RUNGS,
                self.env._(
                    "Barred after %s", format_date(self.env, self.date_limitation)
                ),
            ),
            (
                self.date_deadline,
                DEADLINE_RUNGS,
                self.deadline_note or self.env._("Deadline"),
            ),
        ):
            rung = day and next_rung(day, rungs, self.date_told or None)
            if rung and rung <= today:
                self._remind(day, what, rungs is LIMITATION_RUNGS)
        self.date_told = today
        self.date_reminder = self._get_next_reminder()

    def _remind(self, day, what, is_limitation):
        left = (day - self.company_id._get_today()).days
        urgent = left < 0 or (is_limitation and left <= LEADER)
        user = self._find_person(urgent)
        kind = WARNING if urgent else TO_DO
        summary = f"{what}: {self.name}"
        if left < 0:
            summary = self.env._("Passed: %s", summary)
        self.activity_schedule(
            kind, user_id=user.id, summary=summary, date_deadline=day
        )

    def _find_person(self, urgent):
        """Return who is told (user): owner, who stands in for him, and up the ladder.

        Of what is urgent, the next one above the owner, so that two know.
        """
        contract = self.contract_id
        owner = self.user_id
        ladder = owner | owner._get_stand_ins()
        there = ladder.filtered(contract._is_readable_by)
        if urgent:
            user = contract._get_person_in_charge(owner) or there[:1]
        else:
            user = there[:1] or contract._get_person_in_charge(owner)
        if not user:
            raise UserError(
                self.env._("Nobody is there to be told of “%s”.", self.display_name)
            )
        return user
