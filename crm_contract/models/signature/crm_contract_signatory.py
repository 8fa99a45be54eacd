import base64
import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import NO_ACCESS
from odoo.tools import consteq, email_normalize, formataddr

from ...tools.canonical import file_hash
from ...tools.records import one
from .crm_contract_signature_request import SIDES

SIGNATORY_STATES = [
    ("draft", "Draft"),
    ("waiting", "Waits for others"),
    ("invited", "Invited"),
    ("opened", "Opened"),
    ("signed", "Signed"),
    ("declined", "Declined"),
    ("handed_over", "Handed over"),
    ("withdrawn", "Withdrawn"),
    ("expired", "Expired"),
    ("copied", "Copy sent"),
]
IDENTIFIED_BY = [
    ("link", "Link by mail"),
    ("login", "Log-in"),
    ("code", "Link and one-time code by mail"),
    ("backend", "Log-in of our user"),
]
# Whoever may still do something
PENDING = ("waiting", "invited", "opened")
# What its request may still be told before somebody signed
_REORDERED = frozenset({"sequence"})


class CrmContractSignatory(models.Model):
    """Somebody who signs by request, or gets a copy; and the evidence of what he did.

    What he is and did is written by the doors of `crm_contract_signatory_doors.py`
    alone: nobody, whatever his rights, acts as a signatory otherwise.
    """

    _name = "crm.contract.signatory"
    _description = "Signatory"
    _inherit = ["crm.contract.owned.mixin", "crm.contract.named.mixin"]
    _order = "request_id, sequence, id"
    _check_company_auto = True

    request_id = fields.Many2one(
        "crm.contract.signature.request",
        string="Signature request",
        required=True,
        index=True,
        ondelete="cascade",
    )
    contract_id = fields.Many2one(
        related="request_id.contract_id", store=True, index=True, owned=True
    )
    company_id = fields.Many2one(
        related="request_id.company_id", store=True, owned=True
    )
    side = fields.Selection(SIDES, required=True, default="customer")
    role = fields.Selection(
        [("signer", "Signs"), ("copy", "Gets a copy")], required=True, default="signer"
    )
    sequence = fields.Integer(
        string="Order",
        default=10,
        aggregator=None,
        help="Those with the same number sign at the same time, the others after them.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Contact",
        check_company=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    user_id = fields.Many2one(
        "res.users",
        domain=[("share", "=", False)],
        ondelete="restrict",
        index="btree_not_null",
        help="Our signatory who has a log-in may sign in the backend.",
    )
    name = fields.Char(
        compute="_compute_person",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    email = fields.Char(
        compute="_compute_person", store=True, readonly=False, precompute=True
    )
    lang = fields.Char(
        compute="_compute_person", store=True, precompute=True, owned=True
    )
    capacity = fields.Selection(
        [("representative", "Legal representative"), ("authorised", "Authorised")],
        compute="_compute_capacity",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    letter = fields.Binary(string="Letter of authority", attachment=True, copy=False)
    letter_name = fields.Char(copy=False)
    letter_until = fields.Date(
        string="Authority valid until", help="Empty: it does not expire."
    )
    needs_code = fields.Boolean(
        string="One-time code",
        compute="_compute_needs_code",
        store=True,
        readonly=False,
        precompute=True,
        help="Has to type in a code that is mailed when he signs.",
    )

    state = fields.Selection(
        SIGNATORY_STATES,
        default="draft",
        required=True,
        copy=False,
        index=True,
        owned=True,
    )
    former_id = fields.Many2one(
        "crm.contract.signatory",
        string="Handed over by",
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        owned=True,
    )
    # Never readable but for the doors: whoever has it acts as the signatory.
    access_token = fields.Char(groups=NO_ACCESS, copy=False, owned=True)
    code = fields.Char(groups=NO_ACCESS, copy=False, owned=True)
    code_date = fields.Datetime(groups=NO_ACCESS, copy=False, owned=True)
    code_tries = fields.Integer(groups=NO_ACCESS, copy=False, owned=True)
    code_sent = fields.Integer(groups=NO_ACCESS, copy=False, owned=True)
    date_invited = fields.Datetime(string="Invited on", copy=False, owned=True)
    date_reminded = fields.Datetime(string="Reminded on", copy=False, owned=True)
    date_opened = fields.Datetime(string="Opened on", copy=False, owned=True)
    date_read = fields.Datetime(string="Read to the end on", copy=False, owned=True)
    date_signed = fields.Datetime(string="Signed on", copy=False, owned=True)
    date_declined = fields.Datetime(string="Declined on", copy=False, owned=True)
    decline_reason = fields.Text(string="Why declined", copy=False, owned=True)
    signature = fields.Binary(
        attachment=True,
        copy=False,
        help="PNG, as the server wrote it anew.",
        owned=True,
    )
    signature_sha256 = fields.Char(
        string="SHA-256 of the signature", copy=False, owned=True
    )
    signed_name = fields.Char(string="Signed as", copy=False, owned=True)
    consent_text = fields.Text(string="Consent", copy=False, owned=True)
    consent_hash = fields.Char(string="SHA-256 of the consent", copy=False, owned=True)
    letter_sha256 = fields.Char(string="SHA-256 of the letter", copy=False, owned=True)
    ip = fields.Char(string="IP address", copy=False, owned=True)
    user_agent = fields.Char(string="Browser", copy=False, owned=True)
    identified_by = fields.Selection(IDENTIFIED_BY, copy=False, owned=True)
    signed_hash = fields.Char(
        string="Content hash that was signed", copy=False, owned=True
    )
    signed_sha256 = fields.Char(
        string="SHA-256 of the text that was shown", copy=False, owned=True
    )

    @api.depends("partner_id", "user_id")
    def _compute_person(self):
        for signatory in self:
            # sudo: name and mail of whom the user chose
            person = signatory.user_id.sudo().partner_id or signatory.partner_id
            signatory.name = person.name or signatory.name
            signatory.email = person.email or signatory.email
            signatory.lang = person.lang or signatory.contract_id._get_print_lang()

    @api.depends("side", "name", "request_id.contract_id")
    def _compute_capacity(self):
        for signatory in self:
            name = (
                signatory.request_id.contract_id[
                    "customer_representative"
                    if signatory.side == "customer"
                    else "company_representative"
                ]
                or ""
            )
            same = name.strip().casefold() == (signatory.name or "").strip().casefold()
            known = signatory.capacity
            signatory.capacity = known or ("representative" if same else "authorised")

    @api.depends("request_id.contract_id")
    def _compute_needs_code(self):
        for signatory in self:
            contract_type = signatory.request_id.contract_id.type_id
            signatory.needs_code = contract_type.signature_needs_code

    @api.model_create_multi
    def create(self, vals_list):
        self._check_named(vals_list)
        signatories = super().create(vals_list)
        if not self.env.su:
            signatories._check_can_edit()
        return signatories

    def write(self, vals):
        self._check_named([vals])
        if not self.env.su:
            self._check_can_edit(vals)
            self._check_stays(vals)
        result = super().write(vals)
        if not self.env.su and "sequence" in vals:
            self.request_id._reorder()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        self.request_id._check_draft()

    def _check_stays(self, vals):
        """Refuse to move somebody to another request."""
        moved = "request_id" in vals and any(
            row.request_id.id != vals["request_id"] for row in self
        )
        if moved:
            raise UserError(
                self.env._(
                    "A signatory stays with the signature request. Add him to the other "
                    "one."
                )
            )

    def action_view_request(self):
        """Open the signature request."""
        return one(self).request_id._get_records_action()

    def _check_can_edit(self, vals=None):
        """Let people change drafts, and the order as long as nobody has signed."""
        self.request_id.check_access("write")
        sent = self.request_id.filtered(lambda request: request.state != "draft")
        if vals is not None and vals.keys() <= _REORDERED:
            sent = sent.filtered(
                lambda row: row.state != "open" or row.signatory_ids._filter_signed()
            )
        sent._check_draft()

    def _prepare_again(self):
        """Return the values of the same person in another request (dict)."""
        self.ensure_one()
        names = ("side", "role", "sequence", "name", "email", "capacity",
                 "letter", "letter_name", "letter_until", "needs_code")  # fmt: skip
        row = self.with_context(bin_size=False)
        return {
            **{name: row[name] for name in names},
            "partner_id": self.partner_id.id,
            "user_id": self.user_id.id,
        }

    def _filter_signed(self):
        return self.filtered(lambda row: row.state == "signed")

    def _filter_pending(self):
        """Return those who have not signed yet and still may."""
        return self.filtered(lambda row: row.role == "signer" and row.state in PENDING)

    def _issue_tokens(self):
        """Give each a new token; a link with the one before opens nothing any more."""
        for signatory in self:
            signatory.access_token = secrets.token_urlsafe(32)

    def _get_by_token(self, token):
        """Return the signatory, for code (sudo), if the token is his; empty otherwise.

        `self.browse(id)._get_by_token(token)`: the address has both. Whether he may
        still act is told by `_get_refusal`.
        """
        # sudo: for the comparison; who has the token is the signatory
        signatory = self.sudo().exists()
        known = len(signatory) == 1 and signatory.access_token
        if known and isinstance(token, str) and consteq(known, token):
            return signatory
        return signatory.browse()

    @api.model
    def _get_of_user(self, contract, user):
        """Return the signatory who a logged-in user is, for code (sudo); or empty.

        Of the present or last request of the contract that names him.

        :param user: who identified himself by his log-in, never what a client names
        """
        # sudo: he is the signatory
        rows = self.sudo().search(
            [
                ("contract_id", "=", contract.id),
                ("state", "not in", ("draft", "handed_over")),
            ],
            order="id desc",
        )
        return rows.filtered(lambda row: row._is_user(user))[:1]

    def _is_user(self, user):
        """Return whether a user who logged in is the signatory (bool)."""
        self.ensure_one()
        signatory = self.sudo()
        if not user.active or user._is_public():
            return False
        if signatory.side == "customer" and not user.share:
            return False
        if signatory.user_id:
            return signatory.user_id == user
        return bool(signatory.partner_id) and signatory.partner_id == user.partner_id

    def _get_link(self):
        """Return the address of the signing page, with the token (str).

        For the signatory alone; code never shows it to anybody else.
        """
        self.ensure_one()
        base = self.contract_id.get_base_url()
        # sudo: see above
        return f"{base}/contract/sign/{self.id}/{self.sudo().access_token}"

    def _get_address(self):
        """Return name and mail address as a header of a mail has them (str)."""
        self.ensure_one()
        return formataddr((self.name or "", email_normalize(self.email) or ""))

    def _get_letter_hash(self):
        """Return the SHA-256 of the letter of authority, empty without one (str)."""
        self.ensure_one()
        content = self._read_binary("letter")
        return file_hash(content) if content else ""

    def _describe_actor(self, identified=None):
        """Return who acts, as the evidence says it (str).

        :param identified: key of `IDENTIFIED_BY`
        """
        self.ensure_one()
        how = dict(self._fields["identified_by"].selection).get(identified)
        who = f"{self.name} <{self.email}>"
        return f"{who} ({how})" if how else who

    def _read_binary(self, name):
        """Return the bytes of a file, empty for none."""
        self.ensure_one()
        # Without the context of a client that asks for sizes instead of files.
        return base64.b64decode(self.with_context(bin_size=False)[name] or b"")
