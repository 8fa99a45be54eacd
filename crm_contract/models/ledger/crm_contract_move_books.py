from typing import NamedTuple

from odoo import fields, models

from ...tools.booked import Booked, spread_cents

SETTLED = ("paid", "in_payment")


class LedgerParts(NamedTuple):
    """What an invoice or credit note holds of rows of the ledger: `{row id: amount}`.

    Amounts are those of its lines, taxes included, in the currency of the rows;
    positive for what the document is for. `rest` is no row's.
    """

    billed: dict
    credited: dict
    rest: float


class AccountMove(models.Model):
    """What invoices and credit notes hold of rows of the ledger, and what is paid."""

    _inherit = "account.move"

    def _get_sign(self):
        """Return 1 for an invoice, -1 for a credit note."""
        return -1 if self.move_type == "out_refund" else 1

    def _get_credit_sign(self):
        """Return 1 for what takes rows back, -1 for what takes that back, else 0.

        The latter counts as a draft, too: a row must not be billed when it may come
        back any time.
        """
        if self.move_type == "out_refund":
            return int(self.state == "posted")
        counts = self.state != "cancel" and self.reversed_entry_id.state == "posted"
        return -1 if counts else 0

    def _get_credited_invoice(self):
        """Return the invoice whose billing a credit note, or its reversal, changes."""
        if self.move_type == "out_refund":
            return self.reversed_entry_id
        return self.reversed_entry_id.reversed_entry_id

    def _get_ledger_parts(self):
        """Return what the documents hold of rows of the ledger: `{move: LedgerParts}`."""
        return {move: move._get_parts() for move in self}

    def _get_parts(self):
        billed, credited, rest = {}, {}, 0.0
        lines = self._get_ledger_lines()
        amounts = self._get_line_amounts(lines)
        for line, amount in zip(lines, amounts, strict=True):
            if line.installment_id:
                _add(billed, line.installment_id, amount)
            elif line.credited_installment_id:
                _add(credited, line.credited_installment_id, amount)
            for share in line.share_ids:
                sums = credited if share.is_credit else billed
                _add(sums, share.installment_id, amount * share.fraction)
            if line._is_loose():
                rest += amount
        return LedgerParts(billed, credited, rest)

    def _get_line_amounts(self, lines):
        """Return the amounts of lines, which add up to the total of the document.

        They are converted to the currency of the contract where it is another one.
        """
        rounding = self.currency_id.rounding or 0.01
        amounts = lines.mapped("price_total")
        if not self.currency_id.is_zero(self.amount_total - sum(amounts)):
            amounts = spread_cents(amounts, self.amount_total, rounding)
        currency = self.contract_id.currency_id or self.currency_id
        if currency == self.currency_id:
            return amounts
        rate = self._get_rate_to(currency)
        return [currency.round(amount * rate) for amount in amounts]

    def _get_rate_to(self, currency):
        """Return how many units of a currency one of the document's is worth."""
        return self.env["res.currency"]._get_conversion_rate(
            self.currency_id,
            currency,
            self.company_id,
            self.invoice_date or self.company_id._get_today(),
        )

    def _get_ledger_lines(self):
        lines = self.line_ids
        products = lines.filtered(lambda line: line.display_type == "product")
        # What is read of them is read for all documents at hand.
        return products.with_prefetch(lines._prefetch_ids)

    def _get_documents(self, parts):
        """Return what `tools.booked` needs to know of the documents (list)."""
        posted = self.filtered(lambda move: move.state == "posted")
        settled = posted.filtered(lambda move: move._get_settled())
        # What is drafted again may still be set off with what it took back.
        moves = posted | settled.reversal_move_ids | settled.reversed_entry_id
        parts = {**parts, **(moves - self)._get_ledger_parts()}
        return [move._get_document(parts[move]) for move in moves]

    def _get_document(self, parts):
        amounts = dict.fromkeys((*parts.billed, *parts.credited), 0.0)
        for sums in (parts.billed, parts.credited):
            for row, amount in sums.items():
                amounts[row] += amount
        is_posted = self.state == "posted"
        settled = self._get_settled()
        return Booked(
            self.id,
            self._get_sign(),
            amounts,
            parts.rest,
            is_posted,
            settled if is_posted else 0.0,
            self.reversed_entry_id.id,
            self._get_set_off() if self.reversed_entry_id else 0.0,
            self._get_maturities() if is_posted and self._get_sign() > 0 else (),
        )

    def _get_settled(self):
        """Return how much of the document is settled, in the contract's currency."""
        amount = self.amount_total
        if self.payment_state not in SETTLED:
            amount -= self.amount_residual
        return self._to_contract(amount)

    def _get_set_off(self):
        """Return what is set off with the document that this one takes back."""
        origin = self.reversed_entry_id
        lines = self._get_receivable_lines()
        amount = sum(
            partial.debit_amount_currency
            for partial in lines.matched_debit_ids
            if partial.debit_move_id.move_id == origin
        ) + sum(
            partial.credit_amount_currency
            for partial in lines.matched_credit_ids
            if partial.credit_move_id.move_id == origin
        )
        return self._to_contract(amount)

    def _get_maturities(self):
        """Return what is open, as (day, amount); it counts what drafts were set off."""
        if self.payment_state in SETTLED:
            return []
        result = []
        for line in self._get_receivable_lines():
            drafted = sum(
                partial.debit_amount_currency
                for partial in line.matched_credit_ids
                if partial.credit_move_id.parent_state == "draft"
                and partial.credit_move_id.move_id.reversed_entry_id == self
            )
            amount = self._to_contract(line.amount_residual_currency + drafted)
            result.append((line.date_maturity or self.invoice_date_due, amount))
        return result

    def _get_receivable_lines(self):
        return self.line_ids.filtered(lambda line: line.display_type == "payment_term")

    def _to_contract(self, amount):
        currency = self.contract_id.currency_id or self.currency_id
        if currency == self.currency_id:
            return amount
        return currency.round(amount * self._get_rate_to(currency))


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    share_ids = fields.One2many(
        "crm.contract.installment.share",
        "move_line_id",
        groups="account.group_account_invoice,account.group_account_readonly",
        owned=True,
    )

    def _is_loose(self):
        """Return whether the line names no row of a ledger."""
        return not (
            self.installment_id or self.credited_installment_id or self.share_ids
        )


def _add(sums, row, amount):
    sums[row.id] = sums.get(row.id, 0.0) + amount
