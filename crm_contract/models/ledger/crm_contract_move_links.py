from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

CREDITED = [("again", "Bill again"), ("keep", "Keep credited")]


class AccountMove(models.Model):
    """Links of invoice lines to rows, whatever accountants do to the invoices."""

    _inherit = "account.move"

    installment_ids = fields.Many2many(
        "crm.contract.installment",
        string="Installments",
        compute="_compute_installment_ids",
        search="_search_installment_ids",
        compute_sudo=True,
        help="Rows of the ledger that the lines bill.",
        owned=True,
    )
    contract_credit = fields.Selection(
        [*CREDITED, ("end", "Not delivered after the end")],
        string="What is credited",
        copy=False,
        readonly=True,
        help="Bill again: rows that are credited in full fall due again; a difference "
        "of others is shown until somebody decides. Keep credited: they are not billed "
        "again. Decided when the credit note is posted, as the settings say.",
        owned=True,
    )
    contract_loose = fields.Char(
        compute="_compute_contract_loose",
        compute_sudo=True,
        help="Lines of an invoice of a contract that name no row of its ledger.",
    )

    @api.depends("line_ids.installment_id", "line_ids.share_ids")
    def _compute_installment_ids(self):
        for move in self:
            move.installment_ids = move._get_ledger_lines()._get_rows()

    @api.model
    def _search_installment_ids(self, operator, value):
        if operator != "in":
            return NotImplemented
        ids = [one for one in value if one]
        lines = self.env["account.move.line"].sudo()
        shares = self.env["crm.contract.installment.share"].sudo()
        found = lines.search([("installment_id", "in", ids)])
        found |= shares.search(
            [("installment_id", "in", ids), ("is_credit", "=", False)]
        ).move_line_id
        domain = fields.Domain("id", "in", found.move_id.ids)
        if len(ids) < len(value):
            rows = lines.search([("installment_id", "!=", False)]).move_id
            rows |= shares.search([("is_credit", "=", False)]).move_line_id.move_id
            domain |= fields.Domain("id", "not in", rows.ids)
        return domain

    @api.depends("contract_id", "line_ids.price_total", "line_ids.installment_id")
    def _compute_contract_loose(self):
        for move in self:
            loose = move._get_loose_lines() if move.contract_id else ()
            texts = [
                f"{(line.name or '').partition(chr(10))[0]}"
                f" ({line.currency_id.format(line.price_total)})"
                for line in loose
            ]
            move.contract_loose = "; ".join(texts) or False

    def write(self, vals):
        if {"invoice_line_ids", "line_ids"}.isdisjoint(vals):
            return super().write(vals)
        # sudo: links of the ledger, whoever may change a draft
        drafts = self.sudo().filtered(
            lambda move: move.contract_id and move.state == "draft"
        )
        before = {move: move._get_links() for move in drafts}
        result = super().write(vals)
        for move, links in before.items():
            move._keep_links(links)
        return result

    def _post(self, soft=True):
        # sudo: links and decisions of the ledger, whoever posts
        notes = self.sudo().filtered(
            lambda move: move.move_type == "out_refund" and move.contract_id
        )
        for note in notes:
            note._link_loose_credits()
        posted = super()._post(soft)
        (notes & posted.sudo())._decide_credits()
        return posted

    def button_draft(self):
        self._check_installments_not_billed_again()
        result = super().button_draft()
        # XML-RPC has no word for nothing.
        return True if result is None else result

    def _reverse_moves(self, default_values_list=None, cancel=False):
        reverse_moves = super()._reverse_moves(default_values_list, cancel)
        for move in reverse_moves.filtered("reversed_entry_id.contract_id"):
            # sudo: the links are owned by the ledger
            move.sudo()._link_reversal(move.sudo().reversed_entry_id)
        if cancel:
            # sudo: they were posted before they had links
            notes = reverse_moves.sudo().filtered(
                lambda move: move.move_type == "out_refund" and move.contract_id
            )
            notes._decide_credits()
        return reverse_moves

    def _get_loose_lines(self):
        return self._get_ledger_lines().filtered(lambda line: line._is_loose())

    def _get_links(self):
        """Return what each line bills or takes back: `{line: (amount, values)}`."""
        return {
            line: (line.price_total, line._prepare_link_vals())
            for line in self._get_ledger_lines()
        }

    def _keep_links(self, before):
        """Let new lines bill what lines that are gone, or have become less, billed.

        A line in the place of another one, a sum in the place of several lines, and
        the rest of a line that was split keep the row; all others name none.
        """
        lines = self._get_ledger_lines()
        new = lines.filtered(lambda line: line not in before and line._is_loose())
        if not new:
            return
        gone = [
            (amount, vals)
            for line, (amount, vals) in before.items()
            if line not in lines and vals
        ]
        if gone:
            _replace_lines(new, gone)
            return
        less = [
            line
            for line in lines & self.env["account.move.line"].union(*before)
            if before[line][1]
            and self.currency_id.compare_amounts(
                before[line][0] - line.price_total, sum(new.mapped("price_total"))
            )
            == 0
        ]
        if len(less) == 1:
            new.write(before[less[0]][1])

    def _link_loose_credits(self):
        """Let lines of a credit note that name no row take back what they stand for.

        They do where its invoice bills a single row, or where they are as much as all
        of it. What else they are for, nobody but an accountant can tell.
        """
        loose, origin = self._get_loose_lines(), self.reversed_entry_id
        amounts = origin._get_parts().billed if loose and origin else {}
        if not amounts:
            return
        total = sum(loose.mapped("price_total"))
        rows = origin.env["crm.contract.installment"].browse(amounts)
        is_whole = self.currency_id.compare_amounts(total, origin.amount_total) >= 0
        if len(rows) == 1 and not origin._get_loose_lines():
            loose.credited_installment_id = rows
        elif is_whole:
            loose._share_out(
                {row: amounts[row.id] for row in rows}, origin.amount_total, True
            )

    def _link_reversal(self, origin):
        """Let each line name the row whose billing, or credit, it takes back."""
        self.contract_id = origin.contract_id
        for line, source in self._pair_lines(origin):
            row = source.installment_id or source.credited_installment_id
            line.credited_installment_id = row
            source._copy_shares(line, is_credit=True)

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
            source._copy_shares(line)

    def _pair_lines(self, origin):
        """Return pairs of an invoice's line and the one that it was copied from.

        Odoo copies lines in the order of their ids.
        """
        mine, theirs = (move.invoice_line_ids.sorted("id") for move in (self, origin))
        return zip(mine, theirs, strict=False)

    def _check_installments_not_billed_again(self):
        """An invoice may not come back to life once its installments are billed.

        It would if it was cancelled and is reset to draft, or if it was credited and
        the credit note is reset to draft.
        """
        # sudo: links of the ledger, whoever may reset an invoice
        moves = self.sudo().filtered("contract_id")
        orphans = moves.browse().union(
            *(move._get_revived() for move in moves if move._would_bill_twice())
        )
        if orphans:
            raise UserError(
                self.env._(
                    "The installments of %(invoices)s were invoiced again meanwhile; "
                    "it can't come back.",
                    invoices=", ".join(orphans.mapped("display_name")),
                )
            )

    def _get_revived(self):
        """Return the invoice that stands again once this one is a draft."""
        if self.state == "posted":
            return self.reversed_entry_id or self
        return self.reversed_entry_id.reversed_entry_id or self

    def _would_bill_twice(self):
        """Return whether rows are billed by others that this one would bill again."""
        parts = self._get_parts()
        if self.state == "cancel":
            # Its rows were made anew, or are somebody else's: its lines name none.
            if not (parts.billed or parts.credited):
                return self.move_type == "out_invoice"
            changes = {row: self._get_sign() * n for row, n in parts.billed.items()}
            if self.move_type == "out_invoice":
                changes |= parts.credited
        elif self.state == "posted" and self.move_type == "out_refund":
            changes = parts.credited
        else:
            return False
        rows = self.env["crm.contract.installment"].browse(changes)
        return any(
            row._is_billed_twice(changes[row.id], self) or row._is_cut_by(self)
            for row in rows
        )

    def _decide_credits(self):
        """Let credit notes that were posted say what becomes of what they credit."""
        for note in self.filtered(lambda move: not move.contract_credit):
            parts = note._get_parts()
            if parts.credited:
                note.contract_credit = note.company_id.contract_credited


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _get_rows(self):
        """Return the rows of the ledger that the lines bill."""
        shares = self.share_ids.filtered(lambda share: not share.is_credit)
        return self.installment_id | shares.installment_id

    def _prepare_link_vals(self):
        """Return what the line names of the ledger, as values of another line."""
        links = ("installment_id", "credited_installment_id")
        vals = {name: self[name].id for name in links if self[name]}
        if self.share_ids:
            vals["share_ids"] = [
                Command.create(share._prepare_copy_vals()) for share in self.share_ids
            ]
        return vals

    def _copy_shares(self, line, **vals):
        """Let another line stand for the same rows, as far as this one is shared."""
        line.share_ids = [
            Command.create({**share._prepare_copy_vals(), **vals})
            for share in self.share_ids
        ]

    def _share_out(self, amounts, total, is_credit=False):
        """Let each line stand for several rows.

        :param amounts: `{row: amount}` of a total
        """
        for line in self:
            line.share_ids = [
                Command.create(
                    {
                        "installment_id": row.id,
                        "is_credit": is_credit,
                        "fraction": amount / total,
                    }
                )
                for row, amount in amounts.items()
                if total
            ]


class CrmContractInstallmentShare(models.Model):
    _inherit = "crm.contract.installment.share"

    def _prepare_copy_vals(self):
        """Return the values of the same share of another line."""
        return {
            "installment_id": self.installment_id.id,
            "is_credit": self.is_credit,
            "fraction": self.fraction,
        }


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    def _is_billed_twice(self, change, move):
        """Return whether others bill the row, and it would be too much with a change.

        :param change: what would be billed more of it
        :param move: the document that is to come back
        """
        others = self._get_live_moves() - move - move._get_revived()
        sign = -1 if self.amount < 0 else 1
        return bool(others) and (
            self.currency_id.compare_amounts(
                sign * (self.amount_invoiced + change),
                sign * self.amount + len(others) * self.currency_id.rounding,
            )
            > 0
        )

    def _is_cut_by(self, move):
        """Return whether the days that a credit note took back are another row now.

        They are since the end, for which it took them back, was no end after all.
        """
        if move.contract_credit != "end" or self.is_beyond_end or not self.is_billed:
            return False
        billed = move.reversed_entry_id._get_parts().billed.get(self.id, 0.0)
        return self.currency_id.compare_amounts(abs(billed), abs(self.amount)) > 0


def _replace_lines(new, gone):
    """Let new lines of a draft stand for what lines that are gone stood for.

    :param gone: list of (amount, values of the link)
    """
    rows = {repr(vals) for _amount, vals in gone}
    if len(rows) == 1:
        new.write(gone[0][1])
    elif len(new) == len(gone):
        for line, (_amount, vals) in zip(new.sorted("id"), gone, strict=True):
            line.write(vals)
    elif len(new) == 1:
        _merge_lines(new, gone)


def _merge_lines(line, gone):
    """Let a line stand for several ones that are gone."""
    total = sum(amount for amount, _vals in gone)
    rows = line.env["crm.contract.installment"]
    for name, is_credit in (
        ("installment_id", False),
        ("credited_installment_id", True),
    ):
        amounts = {}
        for amount, vals in gone:
            if name in vals:
                row = rows.browse(vals[name])
                amounts[row] = amounts.get(row, 0.0) + amount
        if amounts:
            line._share_out(amounts, total, is_credit)
