from typing import NamedTuple

from odoo import api, fields, models
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


class CrmContract(models.Model):
    _inherit = "crm.contract"

    refund_advance = fields.Boolean(
        string="Credit advance payments",
        default=True,
        help="At an early end, what was paid in advance for the days after it is "
        "credited by the day. Otherwise it stays paid.",
        content=True,
    )


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
                Command.create(vals)
                for effect in effects
                for vals in effect.row._prepare_credit_line_vals(effect.change, day)
            ],
        )


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    def _filter_dropped(self, day):
        """Return the rows of the plan that a termination on a day cancels.

        What fell due by then is owed, whether it was billed by then or not.
        """
        return self._filter_plan().filtered(
            lambda row: row._is_open() and (not row.date_due or row.date_due > day)
        )

    def _get_end_effect(self, day):
        """Return what an end on a day does to the row (`Effect`).

        What was billed in advance stays billed, suspended days too: the end credits
        the days after it. What was credited before counts for suspended days first,
        and then for days after the end, so that no order of events matters.
        """
        self.ensure_one()
        used, suspended = self._get_days_until(day)
        served = self._get_amount_of_days(used - suspended)
        change = self.currency_id.round(self.amount - served)
        if self._is_open():
            return Effect(self, "shorten" if served else "stop", served, change)
        if self.invoice_id.state == "draft":
            return Effect(self, "redo", served, change)
        amount = self._get_amount_of_days(used)
        before = min(self._get_credited_before(), amount - served, key=abs)
        billed = self.amount_invoiced - self._get_drafted_credit()
        change = self.currency_id.round(billed - amount + before)
        # What was credited already, for whatever reason, is not credited again.
        change = change if change * self.amount > 0 else 0.0
        return Effect(self, "credit", billed - change, change)

    def _get_amount_of_days(self, days):
        """Return what so many days of the period cost, with taxes."""
        if not days:
            return 0.0
        return self.line_id._get_period_amounts(
            self.quantity, self.price_unit, days, self.days_full
        )[1]

    def _get_credited_before(self):
        """Return what was credited for another reason than the end, drafts included."""
        total = 0.0
        for move in self._get_credit_moves():
            is_note = move.move_type == "out_refund"
            note = move if is_note else move.reversed_entry_id
            if move.state != "cancel" and note.contract_credit != "end":
                sign = 1 if is_note else move._get_credit_sign()
                total += sign * move._get_parts().credited.get(self.id, 0.0)
        return total

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
            days, _suspended = row._get_days_until(day)
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
        """Return (days that the row bills up to a day, suspended ones among them).

        The first days that are not to be billed were known when it was billed; the later
        ones were billed in advance.
        """
        line, start, end = self.line_id, self.period_start, self.period_end
        if day < start:
            return 0, 0
        if not line.prorate:
            return self.days_billed, 0
        cut = Period(0, start, min(day, end), start, end)
        free = cut.days - billed_days(cut, line._get_pauses())
        known = min(free, (end - start).days + 1 - self.days_billed)
        used = min(cut.days - known, self.days_billed)
        return used, min(free - known, used)

    def _prepare_credit_line_vals(self, change, day):
        """Return create values of the lines that take back a part of the row.

        The tax engine's down payment makes them: taxes included, they are that part to
        the cent.
        """
        line, company = self.line_id, self.contract_id.company_id
        engine = self.env["account.tax"]
        base_line = line._prepare_base_line_for_taxes_computation(
            quantity=self.quantity,
            price_unit=self.price_unit * self.days_billed / self.days_full,
        )
        engine._add_tax_details_in_base_lines([base_line], company)
        engine._round_base_lines_tax_details([base_line], company)
        shares = engine._prepare_down_payment_lines(
            [base_line],
            company,
            "fixed",
            change,
            computation_key=f"crm_contract_settlement,{self.id}",
            grouping_function=lambda base_line: {
                "_contract_line": base_line["_contract_line"]
            },
        )
        self._absorb_rounding(shares, change)
        name = self._get_credit_line_name(day)
        return [self._prepare_credit_share_vals(share, name) for share in shares]

    def _prepare_credit_share_vals(self, share, name):
        price_unit = self._get_share_price(share)
        return {
            "credited_installment_id": self.id,
            "product_id": self.line_id.product_id.id,
            "name": name,
            "quantity": 1,
            "price_unit": price_unit,
            "tax_ids": [Command.set(share["tax_ids"].ids)],
            "analytic_distribution": self.line_id.analytic_distribution,
            "extra_tax_data": self.env["account.tax"]._export_base_line_extra_tax_data(
                dict(share, quantity=1, price_unit=price_unit)
            ),
        }

    def _get_credit_line_name(self, day):
        contract = self.contract_id
        row = self.with_context(lang=contract._get_print_lang())
        [last_day] = self.env["crm.contract.print"]._format_days(contract, day)
        return row.env._(
            "%(name)s: not delivered after %(day)s", name=self.name, day=last_day
        )
