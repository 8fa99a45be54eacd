from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date
from odoo.tools.date_utils import end_of, start_of

from ...tools.records import one, some
from ..ledger.crm_contract_installment import BILLABLE_STATES

CHUNK = 500
# Lines on paper; the list has all of them.
PRINTED = 500


class CrmContractRevenue(models.Model):
    """Revenue of a company's contracts by the end of a month."""

    _name = "crm.contract.revenue"
    _description = "Revenue statement"
    _inherit = ["crm.contract.owned.mixin"]
    _order = "date desc, company_id"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        readonly=True,
        default=lambda self: self.env.company,
    )
    date = fields.Date(
        string="Month",
        required=True,
        default=lambda self: self._get_default_date(),
        help="Any day of the month; the last one is taken.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    line_ids = fields.One2many(
        "crm.contract.revenue.line", "revenue_id", string="Contracts", owned=True
    )
    move_ids = fields.One2many(
        "account.move", "contract_revenue_id", string="Entries", owned=True
    )
    line_count = fields.Integer(compute="_compute_totals", string="Contracts told of")
    problem_count = fields.Integer(compute="_compute_totals")
    move_count = fields.Integer(compute="_compute_move_count")
    amount_liability = fields.Monetary(
        compute="_compute_totals", string="Contract liabilities"
    )
    amount_asset = fields.Monetary(compute="_compute_totals", string="Contract assets")
    amount_earned_month = fields.Monetary(
        compute="_compute_totals", string="Earned in the month"
    )
    amount_billed_month = fields.Monetary(
        compute="_compute_totals", string="Billed in the month"
    )
    amount_remaining = fields.Monetary(
        compute="_compute_totals", string="Still to be performed"
    )
    date_computed = fields.Datetime(
        string="Computed on", readonly=True, copy=False, owned=True
    )

    _month_uniq = models.UniqueIndex(
        "(company_id, date)", "There is a revenue statement of this month already."
    )

    def _get_default_date(self):
        today = self.env.company._get_today()
        return start_of(today, "month") - timedelta(days=1)

    @api.depends("line_ids")
    def _compute_totals(self):
        names = (
            "amount_company_liability",
            "amount_company_asset",
            "amount_company_earned_month",
            "amount_company_billed_month",
            "amount_company_remaining",
        )
        found = {
            statement: values
            for statement, *values in self.env["crm.contract.revenue.line"]._read_group(
                [("revenue_id", "in", self.ids)],
                ["revenue_id"],
                ["__count", *(f"{name}:sum" for name in names)],
            )
        }
        problems = dict(
            self.env["crm.contract.revenue.line"]._read_group(
                [("revenue_id", "in", self.ids), ("problem", "!=", False)],
                ["revenue_id"],
                ["__count"],
            )
        )
        for statement in self:
            values = found.get(statement._origin) or [0] * 6
            (
                statement.line_count,
                statement.amount_liability,
                statement.amount_asset,
                statement.amount_earned_month,
                statement.amount_billed_month,
                statement.amount_remaining,
            ) = values
            statement.problem_count = problems.get(statement._origin, 0)

    @api.depends("move_ids")
    def _compute_move_count(self):
        # sudo: how many there are alone
        for statement in self.sudo():
            statement.move_count = len(statement.move_ids)

    @api.depends("date", "company_id")
    def _compute_display_name(self):
        for statement in self:
            statement.display_name = (
                statement.date
                and f"{format_date(self.env, statement.date, date_format='yyyy-MM')}"
            )

    @api.constrains("date", "company_id")
    def _check_date(self):
        for statement in self:
            if statement.date > end_of(statement.company_id._get_today(), "month"):
                raise ValidationError(
                    self.env._(
                        "%s has not begun yet. Choose this month or one before it.",
                        statement.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            # A day that is none is refused with words before it is read.
            self._check_bounds(vals)
            day = fields.Date.to_date(vals.get("date")) or self._get_default_date()
            vals["date"] = end_of(day, "month")
        return super().create(vals_list)

    def write(self, vals):
        if "date" in vals or "company_id" in vals:
            raise UserError(
                self.env._(
                    "A statement is of one month of one company. Create another one."
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_booked(self):
        # sudo: whether there are entries, whoever deletes
        booked = self.sudo().filtered(
            lambda row: row.move_ids.filtered(lambda move: move.state != "cancel")
        )
        if booked:
            raise UserError(
                self.env._(
                    "%s has journal entries. Delete or cancel them first.",
                    ", ".join(booked.mapped("display_name")),
                )
            )

    def action_compute(self):
        """Compute the statement of the month anew, as the books are now.

        :return: list of the contracts (action)
        :raise UserError: if no contract of the company was signed by then
        """
        statement = one(self)
        statement.check_access("write")
        # sudo: contracts, rows and invoice lines of the company, which make the figures
        statement.sudo()._compute_lines()
        return statement.action_view_lines()

    def action_view_lines(self):
        """Open the contracts of the statement."""
        one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract.crm_contract_revenue_line_action"
        )
        context = {"search_default_revenue_id": self.id}
        return dict(action, domain=[("revenue_id", "=", self.id)], context=context)

    def action_view_moves(self):
        """Open the journal entries of the statement."""
        one(self)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_journal_line"
        )
        return dict(action, domain=[("contract_revenue_id", "=", self.id)], context={})

    def action_make_entries(self):
        """Make the journal entries of the month, or what differs from those there are.

        :return: list of the entries (action)
        :raise UserError: if settings are missing, the month is locked, a figure has a
            problem, or nothing is to be booked
        """
        some(self)
        for statement in self:
            self.env["crm.contract.revenue.entry"]._make(statement)
        return self[:1].action_view_moves()

    def _compute_lines(self):
        """Replace the lines, in parts, so that any number of contracts takes its memory."""
        self.line_ids.unlink()
        ids = self.env["crm.contract"]._search(self._get_contract_domain(), order="id")
        ids = list(ids.get_result_ids())
        if not ids:
            raise UserError(
                self.env._(
                    "No contract of %(company)s was signed by %(day)s.",
                    company=self.company_id.display_name,
                    day=format_date(self.env, self.date),
                )
            )
        lines = self.env["crm.contract.revenue.line"]
        statement_id = self.id
        for start in range(0, len(ids), CHUNK):
            statement = self.browse(statement_id)
            contracts = self.env["crm.contract"].browse(ids[start : start + CHUNK])
            lines.create(lines._prepare_all(statement, contracts))
            self.env.flush_all()
            self.env.invalidate_all()
        self.date_computed = fields.Datetime.now()

    def _get_contract_domain(self):
        """Return the domain of the contracts that the month may be told of."""
        return (
            self.env["crm.contract"]._get_performing_domain()
            & Domain("company_id", "=", self.company_id.id)
            & Domain("state", "in", BILLABLE_STATES)
            & Domain("is_framework", "=", False)
            & Domain("active", "in", (True, False))
            & Domain("date_signed", "<=", self.date)
        )

    def _get_page(self):
        """Return what the printed statement tells (dict of plain values)."""
        self.ensure_one()
        lines = self.line_ids
        return {
            "lines": lines[:PRINTED],
            "more": max(len(lines) - PRINTED, 0),
            "problems": lines.filtered("problem"),
        }
