from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools.typed import read_line
from ..signature.crm_contract_signatory_doors import LETTERS, MAX_NAME

# What fits on a page of the history, and what a customer may write in a day.
LISTED_MESSAGES = 50
MAX_LENGTH = 10000
MAX_A_DAY = 20
# Files that come with one message, and all of them together
MAX_FILES, MAX_SIZE = 5, 10 * 1024 * 1024


class CrmContractPortal(models.AbstractModel):
    """What customers and we write each other about a contract."""

    _inherit = "crm.contract.portal"

    @api.model
    def _get_message_domain(self, contract):
        """Return the domain of the messages that both sides read.

        Neither notes nor notifications nor what is logged of changes.
        """
        # sudo: the definition of the subtype
        comment = self.env.ref("mail.mt_comment").sudo()
        return Domain(
            [
                ("model", "=", contract._name),
                ("res_id", "=", contract.id),
                ("subtype_id", "=", comment.id),
                ("is_internal", "=", False),
                ("message_type", "in", ("comment", "email", "email_outgoing")),
            ]
        )

    @api.model
    def _describe_messages(self, contract):
        """Return the last messages, the newest first: author, date, text and files."""
        # sudo: messages of a contract that the visitor may see, by the domain
        messages = (
            self.env["mail.message"]
            .sudo()
            .search(
                self._get_message_domain(contract),
                order="id desc",
                limit=LISTED_MESSAGES,
            )
        )
        customer = contract.commercial_partner_id
        return [
            {
                "id": message.id,
                "author": message.author_id.name or message.email_from or "",
                "is_theirs": message.author_id.commercial_partner_id == customer,
                "date": message.date,
                "body": message.body,
                "files": [
                    {"id": file.id, "name": file.name}
                    for file in message.attachment_ids
                ],
            }
            for message in messages
            if message.body or message.attachment_ids
        ]

    @api.model
    def _get_message_file(self, contract, attachment_id):
        """Return a file of a message that both sides read (sudo), or none."""
        # sudo: as in `_describe_messages`
        attachments = self.env["ir.attachment"].sudo()
        domain = self._get_message_domain(contract) & Domain(
            "attachment_ids", "in", [attachment_id]
        )
        known = self.env["mail.message"].sudo().search_count(domain, limit=1)
        return attachments.browse(attachment_id).exists() if known else attachments

    @api.model
    def _get_request_kinds(self):
        """Return what a customer can ask for: {kind: (label, states or None)}.

        Extended by satellites.
        """
        live = ("signed", "running", "suspended")
        return {
            "question": (self.env._("Question"), None),
            "change": (self.env._("Request a change"), live),
            "renewal": (self.env._("Request a renewal"), (*live, "ended")),
        }

    @api.model
    def _get_requests(self, visit):
        """Return what the visitor can ask for of the contract: [(kind, label), ...]."""
        contract = visit.contract
        return [
            (kind, label)
            for kind, (label, states) in self._get_request_kinds().items()
            if states is None or (contract.performs and contract.state in states)
        ]

    @api.model
    def _ask(self, visit, kind, text, files=()):
        """Post what a customer writes, and let somebody of us answer.

        :param visit: as of `_visit`
        :param kind: key of `_get_requests`
        :param files: that come with it: list of (name, bytes)
        :raise UserError: nothing written, too much, by one of us, or files that can't be
            taken
        """
        text, files = self._read_text(visit, text), self._read_files(files)
        label = dict(self._get_requests(visit)).get(kind)
        if not label:
            raise UserError(self.env._("This can't be asked for now."))
        self._check_rate(visit)
        contract = self._by_system(visit.contract)
        person = contract._get_person_in_charge()
        # By the language of whoever answers.
        ours = self.with_context(lang=person.lang or self.env.lang)
        label = ours._get_request_kinds()[kind][0]
        body = Markup("<p>%s</p>") % Markup("<br/>").join(text.split("\n"))
        if kind != "question":
            body = Markup("<p><b>%s</b></p>%s") % (label, body)
        self._post(visit, body, files)
        if person:
            contract.activity_schedule(
                "mail.mail_activity_data_todo",
                contract.company_id._get_today(),
                summary=ours.env._(
                    "%(request)s of %(person)s",
                    request=label,
                    person=visit.partner.name,
                ),
                note=body,
                user_id=person.id,
            )

    @api.model
    def _post(self, visit, body, files=()):
        """Post a message in the name of a visitor; nobody is subscribed by it."""
        contract = self._by_system(visit.contract)
        contract.with_context(mail_post_autofollow_author_skip=True).message_post(
            body=body,
            attachments=list(files),
            author_id=visit.partner.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    @api.model
    def _read_text(self, visit, text):
        if not visit.can_write:
            raise UserError(
                self.env._(
                    "This is a preview. Write to the customer from the contract."
                )
            )
        text = (text or "").replace("\r\n", "\n").replace("\0", "").strip()
        if not text:
            raise UserError(
                self.env._("Write what you would like to know or to change.")
            )
        if len(text) > MAX_LENGTH:
            raise UserError(
                self.env._("Write at most %s characters in one message.", MAX_LENGTH)
            )
        return text

    @api.model
    def _read_files(self, files):
        """Return files of a visitor as they are kept: list of (name, bytes)."""
        if len(files) > MAX_FILES or sum(len(data) for _name, data in files) > MAX_SIZE:
            raise UserError(
                self.env._(
                    "Send at most %(number)s files of together %(size)s MB with one "
                    "message.",
                    number=MAX_FILES,
                    size=MAX_SIZE // 1024**2,
                )
            )
        result = []
        for name, data in files:
            name = read_line(name, MAX_NAME) or self.env._("File")
            if not data.startswith(LETTERS):
                raise UserError(
                    self.env._(
                        "“%s” can't be sent: choose PDF, PNG or JPEG files.", name
                    )
                )
            result.append((name, data))
        return result

    @api.model
    def _check_rate(self, visit):
        """Refuse the twenty-first message of a person on a contract in a day."""
        since = fields.Datetime.now() - timedelta(days=1)
        domain = self._get_message_domain(visit.contract) & Domain(
            [("author_id", "=", visit.partner.id), ("date", ">", since)]
        )
        # sudo: as in `_describe_messages`
        if self.env["mail.message"].sudo().search_count(domain) >= MAX_A_DAY:
            raise UserError(
                self.env._(
                    "You wrote %s messages since yesterday. Please wait for an answer, "
                    "or call us.",
                    MAX_A_DAY,
                )
            )
