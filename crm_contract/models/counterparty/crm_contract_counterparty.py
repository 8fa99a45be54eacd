from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.bounds import is_id

LISTS = [
    ("none", "On no list"),
    ("watch", "Watch list"),
    ("black", "Black list"),
]
_LIST_TERMS = frozenset({"list_status", "list_reason", "list_since", "list_until"})


class CrmContractCounterparty(models.Model):
    """What is known of a customer before a contract is signed with it.

    The commercial entity bears it, whichever of its contacts a contract names. A file is
    for one of our companies, or for all of them; of several, the strictest counts, so
    that customers that are merged lose nothing that was known.
    """

    _name = "crm.contract.counterparty"
    _description = "Counterparty file"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "crm.contract.owned.mixin",
        "crm.contract.named.mixin",
    ]
    _order = "id desc"
    _rec_name = "partner_id"
    _rec_names_search = ["partner_id"]
    _check_company_auto = True

    active = fields.Boolean(default=True, tracking=True)
    # No unique index: merging contacts would delete the second file.
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="Its commercial entity; contacts share the file.",
    )
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        help="Empty: the file is for all companies.",
        tracking=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Looked after by",
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
        check_company=True,
        tracking=True,
        help="Is reminded of what expires.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )

    list_status = fields.Selection(
        LISTS, string="List", required=True, default="none", tracking=True, index=True
    )
    list_reason = fields.Text(string="Why", tracking=True)
    list_since = fields.Date(string="Since", tracking=True)
    list_until = fields.Date(
        string="Until", tracking=True, help="Last day on the list; empty: for good."
    )
    listed_by_id = fields.Many2one(
        "res.users",
        string="Listed by",
        readonly=True,
        copy=False,
        help="Who put it on the list, or changed that last.",
        owned=True,
    )

    has_credit_limit = fields.Boolean(string="Credit limit", tracking=True)
    credit_limit = fields.Monetary(
        string="May owe",
        tracking=True,
        help="What is owed already and the value of a new contract must not go beyond.",
    )
    credit_rating = fields.Char(string="Rating", tracking=True)
    credit_checked = fields.Date(string="Checked on", tracking=True)
    credit_until = fields.Date(
        string="To be checked by", tracking=True, help="Is told when it is over."
    )
    qualification_ids = fields.One2many(
        "crm.contract.qualification", "counterparty_id", string="Qualifications"
    )
    note = fields.Text()

    _limit_positive = models.Constraint(
        "CHECK (credit_limit >= 0)", "A credit limit must not be negative."
    )
    _list_dates = models.Constraint(
        "CHECK (list_until >= list_since)", "A list ends on or after its first day."
    )

    @api.depends("partner_id", "company_id")
    def _compute_display_name(self):
        for row in self:
            names = (row.partner_id.display_name, row.company_id.name)
            row.display_name = " – ".join(filter(None, names))

    @api.constrains("list_status", "list_reason")
    def _check_list_reason(self):
        for row in self:
            if row.list_status != "none" and not (row.list_reason or "").strip():
                raise ValidationError(
                    self.env._(
                        "Say why %s is on the list.", row.partner_id.display_name
                    )
                )

    @api.constrains("partner_id", "company_id", "active")
    def _check_only_one(self):
        for row in self.filtered("active"):
            # sudo: that there is one, whoever may see it
            twin = self.sudo().search(
                [
                    ("id", "!=", row.id),
                    ("partner_id", "=", row.partner_id.id),
                    ("company_id", "=", row.company_id.id),
                ],
                limit=1,
            )
            if twin:
                raise ValidationError(
                    self.env._(
                        "There is a file of %s already. Change that one.",
                        row.partner_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        self._check_named(vals_list)
        rows = super().create([self._with_bearer(vals) for vals in vals_list])
        rows.filtered(lambda row: row.list_status != "none")._note_list()
        return rows

    def write(self, vals):
        self._check_named([vals])
        result = super().write(self._with_bearer(vals))
        if not _LIST_TERMS.isdisjoint(vals):
            self._note_list()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_listed(self):
        listed = self.filtered(lambda row: row.list_status != "none")
        if listed:
            raise UserError(
                self.env._(
                    "%s is on a list. Take it off first, so that it is known who did.",
                    ", ".join(listed.mapped("display_name")),
                )
            )

    @api.model
    def _with_bearer(self, vals):
        """Return values whose file is that of the commercial entity."""
        # What is no record is told by what looks at all values.
        partner_id = vals.get("partner_id")
        partner = self.env["res.partner"].browse(is_id(partner_id) and partner_id or ())
        if not partner.exists():
            return vals
        return dict(vals, partner_id=partner.commercial_partner_id.id)

    def _note_list(self):
        """Note who changed a list, and since when it is so."""
        for row in self:
            since = row.list_since
            if row.list_status != "none" and not since:
                since = (row.company_id or self.env.company)._get_today()
            # sudo: owned field; that the user may write the file was checked
            row.sudo().write({"listed_by_id": self.env.uid})
            if since != row.list_since:
                row.list_since = since

    def _get_list(self, today):
        """Return on which list the customer is on a day (key of `LISTS`)."""
        self.ensure_one()
        begins = not self.list_since or self.list_since <= today
        goes_on = not self.list_until or self.list_until >= today
        return self.list_status if begins and goes_on else "none"
