import base64

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...tools.canonical import file_hash
from ...tools.records import search_flag
from ..signature.crm_contract_signatory_doors import LETTERS, MAX_LETTER

# Whoever changes one of these grants the authority anew
_TERMS = frozenset(
    {
        "company_id",
        "user_id",
        "partner_id",
        "name",
        "email",
        "type_ids",
        "kind",
        "is_unlimited",
        "amount_max",
        "date_from",
        "date_until",
        "letter",
        "letter_name",
    }
)


class CrmContractAuthority(models.Model):
    """Register of who may sign for a company: which contracts, up to which amount.

    Nobody grants himself an authority, nor changes his own: neither by the form nor by
    any other way, whatever his rights.
    """

    _name = "crm.contract.authority"
    _description = "Authority to sign"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "crm.contract.expiry.mixin",
        "crm.contract.named.mixin",
    ]
    _order = "company_id, name, id"
    _check_company_auto = True

    active = fields.Boolean(
        default=True, tracking=True, help="An archived authority is revoked."
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        tracking=True,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain=[("share", "=", False)],
        tracking=True,
        help="Empty for somebody who has no log-in, such as a director.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Person",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    # Not those of the contact of today: others may change that.
    name = fields.Char(
        compute="_compute_person",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        tracking=True,
        help="As he signs on paper.",
    )
    email = fields.Char(
        compute="_compute_person",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="To which he gets what he signs online.",
    )
    type_ids = fields.Many2many(
        "crm.contract.type",
        "crm_contract_authority_type_rel",
        string="Contract types",
        check_company=True,
        help="Empty for all types.",
    )
    kind = fields.Selection(selection="_select_kind", help="Empty for all kinds.")
    is_unlimited = fields.Boolean(string="Any amount", tracking=True)
    amount_max = fields.Monetary(
        string="Up to",
        tracking=True,
        help="Value of a contract, taxes included, in the currency of the company at the "
        "rate of the day.",
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: self.env.company._get_today(),
        tracking=True,
    )
    date_until = fields.Date(
        string="Until", tracking=True, help="Last day; empty: it does not expire."
    )
    letter = fields.Binary(
        string="Letter of authority",
        attachment=True,
        copy=False,
        help="PDF or picture. A copy goes to what he signs.",
    )
    letter_name = fields.Char(copy=False)
    letter_sha256 = fields.Char(
        string="SHA-256 of the letter",
        compute="_compute_letter_sha256",
        store=True,
        tracking=True,
    )
    note = fields.Text(help="For whoever keeps the register.")
    granted_by_id = fields.Many2one(
        "res.users",
        string="Granted by",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="Who entered the terms, or changed them last.",
        owned=True,
    )
    is_valid = fields.Boolean(
        string="Valid",
        compute="_compute_is_valid",
        search="_search_is_valid",
        help="Today, and the person is there.",
    )

    _amount_positive = models.Constraint(
        "CHECK (is_unlimited IS TRUE OR COALESCE(amount_max, 0) > 0)",
        "Say up to which amount he may sign, or that he may sign any.",
    )
    _dates_order = models.Constraint(
        "CHECK (date_until >= date_from)",
        "An authority ends on or after its first day.",
    )

    @api.model
    def _select_kind(self):
        kinds = self.env["crm.contract"]._fields["kind"]
        return kinds._description_selection(self.env)

    @api.depends("user_id")
    def _compute_partner_id(self):
        for row in self:
            # sudo: the contact of a user whom the register names
            person = row.user_id.sudo().partner_id
            row.partner_id = person or row.partner_id

    @api.depends("user_id", "partner_id")
    def _compute_person(self):
        for row in self:
            # sudo: as above
            person = row.user_id.sudo().partner_id or row.partner_id
            row.name = person.name or row.name
            row.email = person.email or row.email

    @api.depends("letter")
    def _compute_letter_sha256(self):
        for row in self:
            letter = row._get_letter()
            row.letter_sha256 = file_hash(letter) if letter else False

    @api.depends("active", "date_from", "date_until", "user_id", "partner_id")
    def _compute_is_valid(self):
        valid = self.filtered_domain(self._get_valid_domain())
        for row in self:
            row.is_valid = row in valid

    def _search_is_valid(self, operator, value):
        return search_flag(operator, value, self._get_valid_domain)

    @api.model
    def _get_valid_domain(self):
        there = Domain("active", "=", True) & Domain("partner_id.active", "=", True)
        there &= Domain("user_id", "=", False) | Domain("user_id.active", "=", True)
        return there & self.env["res.company"]._on_days(
            lambda today: (
                Domain("date_from", "<=", today)
                & (Domain("date_until", "=", False) | Domain("date_until", ">=", today))
            )
        )

    @api.constrains("letter")
    def _check_letter(self):
        for row in self:
            letter = row._get_letter()
            if letter and (len(letter) > MAX_LETTER or not letter.startswith(LETTERS)):
                raise ValidationError(
                    self.env._(
                        "The letter of authority has to be a PDF, PNG or JPEG file of "
                        "at most 10 MB."
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        self._check_named(vals_list)
        rows = super().create(vals_list)
        rows._grant()
        return rows

    def write(self, vals):
        self._check_named([vals])
        is_grant = not _TERMS.isdisjoint(vals) or vals.get("active")
        if is_grant and not self.env.su:
            self._check_not_own()
        result = super().write(vals)
        if is_grant:
            self._grant()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(
            self.env._(
                "An authority stays in the register. Archive it, which revokes it."
            )
        )

    def copy_data(self, default=None):
        """A copy begins today: it is another grant."""
        default = {"date_from": self.env.company._get_today(), **(default or {})}
        default.setdefault("date_until", False)
        return super().copy_data(default)

    def _grant(self):
        """Note who grants, and refuse it to whom it is granted.

        :raise UserError: for an authority of one's own
        """
        if self.env.su:
            return
        self._check_not_own()
        # sudo: owned field; who it is was just checked
        self.sudo().granted_by_id = self.env.uid

    def _check_not_own(self):
        if any(row._is_of(self.env.user) for row in self):
            raise UserError(
                self.env._(
                    "Nobody grants himself an authority or changes his own. Ask another "
                    "contract manager."
                )
            )

    def _is_of(self, user):
        """Return whether the authority is that of a user."""
        # sudo: of the register, who it is for
        row, user = self.sudo(), user.sudo()
        return user == row.user_id or user.partner_id == row.partner_id

    def _get_letter(self):
        """Return the letter (bytes, empty without one)."""
        self.ensure_one()
        # Without the context of a client that asks for sizes instead of files.
        return base64.b64decode(self.with_context(bin_size=False).letter or b"")
