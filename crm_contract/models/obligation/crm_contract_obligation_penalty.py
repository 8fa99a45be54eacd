from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.obligation import penalty
from ...tools.records import one

TRIGGER = "delay"


class CrmContractObligation(models.Model):
    """What a delay costs: computed day by day, and charged when somebody says so."""

    _inherit = "crm.contract.obligation"

    currency_id = fields.Many2one(related="contract_id.currency_id")
    days_late = fields.Integer(
        string="Days of delay", compute="_compute_penalty", aggregator=None
    )
    amount_penalty = fields.Monetary(
        string="Penalty",
        compute="_compute_penalty",
        help="What the delay comes to by now, less what was charged.",
    )
    penalty_row_ids = fields.One2many(
        "crm.contract.installment",
        "obligation_id",
        string="Penalty in the ledger",
        readonly=True,
    )

    @api.depends("date_due", "date_done", "state", "penalty_row_ids.state")
    def _compute_penalty(self):
        for row in self:
            row.days_late = row._get_days_late()
            row.amount_penalty = row._get_open_penalty()

    def _get_days_late(self):
        """Return for how many days it was late, or is (int)."""
        if not self.date_due or self.state in ("waived", "cancelled"):
            return 0
        until = self.date_done or self.company_id._get_today()
        return max(0, (until - self.date_due).days)

    def _get_open_penalty(self):
        # sudo: what is agreed, and what was charged, of what the user sees to
        row = self.sudo()
        terms = row.milestone_id
        amount = penalty(
            terms.penalty_kind or None,
            terms.penalty_amount,
            terms.penalty_percent,
            terms.penalty_cap,
            row.contract_id.amount_total,
            row.days_late,
        )
        charged = row.penalty_row_ids.filtered(lambda r: r.state != "cancelled")
        rest = amount - sum(abs(each.amount_fixed) for each in charged)
        return row.currency_id.round(max(0.0, rest)) if row.currency_id else 0.0

    def action_charge_penalty(self):
        """Put the penalty for the delay into the ledger; no run invoices it by itself.

        What the customer owes is an amount to invoice, what we owe one to give back.

        :return: the new row of the ledger
        :raise UserError: if nothing is left to be charged
        """
        one(self).check_access("write")
        # sudo: the contract of an obligation that somebody else sees to; checked next
        contract = self.sudo().contract_id
        contract.sudo(False)._check_access_to_invoice()
        self._lock_rows()
        self.invalidate_recordset(["amount_penalty", "days_late", "penalty_row_ids"])
        if self.currency_id.compare_amounts(self.amount_penalty, 0) <= 0:
            raise UserError(
                self.env._("No penalty is left to be charged for %s.", self.name)
            )
        rows = self.env["crm.contract.installment"]
        # sudo: rows of penalties are made by the ledger alone; the rights are checked
        row = rows.sudo().create(self._prepare_penalty_row_vals(contract))
        return row.with_env(self.env)

    def _prepare_penalty_row_vals(self, contract):
        """Return create values of the row of the ledger."""
        sign = 1 if self.side == "theirs" else -1
        printed = contract.with_context(lang=contract._get_print_lang())
        return {
            "contract_id": contract.id,
            "obligation_id": self.id,
            "trigger": TRIGGER,
            "amount_type": "fixed",
            "amount_fixed": sign * self.amount_penalty,
            "amount_untaxed": sign * self.amount_penalty,
            "price_unit": sign * self.amount_penalty,
            "quantity": 1,
            "date": self.company_id._get_today(),
            "name": printed.env._(
                "Penalty for %(days)s days of delay: %(obligation)s",
                days=self.days_late,
                obligation=self.name,
            ),
        }


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    trigger = fields.Selection(
        selection_add=[(TRIGGER, "Penalty for delay")], ondelete={TRIGGER: "cascade"}
    )
    obligation_id = fields.Many2one(
        "crm.contract.obligation",
        string="Penalty for the delay of",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        owned=True,
    )

    def _prepare_ledger_line_vals(self):
        if self.trigger != TRIGGER:
            return super()._prepare_ledger_line_vals()
        return self._prepare_damages_line_vals()


class CrmContractBilling(models.AbstractModel):
    _inherit = "crm.contract.billing"

    @api.model
    def _get_triggers_on_request(self):
        return (*super()._get_triggers_on_request(), TRIGGER)
