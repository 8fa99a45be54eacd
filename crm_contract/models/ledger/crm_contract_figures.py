from odoo import api, fields, models

from ...tools.plan import plan_difference
from .crm_contract_installment import PLAN_TRIGGERS


class CrmContract(models.Model):
    """Figures: fees, payment conditions, plan, billed, paid, overdue."""

    _inherit = "crm.contract"

    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        tracking=True,
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    currency_rate = fields.Float(
        compute="_compute_currency_rate",
        store=True,
        precompute=True,
        digits=0,
        help="Units of the contract's currency for one unit of the company's currency.",
    )
    fiscal_position_id = fields.Many2one(
        "account.fiscal.position",
        string="Fiscal position",
        compute="_compute_payment_conditions",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        ondelete="restrict",
    )
    payment_term_id = fields.Many2one(
        "account.payment.term",
        string="Payment terms",
        compute="_compute_payment_conditions",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        ondelete="restrict",
    )
    journal_id = fields.Many2one(
        "account.journal",
        string="Sales journal",
        compute="_compute_journal_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        domain=[("type", "=", "sale")],
        help="Leave empty to invoice in the company's default sales journal.",
    )
    installment_ids = fields.One2many(
        "crm.contract.installment", "contract_id", string="Payment plan"
    )
    plan_ids = fields.One2many(
        "crm.contract.installment",
        "contract_id",
        string="Rows of the plan",
        domain=[("trigger", "in", PLAN_TRIGGERS)],
        readonly=True,
        copy=False,
    )
    open_period_ids = fields.One2many(
        "crm.contract.installment",
        "contract_id",
        string="Open periods",
        domain=[
            ("trigger", "not in", PLAN_TRIGGERS),
            ("state", "in", ("planned", "due", "invoiced")),
        ],
        readonly=True,
        copy=False,
    )
    installment_count = fields.Integer(compute="_compute_installment_count")
    installment_due_count = fields.Integer(
        string="Due installments", compute="_compute_installment_count"
    )
    amount_untaxed = fields.Monetary(
        compute="_compute_amounts", store=True, string="Untaxed amount"
    )
    amount_tax = fields.Monetary(compute="_compute_amounts", store=True, string="Taxes")
    amount_total = fields.Monetary(
        compute="_compute_amounts", store=True, string="Contract value", tracking=True
    )
    amount_one_off = fields.Monetary(
        compute="_compute_amounts",
        store=True,
        string="One-off value",
        help="Value of the lines that don't recur, taxes included: what the payment "
        "plan covers.",
    )
    amount_recurring = fields.Monetary(
        compute="_compute_amounts",
        store=True,
        string="Recurring value",
        help="Value of all periods of the recurring lines, taxes included; without an "
        "end, of the first twelve months.",
    )
    amount_mrr = fields.Monetary(
        compute="_compute_amount_mrr",
        store=True,
        string="MRR",
        help="Monthly recurring revenue: untaxed value of a month of the recurring "
        "lines.",
    )
    amount_arr = fields.Monetary(
        compute="_compute_amount_mrr",
        store=True,
        string="ARR",
        help="Annual recurring revenue: twelve times the monthly one.",
    )
    date_next_billing = fields.Date(
        compute="_compute_billed", store=True, string="Next billing", index=True
    )
    amount_company = fields.Monetary(
        string="Value in company currency",
        compute="_compute_amount_company",
        store=True,
        currency_field="company_currency_id",
    )
    plan_difference = fields.Monetary(
        string="Not in the plan",
        compute="_compute_plan_difference",
        help="Part of the contract value that the payment plan does not cover.",
    )
    amount_invoiced = fields.Monetary(
        compute="_compute_billed", store=True, string="Invoiced"
    )
    amount_paid = fields.Monetary(compute="_compute_billed", store=True, string="Paid")
    amount_remaining = fields.Monetary(
        compute="_compute_billed", store=True, string="To invoice"
    )
    amount_overdue = fields.Monetary(
        compute="_compute_billed", store=True, string="Overdue"
    )
    percent_invoiced = fields.Float(compute="_compute_percent", string="Invoiced (%)")
    percent_paid = fields.Float(compute="_compute_percent", string="Paid (%)")
    is_overdue = fields.Boolean(compute="_compute_billed", store=True)
    invoice_ids = fields.One2many(
        "account.move",
        "contract_id",
        string="Invoices",
        groups="account.group_account_invoice,account.group_account_readonly,"
        "sales_team.group_sale_salesman",
    )
    invoice_count = fields.Integer(compute="_compute_invoice_count")

    @api.depends("company_id")
    def _compute_currency_id(self):
        for contract in self:
            contract.currency_id = (
                contract.currency_id
                or contract.company_id.currency_id
                or self.env.company.currency_id
            )

    @api.depends("currency_id", "company_id", "date_start")
    def _compute_currency_rate(self):
        for contract in self:
            contract.currency_rate = self.env["res.currency"]._get_conversion_rate(
                contract.company_id.currency_id or contract.currency_id,
                contract.currency_id,
                contract.company_id or self.env.company,
                min(contract.date_start or fields.Date.today(), fields.Date.today()),
            )

    @api.depends("partner_id", "company_id", "type_id")
    def _compute_payment_conditions(self):
        for (company, customer), contracts in self.grouped(
            lambda contract: (contract.company_id, contract.partner_id)
        ).items():
            partner = customer.with_company(company)
            position = (
                self.env["account.fiscal.position"]
                .with_company(company)
                ._get_fiscal_position(partner)
            )
            for contract in contracts:
                contract.fiscal_position_id = position
                contract.payment_term_id = (
                    contract.type_id.payment_term_id or partner.property_payment_term_id
                )

    @api.depends("type_id", "company_id")
    def _compute_journal_id(self):
        for contract in self:
            contract.journal_id = contract.type_id.journal_id.filtered(
                lambda journal, company=contract.company_id: (
                    journal.company_id == company
                )
            )

    @api.depends(
        "line_ids.price_subtotal",
        "line_ids.price_total",
        "line_ids.tax_ids",
        "line_ids.is_recurring",
        "line_ids.recurrence_interval",
        "line_ids.recurrence_unit",
        "line_ids.date_start",
        "line_ids.date_end",
        "line_ids.date_anchor",
        "line_ids.prorate",
        "line_ids.free_periods",
        "line_ids.valid_from",
        "line_ids.valid_until",
        "line_ids.step_ids.date_from",
        "line_ids.step_ids.quantity",
        "line_ids.step_ids.price_unit",
        "date_start",
        "date_end",
        "currency_rate",
        "is_framework",
        "amount_ceiling",
    )
    def _compute_amounts(self):
        engine = self.env["account.tax"]
        frameworks = self.filtered("is_framework")
        frameworks._set_framework_amounts()
        for contract in self - frameworks:
            totals = engine._get_tax_totals_summary(
                base_lines=contract._prepare_base_lines(),
                currency=contract.currency_id or contract.company_id.currency_id,
                company=contract.company_id or self.env.company,
            )
            values = contract._get_recurring_values()
            untaxed = sum(value for value, _total in values)
            contract.amount_recurring = sum(total for _value, total in values)
            contract.amount_one_off = totals["total_amount_currency"]
            contract.amount_untaxed = totals["base_amount_currency"] + untaxed
            contract.amount_tax = (
                totals["tax_amount_currency"] + contract.amount_recurring - untaxed
            )
            contract.amount_total = contract.amount_one_off + contract.amount_recurring

    def _get_recurring_values(self):
        """Return (untaxed, total) of each part that the recurring value consists of."""
        self.ensure_one()
        lines = self.line_ids.filtered("is_recurring")
        return [line._get_recurring_value() for line in lines]

    @api.depends(
        "state",
        "date_start",
        "line_ids.is_recurring",
        "line_ids.price_subtotal",
        "line_ids.recurrence_interval",
        "line_ids.recurrence_unit",
        "line_ids.date_start",
        "line_ids.date_end",
        "line_ids.valid_from",
        "line_ids.valid_until",
        "line_ids.step_ids.date_from",
        "line_ids.step_ids.quantity",
        "line_ids.step_ids.price_unit",
    )
    def _compute_amount_mrr(self):
        for contract in self:
            over = contract.state in ("ended", "cancelled") or contract._is_amendment()
            lines = contract.line_ids.filtered("is_recurring")
            month = 0 if over else sum(line._get_monthly_value() for line in lines)
            contract.amount_mrr = month
            contract.amount_arr = 12 * month

    @api.depends("amount_total", "currency_rate")
    def _compute_amount_company(self):
        for contract in self:
            contract.amount_company = contract.amount_total / (
                contract.currency_rate or 1.0
            )

    @api.depends("amount_one_off", "installment_ids.amount", "installment_ids.state")
    def _compute_plan_difference(self):
        for contract in self:
            rows = contract.installment_ids._filter_content().filtered(
                lambda row: row.state != "cancelled"
            )
            contract.plan_difference = plan_difference(
                contract.amount_one_off,
                rows.mapped("amount"),
                contract.currency_id.rounding or 0.01,
            )

    @api.depends(
        "installment_ids.amount",
        "installment_ids.state",
        "installment_ids.date_due",
        "installment_ids.amount_invoiced",
        "installment_ids.amount_paid",
        "installment_ids.is_overdue",
    )
    def _compute_billed(self):
        sums = self._get_billed_sums()
        for contract in self:
            contract.update(sums[contract])
            contract.is_overdue = bool(contract.amount_overdue)

    def _get_billed_sums(self):
        """Return the billed figures of each contract: `{contract: {field: value}}`.

        They are summed by the database, so that the cost of billing a row does not
        grow with the rows that a contract has already.
        """
        names = ("amount_invoiced", "amount_paid", "amount_remaining", "amount_overdue")
        sums = {
            contract: dict.fromkeys(names, 0.0) | {"date_next_billing": False}
            for contract in self
        }
        by_id = {contract.id: contract for contract in self if contract.id}
        for contract in self - self.browse(by_id):
            contract._add_open_rows(sums[contract])
        groups = self.env["crm.contract.installment"]._read_group(
            [("contract_id", "in", list(by_id)), ("state", "!=", "cancelled")],
            ["contract_id", "state", "is_overdue"],
            [
                "amount_invoiced:sum",
                "amount_paid:sum",
                "amount:sum",
                "amount_open:sum",
                "date_due:min",
            ],
        )
        for contract, state, overdue, invoiced, paid, amount, opened, due in groups:
            if contract._is_amendment():
                continue
            figures = sums[by_id[contract.id]]
            figures["amount_invoiced"] += invoiced
            figures["amount_paid"] += paid
            if overdue:
                figures["amount_overdue"] += opened
            if state in ("planned", "due"):
                figures["amount_remaining"] += amount
                dates = filter(None, (figures["date_next_billing"], due))
                figures["date_next_billing"] = min(dates, default=False)
        return sums

    def _add_open_rows(self, figures):
        """Add the rows of a contract that is being edited, where nothing is billed."""
        rows = self.installment_ids.filtered(lambda row: row.state != "cancelled")
        figures["amount_remaining"] = sum(rows.mapped("amount"))
        dates = [row.date_due for row in rows if row.date_due]
        figures["date_next_billing"] = min(dates, default=False)

    @api.depends("amount_total", "amount_invoiced", "amount_paid")
    def _compute_percent(self):
        for contract in self:
            total = contract.amount_total
            contract.percent_invoiced = total and contract.amount_invoiced / total
            contract.percent_paid = total and contract.amount_paid / total

    @api.depends("installment_ids.state")
    def _compute_installment_count(self):
        for contract in self:
            rows = contract.installment_ids
            contract.installment_count = len(rows)
            contract.installment_due_count = len(
                rows.filtered(lambda row: row.state == "due")
            )

    def _compute_invoice_count(self):
        # sudo: the number alone; opening the invoices asks for access to them
        counts = dict(
            self.env["account.move"]
            .sudo()
            ._read_group(
                [("contract_id", "in", self.ids)], ["contract_id"], ["__count"]
            )
        )
        for contract in self:
            contract.invoice_count = counts.get(contract._origin, 0)

    def action_create_invoice(self):
        """Invoice the due installments of the contract; return an action on them."""
        return self.installment_ids.filtered(
            lambda row: row.state == "due"
        ).action_create_invoice()

    def action_view_invoices(self):
        """Open the invoices and credit notes of the contract."""
        self.ensure_one()
        return self.env["sale.order"].action_view_invoice(self.invoice_ids)

    def action_view_installments(self):
        """Open the billing ledger of the contract."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract.crm_contract_installment_action"
        )
        return dict(action, domain=[("contract_id", "=", self.id)], context={})

    def _prepare_base_lines(self):
        """Return the tax engine's base lines of the one-off lines, details included."""
        self.ensure_one()
        engine = self.env["account.tax"]
        company = self.company_id or self.env.company
        base_lines = [
            line._prepare_base_line_for_taxes_computation()
            for line in self.line_ids
            if not line.display_type and not line.is_recurring
        ]
        engine._add_tax_details_in_base_lines(base_lines, company)
        engine._round_base_lines_tax_details(base_lines, company)
        return base_lines

    def _prepare_invoice_vals(self):
        """Return create values of an invoice of the contract, without its lines."""
        self.ensure_one()
        return {
            "move_type": "out_invoice",
            "contract_id": self.id,
            "company_id": self.company_id.id,
            "partner_id": (self.partner_invoice_id or self.partner_id).id,
            "partner_shipping_id": self.partner_shipping_id.id,
            "currency_id": self.currency_id.id,
            "fiscal_position_id": self.fiscal_position_id.id,
            "invoice_payment_term_id": self.payment_term_id.id,
            "partner_bank_id": self.company_bank_id.id,
            "invoice_user_id": self.user_id.id,
            "team_id": self.team_id.id,
            "ref": self.number,
            "invoice_origin": self.number,
            **({"journal_id": self.journal_id.id} if self.journal_id else {}),
        }
