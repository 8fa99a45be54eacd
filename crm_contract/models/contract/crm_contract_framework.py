from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import formatLang

ORDERABLE_STATES = ("signed", "running")
CEILING_ACTIVITY = "crm_contract.mail_activity_type_ceiling"
_WATCHED = "crm_contract.watched_ceilings"


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

    def _set_framework_amounts(self):
        """The value of a framework is its ceiling; its lines are a price list."""
        for contract in self:
            contract.amount_untaxed = contract.amount_total = contract.amount_ceiling
            contract.amount_tax = 0.0
            contract.amount_one_off = contract.amount_recurring = 0.0

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
        defaults = {
            "contract_id": self,
            "partner_id": self.partner_id,
            "partner_invoice_id": self.partner_invoice_id,
            "fiscal_position_id": self.fiscal_position_id,
            "payment_term_id": self.payment_term_id,
            "company_id": self.company_id,
        }
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New call-off"),
            "res_model": "sale.order",
            "views": [(False, "form")],
            # What the contract leaves open is the customer's own.
            "context": {
                f"default_{name}": record.id
                for name, record in defaults.items()
                if record
            },
        }

    def _get_ordered_amounts(self):
        """Return ({contract: ordered}, {contract: invoiced}), in their currencies.

        What was invoiced of a cancelled order stays ordered.
        """
        # sudo: sums of orders that the reader of a contract may not open
        orders = self.env["sale.order"].sudo()
        domain = Domain("contract_id", "in", self.ids)
        ordered, invoiced = {}, {}
        for contract, currency, amount in orders._read_group(
            domain & Domain("state", "=", "sale"),
            ["contract_id", "currency_id"],
            ["amount_untaxed:sum"],
        ):
            contract._add_converted(ordered, currency, amount)
        lines = self.env["sale.order.line"].sudo()
        billed = domain & Domain("state", "in", ("sale", "cancel"))
        for order, amount in lines._read_group(
            [("order_id", "in", orders._search(billed))],
            ["order_id"],
            ["untaxed_amount_invoiced:sum"],
        ):
            order.contract_id._add_converted(invoiced, order.currency_id, amount)
            if order.state == "cancel":
                order.contract_id._add_converted(ordered, order.currency_id, amount)
        return ordered, invoiced

    def _add_converted(self, sums, currency, amount):
        if currency != self.currency_id:
            amount = currency._convert(
                amount, self.currency_id, self.company_id, fields.Date.today()
            )
        contract = self.with_env(self.env)
        sums[contract] = sums.get(contract, 0.0) + amount

    def _check_orderable(self, orders):
        """Raise UserError where orders can't be called off (any more, or yet).

        :param orders: confirmed `sale.order` of these frameworks
        """
        wrong = self.filtered(lambda c: c.state not in ORDERABLE_STATES)
        if wrong:
            raise UserError(
                self.env._(
                    "%s is not signed or not running: no order can be confirmed "
                    "against it.",
                    ", ".join(wrong.mapped("display_name")),
                )
            )
        for order in orders:
            contract = order.contract_id
            if order.partner_id.commercial_partner_id != contract.commercial_partner_id:
                raise UserError(
                    self.env._(
                        "%(contract)s is a framework for %(customer)s: %(order)s of "
                        "another customer can't be called off from it.",
                        contract=contract.display_name,
                        customer=contract.commercial_partner_id.display_name,
                        order=order.name,
                    )
                )

    @contextmanager
    def _watch_ceiling(self):
        """Let the block change orders, then check what it added to the frameworks.

        One block inside another leaves the check to the outer one: what rises in one
        line may fall in the next.
        """
        watched = self.env.cr.precommit.data.setdefault(_WATCHED, set())
        frameworks = self.filtered(lambda c: c.is_framework and c.id not in watched)
        before = frameworks._get_ordered_amounts()[0] if frameworks else {}
        watched.update(frameworks.ids)
        try:
            yield
        finally:
            watched.difference_update(frameworks.ids)
        if frameworks:
            frameworks._check_ceiling(before)

    def _check_ceiling(self, before):
        """Refuse or report what exceeds the ceiling, as the company's settings say.

        :param before: {contract: amount ordered before}; what was too much already is
            no reason to refuse less
        """
        ordered = self._get_ordered_amounts()[0]
        risen = self.filtered(lambda c: ordered.get(c, 0.0) > before.get(c, 0.0))
        # Two confirmations at once would each see its own order alone.
        risen._serialise()
        for contract in risen:
            old, new = before.get(contract, 0.0), ordered[contract]
            compare = contract.currency_id.compare_amounts
            if compare(new, contract.amount_ceiling) > 0 and compare(new, old) > 0:
                contract._act_beyond_ceiling(old, new)
        self.invalidate_recordset(["amount_ordered", "amount_ceiling_left"])

    def _act_beyond_ceiling(self, old, new):
        message = self._get_ceiling_message(old, new)
        if self.company_id.contract_ceiling_policy == "refuse":
            raise UserError(message)
        self._message_log(body=message)
        self.activity_unlink([CEILING_ACTIVITY])
        self.activity_schedule(
            CEILING_ACTIVITY, user_id=self.user_id.id or self.env.uid, note=message
        )

    def _get_ceiling_message(self, old, new):
        """Return the ceiling, what is ordered, and what to do, as text.

        :param old: what was ordered before, in the contract's currency
        :param new: what would be ordered now
        """
        ceiling, ordered, added, excess = (
            formatLang(self.env, amount, currency_obj=self.currency_id)
            for amount in (
                self.amount_ceiling,
                old,
                new - old,
                new - self.amount_ceiling,
            )
        )
        return self.env._(
            "%(contract)s has a ceiling of %(ceiling)s (without taxes). %(ordered)s is "
            "ordered so far; another %(added)s exceeds it by %(excess)s. Order less, or "
            "raise the ceiling by an amendment.",
            contract=self.display_name,
            ceiling=ceiling,
            ordered=ordered,
            added=added,
            excess=excess,
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
