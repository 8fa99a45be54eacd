from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools.date_utils import add

from ...tools.obligation import add_working_days, due_days, next_due_day, open_days
from .crm_contract_milestone import CLOSED
from .crm_contract_obligation import OPEN
from .crm_contract_obligation_steps import IN_FORCE

# How many days ahead recurring obligations are there, by the unit of their recurrence.
HORIZON = {"day": 31, "week": 92}
LONG = 366
# What an open occurrence shows of its milestone.
SHOWN = (
    "name",
    "description",
    "side",
    "evidence",
    "needs_acceptance",
    "weight",
    "date_due",
)


class CrmContractObligationPlan(models.AbstractModel):
    """Which obligations there are: a function of what is agreed and what happened.

    Deriving them twice changes nothing. What is closed stays as it is; what is open
    follows the milestones, whatever amended them.
    """

    _name = "crm.contract.obligation.plan"
    _description = "Derive the obligations of contracts"

    @api.model
    def _derive(self, contracts):
        """Let contracts have the obligations that they are to have; return the new ones.

        Called whenever something happens that they follow from.
        """
        # sudo: derived from what is agreed, by whomever that was brought about
        contracts = contracts.sudo().filtered(
            lambda row: row.performs and row.state in IN_FORCE
        )
        obligations = self.env["crm.contract.obligation"].sudo()
        if not contracts:
            return obligations
        contracts._serialise()
        rows = obligations.search([("contract_id", "in", contracts.ids)])
        if not rows and not contracts.milestone_ids:
            return obligations
        by_milestone = rows.grouped("milestone_id")
        new = []
        for milestone in contracts.milestone_ids:
            mine = by_milestone.get(milestone, obligations)
            new += self._follow(milestone, mine)
        orphans = by_milestone.get(self.env["crm.contract.milestone"], obligations)
        orphans._filter_open()._move("cancel")
        # That they come is told by the contract; nobody wants a message for each.
        created = obligations.with_context(tracking_disable=True).create(new)
        created = created.with_env(obligations.env)
        created._plan_reminders()
        return created

    @api.model
    def _follow(self, milestone, rows):
        """Let the occurrences of a milestone be what they are to be.

        :return: create values of those that are missing (list of dicts)
        """
        if milestone.trigger == "overdue":
            return self._follow_missed_payments(milestone, rows)
        first = self._get_first_day(milestone)
        if not milestone._is_recurring():
            return self._follow_once(milestone, rows, first)
        return self._follow_recurring(milestone, rows, first)

    @api.model
    def _follow_once(self, milestone, rows, first):
        self._set_derive_day(milestone, False)
        closed = rows.filtered(lambda row: row.state in CLOSED)
        (rows - rows[:1])._filter_open()._move("cancel")
        if closed:
            closed._filter_open()
            return []
        if rows:
            self._update(milestone, rows[:1], first)
            return []
        return [self._prepare_vals(milestone, 1, first)]

    @api.model
    def _follow_recurring(self, milestone, rows, first):
        if first is None:
            return self._follow_once(milestone, rows, None)
        wanted = self._get_wanted_days(milestone, rows, first)
        free = rows.filtered(lambda row: row.state in (*OPEN, "cancelled"))
        free = free.sorted(
            lambda row: (row.state == "cancelled", row.date_due or first)
        )
        kept = {}
        for row in free:
            if row.date_due in wanted and row.date_due not in kept:
                kept[row.date_due] = row
        spare = list((free - rows.browse().union(*kept.values()))._filter_open())
        missing = [day for day in wanted if day not in kept]
        for day in list(missing)[: len(spare)]:
            kept[day] = spare.pop(0)
            missing.remove(day)
        for day, row in kept.items():
            self._update(milestone, row, day)
        rows.browse().union(*spare)._move("cancel")
        number = max(rows.mapped("number"), default=0)
        return [
            self._prepare_vals(milestone, number + place, day)
            for place, day in enumerate(missing, 1)
        ]

    @api.model
    def _get_wanted_days(self, milestone, rows, first):
        """Return the days on which open occurrences are to be due (list of dates)."""
        contract = milestone.contract_id
        today = contract.company_id._get_today()
        interval, unit = milestone.recurrence_interval, milestone.recurrence_unit
        last = self._get_last_day(contract, today)
        horizon = add(today, days=HORIZON.get(unit, LONG))
        until = min(last or horizon, horizon)
        days = due_days(first, interval, unit or "month", until)
        self._note_next_day(milestone, (first, interval, unit), (until, last, horizon))
        if not rows:
            # Nobody could do any more what was due before it was known here.
            return [day for day in days if day >= today]
        closed, known, gone = (
            {row.date_due for row in rows if row.state in states and row.date_due}
            for states in (CLOSED, OPEN, ("cancelled",))
        )
        return open_days(days, closed, known or gone, interval, unit or "month")

    @api.model
    def _note_next_day(self, milestone, recurrence, bounds):
        first, interval, unit = recurrence
        until, last, horizon = bounds
        contract = milestone.contract_id
        following = next_due_day(first, interval, unit or "month", until)
        if contract.state == "ended":
            self._set_derive_day(milestone, False)
        elif last and following > last:
            # The contract may go on beyond the end of its term.
            self._set_derive_day(milestone, following)
        else:
            ahead = following - timedelta(days=HORIZON.get(unit, LONG))
            self._set_derive_day(milestone, ahead)

    @api.model
    def _get_last_day(self, contract, today):
        """Return until when obligations recur, None for no end."""
        if contract.date_ended:
            return contract.date_ended
        if not contract.date_end:
            return None
        # What runs on beyond the end of its term is still owed.
        return max(contract.date_end, today)

    @api.model
    def _set_derive_day(self, milestone, day):
        if (milestone.date_derive or False) != day:
            milestone.date_derive = day

    @api.model
    def _get_first_day(self, milestone):
        """Return the day on which a milestone falls due first, None if not known."""
        trigger = milestone.trigger or "date"
        contract = milestone.contract_id
        if trigger == "date":
            return milestone.date_deadline or None
        if trigger == "signature":
            event = contract.date_signed
        elif trigger == "start":
            event = contract.date_start
        else:
            days = milestone.after_ids.mapped("date_done")
            event = max(days) if days and all(days) else None
        return self._add_days(milestone, event) if event else None

    @api.model
    def _add_days(self, milestone, day):
        if milestone.days_kind != "working":
            return add(day, days=milestone.trigger_days)
        weekdays, holidays = self._get_calendar(
            milestone.company_id, day, milestone.trigger_days
        )
        return add_working_days(day, milestone.trigger_days, weekdays, holidays)

    @api.model
    def _get_calendar(self, company, day, count):
        """Return the weekdays that a company works on, and its days off after a day."""
        calendar = company.resource_calendar_id
        hours = calendar.attendance_ids.filtered(lambda row: not row.display_type)
        weekdays = {int(row.dayofweek) for row in hours}
        until = add(day, days=2 * count + 60)
        holidays = set()
        for leave in calendar.global_leave_ids:
            first, last = leave.date_from.date(), leave.date_to.date()
            while first <= last and first <= until:
                holidays.add(first)
                first += timedelta(days=1)
        return weekdays, holidays

    @api.model
    def _follow_missed_payments(self, milestone, rows):
        known = rows.installment_id
        late = milestone.contract_id.installment_ids.filtered("is_overdue") - known
        for row in rows._filter_open():
            self._update(milestone, row, row.date_due)
        number = max(rows.mapped("number"), default=0)
        return [
            {
                **self._prepare_vals(
                    milestone,
                    number + place,
                    self._add_days(milestone, row.date_maturity or row.date_due),
                ),
                "installment_id": row.id,
            }
            for place, row in enumerate(late, 1)
        ]

    @api.model
    def _is_known(self, milestone, day):
        return bool(day) or (milestone.trigger or "date") == "date"

    @api.model
    def _prepare_vals(self, milestone, number, day):
        return {
            "contract_id": milestone.contract_id.id,
            "milestone_id": milestone.id,
            "number": number,
            "state": "open" if self._is_known(milestone, day) else "waiting",
            "user_id": milestone.user_id.id,
            "team_id": milestone.team_id.id,
            "contact_id": milestone.contact_id.id,
            **self._get_shown(milestone, day),
        }

    @api.model
    def _get_shown(self, milestone, day):
        return {
            "name": milestone.name,
            "description": milestone.description,
            "side": "ours" if milestone.party == "us" else "theirs",
            "evidence": milestone.evidence,
            "needs_acceptance": milestone.needs_acceptance,
            "weight": milestone.weight,
            "date_due": day or False,
        }

    @api.model
    def _update(self, milestone, row, day):
        """Let an open occurrence be as its milestone says; others stay."""
        if row.state == "cancelled":
            row._move("restore")
        if row.state not in OPEN:
            return
        shown = self._get_shown(milestone, day)
        changed = {name: value for name, value in shown.items() if row[name] != value}
        if changed:
            row.write(changed)
        is_known = self._is_known(milestone, day)
        if is_known and row.state == "waiting":
            row._move("open")
        elif not is_known and row.state == "open":
            row._move("wait")
        if "date_due" in changed or not row.level:
            row._plan_reminders()

    # Jobs

    @api.model
    def _get_due_domain(self):
        """Milestones of which further obligations have to be there."""
        due = self.env["res.company"]._on_days(
            lambda today: Domain("date_derive", "<=", today)
        )
        return due & Domain("contract_id.state", "in", IN_FORCE)

    @api.model
    def _get_missed_domain(self):
        """Milestones that wait for missed payments, of contracts that have some."""
        return (
            Domain("trigger", "=", "overdue")
            & Domain("contract_id.state", "in", IN_FORCE)
            & Domain("contract_id.amount_overdue", ">", 0)
        )

    @api.model
    def _filter_missed(self, milestone):
        late = milestone.contract_id.installment_ids.filtered("is_overdue")
        return bool(late - milestone.obligation_ids.installment_id)
