from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import LockError, UserError

from ...tools.records import one, some
from .crm_contract_signatory import PENDING

# State of those who have not signed when a request comes to an end
_ENDS = {"declined": "withdrawn", "withdrawn": "withdrawn", "expired": "expired"}


class CompletionError(UserError):
    """All signatures are there, and the contract can't be signed with them.

    Not for a reason of who signs, and not for one that is over in a moment.
    """


class CrmContractSignatureRequest(models.Model):
    """Life of a request: sent, signed by one after the other, done or void."""

    _inherit = "crm.contract.signature.request"

    def action_send(self):
        """Send drafts to those who sign first; return the requests.

        :raise UserError: naming all that has to be mended, of all requests
        """
        requests = some(self)
        requests._check_draft()
        requests._check_contracts()
        # One after the other with whatever withdraws the text.
        requests.contract_id._serialise()
        requests._fill_addresses()
        self.env["crm.contract.signature.check"]._check(requests)
        # sudo: owned fields, after the checks
        requests.sudo()._open()
        return requests

    def action_withdraw(self, reason=None):
        """Take the requests back: links are void; return them.

        :param reason: why, told to those who were invited
        """
        requests = some(self)
        requests.contract_id.check_access("write")
        requests.contract_id._serialise()
        requests.invalidate_recordset(["state"])
        closed = requests.filtered(lambda row: row.state not in ("draft", "open"))
        if closed:
            raise UserError(
                self.env._(
                    "%s is over: there is nothing to withdraw.",
                    ", ".join(closed.mapped("display_name")),
                )
            )
        text = self.env["crm.contract.arguments"]._read_text("reason", reason)
        # sudo: owned fields, after the checks
        requests.sudo()._close("withdrawn", text)
        return requests

    def action_remind(self):
        """Remind those whose turn it is, now; return the requests.

        What kept a last signature from counting is taken for mended.
        """
        requests = some(self)
        requests.contract_id.check_access("write")
        idle = requests.filtered(lambda row: not row._get_waited_for())
        if idle:
            raise UserError(
                self.env._(
                    "%s waits for nobody.", ", ".join(idle.mapped("display_name"))
                )
            )
        # sudo: owned fields, after the checks
        requests.sudo().problem = False
        requests.sudo()._remind()
        return requests

    def _fill_addresses(self):
        """Take addresses that came to be known since the signatories were chosen."""
        for signatory in self.signatory_ids.filtered(lambda row: not row.email):
            # sudo: as in the computation
            person = signatory.user_id.sudo().partner_id or signatory.partner_id
            signatory.email = person.email

    def _open(self):
        """Let the requests be signed: what, by whom, from now on (sudo)."""
        now = fields.Datetime.now()
        for request in self:
            contract = request.contract_id
            text = contract._get_text_document()
            request.write(
                {
                    "state": "open",
                    "version_id": contract.version_id.id,
                    "content_hash": contract.content_hash,
                    "text_id": text.id,
                    "text_sha256": text.sha256,
                    "date_sent": now,
                    "date_reminder": request._get_next_reminder(),
                }
            )
            for signatory in request.signatory_ids:
                signatory.write(
                    {
                        "state": "waiting",
                        "letter_sha256": signatory._get_letter_hash(),
                    }
                )
        self.signatory_ids._issue_tokens()
        self._add_events("sent", lambda request: request._describe_sent())
        self._log_sent()
        self._invite_next()

    def _get_next_reminder(self):
        """Return the day of the next reminder (date, False for never)."""
        days = self.reminder_days
        return days and fields.Date.add(self.company_id._get_today(), days=days)

    def _describe_sent(self):
        """Return who was asked to sign what, as the evidence tells it."""
        rows = self.signatory_ids
        return {
            "request": self.id,
            "text_sha256": self.text_sha256,
            "until": self.date_expiry and str(self.date_expiry) or None,
            "signatories": [
                f"{row.sequence} {row.side} {row.role} {row.capacity} "
                f"{row.name} <{row.email}>"
                for row in rows
            ],
            "letters": [row.letter_sha256 for row in rows if row.letter_sha256],
        }

    def _invite_next(self):
        """Invite those whose turn has come and who do not know yet (sudo)."""
        now = fields.Datetime.now()
        due = self.signatory_ids.browse()
        for request in self:
            due |= request._get_next().filtered(lambda row: row.state == "waiting")
        due.write({"state": "invited", "date_invited": now})
        due._mail("invite")
        return due

    def _get_next(self):
        """Return those of the first place in the order that is not signed yet."""
        self.ensure_one()
        open_rows = self.signatory_ids._filter_pending()
        first = min(open_rows.mapped("sequence"), default=None)
        return open_rows.filtered(lambda row: row.sequence == first)

    def _reorder(self):
        """Follow a change of the order: who comes later waits again."""
        for request in self.filtered(lambda row: row.state == "open"):
            # sudo: owned fields; whoever may change the order did
            request = request.sudo()
            request.contract_id._serialise()
            later = request.signatory_ids._filter_pending() - request._get_next()
            later.state = "waiting"
            request._invite_next()

    def _advance(self):
        """Go on after a signature: the next in the order, or the end (sudo)."""
        for request in self:
            if request._get_next():
                request._invite_next()
            else:
                request._try_to_complete()

    def _try_to_complete(self):
        """Complete it, or say that it is nothing whoever signs can do about (sudo)."""
        try:
            self._complete()
        except LockError:
            # Somebody is at the contract: again in a moment.
            raise
        except UserError as error:
            raise CompletionError(
                self.env._(
                    "%(reason)s\nNothing was signed. Whoever sent the contract is told, "
                    "and your link stays valid.",
                    reason=error,
                )
            ) from error

    def _complete(self):
        """Store the final file and sign the contract, all or nothing (sudo)."""
        self.ensure_one()
        self.write(
            {
                "state": "done",
                "date_closed": fields.Datetime.now(),
                "date_reminder": False,
                "problem": False,
            }
        )
        # By nobody who is there: the last signature does it, as a job would.
        request = self.with_user(SUPERUSER_ID).with_company(self.company_id)
        contract = request.contract_id
        name, data = self.env["crm.contract.seal"]._make_final(request)
        contract._action_sign(
            self.company_id._get_today(),
            request._get_names("customer"),
            request._get_names("company"),
            self.content_hash,
            (name, data),
        )
        self.document_id = contract.document_ids.filtered(
            lambda row: row.kind == "signed"
        ).sorted("id")[-1:]
        self.env["crm.contract.seal"]._note(request)
        self.signatory_ids.filtered(lambda row: row.role == "copy").state = "copied"
        self._mail_completed()

    def _get_names(self, side):
        signers = self._get_signers().filtered(lambda row: row.side == side)
        return ", ".join(signers.mapped("name"))

    def _close(self, state, reason="", signatory=None):
        """End requests that nobody signs any more (sudo): links are void.

        :param state: "declined", "withdrawn" or "expired"
        :param signatory: who declined
        """
        self.filtered(lambda row: row.state == "draft").unlink()
        requests = self.exists()
        pending = requests.signatory_ids.filtered(lambda row: row.state in PENDING)
        told = pending.filtered("date_invited")
        told |= requests.signatory_ids._filter_signed()
        pending.state = _ENDS[state]
        requests.write(
            {
                "state": state,
                "reason": reason,
                "date_closed": fields.Datetime.now(),
                "date_reminder": False,
                "problem": False,
            }
        )
        if state != "declined":
            facts = {"reason": reason} if reason else {}
            requests._add_events(
                "expired" if state == "expired" else "request_withdrawn",
                lambda request: {"request": request.id, **facts},
            )
        requests._tell_closed(told - (signatory or told.browse()))

    def _remind(self):
        """Remind those whose turn it is, and set the next day (sudo)."""
        due = self._get_waited_for()
        due.date_reminded = fields.Datetime.now()
        for request in self:
            request.date_reminder = request._get_next_reminder()
        due._mail("reminder")

    def action_view_contract(self):
        """Open the contract."""
        return one(self).contract_id._get_records_action()

    def action_open_sign(self):
        """Open the dialog in which the user signs, if it is his turn."""
        request = one(self)
        request.check_access("read")
        return request._get_my_signatory()._open_dialog()

    def _get_my_signatory(self):
        """Return who the user is among those whose turn it is (sudo, or empty)."""
        # sudo: his own row, who identified himself by his log-in
        rows = self.sudo()._get_waited_for()
        return rows.filtered(lambda row: row.user_id == self.env.user)[:1]

    @api.model
    def _void(self, versions, reason):
        """End the requests for versions that are not offered any more.

        Called by whatever withdraws a version, or signs it otherwise.
        """
        if versions:
            # sudo: whoever may withdraw the version ends what asks to sign it
            requests = self.sudo().search(
                [("contract_id", "in", versions.contract_id.ids),
                 ("version_id", "in", [False, *versions.ids]),
                 ("state", "in", ("draft", "open"))]
            )  # fmt: skip
            requests._close("withdrawn", reason)

    def _add_events(self, kind, describe):
        """Write an event for each request into the chain of its contract.

        :param describe: function of a request that returns facts
        """
        self.env["crm.contract.signature.evidence"]._add_many(
            [(row, kind, describe(row), None) for row in self]
        )
