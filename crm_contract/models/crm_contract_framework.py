from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import formatLang

ORDERABLE_STATES = ("signed", "running")


class CrmContract(models.Model):
    """Framework contracts: sales orders are called off, up to a ceiling."""

    _inherit = "crm.contract"

    is_framework = fields.Boolean(
        string="Framework contract",
        compute="_compute_is_framework",
        store=True,
        readonly=False,
        precompute=True,
        help="Bills nothing by itself: sales orders are called off against it.",
    )
    amount_ceiling = fields.Monetary(
        string="Ceiling",
        help="Most that may be ordered over the term, without taxes.",
    )
    amount_ordered = fields.Monetary(
        compute="_compute_ordered",
        string="Ordered",
        help="Confirmed sales orders, without taxes; other currencies at today's rate.",
    )
    amount_ordered_invoiced = fields.Monetary(
        compute="_compute_ordered",
        string="Invoiced of the orders",
        help="What was invoiced of the orders, less what was credited, without taxes.",
    )
    amount_ceiling_left = fields.Monetary(
        compute="_compute_ordered", string="Left to order"
    )
    percent_ordered = fields.Float(compute="_compute_ordered", string="Ordered (%)")
    is_ceiling_near = fields.Boolean(
        string="Ceiling nearly reached",
        compute="_compute_ordered",
        search="_search_is_ceiling_near",
    )

    _ceiling_positive = models.Constraint(
        "CHECK (amount_ceiling >= 0)", "A ceiling must not be negative."
    )

    @api.depends("type_id")
    def _compute_is_framework(self):
        for contract in self:
            contract.is_framework = contract.type_id.is_framework

    @api.depends("is_framework", "amount_ceiling")
    def _compute_amounts(self):
        """The value of a framework is its ceiling; its lines are a price list."""
        frameworks = self.filtered("is_framework")
        for contract in frameworks:
            contract.amount_untaxed = contract.amount_total = contract.amount_ceiling
            contract.amount_tax = 0.0
            contract.amount_one_off = contract.amount_recurring = 0.0
        super(CrmContract, self - frameworks)._compute_amounts()

    @api.depends(
        "amount_ceiling",
        "order_ids.state",
        "order_ids.amount_untaxed",
        "order_ids.order_line.untaxed_amount_invoiced",
    )
    def _compute_ordered(self):
        ordered, invoiced = self._get_ordered_amounts()
        for contract in self:
            total, ceiling = ordered.get(contract, 0.0), contract.amount_ceiling
            contract.amount_ordered = total
            contract.amount_ordered_invoiced = invoiced.get(contract, 0.0)
            contract.amount_ceiling_left = ceiling - total
            share = total / ceiling if ceiling else 0.0
            contract.percent_ordered = 100 * share
            threshold = contract.company_id.contract_ceiling_warning
            contract.is_ceiling_near = (
                contract.is_framework and bool(ceiling) and 100 * share >= threshold
            )

    def _search_is_ceiling_near(self, operator, value):
        if operator != "in":
            return NotImplemented
        frameworks = self.search(
            [("is_framework", "=", True), ("state", "in", ORDERABLE_STATES)]
        )
        domain = Domain("id", "in", frameworks.filtered("is_ceiling_near").ids)
        return domain if True in value else ~domain

    @api.model
    def _get_content_fields(self):
        return (*super()._get_content_fields(), "is_framework", "amount_ceiling")

    def action_new_call_off(self):
        """Open a new quotation that is called off against the contract."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New call-off"),
            "res_model": "sale.order",
            "views": [(False, "form")],
            "context": {
                "default_contract_id": self.id,
                "default_partner_id": self.partner_id.id,
                "default_partner_invoice_id": self.partner_invoice_id.id,
                "default_fiscal_position_id": self.fiscal_position_id.id,
                "default_payment_term_id": self.payment_term_id.id,
                "default_company_id": self.company_id.id,
            },
        }

    def _get_ordered_amounts(self):
        """Return ({contract: ordered}, {contract: invoiced}), in their currencies."""
        # sudo: sums of orders that the reader of a contract may not open
        domain = [("contract_id", "in", self.ids), ("state", "=", "sale")]
        orders = self.env["sale.order"].sudo()
        ordered, invoiced = {}, {}
        for contract, currency, amount in orders._read_group(
            domain, ["contract_id", "currency_id"], ["amount_untaxed:sum"]
        ):
            contract._add_converted(ordered, currency, amount)
        for order, amount in (
            self.env["sale.order.line"]
            .sudo()
            ._read_group(
                [("order_id", "in", orders._search(domain))],
                ["order_id"],
                ["untaxed_amount_invoiced:sum"],
            )
        ):
            order.contract_id._add_converted(invoiced, order.currency_id, amount)
        return ordered, invoiced

    def _add_converted(self, sums, currency, amount):
        if currency != self.currency_id:
            amount = currency._convert(
                amount, self.currency_id, self.company_id, fields.Date.today()
            )
        contract = self.with_env(self.env)
        sums[contract] = sums.get(contract, 0.0) + amount

    def _check_orderable(self):
        """Raise UserError where orders can't be called off (any more, or yet)."""
        wrong = self.filtered(lambda c: c.state not in ORDERABLE_STATES)
        if wrong:
            raise UserError(
                self.env._(
                    "%s is not signed or not running: no order can be confirmed "
                    "against it.",
                    ", ".join(wrong.mapped("display_name")),
                )
            )

    def _check_ceiling(self):
        """Refuse or report orders beyond the ceiling, as the company's settings say."""
        if not self.ids:
            return
        # Two confirmations at once would each see its own order alone.
        self.env.flush_all()
        self._serialise()
        self.invalidate_recordset(["amount_ordered", "amount_ceiling_left"])
        for contract in self:
            if (
                contract.currency_id.compare_amounts(contract.amount_ceiling_left, 0)
                < 0
            ):
                contract._act_beyond_ceiling()

    def _act_beyond_ceiling(self):
        message = self._get_ceiling_message()
        if self.company_id.contract_ceiling_policy == "refuse":
            raise UserError(message)
        self._message_log(body=message)
        self.activity_unlink(["mail.mail_activity_data_todo"])
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=self.user_id.id or self.env.uid,
            summary=self.env._("Ceiling exceeded"),
            note=message,
        )

    def _get_ceiling_message(self):
        """Return the ceiling, what is ordered, and what to do, as text."""
        ceiling, ordered = (
            formatLang(self.env, amount, currency_obj=self.currency_id)
            for amount in (self.amount_ceiling, self.amount_ordered)
        )
        return self.env._(
            "The orders of %(contract)s would add up to %(ordered)s and exceed its "
            "ceiling of %(ceiling)s (without taxes). Order less, or raise the ceiling "
            "by an amendment.",
            contract=self.display_name,
            ordered=ordered,
            ceiling=ceiling,
        )

    def _get_missing_framework(self):
        """Return what a framework contract lacks or has too much (list of str)."""
        self.ensure_one()
        problems = []
        if not self.amount_ceiling:
            problems.append(self.env._("The ceiling of the framework is missing."))
        if self.installment_ids:
            problems.append(
                self.env._(
                    "A framework contract bills by its orders: remove the payment plan."
                )
            )
        if self.line_ids.filtered("is_recurring"):
            problems.append(
                self.env._("A framework contract has no recurring lines; order them.")
            )
        return problems
