from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.records import one

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
        content=True,
    )
    amount_ceiling = fields.Monetary(
        string="Ceiling",
        help="Most that may be ordered over the term, without taxes.",
        content=True,
    )
    order_count = fields.Integer(compute="_compute_ordered")
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

    @api.depends(
        "amount_ceiling",
        "order_ids.state",
        "order_ids.amount_untaxed",
        "order_ids.order_line.untaxed_amount_invoiced",
    )
    def _compute_ordered(self):
        called_off = self.env["sale.order"]._get_called_off(self)
        for contract in self:
            origin, ceiling = contract._origin, contract.amount_ceiling
            total = called_off.ordered.get(origin, 0.0)
            contract.order_count = called_off.numbers.get(origin, 0)
            contract.amount_ordered = total
            contract.amount_ordered_invoiced = called_off.invoiced.get(origin, 0.0)
            contract.amount_ceiling_left = ceiling - total
            threshold = contract.company_id.contract_ceiling_warning
            contract.is_ceiling_near = (
                contract.is_framework
                and bool(ceiling)
                and 100 * total / ceiling >= threshold
            )

    def _search_is_ceiling_near(self, operator, value):
        if operator != "in":
            return NotImplemented
        frameworks = self.search(
            [("is_framework", "=", True), ("state", "in", ORDERABLE_STATES)]
        )
        domain = Domain("id", "in", frameworks.filtered("is_ceiling_near").ids)
        return domain if True in value else ~domain

    def action_new_call_off(self):
        """Open a new quotation that is called off against the contract."""
        one(self)
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
