from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ...tools.records import search_flag

PARTIES = [("us", "Our company"), ("customer", "Customer")]


class CrmContractMilestone(models.Model):
    """Obligation of either side, with a deadline: what is agreed of it."""

    _name = "crm.contract.milestone"
    _description = "Contract milestone"
    _inherit = ["mail.thread", "mail.activity.mixin", "crm.contract.content.mixin"]
    _order = "date_deadline, sequence, id"
    _content_parent = "contract_id"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="contract_id.company_id", store=True)
    partner_id = fields.Many2one(related="contract_id.partner_id", store=True)
    contract_state = fields.Selection(
        related="contract_id.state", string="Contract state"
    )
    sequence = fields.Integer(default=10, content=True)
    name = fields.Char(required=True, content=True)
    description = fields.Text(content=True)
    party = fields.Selection(
        PARTIES, required=True, default="us", help="Who has to fulfil it.", content=True
    )
    user_id = fields.Many2one(
        "res.users", string="Responsible", index=True, domain="[('share', '=', False)]"
    )
    date_deadline = fields.Date(string="Deadline", index=True, content=True)
    date_done = fields.Date(
        string="Done on", readonly=True, copy=False, tracking=True, owned=True
    )
    is_late = fields.Boolean(compute="_compute_is_late", search="_search_is_late")
    installment_ids = fields.One2many(
        "crm.contract.installment", "milestone_id", string="Installments"
    )

    @api.depends("date_deadline", "date_done", "recurrence_interval")
    def _compute_is_late(self):
        open_ones = self.filtered(
            lambda row: not row.date_done and not row.recurrence_interval
        )
        late = self.env["res.company"]._filter_on_days(
            open_ones, _is_past, lambda milestone: milestone.contract_id.company_id
        )
        for milestone in self:
            milestone.is_late = milestone in late

    def _search_is_late(self, operator, value):
        return search_flag(operator, value, self._get_late_domain)

    @api.model
    def _describe_content_row(self, values):
        name = super()._describe_content_row(values)
        day = values.get("date_deadline")
        first = f"{name}: {format_date(self.env, day)}" if day else name
        return "\n".join(filter(None, (first, values.get("description"))))

    @api.model
    def _get_copied_fields(self):
        return (*super()._get_copied_fields(), "user_id")

    def activity_schedule(self, *args, **kwargs):
        model = super(CrmContractMilestone, self._without_defaults())
        return model.activity_schedule(*args, **kwargs)

    def _check_can_change_done(self):
        self.check_access("write")
        copied = self.contract_id.filtered(lambda contract: not contract.performs)
        if copied:
            raise UserError(
                self.env._(
                    "Complete the milestones on the contract: those of %s say what they"
                    " are to become.",
                    ", ".join(copied.mapped("display_name")),
                )
            )
        early = self.filtered(
            lambda m: m.contract_id.state not in ("signed", "running", "suspended")
        )
        if early:
            raise UserError(
                self.env._(
                    "Milestones are completed while their contract is signed or "
                    "running; %(contracts)s is not.",
                    contracts=", ".join(early.contract_id.mapped("display_name")),
                )
            )

    @api.model
    def _get_late_domain(self):
        past = self.env["res.company"]._on_days(_is_past)
        # Of what recurs, each occurrence is late by itself.
        once = Domain("recurrence_interval", "in", (False, 0))
        return Domain("date_done", "=", False) & once & past


def _is_past(today):
    return Domain("date_deadline", "<", today)


def relink_milestones(milestones, copied_milestones, plan, copied_plan):
    """Point the rows of a copied plan to the copied milestones.

    The records of contracts or of templates; copies in the order of their sources.
    """
    copies = dict(zip(milestones, copied_milestones, strict=True))
    for row, copied in zip(plan, copied_plan, strict=True):
        if row.milestone_id:
            copied.milestone_id = copies.get(row.milestone_id)


def relink_obligations(milestones, copied_milestones):
    """Let copied milestones wait for each other as their sources do.

    They name clauses of their own contract that have the same heading.
    """
    copies = dict(zip(milestones, copied_milestones, strict=True))
    keys = {row.content_key: copied.content_key for row, copied in copies.items()}
    for row, copied in copies.items():
        after = " ".join(sorted(keys[k] for k in row._get_after_keys() if k in keys))
        name = row.clause_id.name
        clauses = copied.contract_id.clause_ids.filtered(
            lambda clause, name=name: name and clause.name == name
        )
        vals = {
            "after_keys": after or False,
            "clause_key": clauses[:1].content_key or False,
        }
        copied._write_keys(vals)
