from odoo import api, models
from odoo.exceptions import MissingError, UserError

from .crm_contract_obligation import OPEN


class CrmContractPortal(models.AbstractModel):
    """What customers confirm and accept of obligations on the page of a contract."""

    _inherit = "crm.contract.portal"

    @api.model
    def _get_page(self, visit):
        rows = self._get_confirmable(visit.contract) if visit.can_write else ()
        return {
            **super()._get_page(visit),
            "confirmations": [
                {
                    "id": row.id,
                    "name": row.name,
                    "day": row.date_due,
                    "done": row.date_done,
                    "accepts": row.state == "done",
                    "is_theirs": row.side == "theirs",
                }
                for row in rows
            ],
        }

    @api.model
    def _get_confirmable(self, contract):
        """Return the obligations that the customer has something to say about (sudo).

        What waits for his confirmation, and what we did and waits to be accepted.
        """
        # sudo: customers have no rights on the model; the visit is their right
        rows = self.env["crm.contract.obligation"].sudo()
        return rows.search(
            [
                ("contract_id", "=", contract.id),
                (
                    "contract_id.state",
                    "in",
                    ("signed", "running", "suspended", "ended"),
                ),
                "|",
                "&",
                ("state", "=", "open"),
                ("evidence", "=", "confirmation"),
                "&",
                "&",
                ("state", "=", "done"),
                ("needs_acceptance", "=", True),
                ("side", "=", "ours"),
            ]
        )

    @api.model
    def _confirm(self, visit, obligation_id, answer, text):
        """Take what a customer says of an obligation.

        :param visit: as of `_visit`
        :param answer: "yes", or "no" for what is not accepted
        :param text: what he adds; why, if it is not accepted
        :raise UserError: in one sentence, if it can't be taken
        :raise MissingError: for what he has nothing to say about
        """
        if not visit.can_write:
            raise UserError(self.env._("This is a preview: the customer confirms it."))
        row = self._get_confirmable(visit.contract).filtered(
            lambda each: str(each.id) == str(obligation_id)
        )
        if not row:
            raise MissingError(self.env._("This page does not exist."))
        text = self.env["crm.contract.arguments"]._read_text("text", text)
        text = text[:2000]
        person = visit.partner
        row._lock_rows()
        if row.state in OPEN:
            row._finish_by_customer(person, text)
        elif answer == "no":
            row._refuse_by_customer(person, text)
        else:
            row._accept(row.company_id._get_today(), person.name, text, person)


class CrmContractObligation(models.Model):
    _inherit = "crm.contract.obligation"

    def _finish_by_customer(self, person, text):
        """Record that a person of the customer confirmed that it is fulfilled (sudo)."""
        day = self.company_id._get_today()
        self._check_day(day, self.contract_id.date_signed)
        self._check_predecessors()
        self._move(
            "finish",
            actor=person.name,
            date_done=day,
            confirmed_by=person.name,
            progress=100,
            reason=False,
        )
        self._tell_of_customer(person, self.env._("Confirmed."), text)
        self._follow_up()

    def _refuse_by_customer(self, person, text):
        if not text:
            raise UserError(self.env._("Say what is missing."))
        self._move(
            "refuse",
            actor=person.name,
            reason=text,
            date_done=False,
            done_by_id=False,
        )
        self._tell_of_customer(person, self.env._("Not accepted."), text)
        self._follow_up()

    def _tell_of_customer(self, person, said, text):
        self.message_post(
            body=f"{said} {text}".strip(),
            author_id=person.id,
            message_type="comment",
            subtype_xmlid="mail.mt_note",
        )
