from datetime import timedelta

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools.date_utils import add

from .crm_contract_obligation import OPEN

# Days before an obligation is due on which a reminder of it appears, and days of delay
# after which the leader is told.
AHEAD, ESCALATE = 30, 3
TO_DO = "mail.mail_activity_data_todo"
WARNING = "mail.mail_activity_data_warning"


class CrmContractObligation(models.Model):
    """Who is told of an obligation, and when: owner, owner again, leader."""

    _inherit = "crm.contract.obligation"

    def _plan_reminders(self):
        """Plan the reminders anew, and give those whose day has come."""
        now = self.browse()
        for day, rows in self._filter_open().grouped(_get_first_reminder).items():
            rows.write({"level": 0, "date_reminder": day})
            now |= rows.filtered(
                lambda row, day=day: (
                    day and row.user_id and day <= row.company_id._get_today()
                )
            )
        now._advance_reminder()

    @api.model
    def _get_reminder_domain(self):
        """Return the domain of obligations of which somebody is to be told now."""
        due = self.env["res.company"]._on_days(
            lambda today: Domain("date_reminder", "<=", today)
        )
        return Domain("state", "in", OPEN) & due

    def _advance_reminder(self):
        """Tell of the obligations whoever is to be told next, each time once.

        :raise UserError: if nobody is there
        """
        told, new = [], []
        for row in self:
            level = row._get_level()
            user = row._find_person(level)
            told.append((row, level))
            new.append(row._prepare_activity_vals(level, user))
        quiet = self.env["mail.activity"].with_context(
            mail_activity_quick_update=True, tracking_disable=True
        )
        quiet.create(new)
        groups = {}
        for row, level in told:
            day = row._get_next_reminder(level)
            groups.setdefault((level, day), []).append(row.id)
        for (level, day), ids in groups.items():
            # sudo: owned fields, by the door of reminders
            self.sudo().browse(ids).write({"level": level, "date_reminder": day})

    def _get_level(self):
        """Return the reminder whose turn it is: 1 ahead, 2 late, 3 to the leader.

        What was missed while no job ran is made up by the one of today alone.
        """
        today = self.company_id._get_today()
        if not self.date_due or today <= self.date_due:
            return 1
        late = (today - self.date_due).days
        return max(2, min(3, self.level + 1)) if late > ESCALATE and self.level else 2

    def _get_next_reminder(self, level):
        if not self.date_due or level >= 3:
            return False
        if level == 1:
            return self.date_due + timedelta(days=1)
        today = self.company_id._get_today()
        return max(self.date_due + timedelta(days=ESCALATE + 1), today + timedelta(1))

    def _find_person(self, level):
        """Return who is told (user).

        The owner; without one, the leader of its team, then who is in charge of the
        contract. Of a long delay, the leader.
        """
        # sudo: whose it is, whoever asks
        row = self.sudo()
        contract = row.contract_id
        leaders = row.team_id.user_id | contract.team_id.user_id
        ladder = leaders if level >= 3 else row.user_id | row.team_id.user_id
        there = ladder.filtered(
            lambda user: (
                user.active and not user.share and row.company_id in user.company_ids
            )
        )
        if level >= 3:
            there = there.filtered(contract._is_readable_by) - row.user_id
        user = there[:1] or contract._get_person_in_charge(
            row.user_id if level >= 3 else None
        )
        if not user:
            raise UserError(
                self.env._("Nobody is there to be told of “%s”.", row.display_name)
            )
        return user

    def _prepare_activity_vals(self, level, user):
        kind = TO_DO if level == 1 else WARNING
        summary = self.name
        if level > 1:
            summary = self.env._("Late: %s", self.name)
        elif self.side == "theirs":
            # sudo: the name alone
            customer = self.sudo().partner_id.name
            summary = self.env._(
                "%(customer)s: %(obligation)s",
                customer=customer,
                obligation=self.name,
            )
        today = self.company_id._get_today()
        return {
            "activity_type_id": self.env["ir.model.data"]._xmlid_to_res_id(kind),
            "res_model_id": self.env["ir.model"]._get_id(self._name),
            "res_id": self.id,
            "user_id": user.id,
            "summary": summary,
            "automated": True,
            "date_deadline": self.date_due or today,
        }


def _get_first_reminder(row):
    """Return the day of the first reminder of an obligation, False for none."""
    if row.state != "open":
        return False
    if not row.date_due:
        return row.company_id._get_today() if row.user_id else False
    # Nobody's is told when it is late.
    is_somebodys = row.user_id or row.team_id
    return add(row.date_due, days=-AHEAD if is_somebodys else 1)
