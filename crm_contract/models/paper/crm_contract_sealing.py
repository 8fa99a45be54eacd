from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools.pdf_text import count_pages
from ...tools.records import search_flag

SEALING_STATES = [
    ("applied", "Applied for"),
    ("out", "Taken out"),
    ("returned", "Returned"),
    ("refused", "Refused"),
    ("void", "Void"),
]
# Pages that a register can tell of
MOST_COPIES = 1000


class CrmContractSealing(models.Model):
    """A row of the seal register: who applied for which seal, for which text.

    It names the version that was approved. When that is withdrawn, the application is
    void, and what was sealed of it has to be destroyed.
    """

    _name = "crm.contract.sealing"
    _description = "Use of a company seal"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "crm.contract.owned.mixin",
        "crm.contract.named.mixin",
    ]
    _order = "id desc"
    _check_company_auto = True
    _mail_post_access = "read"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="contract_id.company_id", store=True)
    partner_id = fields.Many2one(
        related="contract_id.commercial_partner_id", string="Customer"
    )
    version_id = fields.Many2one(
        "crm.contract.version",
        string="Text",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The approved version that the seal is for.",
        owned=True,
    )
    content_hash_short = fields.Char(
        related="version_id.content_hash_short", string="Short hash"
    )
    text_file = fields.Binary(
        string="Approved text", compute="_compute_text_file", compute_sudo=True
    )
    text_name = fields.Char(compute="_compute_text_file", compute_sudo=True)
    stamp_id = fields.Many2one(
        "crm.contract.stamp",
        string="Which seal",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    purpose = fields.Char(required=True, help="What the sealed paper is for.")
    copies = fields.Integer(
        default=2, required=True, aggregator="sum", help="Copies to be sealed."
    )
    pages = fields.Integer(
        aggregator=None, help="Pages of a copy. Empty: those of the approved text."
    )
    note = fields.Text(string="Notes")
    state = fields.Selection(
        SEALING_STATES, readonly=True, copy=False, index=True, tracking=True, owned=True
    )
    user_id = fields.Many2one(
        "res.users",
        string="Applicant",
        readonly=True,
        copy=False,
        index=True,
        owned=True,
    )
    keeper_id = fields.Many2one(
        "res.users",
        string="Decided by",
        readonly=True,
        copy=False,
        help="The keeper, or deputy, who gave the seal out, sealed or refused.",
        owned=True,
    )
    date_applied = fields.Datetime(
        string="Applied on", readonly=True, copy=False, owned=True
    )
    date_due = fields.Date(string="Back by", copy=False)
    date_out = fields.Datetime(string="Out", readonly=True, copy=False, owned=True)
    date_back = fields.Datetime(string="Back", readonly=True, copy=False, owned=True)
    copies_sealed = fields.Integer(
        string="Copies sealed", readonly=True, copy=False, aggregator="sum", owned=True
    )
    copies_destroyed = fields.Integer(
        string="Copies destroyed",
        readonly=True,
        copy=False,
        aggregator="sum",
        help="Sealed copies of a text that was withdrawn.",
        owned=True,
    )
    reason = fields.Char(
        readonly=True, copy=False, help="Why it was refused.", owned=True
    )
    is_told_late = fields.Boolean(readonly=True, copy=False, owned=True)
    is_withdrawn = fields.Boolean(
        string="Text withdrawn",
        compute="_compute_is_withdrawn",
        search="_search_is_withdrawn",
        compute_sudo=True,
        help="The text is not the one that both sides are to sign any more.",
    )
    is_keeper = fields.Boolean(compute="_compute_is_keeper")

    _copies_positive = models.Constraint(
        "CHECK (copies > 0 AND pages >= 0)", "Say how many copies are to be sealed."
    )
    _copies_sealed_bounds = models.Constraint(
        "CHECK (copies_sealed >= 0 AND copies_sealed <= copies"
        " AND copies_destroyed >= 0 AND copies_destroyed <= copies_sealed)",
        "Not more copies can be sealed, or destroyed, than there are.",
    )
    _open_uniq = models.UniqueIndex(
        "(stamp_id, version_id) WHERE state IN ('applied', 'out')",
        "This seal is applied for already, for the same text.",
    )
    _out_idx = models.Index("(date_due) WHERE state = 'out'")

    @api.depends("contract_id", "stamp_id")
    def _compute_display_name(self):
        for row in self:
            # sudo: the keeper of a seal need not see contracts
            names = row.sudo()
            row.display_name = (
                f"{names.stamp_id.name}: {names.contract_id.display_name}"
            )

    @api.depends("version_id")
    def _compute_text_file(self):
        for row in self:
            texts = row.version_id.document_ids.filtered(lambda d: d.kind == "text")
            text = texts[:1].with_context(bin_size=False)
            row.text_file = text.file
            row.text_name = text.name

    @api.depends("version_id.date_withdrawn", "version_id.date_signed")
    def _compute_is_withdrawn(self):
        withdrawn = self.filtered_domain(self._get_withdrawn_domain())
        for row in self:
            row.is_withdrawn = row in withdrawn

    def _search_is_withdrawn(self, operator, value):
        return search_flag(operator, value, self._get_withdrawn_domain)

    @api.model
    def _get_withdrawn_domain(self):
        # An amendment that was signed stays one, whatever becomes of it.
        return Domain("version_id.date_withdrawn", "!=", False) & Domain(
            "version_id.date_signed", "=", False
        )

    @api.depends("stamp_id")
    @api.depends_context("uid")
    def _compute_is_keeper(self):
        for row in self:
            row.is_keeper = self.env.user in row.stamp_id._get_keepers()

    @api.model
    def _get_bounds(self, field):
        if field.name in ("copies", "pages"):
            return int(field.name == "copies"), MOST_COPIES
        return super()._get_bounds(field)

    @api.model_create_multi
    def create(self, vals_list):
        """Apply for seals.

        :raise UserError: for a text that may not be sealed (yet)
        """
        self._check_named(vals_list)
        rows = super().create(vals_list)
        rows._apply()
        return rows

    def write(self, vals):
        self._check_named([vals])
        if not self.env.su:
            self._check_state("applied")
            if {"contract_id", "stamp_id"} & set(vals):
                raise UserError(
                    self.env._(
                        "An application is for one seal and one contract. Withdraw it "
                        "and apply anew."
                    )
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Rows of the seal register can't be deleted."))

    def _apply(self):
        for row in self:
            if not self.env.su:
                row.contract_id.check_access("write")
            row._check_may_be_sealed()
            # sudo: owned by the register, after the checks
            row.sudo().write(
                {
                    "state": "applied",
                    "version_id": row.contract_id.version_id.id,
                    "user_id": self.env.uid,
                    "date_applied": fields.Datetime.now(),
                    "pages": row.pages or row._count_pages(),
                }
            )
            row._tell_chain("stamp_applied", copies=row.copies)
            stamp = row.stamp_id.sudo()
            row._tell(
                stamp.keeper_id,
                self.env._("%s is applied for", stamp.name),
                row.purpose,
            )

    def _check_may_be_sealed(self):
        """Raise UserError if the text of the contract may not be sealed (any more)."""
        self.ensure_one()
        # sudo: the keeper need not see contracts
        contract, stamp = self.sudo().contract_id, self.sudo().stamp_id
        if self.version_id and self.version_id.sudo() != contract.version_id:
            raise UserError(
                self.env._(
                    "%s: another text was submitted since then.", contract.display_name
                )
            )
        problem = self._get_problem_of(contract)
        if problem:
            raise UserError(problem)
        if not stamp.active:
            raise UserError(self.env._("%s is not in use any more.", stamp.name))
        if stamp.type_ids and contract.type_id not in stamp.type_ids:
            raise UserError(
                self.env._(
                    "%(stamp)s is not for contracts of the type %(type)s.",
                    stamp=stamp.name,
                    type=contract.type_id.name,
                )
            )
        if contract.state == "to_sign":
            self.env["crm.contract.verification"].sudo()._check_unchanged(contract)

    @api.model
    def _get_problem_of(self, contract):
        """Return why the text of a contract can't be sealed (str), "" if it can.

        Extended by satellites.
        """
        name = contract.display_name
        if not contract.number:
            return self.env._("%s has no number yet: submit it first.", name)
        if contract.state == "cancelled":
            return self.env._("%s is cancelled.", name)
        if contract.version_id.date_withdrawn:
            return self.env._("%s is not part of what is agreed any more.", name)
        if contract.state in ("draft", "review") or not contract.version_id:
            return self.env._("%s is not approved yet: nothing is sealed before.", name)
        if contract.type_id.seal_last and not self._has_customer_signed(contract):
            return self.env._(
                "%s: we seal last. Add the scan with the customer's signature first.",
                name,
            )
        return ""

    @api.model
    def _has_customer_signed(self, contract):
        """Return whether the customer has signed the text at hand, on paper or online."""
        if contract.date_signed:
            return True
        version = [("version_id", "=", contract.version_id.id)]
        # sudo: that there is one, whoever asks
        scans = self.env["crm.contract.scan"].sudo()
        if scans.search_count([*version, ("side", "!=", "company")], limit=1):
            return True
        requests = self.env["crm.contract.signature.request"].sudo()
        request = requests.search(
            [*version, ("state", "in", ("open", "done"))], limit=1
        )
        signers = request._get_signers().filtered(lambda row: row.side == "customer")
        return bool(signers) and set(signers.mapped("state")) == {"signed"}

    def _tell_chain(self, kind, **facts):
        # sudo: what the register says
        row = self.sudo()
        facts = {
            "seal": row.stamp_id.name,
            "applicant": row.user_id.name,
            "purpose": row.purpose,
            **facts,
        }
        self.env["crm.contract.event"]._add(
            row.contract_id, kind, facts, version=row.version_id
        )

    def _count_pages(self):
        """Return the pages of the approved text (int), 0 if they can't be counted."""
        # sudo: as in `text_file`
        text = self.sudo().contract_id._get_text_document()
        return count_pages(text._get_file()) if text else 0
