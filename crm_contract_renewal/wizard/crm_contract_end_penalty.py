from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import formatLang

# How effects on the ledger are summed up: `{kind: what of them counts}`.
SUMS = {"stop": "change", "shorten": "change", "redo": "amount", "credit": "change"}


class CrmContractEnd(models.TransientModel):
    """Penalty and settlement: what is owed for an early end, and all sums of it."""

    _inherit = "crm.contract.end"

    amount_remaining = fields.Monetary(
        string="Remaining value",
        compute="_compute_amount_remaining",
        help="Value of the term after the end, without taxes; without a term, until "
        "the earliest end by notice.",
    )
    penalty = fields.Selection(
        [("fixed", "An amount"), ("percent", "Percent of the remaining value")],
        string="Contract penalty",
        help="Empty: none.",
    )
    penalty_fixed = fields.Monetary(string="Amount of the penalty")
    penalty_percent = fields.Float(string="Percent", digits=(16, 2))
    amount_penalty = fields.Monetary(
        string="Penalty", compute="_compute_amount_penalty", help="Without taxes."
    )
    penalty_owed_by = fields.Selection(
        [("customer", "The customer"), ("us", "Us")],
        string="Owed by",
        compute="_compute_penalty_owed_by",
        store=True,
        readonly=False,
        help="Whoever terminates, unless the other side gave the reason.",
    )
    penalty_clause_id = fields.Many2one(
        "crm.contract.clause",
        string="Under the clause",
        domain="[('contract_id', '=', contract_id), ('part', '=', 'breach')]",
    )
    penalty_tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes of the penalty",
        domain="[('type_tax_use', '=', 'sale'), ('company_id', 'parent_of', company_id)]",
        help="None by default: a penalty pays for no supply.",
    )
    company_id = fields.Many2one(related="contract_id.company_id")
    settlement = fields.Html(compute="_compute_settlement")

    @api.depends("contract_id", "date", "date_earliest")
    def _compute_amount_remaining(self):
        model = self.env["crm.contract.termination"]
        for wizard in self:
            contract = wizard.contract_id
            last = contract.date_end or wizard.date_earliest
            wizard.amount_remaining = (
                model._get_remaining_value(contract, wizard.date, last)
                if wizard.date
                else 0.0
            )

    @api.depends("penalty", "penalty_fixed", "penalty_percent", "amount_remaining")
    def _compute_amount_penalty(self):
        for wizard in self:
            part = wizard.amount_remaining * wizard.penalty_percent / 100
            amount = {"fixed": wizard.penalty_fixed, "percent": part}
            wizard.amount_penalty = wizard.currency_id.round(
                amount.get(wizard.penalty, 0.0)
            )

    @api.depends("terminated_by")
    def _compute_penalty_owed_by(self):
        for wizard in self:
            owes = {"us": "us", "customer": "customer"}
            wizard.penalty_owed_by = owes.get(wizard.terminated_by)

    @api.depends(
        "contract_id", "date", "reason", "settle", "amount_penalty", "penalty_owed_by"
    )
    def _compute_settlement(self):
        row = Markup("<tr><td>%s</td><td class='text-end'>%s</td></tr>")
        for wizard in self:
            rows = [
                row % (label, formatLang(self.env, amount, currency_obj=currency))
                for currency in wizard.currency_id
                for label, amount in wizard._get_sums()
                if amount
            ]
            wizard.settlement = rows and Markup(
                "<table class='table table-sm w-auto'><tbody>%s</tbody></table>"
            ) % Markup().join(rows)

    def _get_sums(self):
        """Return the sums of all that the end does, as (label, amount) in a list."""
        self.ensure_one()
        day = self.date or self.contract_id.company_id._get_today()
        sums = dict.fromkeys(SUMS, 0.0)
        beyond = 0.0
        settlement = self.env["crm.contract.settlement"]
        for effect in settlement._get_effects(self.contract_id, day):
            kind = effect.kind
            if kind in ("redo", "credit") and not self.settle:
                beyond += effect.change
            else:
                sums[kind] += getattr(effect, SUMS[kind])
        return [
            (
                self.env._("Planned periods not billed any more"),
                sums["stop"] + sums["shorten"],
            ),
            (self.env._("Credit notes, as drafts"), sums["credit"]),
            (self.env._("Draft invoices cancelled; billed anew"), sums["redo"]),
            (self.env._("Stays billed beyond the end"), beyond),
            *self._get_plan_sums(day),
            *self._get_claim_sums(),
        ]

    def _get_plan_sums(self, day):
        if self.reason != "terminated":
            return []
        plan = self.contract_id.installment_ids._filter_plan()
        rows = plan._filter_dropped(day)
        owed = plan.filtered(lambda row: row._is_open()) - rows
        return [
            (self.env._("Installments cancelled"), sum(rows.mapped("amount"))),
            (self.env._("Due by then, still invoiced"), sum(owed.mapped("amount"))),
        ]

    def _get_claim_sums(self):
        by_us = self.penalty_owed_by == "us"
        penalty = self.amount_penalty if self.reason == "terminated" else 0.0
        return [
            (
                self.env._("Penalty owed by the customer, draft invoice"),
                0.0 if by_us else penalty,
            ),
            (
                self.env._("Penalty owed by us, draft credit note"),
                penalty if by_us else 0.0,
            ),
            (
                self.env._("Overdue invoices, still to be paid"),
                self.contract_id.amount_overdue,
            ),
        ]

    def _prepare_penalty(self):
        """Return the penalty as `crm.contract.action_end` takes it, or None."""
        self.ensure_one()
        if not self.penalty:
            return None
        return {
            "amount": self.amount_penalty,
            "owed_by": self.penalty_owed_by,
            "clause_id": self.penalty_clause_id.id,
            "tax_ids": self.penalty_tax_ids.ids,
        }
