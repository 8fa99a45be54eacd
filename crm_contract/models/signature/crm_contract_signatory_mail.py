from odoo import api, fields, models, modules
from odoo.tools import email_normalize

# What stands in a mail until the moment that it is sent: whoever reads the queue, or the
# record's messages, does not get what opens the page.
TOKEN, CODE = "token-of-the-signatory", "code-of-the-signatory"
# Mails that are sent right after the commit; more of them are left to the queue.
MOST_AT_ONCE = 20


class CrmContractSignatory(models.Model):
    """Mails to signatories, and what whoever asked them is told."""

    _inherit = "crm.contract.signatory"

    def _mail(self, kind, attachment=None):
        """Mail each of the signatories in his language (sudo).

        :param kind: end of the external id of a template
        :param attachment: file that all of them get
        """
        rows = self.filtered(lambda row: email_normalize(row.email or ""))
        if not rows or self._is_loading():
            return
        template = self.env.ref(f"crm_contract.mail_template_signature_{kind}")
        values = {"attachment_ids": [(4, attachment.id)]} if attachment else {}
        mails = template.send_mail_batch(rows.ids, email_values=values)
        for mail in mails:
            mail.signatory_id = mail.res_id
        if len(mails) > MOST_AT_ONCE:
            self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
        else:
            mails.send_after_commit()

    @api.model
    def _is_loading(self):
        """Return whether add-ons are being loaded: of what their data do, nobody hears.

        As Odoo notifies nobody then.
        """
        return not self.env.registry.ready and not modules.module.current_test

    def _get_sender(self):
        """Return from whom the mails come (str)."""
        self.ensure_one()
        user, company = self.request_id.user_id, self.company_id
        return (user.active and user.email_formatted) or company.email_formatted

    def _get_mailed_link(self):
        """Return the address of the page as mails have it until they are sent (str)."""
        self.ensure_one()
        return f"{self.contract_id.get_base_url()}/contract/sign/{self.id}/{TOKEN}"

    def _get_mailed_code(self):
        """Return what stands for the one-time code until the mail is sent (str)."""
        return CODE

    def _fill_in(self, body):
        """Return the body of a mail to the signatory, with link and code (sudo)."""
        self.ensure_one()
        link = self._get_mailed_link()
        body = body.replace(link, link.replace(TOKEN, self.access_token or ""))
        return body.replace(CODE, self.code or "")

    def _tell_signed(self):
        """Tell whoever asked that he signed (sudo)."""
        self.request_id._tell_owner(
            self.env._("Signed by %s", self.name),
            self.env._(
                "%(name)s signed as %(signed)s.",
                name=self.name,
                signed=self.signed_name,
            ),
        )

    def _get_others_to_tell(self):
        """Return who is told that he signed: who did, or was asked to, before (sudo)."""
        others = self.request_id.signatory_ids
        return others.filtered(lambda row: row.state in ("invited", "opened", "signed"))

    def _mail_signed(self):
        """Tell them who signed so far, he himself included, and who is missing (sudo).

        Once all have signed, the signed contract says it.
        """
        self.filtered(lambda row: row.request_id.state == "open")._mail("signed")

    def _tell_failed(self, error):
        """Let somebody mend what keeps the last signature from counting (sudo)."""
        reason = str(error.__cause__)
        request = self.request_id
        if request.problem == reason:
            return
        request.problem = reason
        request._tell_owner(
            self.env._("The signatures of %s could not be completed", self.name),
            self.env._(
                "%(name)s was the last to sign, and nothing was signed: %(reason)s "
                "Mend it and remind %(name)s, or withdraw the signature request.",
                name=self.name,
                reason=reason,
            ),
            activity=True,
        )

    def _tell_handed_over(self, successor):
        """Tell whoever asked that somebody else signs, and confirm it to him (sudo)."""
        self._mail("handed_over")
        self.request_id._tell_owner(
            self.env._("Signature handed over"),
            self.env._(
                "%(name)s handed it over to %(successor)s <%(email)s>.",
                name=self.name,
                successor=successor.name,
                email=successor.email,
            ),
        )

    def _tell_undelivered(self, reason):
        """Tell whoever asked that a mail did not leave (sudo)."""
        self.request_id._tell_owner(
            self.env._("Mail to %s was not sent", self.name),
            self.env._(
                "The mail to %(address)s could not be sent: %(reason)s",
                address=self._get_address(),
                reason=reason,
            ),
            activity=True,
        )


class CrmContractSignatureRequest(models.Model):
    _inherit = "crm.contract.signature.request"

    def _get_owner(self):
        """Return who is told of each step: who asked, or the next in charge (user)."""
        self.ensure_one()
        contract = self.contract_id
        if self.user_id and contract._is_readable_by(self.user_id):
            return self.user_id
        return contract._get_person_in_charge()

    def _get_signed_names(self):
        """Return who signed so far (str)."""
        self.ensure_one()
        signed = self._get_signers()._filter_signed()
        return ", ".join(signed.sorted("date_signed").mapped("name"))

    def _get_missing_names(self):
        """Return who has not signed yet (str)."""
        self.ensure_one()
        signers = self._get_signers()
        return ", ".join((signers - signers._filter_signed()).mapped("name"))

    def _tell_owner(self, subject, body, activity=False):
        """Write a note that whoever asked for the signatures is notified of (sudo)."""
        self.ensure_one()
        owner = self._get_owner()
        self.contract_id.message_post(
            subject=subject,
            body=body,
            author_id=self.env.ref("base.partner_root").id,
            partner_ids=owner.partner_id.ids,
            subtype_xmlid="mail.mt_note",
        )
        if activity and owner:
            self.contract_id.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=owner.id,
                summary=subject,
                note=body,
            )

    def _log_sent(self):
        """Write into the chatter who was asked to sign."""
        bodies = {
            request.contract_id.id: self.env._(
                "Sent for signature to %s",
                ", ".join(f"{row.name} <{row.email}>" for row in request.signatory_ids),
            )
            for request in self
        }
        self.contract_id._message_log_batch(bodies)

    def _mail_completed(self):
        """Mail the stored file to all who signed, and to those who get a copy (sudo)."""
        self.ensure_one()
        document = self.document_id
        attachment = self.env["ir.attachment"].create(
            {
                "name": document.name,
                "raw": document._get_file(),
                "res_model": self._name,
                "res_id": self.id,
            }
        )
        rows = self.signatory_ids.filtered(
            lambda row: row.state in ("signed", "copied")
        )
        rows._mail("completed", attachment)
        if rows._is_loading():
            return
        self.env["crm.contract.signature.evidence"]._add_many(
            [
                (
                    self,
                    "mailed",
                    {
                        "request": self.id,
                        "sha256": document.sha256,
                        "to": [f"{row.name} <{row.email}>" for row in rows],
                    },
                    None,
                )
            ]
        )
        self._tell_owner(
            self.env._("Signed by everybody"),
            self.env._(
                "The signed contract was sent to %s.", ", ".join(rows.mapped("name"))
            ),
        )

    def _tell_closed(self, signatories):
        """Tell people that nothing is signed any more (sudo).

        :param signatories: who were invited, and did not end it themselves
        """
        for state, requests in self.grouped("state").items():
            rows = signatories.filtered(
                lambda row, mine=requests: row.request_id in mine
            )
            rows._mail(state)
            for request in requests:
                request._tell_owner(
                    *request._describe_closed(), activity=state != "withdrawn"
                )

    def _describe_closed(self):
        """Return subject and text of what whoever asked is told (pair of str)."""
        texts = {
            "declined": (self.env._("Signature declined"), self.reason),
            "expired": (
                self.env._("Signature request expired"),
                self.env._(
                    "Nobody can sign by the links any more. Send another request, or "
                    "withdraw the contract."
                ),
            ),
            "withdrawn": (
                self.env._("Signature request withdrawn"),
                self.reason or self.env._("Links that were sent are void."),
            ),
        }
        return texts[self.state]


class MailMail(models.Model):
    """Mails to signatories get link and code when they leave, for nobody else to read."""

    _inherit = "mail.mail"

    signatory_id = fields.Many2one(
        "crm.contract.signatory",
        groups=fields.NO_ACCESS,
        ondelete="set null",
        index="btree_not_null",
        copy=False,
    )

    def _prepare_outgoing_body(self):
        body = super()._prepare_outgoing_body()
        # sudo: for the mail to him alone
        signatory = self.sudo().signatory_id
        if signatory and self._is_to_alone(signatory):
            body = signatory._fill_in(str(body))
        return body

    def _is_to_alone(self, signatory):
        """Return whether nobody but the signatory gets the mail (bool)."""
        mail = self.sudo()
        addresses = email_normalize(mail.email_to or "", strict=True)
        return (
            not mail.email_cc
            and not mail.recipient_ids
            and addresses == email_normalize(signatory.email or "")
        )

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        if failure_type:
            # sudo: whom it was for
            for signatory in self.sudo().signatory_id:
                signatory._tell_undelivered(failure_reason or failure_type)
        return super()._postprocess_sent_message(
            success_pids,
            success_emails,
            failure_reason=failure_reason,
            failure_type=failure_type,
        )
