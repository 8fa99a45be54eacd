from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date, formatLang
from odoo.tools.date_utils import add

from ...tools.plan import PlanRow, plan_amounts

TRIGGERS = [
    ("date", "Date"),
    ("signature", "Signature"),
    ("milestone", "Milestone"),
]
PLAN_TRIGGERS = tuple(trigger for trigger, _label in TRIGGERS)
# Rows that the ledger makes by itself; no client does.
LEDGER_TRIGGERS = [
    ("period", "Period"),
    ("true_up", "True-up"),
    ("interest", "Overdue interest"),
]
BILLABLE_STATES = ("signed", "running", "suspended", "ended")


class CrmContractInstallment(models.Model):
    """A row of the billing ledger: an amount that falls due, zero and less included."""

    _name = "crm.contract.installment"
    _description = "Contract installment"
    _inherit = ["crm.contract.content.mixin"]
    _order = "date_due, contract_id, sequence, id"
    _check_company_auto = True
    _content_parent = "contract_id"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="contract_id.currency_id", store=True)
    partner_id = fields.Many2one(
        related="contract_id.partner_id", store=True, index=True
    )
    user_id = fields.Many2one(related="contract_id.user_id", store=True)
    type_id = fields.Many2one(related="contract_id.type_id")
    contract_state = fields.Selection(
        related="contract_id.state", string="Contract state"
    )
    sequence = fields.Integer(default=10, content=True)
    name = fields.Char(string="Description", required=True, content=True)
    trigger = fields.Selection(
        TRIGGERS + LEDGER_TRIGGERS, required=True, default="date", content=True
    )
    date = fields.Date(help="Fixed date on which the amount falls due.", content=True)
    days = fields.Integer(
        help="Days after the signature or the milestone.", content=True
    )
    milestone_id = fields.Many2one(
        "crm.contract.milestone",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('contract_id', '=', contract_id)]",
        content=True,
    )
    amount_type = fields.Selection(
        [("percent", "Percentage"), ("fixed", "Fixed amount")],
        required=True,
        default="percent",
        content=True,
    )
    percentage = fields.Float(
        digits=(16, 4), help="Share of the contract value.", content=True
    )
    amount_fixed = fields.Monetary(string="Fixed amount", content=True)
    amount = fields.Monetary(
        compute="_compute_amount", store=True, help="Amount due, taxes included."
    )
    line_id = fields.Many2one(
        "crm.contract.line",
        string="Recurring line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        owned=True,
    )
    chain = fields.Integer(related="line_id.chain", store=True, precompute=True)
    source_invoice_id = fields.Many2one(
        "account.move",
        string="Interest on",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        owned=True,
    )
    period_start = fields.Date(
        string="Period from", readonly=True, copy=False, owned=True
    )
    period_end = fields.Date(string="Period to", readonly=True, copy=False, owned=True)
    days_billed = fields.Integer(
        readonly=True,
        copy=False,
        help="Days of the period that are billed.",
        owned=True,
    )
    days_full = fields.Integer(
        string="Days of a full period", readonly=True, copy=False, owned=True
    )
    quantity = fields.Float(
        digits="Product Unit", readonly=True, copy=False, owned=True
    )
    price_unit = fields.Float(
        string="Unit price",
        readonly=True,
        copy=False,
        min_display_digits="Product Price",
        help="Price of a full period.",
        owned=True,
    )
    amount_untaxed = fields.Monetary(
        string="Untaxed",
        readonly=True,
        copy=False,
        help="Of a period, without taxes.",
        owned=True,
    )
    date_due = fields.Date(
        string="Due on",
        compute="_compute_date_due",
        store=True,
        index=True,
        help="Day from which the amount is to be invoiced.",
    )
    is_retention = fields.Boolean(
        string="Retention",
        help="Kept back by the customer until the warranty ends (retention money).",
        content=True,
    )
    billed_before = fields.Boolean(
        help="Invoiced before the contract was taken over into the ledger.",
        content=True,
    )
    is_cancelled = fields.Boolean(readonly=True, copy=False, owned=True)
    is_beyond_end = fields.Boolean(
        compute="_compute_is_beyond_end",
        store=True,
        help="The period goes on after the last day of the contract.",
    )
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("due", "Due"),
            ("invoiced", "Invoiced"),
            ("paid", "Paid"),
            ("free", "Free"),
            ("waived", "Waived"),
            ("cancelled", "Cancelled"),
        ],
        compute="_compute_state",
        store=True,
        index=True,
        help="Free: nothing is to be invoiced. Waived: it was decided not to invoice "
        "it, or to leave it credited.",
        owned=True,
    )

    _percentage_range = models.Constraint(
        "CHECK (amount_type != 'percent' OR (percentage > 0 AND percentage <= 100))",
        "A percentage must be more than 0 and at most 100.",
    )
    _days_positive = models.Constraint(
        "CHECK (days >= 0)", "The days after the event must not be negative."
    )
    # No day of a line is billed twice, whatever amendments made of it and whatever runs
    # at the same time.
    _days_once = models.Constraint(
        "EXCLUDE USING gist (int8range(chain, chain, '[]') WITH &&,"
        " daterange(period_start, period_end, '[]') WITH &&) WHERE (trigger = 'period'"
        " AND chain > 0 AND state IS DISTINCT FROM 'cancelled')",
        "Days of this period are in the ledger already: no day of a recurring line is "
        "billed twice.",
    )
    _interest_uniq = models.UniqueIndex(
        "(source_invoice_id, period_start) WHERE source_invoice_id IS NOT NULL",
        "The interest of these days was charged already.",
    )
    _period_complete = models.Constraint(
        "CHECK (trigger != 'period' OR (line_id IS NOT NULL AND"
        " period_start IS NOT NULL AND period_end >= period_start))",
        "A period row needs its line and its period.",
    )
    # The ledger is searched by what is due, never by what exists; and counted from here.
    _due_idx = models.Index(
        "(state, date_due) INCLUDE (id, company_id, contract_id)"
        " WHERE state IN ('planned', 'due')"
    )
    # The ledger opens on what is not settled, in the order of the list: most rows are.
    _open_idx = models.Index(
        "(date_due, contract_id, sequence, id)"
        " WHERE state IN ('planned', 'due', 'invoiced')"
    )
    _beyond_idx = models.Index("(contract_id) WHERE is_beyond_end IS TRUE")

    @api.depends(
        "amount_type",
        "percentage",
        "amount_fixed",
        "contract_id.amount_one_off",
        "contract_id.installment_ids.amount_type",
        "contract_id.installment_ids.percentage",
        "contract_id.installment_ids.amount_fixed",
    )
    def _compute_amount(self):
        plan_rows = self._filter_plan()
        for row in self - plan_rows:
            row.amount = row.amount_fixed
        for contract, rows in plan_rows.grouped("contract_id").items():
            plan = (contract.installment_ids._filter_plan() | rows).sorted("sequence")
            amounts = plan_amounts(
                contract.amount_one_off,
                [row._get_plan_row() for row in plan],
                contract.currency_id.rounding or 0.01,
            )
            for row, amount in zip(plan, amounts, strict=True):
                if row in rows:
                    row.amount = amount

    @api.depends(
        "trigger",
        "date",
        "days",
        "milestone_id.date_done",
        "contract_id.date_signed",
        "contract_id.kind",
        "period_start",
        "period_end",
        "line_id.billed_in",
    )
    def _compute_date_due(self):
        for row in self:
            # The rows of an amendment say what the contract's are to become.
            event = row.contract_id.performs and row._get_event_date()
            days = row.days if row.trigger in ("signature", "milestone") else 0
            row.date_due = event and add(event, days=days)

    @api.depends("trigger", "period_start", "period_end", "contract_id.date_ended")
    def _compute_is_beyond_end(self):
        """Whether the row covers days after the last one that is billed."""
        for row in self:
            is_period = row.trigger == "period"
            last = is_period and row.contract_id._get_early_end()
            row.is_beyond_end = bool(last) and row.period_end > last

    @api.depends(
        "date_due",
        "is_cancelled",
        "is_beyond_end",
        "billed_before",
        "amount",
        "amount_rest",
        "amount_open",
        "is_billed",
        "is_posted",
        "contract_id.state",
    )
    def _compute_state(self):
        for company, rows in self.grouped("company_id").items():
            today = company._get_today()
            for row in rows:
                row.state = row._get_state(today)

    def _get_state(self, today):
        """Return the state on a day: what was decided, then the books, then the plan."""
        if self.is_cancelled or self.contract_id.state == "cancelled":
            return "cancelled"
        if self.billed_before:
            return "paid"
        if self.is_billed:
            return "paid" if self._is_settled() else "invoiced"
        if self._is_credited_for_good():
            return "cancelled"
        billable = self.contract_id.state in BILLABLE_STATES
        if self._get_currency().is_zero(self.amount):
            return "free" if billable else "planned"
        if self._get_currency().is_zero(self.amount_rest):
            return "waived"
        if billable and self.date_due and self.date_due <= today:
            return "due"
        return "planned"

    def _is_settled(self):
        """Return whether nothing is left to be paid of what is posted."""
        sign = -1 if self.amount < 0 else 1
        return (
            self.is_posted
            and self._get_currency().compare_amounts(sign * self.amount_open, 0) <= 0
        )

    @api.depends("name", "contract_id.display_name")
    def _compute_display_name(self):
        for row in self:
            row.display_name = f"{row.contract_id.display_name} – {row.name}"

    @api.constrains("milestone_id", "contract_id")
    def _check_milestone(self):
        for row in self:
            if row.milestone_id and row.milestone_id.contract_id != row.contract_id:
                raise ValidationError(
                    self.env._(
                        "The milestone of the installment “%s” belongs to another "
                        "contract.",
                        row.name,
                    )
                )

    def _filter_content(self):
        return self._filter_plan()

    def _filter_plan(self):
        """Return the rows of the payment plan: those that the ledger did not make."""
        return self.filtered(lambda row: row.trigger in PLAN_TRIGGERS)

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        rows._check_made_by_ledger()
        return rows

    def write(self, vals):
        if not self._get_closed_fields().issuperset(vals):
            self._check_made_by_ledger()
        result = super().write(vals)
        if "trigger" in vals:
            self._check_made_by_ledger()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_made_by_ledger(self):
        self._check_made_by_ledger()

    def _check_made_by_ledger(self):
        """Refuse what a client would do to rows that the ledger makes by itself."""
        if not self.env.su and self - self._filter_plan():
            raise UserError(
                self.env._(
                    "The rows of periods and of interest are made by the ledger. Change"
                    " the recurring line of the draft instead."
                )
            )

    @api.model
    def _describe_content_row(self, values):
        name = super()._describe_content_row(values)
        if values.get("amount_type") == "percent":
            return f"{name}: {values['percentage']:g} %"
        return f"{name}: {formatLang(self.env, values.get('amount_fixed') or 0)}"

    def _prepare_content_vals(self):
        # The copied contract has milestones of its own, see `_relink_milestones`.
        return dict(super()._prepare_content_vals(), milestone_id=False)

    def _get_content_value(self, name):
        # A milestone is content itself: its key is the same in later versions.
        if name == "milestone_id":
            return self.milestone_id.content_key or None
        return super()._get_content_value(name)

    def _get_read_values(self):
        return {**super()._get_read_values(), "amount": self.amount}

    @api.model
    def _prepare_new_vals(self, content):
        # A key of a content: the contract in memory has milestones of its own.
        return {**super()._prepare_new_vals(content), "milestone_id": False}

    @api.model
    def _describe_content_value(self, field, value):
        if field.name == "milestone_id" and value:
            milestones = self.env["crm.contract.milestone"]
            return milestones.search([("content_key", "=", value)], limit=1).name or ""
        return super()._describe_content_value(field, value)

    @api.model
    def _plan_what_has_no_plan(self, contracts):
        """Let fees that are paid once fall due on signature where drafts plan nothing.

        A type may refuse that instead. What an order invoices is left to it, and an
        amendment changes the plan of its contract.
        """
        forgotten = contracts.filtered(
            lambda contract: (
                contract.state == "draft"
                and contract.performs
                and not contract.is_framework
                and not contract.type_id.require_plan
                and contract.amount_one_off
                and not contract.installment_ids._filter_plan()
                and contract.line_ids._filter_unplanned()
            )
        )
        self.create(
            [
                {
                    "contract_id": contract.id,
                    "name": contract.with_context(
                        lang=contract._get_print_lang()
                    ).env._("On signature"),
                    "trigger": "signature",
                    "amount_type": "percent",
                    "percentage": 100,
                }
                for contract in forgotten
            ]
        )

    def _get_missing(self):
        """Return what the row lacks for a submission (list of str)."""
        self.ensure_one()
        if self.trigger == "date" and not self.date:
            return [self.env._("The installment “%s” has no date.", self.name)]
        if self.trigger == "milestone" and not self.milestone_id:
            return [self.env._("The installment “%s” has no milestone.", self.name)]
        return []

    def _is_open(self):
        """Return whether the row is still to be billed, or would be if it cost more."""
        return self.state in ("planned", "due", "free")

    def _is_credited_for_good(self):
        """Return whether a row that was taken back lies after the end of its contract.

        It stays in the ledger, with its invoice and credit note, and isn't billed again.
        """
        return (
            self.is_beyond_end
            and self.is_posted
            and self.period_start > self.contract_id._get_early_end()
        )

    def _get_event_date(self):
        if self.trigger == "signature":
            return self.contract_id.date_signed
        if self.trigger == "milestone":
            return self.milestone_id.date_done
        if self.trigger == "period" and self.line_id.billed_in == "arrears":
            return add(self.period_end, days=1)
        if self.trigger == "period":
            return self.period_start
        return self.date

    def _get_due_text(self):
        """Return when the amount falls due, as the printed contract says it (str)."""
        self.ensure_one()
        if self.trigger == "date":
            return format_date(self.env, self.date, date_format="long")
        period = self.env["crm.contract.print"]._get_period_text(self.days, "day")
        if self.trigger == "signature":
            if not self.days:
                return self.env._("On signature of the contract")
            return self.env._("%s after signature of the contract", period)
        milestone = self.milestone_id.name or ""
        if not self.days:
            return self.env._("On completion of “%s”", milestone)
        return self.env._(
            "%(period)s after completion of “%(milestone)s”",
            period=period,
            milestone=milestone,
        )

    def _get_plan_row(self):
        percent = self.amount_type == "percent"
        return PlanRow(
            "percent" if percent else "fixed",
            self.percentage if percent else self.amount_fixed,
        )

    @api.model
    def _get_overrun_domain(self):
        """Rows of periods that the daily job has to cut at the end of the contract.

        Their invoice was cancelled, deleted or credited after the end.
        """
        return Domain(
            [("is_beyond_end", "=", True), ("state", "in", ("planned", "due"))]
        )

    @api.model
    def _get_fall_due_domain(self):
        """Rows that the daily job has to let fall due."""
        planned = Domain("state", "=", "planned")
        planned &= Domain("contract_id.state", "in", BILLABLE_STATES)
        return planned & self.env["res.company"]._on_days(
            lambda today: Domain("date_due", "<=", today)
        )

    def _advance_overrun(self):
        contract = self.contract_id
        ledger = self.env["crm.contract.ledger"]
        ledger._rebuild(contract, contract._get_early_end())

    def _advance_due(self):
        self._recompute_as_of_today("state")
