from typing import NamedTuple

from odoo import api, models
from odoo.fields import Command

from ...tools.recurrence import Period, billed_days


class Effect(NamedTuple):
    """What an early end does to a row: `kind` is stop, shorten, credit or redo.

    `amount` is what is billed of the row after all, `change` what it is less by; both
    with taxes, in the contract's currency.
    """

    row: models.BaseModel
    kind: str
    amount: float
    change: float


class CrmContractSettlement(models.AbstractModel):
    """Settlement of an early end: what of the ledger stops, or is credited."""

    _name = "crm.contract.settlement"
    _description = "Settlement of an early end"

    @api.model
    def _get_effects(self, contract, day):
        """Return what the end on a day does to rows of periods that go beyond it."""
        # sudo: the ledger knows all of its rows and their invoices
        rows = contract.line_ids.sudo().installment_ids.filtered(
            lambda row: (
                row.trigger == "period"
                and row.period_end > day
                and row.state not in ("cancelled", "waived")
            )
        )
        return [row._get_end_effect(day) for row in rows.sorted("period_start")]

    @api.model
    def _settle(self, contracts, day):
        """Take back what invoices bill beyond the last day of the contracts.

        A draft invoice is cancelled, and its rows are billed anew up to that day; of a
        posted one a credit note is drafted.

        :return: account.move records, the credit notes
        """
        credit_notes = self.env["account.move"]
        for contract in contracts:
            effects = self._get_effects(contract, day)
            self._cancel_drafts(effects)
            by_invoice = {}
            for effect in effects:
                if effect.kind == "credit" and effect.change:
                    by_invoice.setdefault(effect.row.invoice_id, []).append(effect)
            # sudo: who ends a contract need not be an accountant; the credit notes
            # stay drafts until one posts them
            credit_notes |= credit_notes.sudo().create(
                [
                    self._prepare_credit_vals(contract, invoice, credited, day)
                    for invoice, credited in by_invoice.items()
                ]
            )
        return credit_notes.sudo(False)

    @api.model
    def _cancel_drafts(self, effects):
        drafts = [effect.row.invoice_id for effect in effects if effect.kind == "redo"]
        # sudo: who ends a contract need not be an accountant
        cancelled = self.env["account.move"].sudo().union(*drafts)
        cancelled.button_cancel()

    @api.model
    def _prepare_credit_vals(self, contract, invoice, effects, day):
        """Return create values of the credit note for periods paid in advance."""
        return dict(
            contract._prepare_invoice_vals("out_refund"),
            reversed_entry_id=invoice.id,
            contract_credit="end",
            journal_id=invoice.journal_id.id,
            invoice_line_ids=[
                Command.create(effect.row._prepare_credit_line_vals(effect.change, day))
                for effect in effects
            ],
        )


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    def _filter_dropped(self, day):
        """Return the rows of the plan that a termination on a day cancels.

        Extended by satellites in which a contract runs on until that day.
        """
        return self._filter_plan().filtered(lambda row: row._is_open())

    def _get_end_effect(self, day):
        self.ensure_one()
        used = self._get_days_until(day)
        amount = 0.0
        if used:
            amount = self.line_id._get_period_amounts(
                self.quantity, self.price_unit, used, self.days_full
            )[1]
        change = self.currency_id.round(self.amount - amount)
        if self._is_open():
            return Effect(self, "shorten" if used else "stop", amount, change)
        if self.invoice_id.state == "draft":
            return Effect(self, "redo", amount, change)
        billed = self.amount_invoiced - self._get_drafted_credit()
        change = self.currency_id.round(billed - amount)
        # What was credited already, for whatever reason, is not credited again.
        is_left = change * self.amount > 0
        return Effect(self, "credit", amount, change if is_left else 0.0)

    def _get_drafted_credit(self):
        """Return what credit notes that are not posted yet take back of the row."""
        moves = self._get_credit_moves().filtered(
            lambda move: move.move_type == "out_refund" and move.state == "draft"
        )
        return sum(move._get_parts().credited.get(self.id, 0.0) for move in moves)

    def _shorten_credited(self, day):
        """Let rows whose days after a day were credited say that they end on it."""
        for row in self:
            used = row.period_start <= day < row.period_end and row.amount_credited
            if not used or row._is_open():
                continue
            # Credited for another reason, and for less: all of its days are billed.
            if row.currency_id.compare_amounts(row._get_end_effect(day).change, 0) > 0:
                continue
            days = row._get_days_until(day)
            untaxed, total = row.line_id._get_period_amounts(
                row.quantity, row.price_unit, days, row.days_full
            )
            row.write(
                {
                    "days_billed": days,
                    "period_end": day,
                    "amount_fixed": total,
                    "amount_untaxed": untaxed,
                    "name": row.line_id._get_period_name(row.period_start, day),
                }
            )

    def _get_days_until(self, day):
        """Return the days that are billed of the period up to a day."""
        line, start, end = self.line_id, self.period_start, self.period_end
        if day < start:
            return 0
        if not line.prorate:
            return self.days_billed
        cut = Period(0, start, min(day, end), start, end)
        return min(billed_days(cut, line._get_pauses()), self.days_billed)

    def _prepare_credit_line_vals(self, change, day):
        """Return create values of the line that takes back a part of the row.

        Quantity 1, so that the parts of a period add up to the whole to the cent.
        """
        taxes = self.line_id.tax_ids
        included = any(tax.price_include for tax in taxes.flatten_taxes_hierarchy())
        untaxed = self.amount_untaxed * change / self.amount if self.amount else 0.0
        contract = self.contract_id
        row = self.with_context(lang=contract._get_print_lang())
        [last_day] = self.env["crm.contract.print"]._format_days(contract, day)
        return {
            "credited_installment_id": self.id,
            "product_id": self.line_id.product_id.id,
            "name": row.env._(
                "%(name)s: not delivered after %(day)s",
                name=self.name,
                day=last_day,
            ),
            "quantity": 1,
            "price_unit": change if included else self.currency_id.round(untaxed),
            "tax_ids": [Command.set(taxes.ids)],
            "analytic_distribution": self.line_id.analytic_distribution,
        }
