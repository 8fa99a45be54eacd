from typing import NamedTuple

from odoo import models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from ...tools.canonical import file_hash
from ...tools.records import one, some
from .crm_contract_obligation import OPEN

# Contracts that are carried out, or were: some duties outlive their contract.
IN_FORCE = ("signed", "running", "suspended", "ended")
STARTED = ("running", "suspended", "ended")


class Move(NamedTuple):
    """A step of an obligation: from which states, to which, and the event that it is."""

    sources: tuple
    target: str
    kind: str = ""


MOVES = {
    "wait": Move(("open",), "waiting"),
    "open": Move(("waiting",), "open"),
    "finish": Move(OPEN, "done", "obligation_done"),
    "accept": Move(("done",), "accepted", "obligation_accepted"),
    "refuse": Move(("done",), "open", "obligation_refused"),
    "waive": Move((*OPEN, "done"), "waived", "obligation_waived"),
    "reopen": Move(("done", "accepted", "waived"), "open", "obligation_reopened"),
    "cancel": Move(OPEN, "cancelled"),
    "restore": Move(("cancelled",), "waiting"),
}


class CrmContractObligation(models.Model):
    """Steps of an obligation: one door, what each asks for, what follows from it."""

    _inherit = "crm.contract.obligation"

    # What people and programs do

    def action_done(self, date=None, note=None):
        """Record that the obligations were fulfilled.

        :param date: on which day, "2026-12-31"; today if not given
        :param note: what was done (str)
        :return: the obligations
        :raise UserError: in one sentence, if evidence is missing or the day can't be
        """
        rows, arguments = self._enter()
        note = arguments._read_text("note", note)
        for row in rows._filter_open():
            today = row.company_id._get_today()
            day = arguments._read_date("date", date, today)
            if note:
                row.note = note
            row._finish(day)
        return rows

    def action_accept(self, accepted_by=None, date=None, note=None):
        """Record that the other side accepted what was done, or that we did.

        :param accepted_by: who accepted; a name of the customer's side for what we owe,
            the user if not given for what the customer owes
        :param date: on which day; today if not given
        :param note: what the acceptance says (str)
        :return: the obligations
        :raise UserError: in one sentence, if it can't be accepted like this
        """
        rows, arguments = self._enter()
        name = arguments._read_text("accepted_by", accepted_by)
        note = arguments._read_text("note", note)
        for row in rows:
            today = row.company_id._get_today()
            day = arguments._read_date("date", date, today)
            if row.side == "theirs":
                who = self.env.user.name
            else:
                who = name
            row._accept(day, who, note)
        return rows

    def action_refuse(self, reason=None):
        """Record that what was done was not accepted: it is open again.

        :param reason: why (str)
        :return: the obligations
        :raise UserError: in one sentence, if nothing waits to be accepted
        """
        rows, arguments = self._enter()
        reason = arguments._read_text("reason", reason, required=True)
        rows._check_waits_for_acceptance()
        rows._move("refuse", reason=reason, date_done=False, done_by_id=False)
        rows._follow_up()
        return rows

    def action_waive(self, reason=None):
        """Do without the obligations; contract managers alone may.

        :param reason: why (str)
        :return: the obligations
        :raise UserError: in one sentence, if it is closed already
        """
        rows, arguments = self._enter()
        if not self.env.user.has_group("crm_contract.crm_contract_group_manager"):
            raise UserError(
                self.env._("Contract managers alone may do without an obligation.")
            )
        reason = arguments._read_text("reason", reason, required=True)
        rows._check_can_waive()
        rows._move("waive", reason=reason)
        rows._follow_up()
        return rows

    def action_reopen(self, reason=None):
        """Take back that the obligations were fulfilled, or waived.

        :param reason: why (str)
        :return: the obligations
        :raise UserError: in one sentence, if it is open, or if what fell due is invoiced
        """
        rows, arguments = self._enter()
        rows._reopen(arguments._read_text("reason", reason, required=True))
        return rows

    def action_open_step(self):
        """Open the dialog in which an obligation is closed, accepted or taken back."""
        one(self).check_access("write")
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "crm.contract.obligation.step",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_obligation_id": self.id,
                "default_step": self.env.context.get("step", "done"),
            },
        }

    def _check_can_waive(self):
        """Refuse to do without obligations; extended by what knows why.

        :raise UserError: in one sentence
        """

    def _enter(self):
        """Return the records and the reader of arguments, after the checks of rights."""
        rows = some(self)
        rows.check_access("write")
        rows._check_in_force()
        return rows, self.env["crm.contract.arguments"]

    def _check_in_force(self):
        # sudo: the state alone, of contracts whose obligations the user sees to
        contracts = self.sudo().contract_id
        early = contracts.filtered(lambda row: row.state not in IN_FORCE)
        if early:
            raise UserError(
                self.env._(
                    "Obligations are closed once their contract is signed; %s is not.",
                    ", ".join(early.mapped("display_name")),
                )
            )

    # What each step asks for

    def _finish(self, day):
        """Record that the obligations were fulfilled on a day; the caller checks rights.

        :raise UserError: if evidence is missing, or others come first
        """
        rows = self._filter_open()
        for row in rows:
            row._check_day(day, row.sudo().contract_id.date_signed)
            row._check_predecessors()
            row._check_evidence()
        rows._move(
            "finish",
            date_done=day,
            done_by_id=self.env.uid,
            progress=100,
            reason=False,
        )
        rows._follow_up()

    def _accept(self, day, name, note="", person=None):
        """Record the acceptance of one obligation; the caller checks rights.

        :param person: who of the customer accepts it himself (partner), if it is he
        """
        self._check_waits_for_acceptance()
        # sudo: the state and day of a contract whose obligation the user sees to
        contract = self.sudo().contract_id
        if contract.state not in STARTED:
            raise UserError(
                self.env._(
                    "“%(obligation)s” can't be accepted before %(contract)s has "
                    "started.",
                    obligation=self.display_name,
                    contract=contract.display_name,
                )
            )
        self._check_day(day, self.date_done)
        if not name:
            raise UserError(
                self.env._("Say who accepted “%s” for the customer.", self.display_name)
            )
        actor = person and person.name
        self._move("accept", actor=actor, date_accepted=day, accepted_by=name)
        if person:
            self._tell_of_customer(person, self.env._("Accepted."), note)
        elif note:
            self.message_post(body=note)
        self._follow_up()
        self._after_accepted()

    def _after_accepted(self):
        """Called once an obligation is accepted. Extended by satellites."""
        self.ensure_one()

    def _reopen(self, reason=""):
        """Take back what closed the obligations; the caller checks rights."""
        if not self:
            return
        # sudo: the plan, of which the invoiced rows stay
        rows = self.sudo().milestone_id.installment_ids
        billed = rows.filtered(lambda row: row.state in ("invoiced", "paid"))
        if billed:
            raise UserError(
                self.env._(
                    "%(milestones)s can't be reopened: the installment that depends on "
                    "it is invoiced.",
                    milestones=", ".join(billed.milestone_id.mapped("name")),
                )
            )
        self._move(
            "reopen",
            reason=reason or False,
            date_done=False,
            done_by_id=False,
            confirmed_by=False,
            date_accepted=False,
            accepted_by=False,
        )
        self._follow_up()

    def _check_waits_for_acceptance(self):
        wrong = self.filtered(
            lambda row: row.state != "done" or not row.needs_acceptance
        )
        if wrong:
            raise UserError(
                self.env._(
                    "%s does not wait to be accepted.",
                    ", ".join(wrong.mapped("display_name")),
                )
            )

    def _check_day(self, day, earliest):
        if day > self.company_id._get_today():
            raise ValidationError(
                self.env._("“%s”: the day lies in the future.", self.display_name)
            )
        if earliest and day < earliest:
            raise ValidationError(
                self.env._(
                    "“%(obligation)s”: the day can't be before %(day)s.",
                    obligation=self.display_name,
                    day=format_date(self.env, earliest),
                )
            )

    def _check_predecessors(self):
        # sudo: names of other obligations of the same contract
        before = self.sudo().milestone_id.after_ids
        missing = before.filtered(lambda m: not m.date_done and not m._is_recurring())
        if missing:
            raise UserError(
                self.env._(
                    "“%(obligation)s” comes after %(others)s, which is not fulfilled "
                    "yet.",
                    obligation=self.display_name,
                    others=", ".join(missing.mapped("name")),
                )
            )

    def _check_evidence(self):
        if self.evidence == "confirmation":
            raise UserError(
                self.env._(
                    "The customer confirms “%s” on the page of the contract: send a "
                    "link to whoever does.",
                    self.display_name,
                )
            )
        if self.evidence == "file" and not self.evidence_ids:
            raise UserError(
                self.env._(
                    "“%s” is closed with a file: add it first.", self.display_name
                )
            )
        if self.evidence == "note" and not (self.note or "").strip():
            raise UserError(
                self.env._(
                    "“%s” is closed with a note: say what was done.", self.display_name
                )
            )

    # The door, and what follows

    def _move(self, name, actor=None, **vals):
        """Move all records over one step: the only door to their state.

        :param name: key of `MOVES`
        :param actor: who does it, if it is not the user (str)
        :param vals: other owned fields to write along
        :raise UserError: for records in another state
        """
        if not self:
            return
        move = MOVES[name]
        self._lock_rows()
        wrong = self.filtered(lambda row: row.state not in move.sources)
        if wrong:
            raise UserError(wrong._describe_wrong_state(move))
        # sudo: owned fields; whoever calls has checked the rights
        self.sudo().write({"state": move.target, **vals})
        if move.kind:
            self._tell_chain(move.kind, actor)

    def _describe_wrong_state(self, move):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return "\n".join(
            self.env._(
                "%(obligation)s is in the state “%(state)s”; this step is possible "
                "from: %(sources)s.",
                obligation=row.display_name,
                state=labels[row.state],
                sources=", ".join(labels[source] for source in move.sources),
            )
            for row in self
        )

    def _tell_chain(self, kind, actor):
        # sudo: what the contract's chain says of it
        rows = self.sudo()
        self.env["crm.contract.event"]._add_many(
            [(row.contract_id, kind, row._get_facts(), None, actor) for row in rows]
        )

    def _get_facts(self):
        """Return what the chain of events says of the obligation (dict)."""
        facts = {
            "obligation": self.name,
            "side": self.side,
            "due": self.date_due,
            "done": self.date_done,
            "accepted": self.date_accepted,
            "accepted_by": self.accepted_by,
            "reason": self.reason,
            "note": self.note,
            "files": [file_hash(file.raw or b"") for file in self.evidence_ids],
        }
        return {
            key: value if isinstance(value, list | str) else value.isoformat()
            for key, value in facts.items()
            if value
        }

    def _follow_up(self):
        """Let what depends on the obligations follow: milestones, plan, reminders."""
        # sudo: rows of the contract, of which the user may see this one alone
        rows = self.sudo()
        for milestone in rows.milestone_id:
            if milestone._is_recurring() or milestone.trigger == "overdue":
                continue
            done = milestone.obligation_ids.filtered("is_complete")
            milestone._set_done(done._get_day_of_completion())
        closed = rows.filtered(lambda row: row.state not in OPEN)
        if closed:
            closed.date_reminder = False
            closed.activity_feedback(["mail.mail_activity_data_todo"])
            closed.activity_unlink(["mail.mail_activity_data_warning"])
        self.env["crm.contract.obligation.plan"]._derive(rows.contract_id)

    def _get_day_of_completion(self):
        """Return the last day on which one of them was closed, False for none."""
        days = [
            row.date_accepted or row.date_done or row.company_id._get_today()
            for row in self
        ]
        return max(days, default=False)
