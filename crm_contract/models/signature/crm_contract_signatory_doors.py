import base64
import secrets
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, consteq, email_normalize

from ...tools.canonical import file_hash
from ...tools.images import read_signature
from ...tools.typed import read_line, read_paragraph
from .crm_contract_signature_flow import CompletionError

# Of a one-time code: minutes that it holds, tries, and how often it is sent for a link
CODE_MINUTES, CODE_TRIES, CODE_SENDINGS = 10, 5, 10
CODE_PAUSE = 60
MAX_NAME, MAX_REASON, MAX_AGENT, MAX_IP = 200, 2000, 500, 45
MAX_LETTER = 10 * 1024 * 1024
# How files begin that can be a letter: PDF, PNG, JPEG
LETTERS = (b"%PDF-", b"\x89PNG\r\n", b"\xff\xd8\xff")


class CrmContractSignatory(models.Model):
    """The doors through which a signatory acts, and nobody else.

    The caller has identified him: by `_get_by_token`, by `_get_of_user`, or as the user
    at the server. `facts` is what the server saw of it, never what a client says:
    `{"ip": str, "user_agent": str, "by": "link" | "login" | "backend"}`.

    Whatever is refused raises UserError with a sentence for the signatory, and nothing
    is written.
    """

    _inherit = "crm.contract.signatory"

    def _get_refusal(self):
        """Return why the signatory can't act now, in a sentence; empty if he can (str)."""
        self.ensure_one()
        return (
            self._get_state_refusal()
            or self._get_request_refusal()
            or self._get_person_refusal()
        )

    def _get_state_refusal(self):
        return {
            "draft": self.env._("The contract was not sent to you yet."),
            "signed": self.env._("You have signed already."),
            "declined": self.env._("You declined to sign."),
            "handed_over": self.env._("You handed this over to somebody else."),
            "withdrawn": self.env._(
                "The request to sign was withdrawn: there is nothing to sign here."
            ),
            "expired": self.env._(
                "The time to sign is over. Ask for another request if you want to sign."
            ),
            "copied": self.env._("You get a copy, there is nothing to sign."),
        }.get(self.state, "")

    def _get_request_refusal(self):
        request, contract = self.request_id, self.contract_id
        if self.role == "copy":
            return self.env._("You get a copy, there is nothing to sign.")
        if request.date_expiry and request.date_expiry < self._get_day():
            return self.env._(
                "The time to sign is over. Ask for another request if you want to sign."
            )
        if (
            request.state != "open"
            or contract.state != "to_sign"
            or contract.version_id != request.version_id
        ):
            return self.env._(
                "The request to sign was withdrawn: there is nothing to sign here."
            )
        if self not in request._get_next():
            return self.env._(
                "It is not your turn yet. You will get a mail when the others have "
                "signed."
            )
        return ""

    def _get_person_refusal(self):
        user, partner = self.user_id, self.partner_id
        if (user and not user.active) or (partner and not partner.active):
            return self.env._(
                "You are not named as somebody who signs any more. Ask who sent you "
                "the contract."
            )
        until = self.letter_until
        if until and until < self._get_day():
            return self.env._("Your letter of authority has expired. Send a new one.")
        if self._is_before_others():
            return self.env._(
                "The clock of the server is wrong. Tell who sent you the contract."
            )
        return ""

    def _get_day(self):
        """Return today, or the day of the newest event if the clock was put back."""
        clock = self.env["crm.contract.event"]._get_clock()
        return self.company_id._get_today(clock)

    def _is_before_others(self):
        """Return whether it is earlier than what happened to the request already."""
        request = self.request_id
        last = max(
            filter(
                None, (request.date_sent, *request.signatory_ids.mapped("date_signed"))
            )
        )
        return fields.Datetime.now() < last

    def _get_consent_text(self):
        """Return what he declares by signing, in his language (str)."""
        self.ensure_one()
        signatory = self.with_context(lang=self.lang or self.env.lang)
        contract = signatory.contract_id
        party = (
            contract.customer_legal_name
            if self.side == "customer"
            else contract.company_legal_name
        )
        return signatory.env._(
            "I sign the contract %(contract)s for %(party)s. I have read its text and "
            "agree to it. I want to sign it electronically, and what I enter here "
            "is my signature. The text is the file with the SHA-256 %(digest)s.",
            contract=contract.display_name,
            party=party,
            digest=self.request_id.text_sha256,
        )

    def _get_consent_hash(self):
        """Return the SHA-256 of the consent, which its page hands back (str)."""
        return file_hash(self._get_consent_text().encode())

    def _open(self, facts):
        """Tell that he opened the page; the first time counts."""
        signatory = self._enter(facts)
        if signatory.state == "invited" and not signatory._get_refusal():
            signatory.write({"state": "opened", "date_opened": fields.Datetime.now()})
            signatory._add_event("opened", facts)

    def _read(self, facts):
        """Tell that he read the text to its end; the first time counts."""
        signatory = self._enter(facts)
        if not signatory.date_read and not signatory._get_refusal():
            signatory._open(facts)
            signatory.date_read = fields.Datetime.now()
            signatory._add_event("read", facts)

    def _send_code(self, facts):
        """Mail him a one-time code, which takes the place of one before."""
        signatory = self._enter(facts)
        signatory._check_can_act()
        now, last = fields.Datetime.now(), signatory.code_date
        if last and now < last + timedelta(seconds=CODE_PAUSE):
            raise UserError(
                self.env._(
                    "A code was sent a moment ago. Look into your mail, or wait for a "
                    "minute."
                )
            )
        if signatory.code_sent >= CODE_SENDINGS:
            raise UserError(
                self.env._(
                    "Too many codes were sent. Ask who sent you the contract for "
                    "another request."
                )
            )
        signatory.write(
            {
                "code": f"{secrets.randbelow(10**6):06}",
                "code_date": now,
                "code_tries": 0,
                "code_sent": signatory.code_sent + 1,
            }
        )
        signatory._mail("code")

    def _sign(self, name, signature, content_hash, text_sha256, consent, code, facts):
        """Sign; the last signature makes the contract a signed one.

        All of it is done or nothing, and can be repeated.

        :param name: as he wrote it (str)
        :param signature: image, PNG or JPEG in base64 (str or bytes), None if the name
            is what he signs with
        :param content_hash: of the version, as his page has it (`request.content_hash`)
        :param text_sha256: of the text that his page showed (`request.text_sha256`)
        :param consent: SHA-256 of the consent that his page showed and he ticked, see
            `_get_consent_hash`
        :param code: one-time code, where he needs one
        :raise CompletionError: the last signature does not make the contract a signed
            one. Whoever asked is told by what the caller has to commit; a caller that
            lets the error through tells nobody.
        """
        try:
            with self.env.cr.savepoint():
                signatory = self._enter(facts)
                signatory._check_can_act()
                signatory._check_same_text(content_hash, text_sha256, consent)
                signatory._take_signature(name, signature, code, facts)
                told = signatory._get_others_to_tell()
                signatory.request_id._advance()
        except CompletionError as error:
            # Of what is undone, somebody has to know who can mend it.
            self._enter(facts)._tell_failed(error)
            raise
        told._mail_signed()

    def _take_signature(self, name, signature, code, facts):
        """Write name and picture, if they can be used and it is he (sudo)."""
        name = read_line(name, MAX_NAME)
        if not name:
            raise UserError(self.env._("Enter your name."))
        image = read_signature(signature) if signature else None
        if signature and not image:
            raise UserError(
                self.env._(
                    "The signature can't be used. Draw it, or choose a PNG or JPEG "
                    "image of at most 1 MB."
                )
            )
        by = self._check_identity(code, facts)
        self._write_signature(name, image, by, facts)

    def _decline(self, reason, facts):
        """Refuse to sign, which ends the request.

        :param reason: why (str), told to who asked
        """
        with self.env.cr.savepoint():
            signatory = self._enter(facts)
            signatory._check_can_act()
            reason = read_paragraph(reason, MAX_REASON)
            if not reason:
                raise UserError(self.env._("Say why you do not sign."))
            signatory.write(
                {
                    "state": "declined",
                    "date_declined": fields.Datetime.now(),
                    "decline_reason": reason,
                }
            )
            signatory._add_event("declined", facts, reason=reason)
            signatory.request_id._close("declined", reason, signatory)

    def _hand_over(
        self, name, email, letter, letter_name, letter_until, facts, code=None
    ):
        """Let a colleague sign in his place, who is invited at once.

        :param name: of the colleague (str)
        :param email: of the colleague (str)
        :param letter: letter of authority: bytes of the file, PDF or image; None for
            none, where the type asks for none
        :param letter_name: its file name (str)
        :param letter_until: last day of the authority (date), None if it does not expire
        :param code: one-time code, where he needs one
        :return: the new signatory, for code (sudo)
        """
        with self.env.cr.savepoint():
            signatory = self._enter(facts)
            signatory._check_can_act()
            vals = signatory._prepare_successor(
                name, email, letter, letter_name, letter_until
            )
            by = signatory._check_identity(code, facts)
            return signatory._replace_by(vals, {**facts, "by": by})

    def _enter(self, facts):
        """Return the signatory for code, alone with his contract until the commit."""
        self.ensure_one()
        assert facts["by"] in ("link", "login", "backend")
        # sudo: the caller identified him; nobody else has rights on these fields
        signatory = self.sudo().with_company(self.sudo().company_id)
        signatory.contract_id._serialise()
        return signatory

    def _check_can_act(self):
        refusal = self._get_refusal()
        if refusal:
            raise UserError(refusal)

    def _check_same_text(self, content_hash, text_sha256, consent):
        """Refuse a signature on anything but what is offered, as it is stored."""
        request = self.request_id
        shown = (content_hash, text_sha256)
        if shown != (request.content_hash, request.text_sha256):
            raise UserError(
                self.env._(
                    "The contract changed since you opened it. Look at it again."
                )
            )
        if not consent:
            raise UserError(self.env._("Tick that you agree."))
        if consent != self._get_consent_hash():
            raise UserError(
                self.env._(
                    "What you agree to changed since you opened it. Look at it again."
                )
            )
        if not request.text_id._is_intact() or not request.version_id._is_intact():
            raise UserError(
                self.env._(
                    "The stored text is damaged and can't be signed. Tell who sent you "
                    "the contract."
                )
            )

    def _check_identity(self, code, facts):
        """Check the one-time code; return how he was identified."""
        if facts["by"] == "backend" or not self.needs_code:
            return facts["by"]
        limit = fields.Datetime.now() - timedelta(minutes=CODE_MINUTES)
        if not self.code or self.code_date < limit:
            raise UserError(
                self.env._("The code is not valid any more. Have another one sent.")
            )
        if not self._take_code(code):
            raise UserError(
                self.env._("That is not the code that was sent. Look into your mail.")
            )
        return "code"

    def _take_code(self, code):
        """Return whether a code is the one that was sent; a wrong one counts.

        Looked up and counted in a transaction of its own: what fails with a wrong code
        is rolled back, and a snapshot does not know what others tried meanwhile. Those
        come one after the other, see `_enter`.
        """
        code = "".join(str(code or "").split())
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "SELECT code, code_tries FROM crm_contract_signatory WHERE id = %s",
                    self.id,
                )
            )
            sent, tries = cr.fetchone() or (None, 0)
            if (tries or 0) >= CODE_TRIES:
                raise UserError(
                    self.env._("Too many wrong codes. Have another one sent.")
                )
            if sent and consteq(sent, code):
                return True
            cr.execute(
                SQL(
                    "UPDATE crm_contract_signatory"
                    " SET code_tries = COALESCE(code_tries, 0) + 1 WHERE id = %s",
                    self.id,
                )
            )
            return False

    def _write_signature(self, name, image, by, facts):
        now = fields.Datetime.now()
        consent = self._get_consent_text()
        self._store_signature(image)
        self.write(
            {
                "state": "signed",
                "date_signed": now,
                "date_opened": self.date_opened or now,
                "signed_name": name,
                "signature_sha256": image and file_hash(image),
                "consent_text": consent,
                "consent_hash": file_hash(consent.encode()),
                "ip": read_line(facts.get("ip"), MAX_IP),
                "user_agent": read_line(facts.get("user_agent"), MAX_AGENT),
                "identified_by": by,
                "signed_hash": self.request_id.content_hash,
                "signed_sha256": self.request_id.text_sha256,
                "code": False,
            }
        )
        self._add_event("signed", facts, by=by, **self._describe_signature())
        self._tell_signed()

    def _store_signature(self, image):
        """Store the picture of a signature (PNG, bytes), or take away the one before.

        :raise UserError: if the file store did not take it, all of it
        """
        documents = self.env["crm.contract.document"]
        try:
            self.signature = image and base64.b64encode(image)
            self.invalidate_recordset(["signature"])
            # As it lies in the file store, not as it is remembered.
            kept = base64.b64decode(self.with_context(bin_size=False).signature or b"")
        except OSError as error:
            raise documents._get_not_stored("signature.png", error) from error
        if kept != (image or b""):
            raise documents._get_not_stored("signature.png")

    def _describe_signature(self):
        """Return what the evidence keeps of a signature (flat dict)."""
        return {
            "side": self.side,
            "capacity": self.capacity,
            "order": self.sequence,
            "signed_name": self.signed_name,
            "signature_sha256": self.signature_sha256 or None,
            "consent": self.consent_text,
            "consent_hash": self.consent_hash,
            "text_sha256": self.signed_sha256,
            "letter_sha256": self.letter_sha256 or None,
            "letter_until": self.letter_until and str(self.letter_until) or None,
            "opened": self.date_opened and str(self.date_opened) or None,
            "read": self.date_read and str(self.date_read) or None,
        }

    def _prepare_successor(self, name, email, letter, letter_name, letter_until):
        """Return the values of somebody who signs in the place of the signatory.

        :raise UserError: with what is wrong
        """
        vals = {
            "request_id": self.request_id.id,
            "former_id": self.id,
            "side": self.side,
            "sequence": self.sequence,
            "state": "waiting",
            "name": read_line(name, MAX_NAME),
            "email": read_line(email, MAX_NAME),
            "lang": self.lang,
            "capacity": "authorised",
            "needs_code": self.needs_code,
            "letter": letter and base64.b64encode(letter),
            "letter_name": read_line(letter_name, MAX_NAME) if letter else False,
            "letter_sha256": letter and file_hash(letter),
            "letter_until": letter_until or False,
        }
        if self.side == "company":
            vals["user_id"] = self._find_colleague(vals["email"]).id
        return vals

    def _find_colleague(self, email):
        """Return our user with a mail address, if there is one."""
        address = email_normalize(email or "")
        users = self.env["res.users"]
        return address and users.search(
            [
                ("share", "=", False),
                ("company_ids", "in", self.company_id.ids),
                ("email_normalized", "=", address),
            ],
            limit=1,
        ) or users  # fmt: skip

    def _check_successor(self, letter):
        """Check who is to sign in the place of another one, as it is written."""
        if not self.name:
            raise UserError(self.env._("Enter the name of your colleague."))
        if letter and (len(letter) > MAX_LETTER or not letter.startswith(LETTERS)):
            raise UserError(
                self.env._(
                    "The letter of authority has to be a PDF, PNG or JPEG file of at "
                    "most 10 MB."
                )
            )
        check = self.env["crm.contract.signature.check"]
        others = self.request_id.signatory_ids - self
        taken = {email_normalize(row.email or "") for row in others}
        address = email_normalize(self.email or "")
        if address and address in taken:
            raise UserError(
                self.env._("%s takes part already. Name somebody else.", address)
            )
        ours = check._find_our_addresses(self)
        problems = check._get_person_problems(self, ours)
        if problems:
            raise UserError("\n".join(problems))

    def _replace_by(self, vals, facts):
        """Let another one sign in the place of the signatory; return him."""
        successor = self.create([vals])
        successor._check_successor(successor._read_binary("letter"))
        self._give_way(successor, facts)
        return successor

    def _give_way(self, successor, facts):
        """Void the link of the signatory, and invite who signs in his place."""
        self.write({"state": "handed_over", "code": False})
        self._add_event(
            "handed_over",
            facts,
            to=f"{successor.name} <{successor.email}>",
            letter_sha256=successor.letter_sha256 or None,
        )
        successor._issue_tokens()
        self.request_id._invite_next()
        self._tell_handed_over(successor)

    def _add_event(self, kind, facts, **more):
        """Write what he did into the chain of the contract."""
        by = more.pop("by", facts["by"])
        row = {
            "request": self.request_id.id,
            "signatory": self.id,
            "name": self.name,
            "email": self.email,
            "by": by,
            "ip": read_line(facts.get("ip"), MAX_IP) or None,
            "user_agent": read_line(facts.get("user_agent"), MAX_AGENT) or None,
            **more,
        }
        evidence = self.env["crm.contract.signature.evidence"]
        evidence._add_many([(self.request_id, kind, row, self._describe_actor(by))])
