from odoo import api, fields, models


class CrmContractLine(models.Model):
    """Service content: what is delivered, in which scope and to which standard."""

    _name = "crm.contract.line"
    _description = "Contract line"
    _inherit = ["analytic.mixin", "crm.contract.content.mixin"]
    _order = "contract_id, sequence, id"
    _check_company_auto = True
    _content_parent = "contract_id"

    contract_id = fields.Many2one(
        "crm.contract", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="contract_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(
        related="contract_id.currency_id", store=True, precompute=True
    )
    sequence = fields.Integer(default=10, content=True)
    display_type = fields.Selection(
        [("line_section", "Section"), ("line_note", "Note")], content=True
    )
    product_id = fields.Many2one(
        "product.product",
        check_company=True,
        domain=[("sale_ok", "=", True)],
        index="btree_not_null",
        ondelete="restrict",
        content=True,
    )
    name = fields.Text(
        string="Description",
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        content=True,
    )
    scope = fields.Text(
        help="What belongs to the service and what does not.", content=True
    )
    service_standard = fields.Text(
        string="Service standard",
        help="How well it is done: response times, availability, acceptance criteria.",
        content=True,
    )
    quantity = fields.Float(
        default=1.0, digits="Product Unit", required=True, content=True
    )
    product_uom_id = fields.Many2one(
        "uom.uom",
        string="Unit",
        compute="_compute_product_uom_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="restrict",
        content=True,
    )
    price_unit = fields.Float(
        string="Unit price",
        compute="_compute_price_unit",
        store=True,
        readonly=False,
        precompute=True,
        min_display_digits="Product Price",
        content=True,
    )
    discount = fields.Float(string="Disc.%", digits="Discount", content=True)
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes",
        compute="_compute_tax_ids",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        ondelete="restrict",
        domain=[("type_tax_use", "=", "sale")],
        context={"active_test": False},
        content=True,
    )
    is_recurring = fields.Boolean(
        string="Recurring",
        help="Billed period by period instead of by the payment plan.",
        content=True,
    )
    price_subtotal = fields.Monetary(
        string="Subtotal", compute="_compute_amount", store=True, precompute=True
    )
    price_total = fields.Monetary(
        string="Total", compute="_compute_amount", store=True, precompute=True
    )
    sale_line_id = fields.Many2one(
        "sale.order.line",
        string="Sales order line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        owned=True,
    )

    _quantity_positive = models.Constraint(
        "CHECK (display_type IS NOT NULL OR quantity > 0)",
        "The quantity of a contract line must be more than zero.",
    )
    _discount_range = models.Constraint(
        "CHECK (discount >= 0 AND discount <= 100)",
        "A discount must lie between 0 and 100 percent.",
    )
    _note_without_price = models.Constraint(
        "CHECK (display_type IS NULL OR (product_id IS NULL AND price_unit = 0))",
        "Sections and notes have neither product nor price.",
    )

    @api.depends("product_id")
    def _compute_name(self):
        for line in self:
            if not line.product_id:
                line.name = line.name or ""
                continue
            lang = line.contract_id[:1] and line.contract_id._get_print_lang()
            line.name = line.product_id.with_context(
                lang=lang or line.env.lang
            ).get_product_multiline_description_sale()

    @api.depends("product_id")
    def _compute_product_uom_id(self):
        for line in self:
            line.product_uom_id = line.product_id.uom_id or line.product_uom_id

    @api.depends("product_id", "product_uom_id")
    def _compute_price_unit(self):
        for line in self:
            if not line.product_id:
                line.price_unit = line.price_unit or 0.0
                continue
            contract = line.contract_id
            line.price_unit = line.product_id._get_tax_included_unit_price(
                contract.company_id or self.env.company,
                contract.currency_id or self.env.company.currency_id,
                contract.date_start or contract.company_id._get_today(),
                "sale",
                fiscal_position=contract.fiscal_position_id,
                product_uom=line.product_uom_id,
            )

    @api.depends("product_id", "contract_id.fiscal_position_id", "company_id")
    def _compute_tax_ids(self):
        for line in self:
            if line.display_type:
                line.tax_ids = False
                continue
            company = line.company_id or line.contract_id.company_id
            taxes = line.product_id.taxes_id or (
                line.product_id
                and self.env["account.tax"]
                or company.account_sale_tax_id
            )
            taxes = taxes._filter_taxes_by_company(company)
            line.tax_ids = line.contract_id.fiscal_position_id.map_tax(taxes)

    @api.depends("quantity", "price_unit", "discount", "tax_ids", "currency_id")
    def _compute_amount(self):
        for line in self:
            line.price_subtotal, line.price_total = line._get_amounts()

    @api.model
    def _get_copied_fields(self):
        return (*super()._get_copied_fields(), "analytic_distribution")

    def _filter_unplanned(self):
        """Return the lines that are paid once and that no order invoices."""
        return self.filtered(
            lambda line: (
                not (line.display_type or line.is_recurring or line.sale_line_id)
            )
        )

    def _get_read_values(self):
        return {
            **super()._get_read_values(),
            **self._get_read_names("product_uom_id"),
            # sudo: rates of taxes, whoever submits
            "tax_ids": ", ".join(map(_describe_tax, self.sudo().tax_ids)) or None,
            "price_subtotal": self.price_subtotal,
            "price_total": self.price_total,
        }

    def _get_amounts(self, **kwargs):
        """Return (untaxed, total) in the contract's currency.

        :param kwargs: keys of the tax engine's base line other than the line's own
        """
        self.ensure_one()
        engine = self.env["account.tax"]
        company = self.company_id or self.env.company
        base_line = self._prepare_base_line_for_taxes_computation(**kwargs)
        engine._add_tax_details_in_base_line(base_line, company)
        engine._round_base_lines_tax_details([base_line], company)
        details = base_line["tax_details"]
        return details["total_excluded_currency"], details["total_included_currency"]

    def _prepare_base_line_for_taxes_computation(self, **kwargs):
        """Return the base line of the tax engine (see `account.tax`)."""
        self.ensure_one()
        contract = self.contract_id
        return self.env["account.tax"]._prepare_base_line_for_taxes_computation(
            self,
            **{
                "tax_ids": self.tax_ids,
                "quantity": self.quantity,
                "partner_id": contract.partner_id,
                "currency_id": contract.currency_id or self.env.company.currency_id,
                "rate": contract.currency_rate or 1.0,
                "name": self.name,
                # The tax engine hands keys with an underscore on when it splits lines.
                "_contract_line": self,
                **kwargs,
            },
        )


def _describe_tax(tax):
    """Return a tax with its rate, which may change under the same name (str)."""
    sign = "" if tax.amount_type in ("fixed", "group") else " %"
    return f"{tax.invoice_label or tax.name} ({tax.amount:g}{sign})"
