from odoo import api, fields, models
from odoo.exceptions import LockError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import clean_context

from ...tools.reading import reading
from ...tools.records import one, search_flag
from .crm_contract_type import FORUMS

STATES = [
    ("negotiation", "Negotiation"),
    ("mediation", "Mediation"),
    ("arbitration", "Arbitration"),
    ("court", "Court"),
    ("settled", "Settled"),
    ("decided", "Adjudicated"),
    ("withdrawn", "Withdrawn"),
]
OPEN = ("negotiation", "mediation", "arbitration", "court")
# Contracts that something can be in dispute under.
IN_FORCE = ("signed", "running", "suspended", "ended")
INVOICES = (
    "account.group_account_invoice,account.group_account_readonly,"
    "sales_team.group_sale_salesman"
)
LINKS = ("installment_ids", "invoice_ids", "obligation_ids", "document_ids")
# What a dispute is about stays what it is, once it is there.
LASTING = ("contract_id", "date_opened")


class CrmContractDispute(models.Model):
    """What the parties to a contract disagree on, from the first letter to the award."""

    _name = "crm.contract.dispute"
    _description = "Dispute"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "crm.contract.owned.mixin",
        "crm.contract.named.mixin",
    ]
    _order = "date_opened desc, id desc"
    _rec_names_search = ["number", "name"]

    number = fields.Char(readonly=True, copy=False, index=True, owned=True)
    name = fields.Char(string="Matter", required=True, tracking=True)
    contract_id = fields.Many2one(
        "crm.contract",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("performs", "=", True), ("state", "in", IN_FORCE)],
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, index=True
    )
    partner_id = fields.Many2one(
        related="contract_id.partner_id", store=True, index=True, string="Customer"
    )
    currency_id = fields.Many2one(related="contract_id.currency_id", store=True)
    type_id = fields.Many2one(related="contract_id.type_id", store=True)
    cause_id = fields.Many2one(
        "crm.contract.dispute.cause", index=True, ondelete="restrict", tracking=True
    )
    raised_by = fields.Selection(
        [("theirs", "Customer"), ("ours", "Our company")],
        string="Raised by",
        required=True,
        default="theirs",
        tracking=True,
    )
    amount_claim = fields.Monetary(
        string="Claim", tracking=True, help="What whoever raised it asks for."
    )
    amount_counter = fields.Monetary(
        string="Counter-claim", tracking=True, help="What the other side asks for."
    )
    clause_id = fields.Many2one(
        "crm.contract.clause",
        ondelete="set null",
        domain="[('contract_id', '=', contract_id)]",
    )
    clause_quote = fields.Text(
        string="Quoted clause", compute="_compute_clause_quote", store=True
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        index="btree_not_null",
        default=lambda self: self.env.user,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        tracking=True,
    )
    description = fields.Text(string="Facts")
    position = fields.Text(string="Our position", help="For our side alone.")
    date_opened = fields.Date(
        string="Since",
        required=True,
        default=lambda self: self.env.company._get_today(),
        tracking=True,
        help="Day on which the dispute began; what is disputed bears no interest from "
        "then on.",
    )
    date_closed = fields.Date(
        string="Closed on", readonly=True, copy=False, tracking=True, owned=True
    )
    outcome = fields.Text(readonly=True, copy=False, owned=True)
    state = fields.Selection(
        STATES,
        required=True,
        readonly=True,
        default="negotiation",
        index=True,
        copy=False,
        tracking=True,
        owned=True,
    )
    is_open = fields.Boolean(
        compute="_compute_is_open", store=True, help="Nobody has settled or decided it."
    )
    forum = fields.Selection(
        FORUMS,
        string="Ends in",
        compute="_compute_forum",
        help="As the contract, or its type, says; empty: either.",
    )

    installment_ids = fields.Many2many(
        "crm.contract.installment",
        "crm_contract_dispute_installment_rel",
        "dispute_id",
        "installment_id",
        string="Disputed rows",
        copy=False,
        domain="[('contract_id', '=', contract_id), ('was_billed', '=', True)]",
        help="Rows of the ledger that are invoiced; none of them is overdue until the "
        "dispute is closed.",
    )
    invoice_ids = fields.Many2many(
        "account.move",
        "crm_contract_dispute_invoice_rel",
        "dispute_id",
        "move_id",
        string="Invoices",
        copy=False,
        groups=INVOICES,
        domain="[('contract_id', '=', contract_id)]",
        help="Their rows of this contract are disputed.",
    )
    obligation_ids = fields.Many2many(
        "crm.contract.obligation",
        "crm_contract_dispute_obligation_rel",
        "dispute_id",
        "obligation_id",
        string="Obligations",
        copy=False,
        domain="[('contract_id', '=', contract_id)]",
    )
    document_ids = fields.Many2many(
        "crm.contract.document",
        "crm_contract_dispute_document_rel",
        "dispute_id",
        "document_id",
        string="Documents",
        copy=False,
        domain="[('contract_id', '=', contract_id)]",
    )

    _amounts_positive = models.Constraint(
        "CHECK (amount_claim >= 0 AND amount_counter >= 0)",
        "Claim and counter-claim must not be negative.",
    )
    # Forms, approvals, renewals ask for the few that are open.
    _open_idx = models.Index("(contract_id) WHERE is_open IS TRUE")

    @api.depends("number", "name")
    def _compute_display_name(self):
        for row in self:
            row.display_name = ": ".join(filter(None, (row.number, row.name)))

    @api.depends("clause_id")
    def _compute_clause_quote(self):
        """Quote the clause as it is when it is chosen, whatever is amended later."""
        for row in self:
            text = row.clause_id.body_frozen or row.clause_id.body
            if text or not row.clause_quote:
                row.clause_quote = text and reading(text, breaks=True)
            else:
                row.clause_quote = row.clause_quote

    @api.depends("state")
    def _compute_is_open(self):
        for row in self:
            row.is_open = row.state in OPEN

    @api.depends("contract_id.dispute_method", "type_id.dispute_forum")
    def _compute_forum(self):
        for row in self:
            # sudo: what is agreed, and what the type says
            contract = row.sudo().contract_id
            agreed = contract.dispute_method
            # Without an agreement on arbitration, courts decide.
            usual = contract.type_id.dispute_forum
            row.forum = (
                agreed if agreed == "arbitration" else agreed and "court" or usual
            )

    # Bounds of what may be disputed

    @api.constrains("contract_id")
    def _check_contract(self):
        for row in self:
            # sudo: state and kind of a contract that was named, and so may be read
            contract = row.sudo().contract_id
            if not contract.performs:
                raise ValidationError(
                    self.env._(
                        "%s is no contract of its own: open the dispute on the contract "
                        "that it changes.",
                        contract.display_name,
                    )
                )
            if contract.state not in IN_FORCE:
                raise ValidationError(
                    self.env._(
                        "%s is not signed: there is nothing to dispute yet.",
                        contract.display_name,
                    )
                )

    @api.constrains("contract_id", "clause_id", *LINKS)
    def _check_belongs(self):
        for row in self:
            # sudo: whose they are, which the user may not see
            dispute = row.sudo()
            for name in ("clause_id", *LINKS):
                strangers = dispute[name].filtered(
                    lambda one, d=dispute: not d._is_about(one)
                )
                if strangers:
                    raise ValidationError(
                        self.env._(
                            "A dispute under %(contract)s can't be about this of "
                            "another contract or customer: %(records)s.",
                            contract=dispute.contract_id.display_name,
                            records=", ".join(strangers.mapped("display_name")),
                        )
                    )

    def _is_about(self, record):
        """Return whether a record is of the contract, or an invoice of its customer."""
        contract = self.contract_id
        if record._name != "account.move":
            return record.contract_id == contract
        rows = record._get_ledger_lines()._get_rows() if record.contract_id else ()
        if record.contract_id or rows:
            named = record.contract_id | record.installment_ids.contract_id
            return contract in named
        customers = (
            contract.commercial_partner_id
            | contract.partner_invoice_id.commercial_partner_id
        )
        return (
            record.move_type in ("out_invoice", "out_refund")
            and record.company_id == contract.company_id
            and record.commercial_partner_id in customers
        )

    @api.constrains("installment_ids")
    def _check_billed(self):
        for row in self:
            early = row.sudo().installment_ids.filtered(lambda one: not one.was_billed)
            if early:
                raise ValidationError(
                    self.env._(
                        "Rows that are not invoiced can't be disputed yet: %s.",
                        ", ".join(early.mapped("name")),
                    )
                )

    @api.constrains("date_opened", "contract_id")
    def _check_date_opened(self):
        for row in self:
            signed = row.sudo().contract_id.date_signed
            if row.date_opened > row.company_id._get_today():
                raise ValidationError(
                    self.env._("A dispute can't begin in the future.")
                )
            if signed and row.date_opened < signed:
                raise ValidationError(
                    self.env._("A dispute can't begin before the contract was signed.")
                )

    @api.constrains("user_id", "company_id")
    def _check_user(self):
        for row in self:
            user = row.sudo().user_id
            if user and (user.share or row.company_id not in user.company_ids):
                raise ValidationError(
                    self.env._(
                        "%(user)s is no employee of %(company)s.",
                        user=user.name,
                        company=row.company_id.name,
                    )
                )

    # Records

    @api.model_create_multi
    def create(self, vals_list):
        self._check_named(vals_list)
        rows = super().create(vals_list)
        # sudo: owned fields of what was made with the user's rights
        rows.sudo()._begin()
        return rows

    def write(self, vals):
        """Let open disputes be worked on; what is closed stays as it is.

        :raise UserError: for one that is closed, or if its contract would change
        """
        self._check_named([vals])
        if not self.env.su:
            self._check_changes(vals)
        # sudo: of whom marks are taken, the user may see the disputes alone
        before = self.sudo().installment_ids
        lasting = [tuple(row[name] for name in LASTING) for row in self]
        result = super().write(vals)
        if not self.env.su and not set(LASTING).isdisjoint(vals):
            self._check_lasting(lasting)
        if not {"installment_ids", "invoice_ids"}.isdisjoint(vals):
            self.sudo()._take_invoices()
            (before | self.sudo().installment_ids)._mark_disputed()
        return result

    def _check_lasting(self, before):
        """Refuse that what lasts was changed: what a client sent is read by then.

        :param before: values of `LASTING` of each record (list of tuples)
        """
        for row, values in zip(self, before, strict=True):
            for name, value in zip(LASTING, values, strict=True):
                if row[name] != value:
                    raise UserError(
                        self.env._(
                            "“%s” of a dispute can't be changed: withdraw it and open "
                            "another one.",
                            self._fields[name]._description_string(self.env),
                        )
                    )

    def _check_changes(self, vals):
        closed = self.filtered(lambda row: not row.is_open)
        touched = {*LINKS, "amount_claim", "amount_counter", "raised_by", "clause_id"}
        if closed and touched.intersection(vals):
            raise UserError(
                self.env._(
                    "%s is closed: reopen it before you change what it is about.",
                    ", ".join(closed.mapped("display_name")),
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Disputes can't be deleted: withdraw them instead."))

    def copy(self, default=None):  # pylint: disable=method-required-super
        """Refuse: what is disputed is told each time."""
        raise UserError(self.env._("Disputes can't be copied: open another one."))

    def activity_schedule(self, *args, **kwargs):
        # A client's context has defaults for what its action shows.
        clean = self.with_context(clean_context(self.env.context))
        return super(CrmContractDispute, clean).activity_schedule(*args, **kwargs)

    def _lock_rows(self):
        try:
            self.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise LockError(
                self.env._(
                    "Somebody else is changing %s right now. Try again in a moment.",
                    ", ".join(self.mapped("display_name")),
                )
            ) from error

    @api.model
    def _get_open(self, contracts):
        """Return the open disputes of contracts: `{contract: disputes}` (sudo).

        By way of the contracts, so that a batch has them all.
        """
        # sudo: that there are some, told to whoever may read the contract
        rows = contracts.sudo().dispute_ids
        return rows.filtered("is_open").grouped("contract_id")

    def action_view_contract(self):
        """Open the contract."""
        return one(self).contract_id._get_records_action()


class CrmContract(models.Model):
    _inherit = "crm.contract"

    dispute_ids = fields.One2many(
        "crm.contract.dispute", "contract_id", string="Disputes", readonly=True
    )


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    dispute_ids = fields.Many2many(
        "crm.contract.dispute",
        "crm_contract_dispute_installment_rel",
        "installment_id",
        "dispute_id",
        string="Disputes",
        readonly=True,
        copy=False,
        owned=True,
    )


class AccountMove(models.Model):
    """Disputes on the invoice that they are about."""

    _inherit = "account.move"

    contract_dispute_ids = fields.Many2many(
        "crm.contract.dispute",
        "crm_contract_dispute_invoice_rel",
        "move_id",
        "dispute_id",
        string="Named by disputes",
        readonly=True,
        copy=False,
        owned=True,
        groups="crm_contract.crm_contract_group_reader,"
        "crm_contract.crm_contract_group_user,account.group_account_invoice",
    )
    is_disputed = fields.Boolean(
        string="Disputed",
        compute="_compute_is_disputed",
        search="_search_is_disputed",
        compute_sudo=True,
        help="The invoice, or a row of a contract that it bills, is in dispute.",
        owned=True,
    )

    @api.depends(
        "installment_ids.is_disputed",
        "contract_dispute_ids.is_open",
        "line_ids.installment_id.is_disputed",
    )
    def _compute_is_disputed(self):
        for move in self:
            rows = move.installment_ids
            if rows:
                move.is_disputed = any(rows.mapped("is_disputed"))
            else:
                move.is_disputed = any(move.contract_dispute_ids.mapped("is_open"))

    @api.model
    def _search_is_disputed(self, operator, value):
        return search_flag(operator, value, self._get_disputed_domain)

    @api.model
    def _get_disputed_domain(self):
        # sudo: which invoices, of those that somebody may read
        rows = self.env["crm.contract.installment"].sudo()
        disputed = rows.search([("is_disputed", "=", True)])
        disputes = self.env["crm.contract.dispute"].sudo()
        named = disputes.search([("is_open", "=", True), ("invoice_ids", "!=", False)])
        moves = named.invoice_ids.filtered(lambda move: not move.contract_id)
        if disputed:
            moves |= self.sudo().search([("installment_ids", "in", disputed.ids)])
        return Domain("id", "in", moves.ids)
