from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

REQUEST_STATES = [
    ("draft", "Draft"),
    ("open", "Waiting for signatures"),
    ("done", "Signed"),
    ("declined", "Declined"),
    ("expired", "Expired"),
    ("withdrawn", "Withdrawn"),
]
SIDES = [("customer", "Customer"), ("company", "Us")]
# Places in the order of signatures; see `signing_order` of the type
_FIRST, _SECOND = 10, 20


class CrmContractSignatureRequest(models.Model):
    """One version of a contract that is offered to both sides for their signatures.

    What is signed is the version and the stored file of its text; a request whose
    version is withdrawn is void. See `crm_contract_signature_flow.py` for its life.
    """

    _name = "crm.contract.signature.request"
    _description = "Signature request"
    _inherit = ["crm.contract.owned.mixin", "crm.contract.named.mixin"]
    _order = "id desc"
    _rec_name = "contract_id"
    _check_company_auto = True

    contract_id = fields.Many2one(
        "crm.contract",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("state", "=", "to_sign")],
        check_company=True,
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, index=True, owned=True
    )
    commercial_partner_id = fields.Many2one(
        related="contract_id.commercial_partner_id",
        string="Customer",
        store=True,
        index=True,
        owned=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Requested by",
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
        check_company=True,
        index=True,
        help="Is told of each step.",
    )
    state = fields.Selection(
        REQUEST_STATES,
        default="draft",
        required=True,
        copy=False,
        index=True,
        group_expand=True,
        owned=True,
    )
    signatory_ids = fields.One2many(
        "crm.contract.signatory", "request_id", string="Signatories", copy=False
    )
    date_expiry = fields.Date(
        string="Open until",
        compute="_compute_terms",
        store=True,
        readonly=False,
        precompute=True,
        help="Last day on which it can be signed; without one, it stays open.",
    )
    reminder_days = fields.Integer(
        string="Reminder after (days)",
        compute="_compute_terms",
        store=True,
        readonly=False,
        precompute=True,
        help="Those who have not signed are reminded, again and again; 0 for never.",
    )
    note = fields.Text(
        string="Message to the signatories", help="Stands in the invitation."
    )

    version_id = fields.Many2one(
        "crm.contract.version",
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        help="What is signed, from the moment on that the request is sent.",
        owned=True,
    )
    content_hash = fields.Char(
        copy=False,
        help="SHA-256 of the content of the version that is signed.",
        owned=True,
    )
    text_id = fields.Many2one(
        "crm.contract.document",
        copy=False,
        ondelete="restrict",
        help="The file that signatories read.",
        owned=True,
    )
    text_sha256 = fields.Char(string="SHA-256 of the text", copy=False, owned=True)
    document_id = fields.Many2one(
        "crm.contract.document",
        string="Signed contract",
        copy=False,
        ondelete="restrict",
        help="The file with all signatures.",
        owned=True,
    )
    date_sent = fields.Datetime(string="Sent on", copy=False, owned=True)
    date_closed = fields.Datetime(string="Closed on", copy=False, owned=True)
    date_reminder = fields.Date(string="Next reminder", copy=False, owned=True)
    reason = fields.Char(
        copy=False, help="Why it was declined or withdrawn, or by what.", owned=True
    )
    problem = fields.Text(
        string="Can't be completed",
        copy=False,
        help="Why the last signature did not make the contract a signed one.",
        owned=True,
    )
    waiting_side = fields.Selection(
        [*SIDES, ("both", "Both sides")],
        string="Waits for",
        compute="_compute_waiting_side",
        store=True,
        owned=True,
    )
    waiting_names = fields.Char(string="Whose turn", compute="_compute_waiting_names")
    can_sign = fields.Boolean(compute="_compute_can_sign")
    progress = fields.Char(string="Signatures", compute="_compute_progress")

    _open_uniq = models.UniqueIndex(
        "(contract_id) WHERE state IN ('draft', 'open')",
        "There is a signature request for this contract already.",
    )
    # Looked up by the daily job.
    _open_idx = models.Index("(date_expiry, date_reminder) WHERE state = 'open'")

    @api.depends("contract_id")
    def _compute_display_name(self):
        for request in self:
            request.display_name = self.env._(
                "Signatures: %s", request.contract_id.display_name
            )

    @api.depends("contract_id")
    def _compute_terms(self):
        for request in self:
            contract_type = request.contract_id.type_id
            days = contract_type.signature_days
            today = request.contract_id.company_id._get_today()
            request.date_expiry = days and fields.Date.add(today, days=days)
            request.reminder_days = contract_type.signature_reminder_days

    @api.depends("state", "signatory_ids.state", "signatory_ids.side")
    def _compute_waiting_side(self):
        for request in self:
            sides = set(request._get_waited_for().mapped("side"))
            request.waiting_side = (
                "both" if len(sides) > 1 else next(iter(sides), False)
            )

    @api.depends("state", "signatory_ids.state", "signatory_ids.name")
    def _compute_waiting_names(self):
        for request in self:
            names = request._get_waited_for().mapped("name")
            request.waiting_names = ", ".join(filter(None, names))

    @api.depends("state", "signatory_ids.state", "signatory_ids.user_id")
    @api.depends_context("uid")
    def _compute_can_sign(self):
        for request in self:
            request.can_sign = bool(request._get_my_signatory())

    @api.depends("signatory_ids.state", "signatory_ids.role")
    def _compute_progress(self):
        for request in self:
            signers = request._get_signers()
            signed = signers.filtered(lambda row: row.state == "signed")
            request.progress = f"{len(signed)} / {len(signers)}"

    @api.model_create_multi
    def create(self, vals_list):
        self._check_named(vals_list)
        # Of what has just come to an end, the unique index has to know.
        self.flush_model(["state"])
        requests = super().create(vals_list)
        requests._check_contracts()
        requests.filtered(lambda row: not row.signatory_ids)._propose_signatories()
        return requests

    def write(self, vals):
        self._check_named([vals])
        if "contract_id" in vals and any(
            row.contract_id.id != vals["contract_id"] for row in self
        ):
            raise UserError(
                self.env._("A signature request stays with its contract. Make another.")
            )
        # Signatories say themselves what of them may still change.
        if not self.env.su and not vals.keys() <= {"user_id", "signatory_ids"}:
            self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        self._check_draft()

    def _check_contracts(self):
        """Refuse requests for contracts that nobody may sign now, or not by this user."""
        self.contract_id.check_access("write")
        wrong = self.contract_id.filtered(lambda contract: contract.state != "to_sign")
        if wrong:
            raise UserError(
                self.env._(
                    "%s can't be signed: submit it first, and wait for its approval "
                    "where it needs one. What is signed is not signed again.",
                    ", ".join(wrong.mapped("display_name")),
                )
            )

    def _check_draft(self):
        sent = self.filtered(lambda request: request.state != "draft")
        if sent:
            raise UserError(
                self.env._(
                    "%s was sent and can't be changed or deleted. Withdraw it and make "
                    "another.",
                    ", ".join(sent.mapped("display_name")),
                )
            )

    def _propose_signatories(self):
        """Add those of the last request, or those whom contract and type name."""
        former = self._get_former()
        self.env["crm.contract.signatory"].create(
            [
                {"request_id": request.id, **vals}
                for request in self
                for vals in request._prepare_signatories(former)
            ]
        )

    def _get_former(self):
        """Return the last requests of the same contracts: `{contract: request}`."""
        rows = self.search(
            [
                ("contract_id", "in", self.contract_id.ids),
                ("id", "not in", self.ids),
                ("date_sent", "!=", False),
            ],
            order="id",
        )
        return {row.contract_id: row for row in rows}

    def _prepare_signatories(self, former):
        """Return the values of the signatories to begin with (list of dict).

        :param former: as of `_get_former`
        """
        self.ensure_one()
        if self.contract_id in former:
            rows = former[self.contract_id].signatory_ids
            rows = rows.filtered(lambda row: row.state != "handed_over")
            return [row._prepare_again() for row in rows]
        contract = self.contract_id
        order = contract.type_id.signing_order
        person = contract.customer_signatory_id
        if not person and not contract.partner_id.is_company:
            person = contract.partner_id
        customers = [
            {
                "side": "customer",
                "partner_id": partner.id,
                "sequence": _SECOND if order == "company" else _FIRST,
            }
            for partner in person
        ]
        return customers + [
            {
                "side": "company",
                "user_id": user.id,
                "sequence": _SECOND if order == "customer" else _FIRST,
            }
            for user in self._get_our_signatories()
        ]

    def _get_our_signatories(self):
        """Return the users who sign for us (active users of the company)."""
        contract = self.contract_id
        # sudo: who signs for us is printed on contracts
        users = (
            contract.company_signatory_id or contract.type_id.sudo().signature_user_ids
        )
        return users.filtered(
            lambda user: user.active and contract.company_id in user.sudo().company_ids
        )

    def _get_signers(self):
        """Return those who have to sign, whoever was replaced left out."""
        return self.signatory_ids.filtered(
            lambda row: row.role == "signer" and row.state != "handed_over"
        )

    def _get_waited_for(self):
        """Return the signatories whose turn it is."""
        return self.filtered(lambda row: row.state == "open").signatory_ids.filtered(
            lambda row: row.state in ("invited", "opened")
        )

    @api.model
    def _get_open_domain(self):
        return Domain("state", "=", "open")
