from odoo import api, fields, models

from ...tools.plan import plan_difference


class CrmContract(models.Model):
    """Figures: currency, payment conditions, fees, recurring revenue."""

    _inherit = "crm.contract"

    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        tracking=True,
        content=True,
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
        content=True,
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
        content=True,
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
            today = contract.company_id._get_today()
            contract.currency_rate = self.env["res.currency"]._get_conversion_rate(
                contract.company_id.currency_id or contract.currency_id,
                contract.currency_id,
                contract.company_id or self.env.company,
                min(contract.date_start or today, today),
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
        """Sum up the lines: what is paid once, and all periods of what recurs."""
        engine = self.env["account.tax"]
        # The value of a framework is its ceiling; its lines are a price list.
        frameworks = self.filtered("is_framework")
        for contract in frameworks:
            contract.amount_untaxed = contract.amount_total = contract.amount_ceiling
            contract.amount_tax = 0.0
            contract.amount_one_off = contract.amount_recurring = 0.0
        for contract in self - frameworks:
            totals = engine._get_tax_totals_summary(
                base_lines=contract.line_ids._prepare_base_lines(),
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
        if self.has_versions or self.suspension_ids:
            return [
                lines._get_chain_value(lines._get_billed_of_chain())
                for lines in self.line_ids._filter_chains()
            ]
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
            over = contract.state in ("ended", "cancelled") or not contract.performs
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
            rows = contract.installment_ids._filter_plan().filtered(
                lambda row: row.state != "cancelled"
            )
            contract.plan_difference = plan_difference(
                contract.amount_one_off,
                rows.mapped("amount"),
                contract.currency_id.rounding or 0.01,
            )

    def _prepare_invoice_vals(self, move_type="out_invoice"):
        """Return create values of an invoice or credit note, without its lines."""
        self.ensure_one()
        is_invoice = move_type == "out_invoice"
        return {
            "move_type": move_type,
            "contract_id": self.id,
            "company_id": self.company_id.id,
            "partner_id": (self.partner_invoice_id or self.partner_id).id,
            "partner_shipping_id": self.partner_shipping_id.id,
            "currency_id": self.currency_id.id,
            "fiscal_position_id": self.fiscal_position_id.id,
            "invoice_payment_term_id": is_invoice and self.payment_term_id.id,
            # The bank account of an invoice is ours, that of a credit note theirs.
            "partner_bank_id": is_invoice and self.company_bank_id.id,
            "invoice_user_id": self.user_id.id,
            "team_id": self.team_id.id,
            "ref": self.number,
            "invoice_origin": self.number,
            **({"journal_id": self.journal_id.id} if self.journal_id else {}),
        }


class CrmContractLine(models.Model):
    _inherit = "crm.contract.line"

    def _prepare_base_lines(self):
        """Return the tax engine's base lines of the one-off lines, details included.

        The lines are those of one contract, or of none yet.
        """
        engine = self.env["account.tax"]
        company = self.company_id or self.contract_id.company_id or self.env.company
        base_lines = [
            line._prepare_base_line_for_taxes_computation()
            for line in self
            if not line.display_type and not line.is_recurring
        ]
        engine._add_tax_details_in_base_lines(base_lines, company)
        engine._round_base_lines_tax_details(base_lines, company)
        return base_lines
