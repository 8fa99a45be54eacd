from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.records import one


class CrmContract(models.Model):
    """A customer contract: identity, origin and family.

    The other topics (parties, term, text, figures, content, life cycle, documents)
    stand in files of their own beside this one.
    """

    _name = "crm.contract"
    _description = "Contract"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "sequence.mixin",
        "crm.contract.content.mixin",
    ]
    _order = "id desc"
    _rec_names_search = ["name", "number", "partner_id"]
    _check_company_auto = True
    _mail_post_access = "read"
    _sequence_field = "number"
    _sequence_date_field = "date_number"
    _sequence_index = "company_id"

    name = fields.Char(
        string="Title",
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        tracking=True,
        index="trigram",
        content=True,
    )
    number = fields.Char(
        readonly=True,
        copy=False,
        index="trigram",
        help="Given on first submission, per type, company and year, without gaps.",
        owned=True,
    )
    date_number = fields.Date(
        string="Numbered on", readonly=True, copy=False, owned=True
    )
    kind = fields.Selection(
        [("contract", "Contract")],
        default="contract",
        required=True,
        readonly=True,
        copy=False,
        owned=True,
    )
    origin_id = fields.Many2one(
        "crm.contract",
        string="Predecessor",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        owned=True,
    )
    root_id = fields.Many2one(
        "crm.contract",
        string="First of the family",
        compute="_compute_root_id",
        store=True,
        recursive=True,
        index="btree_not_null",
    )
    active = fields.Boolean(default=True, copy=False)
    color = fields.Integer()
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        tracking=True,
        content=True,
    )
    type_id = fields.Many2one(
        "crm.contract.type",
        required=True,
        index=True,
        tracking=True,
        check_company=True,
        ondelete="restrict",
        default=lambda self: self.env["crm.contract.type"].search(
            [("company_id", "in", (False, self.env.company.id))], limit=1
        ),
        content=True,
    )
    template_id = fields.Many2one(
        "crm.contract.template",
        check_company=True,
        domain="[('type_id', '=', type_id)]",
        index="btree_not_null",
        content=True,
    )
    lang_id = fields.Many2one(
        "res.lang",
        string="Language",
        compute="_compute_lang_id",
        store=True,
        readonly=False,
        precompute=True,
        help="Language in which the contract is printed.",
        content=True,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Salesperson",
        default=lambda self: self.env.user,
        index=True,
        tracking=True,
        check_company=True,
        domain="[('share', '=', False)]",
    )
    team_id = fields.Many2one(
        "crm.team",
        string="Sales team",
        compute="_compute_team_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        check_company=True,
    )
    tag_ids = fields.Many2many("crm.tag", string="Tags")
    note = fields.Html(string="Internal notes")
    opportunity_id = fields.Many2one(
        "crm.lead",
        index="btree_not_null",
        check_company=True,
        copy=False,
        domain="[('type', '=', 'opportunity'), '|', ('partner_id', '=', False),"
        " ('partner_id', 'child_of', partner_id)]",
    )
    order_ids = fields.One2many(
        "sale.order",
        "contract_id",
        string="Sales orders",
        groups="sales_team.group_sale_salesman",
    )
    line_ids = fields.One2many(
        "crm.contract.line", "contract_id", string="Service content"
    )
    milestone_ids = fields.One2many(
        "crm.contract.milestone", "contract_id", string="Milestones"
    )

    _number_uniq = models.UniqueIndex(
        "(number, company_id) WHERE number IS NOT NULL",
        "This contract number is taken.",
    )
    # The daily job looks for who begins and who ends, not for who did so long ago.
    _expire_idx = models.Index("(date_end) WHERE state IN ('running', 'suspended')")
    _start_idx = models.Index("(date_start) WHERE state = 'signed'")
    # What lists, boards and pivots sum up is read from here, not from wide rows.
    _sums_idx = models.Index(
        "(company_id, state, type_id, partner_id, team_id, date_start, amount_company,"
        " id) WHERE active IS TRUE"
    )

    @api.depends("template_id")
    def _compute_name(self):
        for contract in self:
            contract.name = contract.name or contract.template_id.title

    @api.depends("name", "number")
    def _compute_display_name(self):
        for contract in self:
            contract.display_name = " ".join(
                filter(None, (contract.number, contract.name))
            )

    @api.depends("origin_id.root_id")
    def _compute_root_id(self):
        for contract in self:
            contract.root_id = contract.origin_id.root_id or contract.origin_id

    @api.depends("template_id", "partner_id")
    def _compute_lang_id(self):
        lang = self.env["res.lang"]
        for contract in self:
            contract.lang_id = (
                contract.template_id.lang_id
                or lang._lang_get(contract.partner_id.lang or "")
                or contract.lang_id
            )

    @api.depends("user_id", "company_id")
    def _compute_team_id(self):
        teams = {}
        for contract in self:
            key = (contract.user_id.id, contract.company_id.id)
            if key not in teams:
                teams[key] = self.env["crm.team"]._get_default_team_id(
                    user_id=contract.user_id.id,
                    domain=[("company_id", "in", (False, contract.company_id.id))],
                )
            contract.team_id = teams[key]

    @api.constrains("currency_id", "company_id", "partner_id", "type_id")
    def _check_partner_active(self):
        for contract in self:
            if contract.partner_id and not contract.partner_id.active:
                raise ValidationError(
                    self.env._(
                        "The customer %(customer)s is archived. Choose another customer"
                        " or restore this one.",
                        customer=contract.partner_id.display_name,
                    )
                )

    def write(self, vals):
        if vals.get("active") is False:
            self._check_can_archive()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_numbered(self):
        numbered = self.filtered(lambda c: c.number or c.state != "draft")
        if numbered:
            raise UserError(
                self.env._(
                    "%(contracts)s can't be deleted: a number was given, and numbers "
                    "have no gaps. %(instead)s",
                    contracts=", ".join(numbered.mapped("display_name")),
                    instead=_get_way_out(numbered[0]),
                )
            )

    @api.model
    def get_empty_list_help(self, help_message):
        """Ask nobody to make contracts who may not."""
        if self.has_access("create"):
            return super().get_empty_list_help(help_message)
        return Markup('<p class="o_view_nocontent_smiling_face">%s</p>') % self.env._(
            "No contract here"
        )

    def activity_schedule(self, *args, **kwargs):
        model = super(CrmContract, self._without_defaults())
        return model.activity_schedule(*args, **kwargs)

    def action_view_orders(self):
        """Open the sales orders of the contract."""
        one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id("sale.action_orders")
        return dict(
            action,
            domain=[("contract_id", "=", self.id)],
            context={"default_partner_id": self.partner_id.id},
        )

    def action_view_opportunity(self):
        """Open the opportunity that the contract was made from."""
        one(self)
        return self.opportunity_id._get_records_action()

    @api.model
    def _get_archivable_states(self):
        """Return the states in which a contract may be archived; see satellites."""
        return ("draft", "cancelled", "ended")

    def _check_can_archive(self):
        over = self._get_archivable_states()
        live = self.filtered(lambda contract: contract.state not in over)
        if live:
            raise UserError(
                self.env._(
                    "%(contracts)s can't be archived: only drafts, cancelled and ended "
                    "contracts can.",
                    contracts=", ".join(live.mapped("display_name")),
                )
            )

    def _mail_get_partner_fields(self, introspect_fields=False):
        return ["partner_id"]


def _get_way_out(contract):
    """Return what can be done to a contract that can't be deleted (str)."""
    if contract.state in ("draft", "review", "to_sign"):
        return contract.env._("Cancel it instead.")
    if contract.state in contract._get_archivable_states():
        return contract.env._("Archive it instead.")
    if contract.performs:
        return contract.env._("End it instead; after that it can be archived.")
    return contract.env._("What was signed stays.")
