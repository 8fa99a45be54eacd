from pytz import UTC, timezone

from odoo import api, models

# Clauses of the library by which parties agree on this way of signing
AGREEMENT = "ESIG"


class CrmContractSignaturePage(models.AbstractModel):
    """What the evidence pages at the end of a signed contract say, and in which order.

    In the language of the context. No more is claimed than what was done: a personal
    link is no certificate, and a self-signed seal shows changes but not a name.
    """

    _name = "crm.contract.signature.page"
    _description = "Evidence pages of signed contracts"

    @api.model
    def _get_seal(self, request, is_final=False, seal_problem=None):
        """Return the seal of the file as `crm.contract.seal._describe` does.

        :param is_final: whether the file is made now; a client can claim so in the
            address of a report, hence it counts in the server's own rendering only
        :param seal_problem: why there is none, of who makes the file
        """
        if is_final and self.env.su and seal_problem:
            return {"problem": seal_problem}
        return self.env["crm.contract.seal"]._describe(request.company_id)

    @api.model
    def _get_head(self, request):
        """Return what was signed: list of (label, value)."""
        contract = request.contract_id
        return [
            (self.env._("Contract"), contract.name),
            (self.env._("Number"), contract.number or ""),
            (self.env._("Party: customer"), contract.customer_legal_name),
            (self.env._("Party: supplier"), contract.company_legal_name),
            (self.env._("Version"), str(request.version_id.number or "")),
            (self.env._("Hash of the version (SHA-256)"), request.content_hash),
            (
                self.env._("Hash of the text before signature (SHA-256)"),
                request.text_sha256,
            ),
            (
                self.env._("Sent for signature"),
                self._format(request, request.date_sent),
            ),
        ]

    @api.model
    def _get_intro(self, request):
        """Return what the pages are, and where the text is that they follow (str)."""
        return self.env._(
            "These pages were added to the text when the last signature was made. The "
            "text is the first %s bytes of this file, as it was shown to the signatories; "
            "their SHA-256 is stated below.",
            self._get_text_size(request),
        )

    @api.model
    def _get_text_size(self, request):
        """Return the number of bytes of the text that this file begins with (int)."""
        return len(request.text_id._get_file())

    @api.model
    def _get_signatories(self, request):
        """Return those who signed, in the order in which they did."""
        signed = request.signatory_ids.filtered(lambda row: row.state == "signed")
        return signed.sorted(lambda row: (row.date_signed, row.id))

    @api.model
    def _get_facts(self, signatory):
        """Return the evidence of one signature: list of (label, value), none empty."""
        request = signatory.request_id
        contract, former = signatory.contract_id, signatory.former_id
        of_customer = signatory.side == "customer"
        party = (
            contract.customer_legal_name if of_customer else contract.company_legal_name
        )
        until = signatory.letter_until
        rows = [
            (self.env._("Signed as"), signatory.signed_name),
            (self.env._("Name"), signatory.name),
            (self.env._("For"), party),
            (self.env._("Capacity"), self._get_label(signatory, "capacity")),
            (self.env._("Mail address"), signatory.email),
            (self.env._("Order"), str(signatory.sequence)),
            (
                self.env._("In the place of"),
                former and f"{former.name} <{former.email}>",
            ),
            (self.env._("Letter of authority (SHA-256)"), signatory.letter_sha256),
            (self.env._("Authority valid until"), until and str(until)),
            (self.env._("Identified by"), self._get_label(signatory, "identified_by")),
            (self.env._("Opened"), self._format(request, signatory.date_opened)),
            (self.env._("Read to the end"), self._format(request, signatory.date_read)),
            (self.env._("Signed"), self._format(request, signatory.date_signed)),
            (self.env._("IP address"), signatory.ip),
            (self.env._("Browser"), signatory.user_agent),
            (self.env._("Consent"), signatory.consent_text),
            (self.env._("Hash of the consent (SHA-256)"), signatory.consent_hash),
            (
                self.env._("Hash of the signature's image (SHA-256)"),
                signatory.signature_sha256,
            ),
            (self.env._("Hash of the version (SHA-256)"), signatory.signed_hash),
            (
                self.env._("Hash of the text that was shown (SHA-256)"),
                signatory.signed_sha256,
            ),
        ]
        return [(label, value) for label, value in rows if value]

    @api.model
    def _get_events(self, request):
        """Return the events of the contract so far: list of (no., when, what, who, hash)."""
        # sudo: told to all who sign
        events = self.env["crm.contract.event"].sudo()
        events = events.search(
            [("contract_id", "=", request.contract_id.id)], order="number"
        )
        return [
            (
                event.number,
                f"{event.date} UTC",
                self._get_label(event, "kind"),
                event.actor,
                event.content_hash,
            )
            for event in events
        ]

    @api.model
    def _get_seal_rows(self, seal):
        """Return what the file is sealed with: list of (label, value)."""
        if seal["problem"]:
            return [
                (
                    self.env._("Electronic seal"),
                    self.env._("This file has no seal: %s", seal["problem"]),
                )
            ]
        issuer = (
            self.env._(
                "The certificate is self-signed: it shows changes; whose it is, its "
                "fingerprint shows to whoever knows that from its owner."
            )
            if seal["is_self_signed"]
            else self.env._("The certificate names who issued it.")
        )
        stamp = (
            self.env._(
                "Asked from %s. The seal itself, or a stamp kept with the record, shows "
                "whether one was had.",
                seal["url"],
            )
            if seal["url"]
            else self.env._(
                "None: the time of the seal is that of the server that sealed."
            )
        )
        return [
            (
                self.env._("Electronic seal"),
                self.env._("One electronic seal (PAdES) over this whole file"),
            ),
            (self.env._("In the name of"), seal["name"]),
            (self.env._("Serial number"), seal["serial"]),
            (self.env._("Fingerprint (SHA-256)"), seal["fingerprint"]),
            (self.env._("Valid until"), f"{seal['valid_until']} UTC"),
            (self.env._("Certificate"), issuer),
            (self.env._("Time stamp"), stamp),
        ]

    @api.model
    def _get_conditions(self, request, seal):
        """Return the conditions of reliable electronic signatures, and what meets them.

        Electronic Signature Law of the People's Republic of China, art. 13 para. 1.

        :return: list of (condition, how, whether it is met), all str
        """
        return [
            *self._get_control_conditions(request),
            *self._get_change_conditions(request, seal),
        ]

    @api.model
    def _get_control_conditions(self, request):
        """Return the first two: whose signature it is, and who controls it."""
        supported = self.env._("Supported, not proven")
        return [
            (
                self.env._(
                    "1. The data used to create the electronic signature belong to the "
                    "signatory alone."
                ),
                self._get_identification(request),
                supported,
            ),
            (
                self.env._(
                    "2. At the time of signing, only the signatory controls those data."
                ),
                self.env._(
                    "Links are random and of one signatory, codes are used once; times, "
                    "IP address and browser of each step are recorded. Who else could "
                    "use his mailbox, log-in or device is not known here."
                ),
                supported,
            ),
        ]

    @api.model
    def _get_change_conditions(self, request, seal):
        """Return the last two: that changes after the signature can be detected."""
        return [
            (
                self.env._(
                    "3. Any change of the signature after signing can be detected."
                ),
                self._get_change_text(
                    request,
                    seal,
                    self.env._(
                        "Name, signature and consent of each signatory stand on these "
                        "pages, and their hashes in the chain of events."
                    ),
                ),
                self._get_change_verdict(request, seal),
            ),
            (
                self.env._(
                    "4. Any change of content and form of the text after signing can be "
                    "detected."
                ),
                self._get_change_text(
                    request,
                    seal,
                    self.env._(
                        "Each signature names the SHA-256 of the text that was shown."
                    ),
                ),
                self._get_change_verdict(request, seal),
            ),
        ]

    @api.model
    def _get_identification(self, request):
        """Return what told signatories from others, of the ways that were used (str)."""
        words = {
            "link": self.env._("a personal link sent to the mail address stated"),
            "code": self.env._(
                "a personal link and a one-time code, both sent to the mail address "
                "stated"
            ),
            "login": self.env._("the log-in of the signatory"),
            "backend": self.env._("the log-in of the supplier's user"),
        }
        used = self._get_signatories(request).mapped("identified_by")
        ways = [words[way] for way in words if way in used]
        return self.env._(
            "Signatories were told from others by: %s. No certificate of a signatory was "
            "used.",
            "; ".join(ways),
        )

    @api.model
    def _get_change_text(self, request, seal, first):
        if seal["problem"]:
            second = self.env._(
                "This file has no seal: its SHA-256 is kept in the chain of events of "
                "%s, and compared with that.",
                request.contract_id.company_legal_name,
            )
        else:
            second = self.env._("The seal over this file breaks with any change.")
        return f"{first} {second}"

    @api.model
    def _get_change_verdict(self, request, seal):
        if seal["problem"]:
            return self.env._(
                "Met by the record that the supplier keeps, not by the file itself"
            )
        return self.env._("Met")

    @api.model
    def _get_agreement(self, request):
        """Return whether the parties agreed on this way of signing (str)."""
        clauses = request.contract_id.clause_ids.filtered(
            lambda clause: (clause.template_id.code or "").startswith(AGREEMENT)
        )
        if clauses:
            return self.env._(
                "The contract has an article on this: “%s”.",
                ", ".join(clauses.mapped("name")),
            )
        return self.env._(
            "The contract has no article of the clause library on this; whether the "
            "parties agreed otherwise is not known here."
        )

    @api.model
    def _get_steps(self, request, seal):
        """Return how whoever has this file can check it (list of str)."""
        steps = [
            self.env._(
                "Compute the SHA-256 of its first %s bytes: it has to be that of the text "
                "before signature.",
                self._get_text_size(request),
            ),
            self.env._(
                "Compare the SHA-256 of the whole file with the one in the evidence of "
                "the contract, which the supplier hands out with a program that checks "
                "it."
            ),
        ]
        if not seal["problem"]:
            steps.insert(
                0,
                self.env._(
                    "Open it with a program that shows signatures of PDF files: the seal "
                    "has to be valid and to cover the whole document, and its "
                    "fingerprint has to be the one stated above."
                ),
            )
        return steps

    @api.model
    def _get_label(self, record, name):
        """Return the label of a selection field, in the language of the context."""
        field = record._fields[name]
        return dict(field._description_selection(self.env)).get(record[name], "")

    @api.model
    def _format(self, request, moment):
        """Return a moment in UTC and where our company is (str, empty for none)."""
        if not moment:
            return ""
        # sudo: where the company works
        zone = request.company_id.sudo().resource_calendar_id.tz or "UTC"
        here = UTC.localize(moment).astimezone(timezone(zone))
        utc = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
        if zone == "UTC":
            return utc
        return f"{utc} · {here:%Y-%m-%d %H:%M:%S} {zone} (UTC{here:%z})"
