from odoo import api, fields, models


class CrmContractInstallment(models.Model):
    """What the books say of a row: invoice lines that bill it, and credit lines.

    A row is billed as long as one line is left in an invoice that is not cancelled,
    and was not taken back by posted credit notes of that invoice. Each invoice counts
    by itself: who credits one twice credits nothing of another.
    """

    _inherit = "crm.contract.installment"

    billing_line_ids = fields.One2many(
        "account.move.line", "installment_id", string="Billed by"
    )
    credit_line_ids = fields.One2many(
        "account.move.line", "credited_installment_id", string="Credited by"
    )
    amount_credited = fields.Monetary(
        compute="_compute_amount_credited",
        store=True,
        string="Credited",
        help="Part of the amount that credit notes took back.",
    )

    @api.depends(
        "credit_line_ids.price_total",
        "credit_line_ids.parent_state",
        "credit_line_ids.move_id.reversed_entry_id",
        "invoice_id",
    )
    def _compute_amount_credited(self):
        for row in self:
            # sudo: sums of a credit note the reader of a contract may not open
            books = row.sudo()
            row.amount_credited = books._get_amount_credited(books.invoice_id)

    def _get_amount_credited(self, invoice):
        """Return what the credit notes of an invoice took back of the row (float)."""
        lines = self.credit_line_ids
        return max(0.0, sum(line._get_amount_credited(invoice) for line in lines))

    def _get_live_invoice(self):
        """Return the invoice that bills the row, empty if none does any more.

        :return: account.move record in superuser mode
        """
        # sudo: states and sums of invoices the reader of a contract may not open
        books = self.sudo()
        if books._is_billed_by(books.invoice_id):
            return books.invoice_id
        return books._get_other_live_invoices(books.invoice_id)[:1]

    def _get_other_live_invoices(self, invoice):
        """Return the invoices besides one that bill rows (account.move, sudo)."""
        others = self.env["account.move"].sudo()
        for row in self.sudo():
            moves = row.invoice_id | row.billing_line_ids.move_id
            others |= (moves - invoice).filtered(row._is_billed_by)
        return others

    def _is_billed_by(self, invoice):
        """Return whether the money of an invoice for the row still stands."""
        return invoice.state in ("draft", "posted") and self._is_left_on(invoice)

    def _is_left_on(self, invoice):
        """Return whether credit notes left something of the row on an invoice."""
        self.ensure_one()
        if invoice._is_taken_back():
            return False
        lines = self.billing_line_ids.filtered(lambda line: line.move_id == invoice)
        if not lines:
            return self.invoice_id == invoice and invoice._has_lines_without_row()
        credited = self._get_amount_credited(invoice)
        rest = sum(lines.mapped("price_total")) - credited
        return not credited or self.currency_id.compare_amounts(rest, 0) > 0

    def _update_invoice(self):
        """Let the rows name an invoice that bills them, where theirs does no more."""
        # sudo: the links are owned by the ledger
        for row in self.sudo():
            invoice = row._get_live_invoice()
            if invoice and invoice != row.invoice_id:
                row.invoice_id = invoice


class AccountMove(models.Model):
    """Links of reversals and replacements, and what they leave of an invoice."""

    _inherit = "account.move"

    def unlink(self):
        # sudo: links of the ledger, whoever may delete an invoice
        rows = self.sudo()._get_billed_rows()
        result = super().unlink()
        rows.exists()._update_invoice()
        return result

    def _get_billed_rows(self):
        """Return the rows that the invoices stand for, or stood for once."""
        return self.installment_ids | self.invoice_line_ids.installment_id

    def _get_lines_without_row(self):
        """Return the lines that neither bill nor take back a row of the ledger."""
        return self.invoice_line_ids.filtered(
            lambda line: (
                line.display_type == "product"
                and not line.installment_id
                and not line.credited_installment_id
            )
        )

    def _has_lines_without_row(self):
        """Return whether lines may bill rows that the invoice was linked to as such.

        It was made or changed by hand: a row without a line is not a row left out.
        """
        return bool(self._get_lines_without_row())

    def _is_taken_back(self):
        """Return whether credit notes took the whole invoice back, not single rows.

        Odoo calls it reversed as well if credit notes of others settled it, or one that
        took back more of a row than was billed.
        """
        if self.payment_state != "reversed":
            return False
        posted = self.reversal_move_ids.filtered(lambda move: move.state == "posted")
        taken = sum(posted._get_lines_without_row().mapped("price_total"))
        total = sum(self.invoice_line_ids.mapped("price_total"))
        return bool(taken) and self.currency_id.compare_amounts(taken, total) >= 0

    def _find_billed_again(self):
        """Return the invoice that would bill a row twice if this one became a draft.

        It is cancelled itself; or this is its credit note, or was to reverse that.
        """
        self.ensure_one()
        invoice = self.browse()
        if self.move_type == "out_refund":
            invoice = self.reversed_entry_id
        elif self.move_type == "out_invoice" and self.state == "cancel":
            invoice = self.reversed_entry_id.reversed_entry_id or self
        if not invoice.contract_id:
            return self.browse()
        if invoice == self:
            return self.filtered(lambda move: move._is_billed_again())
        return invoice.filtered(self._is_credit_billed_again)

    def _is_billed_again(self):
        """Return whether rows of a cancelled invoice were billed by another one."""
        rows = self._get_billed_rows().filtered(lambda row: row._is_left_on(self))
        # All of its rows were taken from it when one of them was billed again.
        return not self.installment_ids or bool(rows._get_other_live_invoices(self))

    def _is_credit_billed_again(self, invoice):
        """Return whether what a credit note took back of an invoice was billed again."""
        rows = self.invoice_line_ids.credited_installment_id
        if invoice._is_taken_back():
            rows |= invoice._get_billed_rows()
            if not rows:
                return True
        return bool(rows._get_other_live_invoices(invoice)) or any(
            row._is_shortened() for row in rows
        )

    def _link_reversal(self, origin):
        """Let each line name the row whose billing, or credit, it takes back."""
        self.contract_id = origin.contract_id
        for line, source in self._pair_lines(origin):
            row = source.installment_id or source.credited_installment_id
            line.credited_installment_id = row

    def _link_replacement(self, origin):
        """Let an invoice that was made in the place of another one bill its rows."""
        self.write(
            {
                "contract_id": origin.contract_id.id,
                "reversed_entry_id": origin.reversed_entry_id.id,
            }
        )
        for line, source in self._pair_lines(origin):
            line.write(
                {
                    "installment_id": source.installment_id.id,
                    "credited_installment_id": source.credited_installment_id.id,
                }
            )
        origin.installment_ids.invoice_id = self

    def _pair_lines(self, origin):
        """Return pairs of an invoice's line and the one that it was copied from.

        Odoo copies lines in the order of their ids.
        """
        mine, theirs = (move.invoice_line_ids.sorted("id") for move in (self, origin))
        return zip(mine, theirs, strict=False)


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _get_amount_credited(self, invoice):
        """Return what the line takes back of an invoice (float, 0 for other invoices).

        It is negative if the line takes back a credit note, which bills its row again;
        of drafts, too: a row must not be billed when it may come back any time.
        """
        move, state = self.move_id, self.parent_state
        if move.move_type == "out_refund":
            counts = state == "posted" and move.reversed_entry_id == invoice
            return self.price_total if counts else 0.0
        credit_note = move.reversed_entry_id
        counts = state != "cancel" and credit_note.reversed_entry_id == invoice
        return -self.price_total if counts and credit_note.state == "posted" else 0.0
