from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...tools.records import one, some
from .crm_contract_dispute import INVOICES

PAYMENTS = [
    ("credit", "Credit note on what is disputed"),
    ("compensation", "Compensation that we pay"),
    ("penalty", "Penalty that the customer pays"),
]
TRIGGER = "dispute"


class CrmContractDispute(models.Model):
    """What follows from an end in the books: drafts of the ledger, once."""

    _inherit = "crm.contract.dispute"

    pay = fields.Selection(
        PAYMENTS, string="Drafted", readonly=True, copy=False, tracking=True, owned=True
    )
    amount_settled = fields.Monetary(
        string="Agreed amount", readonly=True, copy=False, tracking=True, owned=True
    )
    settlement_row_ids = fields.One2many(
        "crm.contract.installment",
        "settled_dispute_id",
        string="Row of the settlement",
        readonly=True,
    )
    settlement_move_ids = fields.One2many(
        "account.move",
        "settled_dispute_id",
        string="Documents of the settlement",
        readonly=True,
        groups=INVOICES,
    )

    def action_undo_settlement(self):
        """Take back what a settlement drafted, as long as nothing of it is posted.

        :return: the dispute, which stays settled
        :raise UserError: if it is posted, or there is nothing
        """
        row = one(some(self))
        row.check_access("write")
        # sudo: the contract of the dispute, whose ledger is changed; checked next
        row.sudo().contract_id.sudo(False)._check_access_to_invoice()
        row._lock_rows()
        # sudo: who settles a dispute need not be an accountant
        drafted = row.sudo()
        moves = drafted._get_drafted_moves()
        if not drafted.pay:
            raise UserError(self.env._("Nothing was drafted for %s.", row.display_name))
        if any(move.state == "posted" for move in moves):
            raise UserError(
                self.env._(
                    "%s is posted: accounting has to take it back.",
                    ", ".join(moves.mapped("display_name")),
                )
            )
        moves.filtered(lambda move: move.state == "draft").button_cancel()
        drafted.settlement_row_ids.write({"is_cancelled": True})
        drafted.write({"pay": False, "amount_settled": 0.0})
        drafted.installment_ids._mark_disputed()
        return row

    def action_draft_settlement(self, pay=None, amount=None):
        """Draft what a dispute that is settled or decided comes to.

        :param pay: "credit", "compensation" or "penalty"
        :param amount: how much, taxes included for a credit; in the contract's currency
        :return: the dispute
        :raise UserError: in one sentence, if it can't be
        """
        row, arguments, _day = self._enter(None)
        pay = arguments._read_choice("pay", pay, PAYMENTS)
        amount = arguments._read_number("amount", amount, 0.0)
        if row.state not in ("settled", "decided"):
            raise UserError(
                self.env._("%s is neither settled nor decided.", row.display_name)
            )
        row._lock_rows()
        row._check_payment(pay, amount)
        row._draft(pay, amount)
        return row

    def action_view_settlement(self):
        """Open the documents of the settlement."""
        return self.env["sale.order"].action_view_invoice(one(self).settlement_move_ids)

    def _check_payment(self, pay, amount):
        """Refuse what can't be booked, before anything is.

        :raise UserError: in one sentence
        """
        if not pay:
            if amount:
                raise UserError(
                    self.env._("Say what the amount is: a credit, or who pays it.")
                )
            return
        # sudo: the contract of the dispute; whether the user may invoice it is asked
        self.sudo().contract_id.sudo(False)._check_access_to_invoice()
        self._check_nothing_drafted()
        if self.currency_id.compare_amounts(amount, 0) <= 0:
            raise UserError(self.env._("Give an amount of more than zero."))
        most = sum(self._get_creditable().values())
        if pay == "credit" and self.currency_id.compare_amounts(amount, most) > 0:
            raise UserError(
                self.env._(
                    "%(amount)s is more than what is invoiced of the disputed rows: "
                    "%(most)s.",
                    amount=self.currency_id.format(amount),
                    most=self.currency_id.format(most),
                )
            )

    def _check_nothing_drafted(self):
        # sudo: documents that the user may not open
        if self.sudo().pay:
            raise UserError(
                self.env._(
                    "What was agreed on %s is booked already: take that back first.",
                    self.display_name,
                )
            )

    def _get_drafted_moves(self):
        """Return the documents of the settlement that live (account.move); in sudo."""
        moves = self.settlement_move_ids
        for row in self.settlement_row_ids:
            moves |= row._get_live_moves()
        return moves.filtered(lambda move: move.state != "cancel")

    def _get_creditable(self):
        """Return what can be credited of the disputed rows: `{row: amount}` (sudo)."""
        # sudo: links and drafts of the books, which the user may not see
        rows = self.sudo().installment_ids.filtered("is_posted").sorted()
        amounts = {row: row.amount_invoiced - row._get_drafted_credit() for row in rows}
        return {row: amount for row, amount in amounts.items() if amount > 0}

    def _draft(self, pay, amount):
        """Draft a credit note, or a row of the ledger with its document."""
        # sudo: owned fields and documents; the rights are checked
        row = self.sudo()
        if pay == "credit":
            row._draft_credits(amount)
        else:
            row._draft_row(amount if pay == "penalty" else -amount)
        row.write({"pay": pay, "amount_settled": amount})
        row.installment_ids._mark_disputed()

    def _draft_credits(self, amount):
        """Draft credit notes of an amount, one for each invoice; what is oldest first."""
        by_invoice, left = {}, amount
        for row, most in self._get_creditable().items():
            part = self.currency_id.round(min(most, left))
            if part > 0:
                by_invoice.setdefault(row.invoice_id, []).append((row, part))
                left = self.currency_id.round(left - part)
        self.env["account.move"].create(
            [
                self._prepare_credit_vals(invoice, parts)
                for invoice, parts in by_invoice.items()
            ]
        )

    def _prepare_credit_vals(self, invoice, parts):
        """Return create values of the credit note of an invoice.

        :param parts: list of (row, amount with taxes)
        """
        return dict(
            self.contract_id._prepare_invoice_vals("out_refund"),
            settled_dispute_id=self.id,
            reversed_entry_id=invoice.id,
            # What was agreed is not billed again.
            contract_credit="keep",
            journal_id=invoice.journal_id.id,
            invoice_line_ids=[
                Command.create(vals)
                for row, amount in parts
                for vals in row._prepare_settled_line_vals(invoice, amount, self)
            ],
        )

    def _draft_row(self, amount):
        """Let the ledger have a row for an amount, and draft its document."""
        rows = self.env["crm.contract.installment"]
        row = rows.create(self._prepare_row_vals(amount))
        moves = row._create_invoices(self.company_id._get_today())
        moves.sudo().write({"settled_dispute_id": self.id})

    def _prepare_row_vals(self, amount):
        """Return create values of the row of the ledger."""
        printed = self.with_context(lang=self.contract_id._get_print_lang())
        texts = (
            printed.env._("Penalty as agreed: %s", self.display_name),
            printed.env._("Compensation as agreed: %s", self.display_name),
        )
        return {
            "contract_id": self.contract_id.id,
            "settled_dispute_id": self.id,
            "trigger": TRIGGER,
            "amount_type": "fixed",
            "amount_fixed": amount,
            "amount_untaxed": amount,
            "price_unit": amount,
            "quantity": 1,
            "date": self.company_id._get_today(),
            "name": texts[amount < 0],
        }


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    trigger = fields.Selection(
        selection_add=[(TRIGGER, "Settlement of a dispute")],
        ondelete={TRIGGER: "cascade"},
    )
    settled_dispute_id = fields.Many2one(
        "crm.contract.dispute",
        string="Settlement of",
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

    def _prepare_settled_line_vals(self, invoice, amount, dispute):
        """Return create values of the lines that take back an amount of the row.

        They have the taxes of the lines that billed it; taxes included, they are the
        amount to the cent.
        """
        engine, company = self.env["account.tax"], invoice.company_id
        base_lines = [
            {
                **invoice._prepare_product_base_line_for_taxes_computation(line),
                "_billed": line,
            }
            for line in self._get_billing_lines(invoice)
        ]
        engine._add_tax_details_in_base_lines(base_lines, company)
        engine._round_base_lines_tax_details(base_lines, company)
        shares = engine._prepare_down_payment_lines(
            base_lines,
            company,
            "fixed",
            amount,
            computation_key=f"crm_contract_dispute,{dispute.id},{self.id}",
            grouping_function=lambda base_line: {"_billed": base_line["_billed"]},
        )
        self._absorb_rounding(shares, amount)
        printed = self.with_context(lang=self.contract_id._get_print_lang())
        name = printed.env._(
            "%(row)s: credited as agreed (%(dispute)s)",
            row=self.name,
            dispute=dispute.number,
        )
        return [self._prepare_settled_share_vals(share, name) for share in shares]

    def _get_billing_lines(self, invoice):
        """Return the lines of an invoice that bill the row, or a part of it."""
        shares = self.share_ids.filtered(lambda share: not share.is_credit)
        lines = self.billing_line_ids | shares.move_line_id
        return lines.filtered(lambda line: line.move_id == invoice)

    def _prepare_settled_share_vals(self, share, name):
        price_unit = self._get_share_price(share)
        line = share["_billed"]
        engine = self.env["account.tax"]
        return {
            "credited_installment_id": self.id,
            "product_id": line.product_id.id,
            "name": name,
            "quantity": 1,
            "price_unit": price_unit,
            "tax_ids": [Command.set(share["tax_ids"].ids)],
            "analytic_distribution": line.analytic_distribution,
            "extra_tax_data": engine._export_base_line_extra_tax_data(
                dict(share, quantity=1, price_unit=price_unit)
            ),
        }


class CrmContractBilling(models.AbstractModel):
    _inherit = "crm.contract.billing"

    @api.model
    def _get_triggers_on_request(self):
        return (*super()._get_triggers_on_request(), TRIGGER)
