from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.fields import Domain
from odoo.tools import clean_context, format_date

from ...tools.records import search_flag
from .crm_contract_obligation_terms_mixin import EVIDENCE

SIDES = [("ours", "Our company"), ("theirs", "Customer")]
STATES = [
    ("waiting", "Waiting"),
    ("open", "To fulfil"),
    ("done", "Done"),
    ("accepted", "Accepted"),
    ("waived", "Waived"),
    ("cancelled", "Cancelled"),
]
OPEN = ("waiting", "open")


class CrmContractObligation(models.Model):
    """What is due on a day: one occurrence of what a milestone says is agreed.

    Milestones are content of a contract, occurrences are what happens: they are made
    and moved by code alone, see `_move` and `crm.contract.obligation.plan`.
    """

    _name = "crm.contract.obligation"
    _description = "Obligation"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "crm.contract.owned.mixin",
        "crm.contract.named.mixin",
    ]
    _order = "date_due, id"

    contract_id = fields.Many2one(
        "crm.contract",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        owned=True,
    )
    milestone_id = fields.Many2one(
        "crm.contract.milestone",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="What is agreed; empty if an amendment took it away.",
        owned=True,
    )
    installment_id = fields.Many2one(
        "crm.contract.installment",
        string="Missed payment",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        owned=True,
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, index=True
    )
    partner_id = fields.Many2one(
        related="contract_id.partner_id", store=True, index=True, string="Customer"
    )
    contract_state = fields.Selection(
        related="contract_id.state", string="Contract state"
    )
    number = fields.Integer(
        string="No.", readonly=True, default=1, owned=True, aggregator=None
    )
    name = fields.Char(required=True, readonly=True, owned=True)
    description = fields.Text(readonly=True, owned=True)
    side = fields.Selection(
        SIDES,
        string="Obliged",
        required=True,
        readonly=True,
        default="ours",
        help="Who has to fulfil it.",
        owned=True,
    )
    evidence = fields.Selection(
        EVIDENCE, string="Evidence needed", readonly=True, owned=True
    )
    needs_acceptance = fields.Boolean(
        string="Acceptance needed", readonly=True, owned=True
    )
    weight = fields.Integer(readonly=True, default=1, owned=True, aggregator=None)
    clause_id = fields.Many2one(related="milestone_id.clause_id")
    clause_quote = fields.Text(related="milestone_id.clause_quote")
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        index="btree_not_null",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        tracking=True,
    )
    team_id = fields.Many2one("crm.team", index="btree_not_null", tracking=True)
    contact_id = fields.Many2one(
        "res.partner",
        string="Customer's contact",
        index="btree_not_null",
        ondelete="set null",
    )
    date_due = fields.Date(
        string="Due date", readonly=True, index=True, tracking=True, owned=True
    )
    progress = fields.Integer(string="Progress (%)", aggregator="avg")
    note = fields.Text(
        string="What was done", help="How it was fulfilled; evidence where that is so."
    )
    evidence_ids = fields.Many2many(
        "ir.attachment",
        "crm_contract_obligation_evidence_rel",
        "obligation_id",
        "attachment_id",
        string="Files",
        copy=False,
    )
    state = fields.Selection(
        STATES,
        required=True,
        readonly=True,
        default="waiting",
        tracking=True,
        help="Waiting: what it is counted from has not happened yet. Done: fulfilled; "
        "where it takes acceptance, that is waited for.",
        owned=True,
    )
    date_done = fields.Date(
        string="Done on", readonly=True, copy=False, tracking=True, owned=True
    )
    done_by_id = fields.Many2one("res.users", readonly=True, copy=False, owned=True)
    confirmed_by = fields.Char(
        readonly=True,
        copy=False,
        help="Who of the customer confirmed that it is fulfilled, by name.",
        owned=True,
    )
    date_accepted = fields.Date(
        string="Accepted on", readonly=True, copy=False, tracking=True, owned=True
    )
    accepted_by = fields.Char(
        readonly=True, copy=False, help="Who accepted it, by name.", owned=True
    )
    reason = fields.Char(
        readonly=True,
        copy=False,
        tracking=True,
        help="Why it was waived, reopened or not accepted.",
        owned=True,
    )
    is_complete = fields.Boolean(
        compute="_compute_is_complete", store=True, help="Nothing is left to be done."
    )
    is_late = fields.Boolean(
        string="Late", compute="_compute_is_late", search="_search_is_late"
    )
    level = fields.Integer(
        readonly=True,
        copy=False,
        owned=True,
        aggregator=None,
        help="How many of the reminders were given.",
    )
    date_reminder = fields.Date(
        readonly=True, copy=False, owned=True, help="Day of the next reminder."
    )

    _progress_range = models.Constraint(
        "CHECK (progress >= 0 AND progress <= 100)",
        "The progress is 0 to 100 percent.",
    )
    # Whatever derives at the same time, an occurrence is there once.
    _number_uniq = models.UniqueIndex(
        "(milestone_id, number) WHERE milestone_id IS NOT NULL",
        "This obligation is there already.",
    )
    # Reminders are searched by what is due, never by what exists.
    _reminder_idx = models.Index(
        "(date_reminder) WHERE date_reminder IS NOT NULL AND state IN ('waiting', 'open')"
    )

    # Lists of what is to be done pass by what was done long ago.
    _open_idx = models.Index(
        "(date_due, id) INCLUDE (company_id) WHERE state IN ('waiting', 'open')"
    )

    @api.depends("name", "number", "date_due", "milestone_id.recurrence_interval")
    def _compute_display_name(self):
        for row in self:
            # sudo: whoever reads it may read how it is called
            repeats = row.number > 1 or row.sudo().milestone_id.recurrence_interval
            day = repeats and row.date_due and format_date(self.env, row.date_due)
            row.display_name = f"{row.name} ({day})" if day else row.name

    @api.depends("state", "needs_acceptance")
    def _compute_is_complete(self):
        for row in self:
            done = row.state == "done" and not row.needs_acceptance
            row.is_complete = done or row.state in ("accepted", "waived")

    @api.depends("date_due", "state")
    def _compute_is_late(self):
        late = self.env["res.company"]._filter_on_days(self._filter_open(), _is_past)
        for row in self:
            row.is_late = row in late

    def _search_is_late(self, operator, value):
        return search_flag(operator, value, self._get_late_domain)

    @api.model
    def _get_late_domain(self):
        """Return the domain of open obligations whose day is over."""
        past = self.env["res.company"]._on_days(_is_past)
        return Domain("state", "in", OPEN) & past

    @api.model
    def _get_bounds(self, field):
        if field.name == "progress":
            return 0, 100
        return super()._get_bounds(field)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(
                self.env._(
                    "Obligations follow from what is agreed: add a milestone to the "
                    "draft, or amend the contract."
                )
            )
        return super().create(vals_list)

    def write(self, vals):
        """Let open obligations be worked on; what is closed stays as it is.

        :raise UserError: for one that is closed
        """
        self._check_named([vals])
        if not self.env.su:
            self._check_open_to_work(vals)
        result = super().write(vals)
        if "evidence_ids" in vals:
            self._take_evidence()
        if vals.get("user_id"):
            # sudo: owned fields; who sees to it from now on is reminded ahead
            self.sudo().filtered(lambda row: not row.level)._plan_reminders()
        return result

    def _check_open_to_work(self, vals):
        touched = {"progress", "note", "evidence_ids"}.intersection(vals)
        closed = self - self._filter_open()
        if touched and closed:
            raise UserError(
                self.env._(
                    "%s is closed: reopen it before you change what was done.",
                    ", ".join(closed.mapped("display_name")),
                )
            )

    def _take_evidence(self):
        """Let the files belong to the obligation: who may read it may read them."""
        for row in self:
            loose = row.evidence_ids.filtered(
                lambda file: not file.res_id and file.create_uid == self.env.user
            )
            loose.write({"res_model": row._name, "res_id": row.id})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_gone(self):
        if not self.env.su:
            raise UserError(
                self.env._("Obligations can't be deleted: waive them instead.")
            )

    def activity_schedule(self, *args, **kwargs):
        # A client's context has defaults for what its action shows.
        clean = self.with_context(clean_context(self.env.context))
        model = super(CrmContractObligation, clean)
        return model.activity_schedule(*args, **kwargs)

    def _filter_open(self):
        """Return the obligations that are still to be fulfilled."""
        return self.filtered(lambda row: row.state in OPEN)

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


def _is_past(today):
    return Domain("date_due", "<", today)
