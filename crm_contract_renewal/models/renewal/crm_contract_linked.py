from datetime import timedelta

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...tools.next_term import (
    end_of_term,
    move_anchor,
    move_due,
    move_first,
    move_last,
    move_of,
)
from .crm_contract_grace import UNSIGNED

_DAY = timedelta(days=1)
_LINE_DATES = {
    "date_start": move_first,
    "date_end": move_last,
    "date_anchor": move_anchor,
}


class CrmContractLinked(models.AbstractModel):
    """A term and its renewal stay together: neither a gap nor an overlap comes unseen.

    The rule, whatever moves the end of the term: a draft of the renewal moves along, and
    its owner is told. While it is out for review or signature, or signed, the end stays:
    who wants to move it takes the renewal back first, or ends it before it begins.
    """

    _name = "crm.contract.linked"
    _description = "Terms and their renewals"

    @api.model
    def _get_fixed_renewals(self, contract):
        """Return the renewals that begin on a day that can't move any more."""
        # sudo: renewals that belong to somebody else
        return (
            contract.sudo()
            ._get_live_renewals()
            .filtered(
                lambda row: (
                    row.state != "draft"
                    and not (row.date_ended and row.date_ended < row.date_start)
                )
            )
        )

    @api.model
    def _get_refusal(self, contract, day):
        """Return why the last day of a contract can't be another one (str, may be empty).

        :param day: the new last day; False for none
        """
        for renewal in self._get_fixed_renewals(contract):
            if day and renewal.date_start == day + _DAY:
                continue
            values = {
                "contract": contract.display_name,
                "renewal": renewal.display_name,
                "day": format_date(self.env, renewal.date_start),
            }
            if renewal.state in UNSIGNED:
                return self.env._(
                    "%(renewal)s is to follow %(contract)s on %(day)s, and is out for "
                    "review or signature: take it back to draft, or cancel it, first.",
                    **values,
                )
            return self.env._(
                "%(renewal)s is signed and follows %(contract)s on %(day)s: end it "
                "before it begins, or let the contract end on the day before.",
                **values,
            )
        return ""

    @api.model
    def _check_can_end(self, contract, day):
        """Raise UserError if a renewal keeps a contract from ending early on a day."""
        last = contract.date_end
        refusal = last and day < last and self._get_refusal(contract, day)
        if refusal:
            raise UserError(refusal)

    @api.model
    def _get_wrong_start(self, renewal):
        """Return what of the predecessor speaks against a renewal (list of str)."""
        if renewal.kind != "renewal" or renewal.origin_id.sudo().state == "ended":
            return []
        # sudo: the term that was signed last, an amendment's may be
        present = renewal.origin_id.sudo()._get_present_version()
        name = renewal.origin_id.sudo().display_name
        if present.is_open_ended:
            return [
                self.env._(
                    "%s has no end any more: there is nothing that the renewal follows.",
                    name,
                )
            ]
        end, start = present.date_end, renewal.date_start
        if not end or not start or start > end:
            return []
        return [
            self.env._(
                "%(contract)s goes on until %(end)s: the renewal can't begin before.",
                contract=name,
                end=format_date(self.env, end),
            )
        ]

    @api.model
    def _follow(self, contract):
        """Move the draft of a renewal along with the end that was agreed on last."""
        # sudo: drafts that belong to somebody else
        drafts = (
            contract.sudo()
            ._get_live_renewals()
            .filtered(lambda row: row.state == "draft")
        )
        present = contract.sudo()._get_present_version()
        for renewal in drafts:
            old, end = renewal.date_start, present.date_end
            if present.is_open_ended or not end:
                self._tell(renewal, self._get_wrong_start(renewal)[0])
            elif old and old != end + _DAY:
                self._move(renewal, end + _DAY)
                note = self.env._(
                    "Its predecessor ends on %(end)s now: the draft was moved from "
                    "%(old)s to %(new)s, with the dates in it.",
                    end=format_date(self.env, end),
                    old=format_date(self.env, old),
                    new=format_date(self.env, end + _DAY),
                )
                self._tell(renewal, note)

    @api.model
    def _go_on_suspended(self, renewal):
        """Let a renewal that takes over be suspended, as its predecessor was."""
        has_begun = renewal.date_start <= renewal.company_id._get_today()
        if not has_begun or renewal.state not in ("signed", "running"):
            return
        # sudo: who signs the renewal, or the daily job, suspends nothing anew
        renewal = renewal.sudo()
        if renewal.state == "signed":
            renewal._perform("start")
        renewal._perform("suspend")
        ledger = self.env["crm.contract.ledger"]
        ledger._suspend(renewal, renewal.date_start)
        note = self.env._(
            "The term before it was suspended: so is the renewal, from its first day on. "
            "Resume it when that is over."
        )
        self._tell(renewal, note)

    @api.model
    def _tell(self, renewal, note):
        renewal._tell_person_in_charge(
            self.env._("The term before the renewal changed"),
            note,
            "mail.mail_activity_data_warning",
        )

    @api.model
    def _move(self, renewal, start):
        """Let a draft begin on another day, with all dates in it."""
        unit = renewal.duration and renewal.duration_unit or ""
        move = move_of(renewal.date_start, start, unit)
        day = self.env["crm.contract.next.term"]._get_day_of_month(renewal, start)
        length = (renewal.date_end or start) - renewal.date_start
        vals = {"date_start": start}
        if renewal.duration:
            vals["date_end"] = end_of_term(
                start, renewal.duration, renewal.duration_unit, day
            )
        elif renewal.date_end:
            vals["date_end"] = start + length
        renewal.write(vals)
        for rows, movers in (
            (renewal.line_ids, _LINE_DATES),
            (renewal.installment_ids, {"date": move_due}),
            (renewal.milestone_ids, {"date_deadline": move_due}),
        ):
            for row in rows:
                row.write(
                    {
                        name: moved(row[name], move)
                        for name, moved in movers.items()
                        if row[name]
                    }
                )


class CrmContractChecklist(models.AbstractModel):
    _inherit = "crm.contract.checklist"

    @api.model
    def _get_missing_term(self, contract):
        messages = self.env["crm.contract.linked"]._get_wrong_start(contract)
        missing = super()._get_missing_term(contract)
        return missing + self._at(contract, "date_start", *messages)
