from typing import NamedTuple

from odoo import fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from ...tools.records import one, some
from .crm_contract_dispute import OPEN
from .crm_contract_dispute_settlement import PAYMENTS

CLOSED = ("settled", "decided", "withdrawn")
LAST = ("arbitration", "court")


class Move(NamedTuple):
    """A step of a dispute: from which states, to which, and the event that it is."""

    sources: tuple
    target: str
    kind: str


MOVES = {
    "negotiate": Move(("mediation", *LAST), "negotiation", "dispute_moved"),
    "mediate": Move(("negotiation", *LAST), "mediation", "dispute_moved"),
    "arbitrate": Move(("negotiation", "mediation"), "arbitration", "dispute_moved"),
    "sue": Move(("negotiation", "mediation"), "court", "dispute_moved"),
    "settle": Move(OPEN, "settled", "dispute_settled"),
    "decide": Move(LAST, "decided", "dispute_closed"),
    "withdraw": Move(OPEN, "withdrawn", "dispute_closed"),
    "reopen": Move(CLOSED, "negotiation", "dispute_reopened"),
}
FURTHER = ("negotiate", "mediate", "arbitrate", "sue")


class CrmContractDispute(models.Model):
    """Steps of a dispute: one door, and what each asks for."""

    _inherit = "crm.contract.dispute"

    stage_ids = fields.One2many(
        "crm.contract.dispute.stage", "dispute_id", string="Course", readonly=True
    )

    # What people and programs do

    def action_escalate(
        self, step=None, date=None, body=None, reference=None, note=None
    ):
        """Take a dispute to negotiation, mediation, arbitration or court.

        :param step: "negotiate", "mediate", "arbitrate" or "sue"; the last two as far
            as the contract, or its type, allows it
        :param date: on which day, "2026-12-31"; today if not given
        :param body: before whom (str): mediator, institution, court
        :param reference: number of the case there (str)
        :param note: what came of the stage before (str)
        :return: the dispute
        :raise UserError: in one sentence, if it can't be taken there
        """
        row, arguments, day = self._enter(date)
        step = arguments._read_choice("step", step, [(key, key) for key in FURTHER])
        row._check_forum(step)
        row._move(
            step,
            day,
            arguments._read_text("note", note),
            body=arguments._read_text("body", body) or row._get_agreed_body(step),
            reference=arguments._read_text("reference", reference),
        )
        return row

    def action_settle(
        self, outcome=None, date=None, pay=None, amount=None, interest=False
    ):
        """Record that the parties agreed, and draft what follows in the books.

        :param outcome: what was agreed (str)
        :param date: on which day; today if not given
        :param pay: "credit" (of what is disputed), "compensation" (by us), "penalty"
            (by the customer), nothing for none
        :param amount: how much, taxes included for a credit; in the contract's currency
        :param interest: what was disputed bears interest for these days after all
        :return: the dispute
        :raise UserError: in one sentence, if it can't be
        """
        return self._end("settle", outcome, date, pay, amount, interest)

    def action_decide(
        self, outcome=None, date=None, pay=None, amount=None, interest=False
    ):
        """Record an award or a judgment; arguments as those of `action_settle`."""
        return self._end("decide", outcome, date, pay, amount, interest)

    def action_withdraw(self, reason=None, date=None, interest=False):
        """Record that whoever raised the dispute gave it up.

        :param reason: why (str)
        :param date: on which day; today if not given
        :param interest: what was disputed bears interest for these days after all
        :return: the dispute
        """
        return self._end("withdraw", reason, date, None, None, interest)

    def action_reopen(self, reason=None):
        """Take up a closed dispute again.

        :param reason: why (str)
        :return: the dispute
        :raise UserError: in one sentence, if it is open, or if what was agreed is booked
        """
        row, arguments, day = self._enter(None)
        reason = arguments._read_text("reason", reason, required=True)
        row._check_nothing_drafted()
        row._move("reopen", day, reason)
        return row

    def action_open_step(self):
        """Open the dialog of a step, which the context names (`step`)."""
        one(self).check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "crm.contract.dispute.step",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_dispute_id": self.id,
                "default_step": self.env.context.get("step", "settle"),
            },
        }

    def _enter(self, date):
        """Return the record, the reader of arguments and the day, after the checks."""
        row = one(some(self))
        row.check_access("write")
        arguments = self.env["crm.contract.arguments"]
        today = row.company_id._get_today()
        day = arguments._read_date("date", date, today)
        if day > today:
            raise ValidationError(
                self.env._("“%s”: the day lies in the future.", row.display_name)
            )
        return row, arguments, day

    def _end(self, step, outcome, date, pay, amount, interest):
        row, arguments, day = self._enter(date)
        outcome = arguments._read_text("outcome", outcome, required=True)
        pay = arguments._read_choice("pay", pay, PAYMENTS, required=False)
        amount = arguments._read_number("amount", amount, 0.0)
        interest = arguments._read_flag("interest", interest)
        row._check_payment(pay, amount)
        row._move(step, day, outcome, interest=interest)
        if pay:
            row._draft(pay, amount)
        return row

    def _check_forum(self, step):
        """Refuse what the contract does not provide for.

        :raise UserError: naming what it does
        """
        target = MOVES[step].target
        if target not in LAST or not self.forum or self.forum == target:
            return
        labels = dict(self._fields["forum"]._description_selection(self.env))
        raise UserError(
            self.env._(
                "%(contract)s provides for this: %(forum)s.",
                contract=self.sudo().contract_id.display_name,
                forum=labels[self.forum],
            )
        )

    def _get_agreed_body(self, step):
        """Return the institution or court that the contract names for a step (str)."""
        # sudo: what is agreed
        contract = self.sudo().contract_id
        if contract.dispute_method != MOVES[step].target:
            return ""
        return contract.dispute_institution or ""

    # The door, and what follows

    def _begin(self):
        """Give new disputes their number, first stage, marks and event; in sudo."""
        sequences = self.env["ir.sequence"]
        for row in self:
            numbers = sequences.with_company(row.company_id)
            row.number = numbers.next_by_code(self._name)
        self._add_stages({row: row.date_opened for row in self})
        self._take_invoices()
        self.installment_ids._mark_disputed()
        self._plan_reminder()
        self._tell_chain("dispute_opened")

    def _move(self, name, day, note="", interest=False, body="", reference=""):
        """Move the dispute over one step: the only door to its state.

        :param name: key of `MOVES`
        :param day: on which it happened
        :param note: what came of the stage that it leaves
        :raise UserError: if it is in another state, or was there later than that
        """
        move = MOVES[name]
        self._lock_rows()
        if self.state not in move.sources:
            raise UserError(self._describe_wrong_state(move))
        # sudo: owned fields; whoever calls has checked the rights
        row = self.sudo()
        row._leave_stage(day, note)
        closes = move.target not in OPEN
        row.write(
            {
                "state": move.target,
                "date_closed": closes and day,
                "outcome": closes and note,
            }
        )
        if closes:
            row.stage_ids.filtered(lambda one: not one.bears_interest).write(
                {"bears_interest": interest}
            )
        else:
            row._add_stages({row: day}, body, reference)
        row._follow_proceedings(move, day)
        row._follow_up()
        self._tell_chain(move.kind, {"note": note} if note else {})

    def _leave_stage(self, day, note):
        last = self.stage_ids.filtered(lambda one: not one.date_end)
        begins = max([self.date_opened, *self.stage_ids.mapped("date_start")])
        begins = max([begins, *filter(None, [self.date_closed])])
        if day < begins:
            raise ValidationError(
                self.env._(
                    "“%(dispute)s”: the day can't be before %(day)s.",
                    dispute=self.display_name,
                    day=format_date(self.env, begins),
                )
            )
        last.write({"date_end": day, "outcome": note})

    def _add_stages(self, days, body="", reference=""):
        self.env["crm.contract.dispute.stage"].create(
            [
                {
                    "dispute_id": row.id,
                    "state": row.state,
                    "date_start": day,
                    "body": body or False,
                    "reference": reference or False,
                }
                for row, day in days.items()
            ]
        )

    def _follow_up(self):
        """Let marks, reminders and activities follow the state."""
        self.installment_ids._mark_disputed()
        self._plan_reminder()
        closed = self.filtered(lambda row: not row.is_open)
        closed.activity_unlink(
            ["mail.mail_activity_data_todo", "mail.mail_activity_data_warning"]
        )
        closed._tell_overdue()

    def _tell_overdue(self):
        """Tell who is in charge that payments are overdue again, which nobody asked for."""
        for row in self:
            late = row.installment_ids.filtered("is_overdue")
            if late:
                row.contract_id._tell_person_in_charge(
                    self.env._("Payment overdue: %s", ", ".join(late.mapped("name"))),
                    self.env._("The dispute %s is closed.", row.display_name),
                )

    def _describe_wrong_state(self, move):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return self.env._(
            "%(dispute)s is in the state “%(state)s”; this step is possible "
            "from: %(sources)s.",
            dispute=self.display_name,
            state=labels[self.state],
            sources=", ".join(labels[source] for source in move.sources),
        )

    def _tell_chain(self, kind, facts=None):
        # sudo: what the contract's chain says of it
        rows = self.sudo()
        self.env["crm.contract.event"]._add_many(
            [
                (
                    row.contract_id,
                    kind,
                    {**row._get_facts(), **(facts or {})},
                    None,
                    None,
                )
                for row in rows
            ]
        )

    def _get_facts(self):
        """Return what the chain of events says of the dispute (dict)."""
        facts = {
            "dispute": self.number,
            "subject": self.name,
            "state": self.state,
            "raised_by": self.raised_by,
            "currency": self.currency_id.name,
            "claim": self.amount_claim,
            "counter_claim": self.amount_counter,
        }
        return {key: value for key, value in facts.items() if value}
