from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import formatLang

from ...tools.records import one
from ..contract.crm_contract_framework import ORDERABLE_STATES

# Orders that something may have been invoiced of.
BILLED_STATES = ("sale", "cancel")


class CalledOff(NamedTuple):
    """Number of orders, and amounts without taxes, each as `{contract: value}`.

    Amounts are in the currencies of the contracts, at today's rate.
    """

    numbers: dict
    ordered: dict
    invoiced: dict


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "crm.contract.link.mixin"]

    contract_id = fields.Many2one(
        "crm.contract",
        copy=False,
        index="btree_not_null",
        check_company=True,
        domain="[('partner_id', 'child_of', partner_id)]",
    )

    contract_state = fields.Selection(
        related="contract_id.state", string="State of the contract"
    )
    contract_warning = fields.Char(compute="_compute_contract_warning")

    @api.depends("contract_id", "partner_id", "amount_untaxed", "state")
    def _compute_contract_warning(self):
        for order in self:
            contract = order.contract_id
            if contract != order._origin.contract_id:
                # Proposed in a form, whose user may name any.
                contract = contract._filtered_access("read")
            # sudo: the ceiling of a contract that the salesperson may not open
            contract = contract.sudo()
            is_open = order.state in ("draft", "sent") and contract.is_framework
            # Of a contract with somebody else, it is none of their business.
            customer = order.partner_id.commercial_partner_id
            is_open = is_open and contract.commercial_partner_id == customer
            order.contract_warning = is_open and order._get_ceiling_warning(contract)

    def _get_ceiling_warning(self, contract):
        """Return a warning if the order comes near to the ceiling, or exceeds it."""
        amount = self.currency_id._convert(
            self.amount_untaxed,
            contract.currency_id,
            self.company_id,
            self.company_id._get_today(),
        )
        left = contract.amount_ceiling_left - amount
        values = {
            "contract": contract.display_name,
            "left": formatLang(self.env, abs(left), currency_obj=contract.currency_id),
        }
        if contract.currency_id.compare_amounts(left, 0) < 0:
            return self.env._(
                "This order exceeds the ceiling of %(contract)s by %(left)s.", **values
            )
        used = contract.amount_ceiling - left
        limit = contract.company_id.contract_ceiling_warning / 100
        if used >= limit * contract.amount_ceiling:
            return self.env._(
                "With this order, %(left)s is left of the ceiling of %(contract)s.",
                **values,
            )
        return False

    @api.model_create_multi
    def create(self, vals_list):
        named = self._get_named(*vals_list, self.env.context)
        self._check_contracts_named(named)
        with self.env["crm.contract.ceiling"]._watch(named):
            orders = super().create(vals_list)
        orders._check_orderable()
        return orders

    def write(self, vals):
        named, linked = self._get_named(vals), self._get_watched()
        self._check_contracts_named(named - linked)
        with self.env["crm.contract.ceiling"]._watch(linked | named):
            result = super().write(vals)
        if not {"state", "contract_id", "partner_id"}.isdisjoint(vals):
            self._check_orderable()
        return result

    def _get_watched(self):
        """Return the contracts of the orders, whose ceilings they respect (sudo)."""
        # sudo: the salesperson may not see the contract, and must respect it
        return self.sudo().contract_id

    def _get_named(self, *vals_list):
        """Return the contracts that values name."""
        names = ("contract_id", "default_contract_id")
        ids = {vals.get(name) for vals in vals_list for name in names}
        # sudo: the salesperson may not see the contract, and must respect it
        contracts = self.env["crm.contract"].sudo()
        return contracts.browse(filter(None, ids))

    def _check_contracts_named(self, contracts):
        """Raise AccessError if somebody links a contract that he may not read."""
        if contracts and not self.env.su:
            contracts.sudo(False).check_access("read")

    def _check_orderable(self):
        """Raise UserError for confirmed orders whose framework does not allow them."""
        # sudo: the salesperson may not see the contract, and must respect it
        called_off = self.sudo().filtered(
            lambda order: order.state == "sale" and order.contract_id.is_framework
        )
        wrong = called_off.contract_id.filtered(
            lambda contract: contract.state not in ORDERABLE_STATES
        )
        if wrong:
            raise UserError(
                self.env._(
                    "%s is not signed or not running: no order can be confirmed "
                    "against it.",
                    ", ".join(wrong.mapped("display_name")),
                )
            )
        for order in called_off:
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

    @api.model
    def _get_called_off(self, contracts):
        """Return what was called off against contracts (`CalledOff`).

        What was invoiced of a cancelled order stays ordered.
        """
        # sudo: sums of orders that the reader of a contract may not open
        orders = self.sudo()
        domain = Domain("contract_id", "in", contracts.ids)
        result = CalledOff({}, {}, {})
        states = set()
        for contract, state, currency, number, amount in orders._read_group(
            domain,
            ["contract_id", "state", "currency_id"],
            ["__count", "amount_untaxed:sum"],
        ):
            states.add(state)
            result.numbers[contract] = result.numbers.get(contract, 0) + number
            if state == "sale":
                _add_converted(result.ordered, contract, currency, amount)
        if states.isdisjoint(BILLED_STATES):
            return result
        billed = orders._search(domain & Domain("state", "in", BILLED_STATES))
        for order, amount in orders.order_line._read_group(
            [("order_id", "in", billed)], ["order_id"], ["untaxed_amount_invoiced:sum"]
        ):
            parts = (order.contract_id, order.currency_id, amount)
            _add_converted(result.invoiced, *parts)
            if order.state == "cancel":
                _add_converted(result.ordered, *parts)
        return result

    def _report_not_confirmed(self, reason):
        """Remind the salesperson of paid orders that can't be confirmed."""
        for order in self:
            order.activity_schedule(
                "mail.mail_activity_data_warning",
                user_id=order.user_id.id or self.env.uid,
                summary=self.env._("Paid, but not confirmed"),
                note=reason,
            )

    def action_new_contract(self):
        """Make a draft contract from the order, once; open it."""
        one(self)
        self._check_can_become_contract()
        # What the context proposes is for orders.
        contracts = self.env["crm.contract"]._without_defaults()
        contract = contracts.create(self._prepare_contract_vals())
        # sudo: the link to the order is owned by the bridge
        for line, source in zip(
            contract.line_ids.sudo(), self._get_contract_lines(), strict=True
        ):
            line.sale_line_id = source if not source.display_type else False
        self.contract_id = contract
        return contract._get_records_action()

    def action_view_contract(self):
        """Open the contract of the order."""
        one(self)
        return self.contract_id._get_records_action()

    def _check_can_become_contract(self):
        # sudo: one that is cancelled gave its lines back, whoever may open it
        if self.contract_id and self.contract_id.sudo().state != "cancelled":
            raise UserError(
                self.env._(
                    "%(order)s belongs to the contract %(contract)s already.",
                    order=self.name,
                    contract=self.contract_id.display_name,
                )
            )
        if self.state == "cancel":
            raise UserError(self.env._("%s is cancelled.", self.name))
        if self.order_line.filtered("qty_invoiced"):
            raise UserError(
                self.env._(
                    "%s is invoiced in part: a contract would bill it again.", self.name
                )
            )

    def _get_contract_lines(self):
        return self.order_line.filtered(
            lambda line: (
                not line.is_downpayment
                and (line.display_type or line.product_uom_qty > 0)
            )
        )

    def _prepare_contract_vals(self):
        """Return create values of a contract that takes over the order's content."""
        self.ensure_one()
        return {
            "name": self.client_order_ref or self.opportunity_id.name or self.name,
            "partner_id": self.partner_id.id,
            "partner_invoice_id": self.partner_invoice_id.id,
            "partner_shipping_id": self.partner_shipping_id.id,
            # Of somebody else's opportunity it would say that the signature wins it.
            "opportunity_id": self.opportunity_id._filtered_access("write").id,
            "user_id": self.user_id.id,
            "team_id": self.team_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "fiscal_position_id": self.fiscal_position_id.id,
            "payment_term_id": self.payment_term_id.id,
            "tag_ids": [Command.set(self.tag_ids.ids)],
            "line_ids": [
                Command.create(line._prepare_contract_line_vals())
                for line in self._get_contract_lines()
            ],
        }

    def _get_invoiceable_lines(self, final=False):
        """Leave out the lines that the ledger of a live contract bills."""
        lines = super()._get_invoiceable_lines(final)
        return lines - lines._get_billed_by_contract()

    def _check_not_billed_by_contract(self):
        """Raise UserError if the ledger of a contract bills lines of the orders."""
        billed = self.order_line._get_billed_by_contract()
        if billed:
            raise UserError(
                self.env._(
                    "%s is invoiced from the payment plan of its contract.",
                    ", ".join(billed.order_id.mapped("name")),
                )
            )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    @api.model_create_multi
    def create(self, vals_list):
        orders = self.order_id.browse(
            {vals["order_id"] for vals in vals_list if vals.get("order_id")}
        )
        with self.env["crm.contract.ceiling"]._watch(orders._get_watched()):
            return super().create(vals_list)

    def write(self, vals):
        watched = self.order_id._get_watched()
        with self.env["crm.contract.ceiling"]._watch(watched):
            return super().write(vals)

    def _prepare_qty_invoiced(self):
        """Let a line that a contract bills period by period count once."""
        quantities = super()._prepare_qty_invoiced()
        for line in self._get_recurring_in_contract():
            quantities[line] = line._count_once(quantities[line])
        return quantities

    def _compute_qty_invoiced_posted(self):
        super()._compute_qty_invoiced_posted()
        for line in self._get_recurring_in_contract():
            line.qty_invoiced_posted = line._count_once(line.qty_invoiced_posted)

    def _compute_untaxed_amount_to_invoice(self):
        super()._compute_untaxed_amount_to_invoice()
        for line in self._get_recurring_in_contract():
            line.untaxed_amount_to_invoice = max(0.0, line.untaxed_amount_to_invoice)

    def _count_once(self, quantity):
        """Return the ordered quantity as soon as a period of it is invoiced."""
        return self.product_uom_qty if quantity > 0 else 0.0

    def _get_recurring_in_contract(self):
        """Return the lines that a contract bills period by period."""
        # sudo: a contract that the user can't see bills its lines all the same
        lines = self.env["crm.contract.line"].sudo()
        found = lines.search(
            [("sale_line_id", "in", self.ids), ("is_recurring", "=", True)]
        )
        return self & found.sale_line_id.with_env(self.env)

    def _get_billed_by_contract(self):
        """Return the lines that the ledger of a contract not cancelled bills."""
        # sudo: a contract that the user can't see bills its lines all the same
        lines = (
            self.env["crm.contract.line"]
            .sudo()
            .search(
                [
                    ("sale_line_id", "in", self.ids),
                    ("contract_id.state", "!=", "cancelled"),
                    ("contract_id.is_framework", "=", False),
                ]
            )
        )
        return lines.sale_line_id.sudo(self.env.su)

    def _prepare_contract_line_vals(self):
        """Return create values of the contract line that takes over this line."""
        self.ensure_one()
        vals = {
            "sequence": self.sequence,
            "name": self.name,
        }
        if self.display_type:
            kind = "line_note" if self.display_type == "line_note" else "line_section"
            return dict(vals, display_type=kind)
        return dict(
            vals,
            product_id=self.product_id.id,
            quantity=self.product_uom_qty,
            product_uom_id=self.product_uom_id.id,
            price_unit=self.price_unit,
            discount=self.discount,
            tax_ids=[Command.set(self.tax_ids.ids)],
            analytic_distribution=self.analytic_distribution,
        )


def _add_converted(sums, contract, currency, amount):
    """Add an amount to the sum of a contract, in the currency of that."""
    if currency != contract.currency_id:
        company = contract.company_id
        amount = currency._convert(
            amount, contract.currency_id, company, company._get_today()
        )
    sums[contract] = sums.get(contract, 0.0) + amount
