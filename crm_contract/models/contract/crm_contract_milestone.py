from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ...tools.records import search_flag

PARTIES = [("us", "Our company"), ("customer", "Customer")]


class CrmContractMilestone(models.Model):
    """Obligation of either side, with a deadline."""

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

    @api.depends("date_deadline", "date_done")
    def _compute_is_late(self):
        open_ones = self.filtered(lambda milestone: not milestone.date_done)
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

    def action_done(self):
        """Record that the obligation was fulfilled today; installments may fall due.

        :return: the milestones
        """
        self._check_can_change_done()
        for milestone in self.filtered(lambda m: not m.date_done):
            # sudo: owned field, written after the check
            milestone.sudo().date_done = milestone.company_id._get_today()
        self.activity_feedback(["mail.mail_activity_data_todo"])
        return self

    def action_undo(self):
        """Take back a completion, unless an installment of it is billed already.

        :return: the milestones
        """
        self._check_can_change_done()
        billed = self.installment_ids.filtered(
            lambda row: row.state in ("invoiced", "paid")
        )
        if billed:
            raise UserError(
                self.env._(
                    "%(milestones)s can't be reopened: the installment that depends on "
                    "it is invoiced.",
                    milestones=", ".join(billed.milestone_id.mapped("name")),
                )
            )
        # sudo: owned field, written after the check
        self.sudo().date_done = False
        return self

    def _schedule_activities(self):
        """Remind the responsible of each open milestone; called on signature."""
        for milestone in self.filtered(lambda m: m.user_id and not m.date_done):
            milestone.activity_schedule(
                "mail.mail_activity_data_todo",
                milestone.date_deadline or milestone.company_id._get_today(),
                summary=milestone.name,
                user_id=milestone.user_id.id,
            )

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
        return Domain("date_done", "=", False) & past


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
