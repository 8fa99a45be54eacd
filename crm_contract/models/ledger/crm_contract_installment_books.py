from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.booked import Standing, standings

LIVE = ("draft", "posted")
# What the books say of a row that no line names.
NOTHING = {
    "amount_invoiced": 0.0,
    "amount_credited": 0.0,
    "amount_paid": 0.0,
    "amount_open": 0.0,
    "amount_overdue": 0.0,
    "date_maturity": False,
    "is_billed": False,
    "is_posted": False,
    "is_elsewhere": False,
}
BOOKS = [
    f"{link}.{name}"
    for link in ("billing_line_ids", "credit_line_ids", "share_ids.move_line_id")
    for name in (
        "price_total",
        "parent_state",
        "move_id.amount_total",
        "move_id.amount_residual",
        "move_id.payment_state",
        "move_id.invoice_date_due",
        "move_id.commercial_partner_id",
        "move_id.currency_id",
        "move_id.reversed_entry_id",
        "move_id.contract_credit",
    )
]


class CrmContractInstallment(models.Model):
    """What the books say of a row: invoice lines that bill it, and credit lines.

    A row is billed as long as an invoice that is not cancelled holds a line of it that
    posted credit notes of that invoice did not take back. All sums are those of the
    lines; a draft counts as billed, and a credit note only once it is posted.
    """

    _inherit = "crm.contract.installment"

    billing_line_ids = fields.One2many(
        "account.move.line", "installment_id", string="Billed by", owned=True
    )
    credit_line_ids = fields.One2many(
        "account.move.line", "credited_installment_id", string="Credited by", owned=True
    )
    share_ids = fields.One2many(
        "crm.contract.installment.share",
        "installment_id",
        string="Shares of lines",
        owned=True,
    )
    invoice_id = fields.Many2one(
        "account.move",
        compute="_compute_invoice_id",
        search="_search_invoice_id",
        compute_sudo=True,
        help="Invoice that bills the row, the last one of several.",
        owned=True,
    )
    date_payment = fields.Date(
        related="invoice_id.invoice_date_due", string="Payment due"
    )
    amount_invoiced = fields.Monetary(
        compute="_compute_books",
        store=True,
        string="Invoiced",
        help="What invoice lines bill of the row, less what was credited.",
    )
    amount_credited = fields.Monetary(
        compute="_compute_books",
        store=True,
        string="Credited",
        help="What posted credit notes took back of the row.",
    )
    amount_paid = fields.Monetary(
        compute="_compute_books",
        store=True,
        string="Paid",
        help="What came in for the row. What an invoice is set off with its own credit "
        "note is no payment.",
    )
    amount_open = fields.Monetary(
        compute="_compute_books",
        store=True,
        string="Unpaid",
        help="What is invoiced and not paid.",
    )
    amount_overdue = fields.Monetary(
        compute="_compute_books",
        store=True,
        string="Overdue",
        help="Part of the open amount whose payment was due before today.",
    )
    amount_rest = fields.Monetary(
        compute="_compute_books",
        store=True,
        string="Not invoiced",
        help="What the row has more than its invoices (or, negative, less), and nobody "
        "has decided on. Cents of rounding are none.",
    )
    date_maturity = fields.Date(
        compute="_compute_books",
        store=True,
        index="btree_not_null",
        string="Next part is due",
        help="Day on which the next part of the open amount is to be paid.",
    )
    is_billed = fields.Boolean(compute="_compute_books", store=True)
    is_posted = fields.Boolean(compute="_compute_books", store=True)
    was_billed = fields.Boolean(
        compute="_compute_books",
        store=True,
        help="It was invoiced at some time: its terms are those of that day.",
    )
    is_elsewhere = fields.Boolean(
        compute="_compute_books",
        store=True,
        string="Invoiced elsewhere",
        help="An invoice of the row goes to another customer, or is in another "
        "currency.",
    )
    is_overdue = fields.Boolean(
        string="Overdue now",
        compute="_compute_books",
        store=True,
        help="Invoiced, and not paid when it was due; looked at daily.",
    )
    has_difference = fields.Boolean(
        string="Differs from the books",
        compute="_compute_books",
        store=True,
        help="What is invoiced is not what the row says, and nobody has decided yet.",
    )
    is_disputed = fields.Boolean(
        string="Disputed",
        readonly=True,
        copy=False,
        owned=True,
        help="What is disputed is not overdue, until the dispute is closed.",
    )
    difference = fields.Char(compute="_compute_difference")

    # The few rows that somebody has to look at, as searches ask for them.
    _difference_idx = models.Index("(contract_id) WHERE has_difference IS TRUE")
    _overdue_idx = models.Index("(contract_id) WHERE is_overdue IS TRUE")

    @api.depends(
        "was_billed",
        "billing_line_ids.parent_state",
        "share_ids.move_line_id.parent_state",
    )
    def _compute_invoice_id(self):
        seen = self.filtered("was_billed")
        (self - seen).invoice_id = False
        for row in seen:
            moves = row._get_billing_moves()
            live = moves.filtered(lambda move: move.state in LIVE)
            if len(live) > 1:
                live = row._filter_left(live) or live
            row.invoice_id = (live or moves).sorted("id")[-1:]

    @api.model
    def _search_invoice_id(self, operator, value):
        if operator != "in":
            return NotImplemented
        ids = [one for one in value if one]
        found = Domain("billing_line_ids", "any!", [("move_id", "in", ids)]) | Domain(
            "share_ids",
            "any!",
            [("is_credit", "=", False), ("move_line_id.move_id", "in", ids)],
        )
        if len(ids) < len(value):
            found |= Domain("billing_line_ids", "=", False) & Domain(
                "share_ids", "=", False
            )
        return found

    @api.depends(
        "amount",
        "amount_waived",
        "billed_before",
        "is_beyond_end",
        "is_disputed",
        *BOOKS,
    )
    def _compute_books(self):
        linked = self.filtered(
            lambda row: row.billing_line_ids or row.credit_line_ids or row.share_ids
        )
        plain = (self - linked).filtered(lambda row: not row.billed_before)
        plain._take_no_books()
        for row in self - linked - plain:
            row._take_books(NOTHING, 0.0)
        moves = linked._get_moves()
        parts = moves._get_ledger_parts()
        documents = moves._get_documents(parts)
        for (company, currency), rows in linked.grouped(
            lambda row: (row.company_id, row.currency_id)
        ).items():
            today = company._get_today()
            found = standings(documents, today, currency.rounding or 0.01)
            for row in rows:
                row._take_books(
                    *row._read_books(parts, found.get(row._origin.id, Standing()))
                )

        self._reckon_state_again()

    def _reckon_state_again(self):
        """Let the state of rows follow that was asked for while the books were read.

        An amount may need the value of its contract, which asks for the state of all
        rows, and these figures were not there yet.
        """
        field = self._fields["state"]
        early = (self - self.env.records_to_compute(field)).filtered(
            lambda row: not self.env.is_protected(field, row)
        )
        if early:
            early.modified(["amount_rest"])

    def _take_no_books(self):
        """Set the figures of rows that no invoice names: the same for all but the rest."""
        for name, value in (
            *NOTHING.items(),
            ("is_overdue", False),
            ("has_difference", False),
        ):
            self[name] = value
        for was_billed, rows in self.grouped("was_billed").items():
            rows.was_billed = was_billed
        for row in self:
            rest = row.amount - row.amount_waived
            row.amount_rest = row._get_currency().round(rest)

    def _take_books(self, values, kept):
        """Set the figures of the row, and what follows from them.

        :param kept: what of the credited amount is not to be billed again
        """
        amount, currency = self.amount, self._get_currency()
        if self.billed_before:
            values = dict(values, amount_invoiced=amount, amount_paid=amount)
        rest = amount - self.amount_waived - kept
        if values["is_billed"] or self.billed_before:
            rest -= values["amount_invoiced"]
            # The tax of a whole invoice is rounded otherwise than that of its lines.
            if abs(rest) < (len(self.billing_line_ids) + 0.5) * currency.rounding:
                rest = 0.0
        differs = values["is_billed"] and (
            values["is_elsewhere"] or not currency.is_zero(rest)
        )
        self.update(
            {
                **values,
                "amount_rest": currency.round(rest),
                "was_billed": (
                    self.was_billed
                    or values["is_billed"]
                    or bool(self._get_billing_moves())
                ),
                "is_overdue": currency.compare_amounts(values["amount_overdue"], 0) > 0,
                "has_difference": differs,
            }
        )

    def _read_books(self, parts, standing):
        """Return the figures of a row that lines name, and what stays credited.

        :param parts: see `account.move._get_ledger_parts`
        :return: (values of `NOTHING`, amount)
        """
        mine = self._origin.id
        billed, credited, kept = 0.0, 0.0, 0.0
        moves = self._get_billing_moves().filtered(lambda move: move.state in LIVE)
        live = self._filter_left(moves, parts)
        for move in moves:
            billed += move._get_sign() * parts[move].billed.get(mine, 0.0)
        for move in self._get_credit_moves():
            amount = move._get_credit_sign() * parts[move].credited.get(mine, 0.0)
            credited += amount
            kept += amount * self._is_kept(move)
        if kept and not live:
            kept = self._get_amount_kept(moves, parts)
        invoiced = self.currency_id.round(billed - credited)
        states = set(moves.mapped("state"))
        values = {
            "amount_invoiced": invoiced,
            "amount_credited": self.currency_id.round(credited),
            "amount_paid": standing.paid,
            "amount_open": self.currency_id.round(invoiced - standing.paid),
            "amount_overdue": 0.0 if self.is_disputed else standing.overdue,
            "date_maturity": standing.next_maturity or False,
            "is_billed": bool(live),
            "is_posted": states == {"posted"},
            "is_elsewhere": any(map(self._is_foreign, live)),
        }
        return values, kept

    def _get_amount_kept(self, moves, parts):
        """Return what is not to be billed again, now that no invoice is left.

        It is all but what credit notes say that is, whatever the invoices were made out
        for: that they were not of the amount of the row, nobody decided to bill.
        """
        mine, amount = self._origin.id, self.amount - self.amount_waived
        sign = -1 if amount < 0 else 1
        again = self._get_credit_moves().filtered(
            lambda move: move._get_credit_sign() and not self._is_kept(move)
        )
        rest = 0.0
        # In the order of what happened: an invoice never takes more than is left to
        # bill, and a credit note never gives back more than the row has.
        for move in (moves | again).sorted("id"):
            if move in again:
                change = move._get_credit_sign() * parts[move].credited.get(mine, 0.0)
            else:
                change = -move._get_sign() * parts[move].billed.get(mine, 0.0)
            rest = min(max(rest + sign * change, 0.0), abs(amount))
        return amount - sign * rest

    def _filter_left(self, moves, parts=None):
        """Return the invoices on which credit notes left something of the row."""
        takers = self._get_credit_moves()
        if not takers:
            return moves
        parts = parts or (moves | takers)._get_ledger_parts()
        mine = self._origin.id
        taken = {}
        for move in takers:
            invoice = move._get_credited_invoice()
            amount = move._get_credit_sign() * parts[move].credited.get(mine, 0.0)
            taken[invoice] = taken.get(invoice, 0.0) + amount

        def is_left(move):
            amount = parts[move].billed.get(mine, 0.0)
            rest = self.currency_id.round(amount - taken.get(move, 0.0))
            return not taken.get(move) or rest * amount > 0

        return moves.filtered(is_left)

    def _is_kept(self, move):
        """Return whether what a credit note took back is not to be billed again."""
        note = move if move.move_type == "out_refund" else move.reversed_entry_id
        if note.contract_credit == "end":
            return self.is_beyond_end
        return note.contract_credit == "keep"

    def _is_foreign(self, move):
        """Return whether an invoice is not one for the customer of the contract."""
        contract = self.contract_id
        customers = (
            contract.commercial_partner_id
            | contract.partner_invoice_id.commercial_partner_id
        )
        return (
            move.commercial_partner_id not in customers
            or move.currency_id != self.currency_id
        )

    def _get_billing_moves(self):
        """Return the invoices that bill rows, or did (account.move)."""
        shares = self.share_ids.filtered(lambda share: not share.is_credit)
        return self.billing_line_ids.move_id | shares.move_line_id.move_id

    def _get_live_moves(self):
        """Return the invoices, drafts included, that bill the row (account.move)."""
        self.ensure_one()
        moves = self._get_billing_moves()
        return self._filter_left(moves.filtered(lambda move: move.state in LIVE))

    def _get_credit_moves(self):
        """Return what takes back rows, credit notes and their reversals (account.move)."""
        shares = self.share_ids.filtered("is_credit")
        return self.credit_line_ids.move_id | shares.move_line_id.move_id

    def _get_currency(self):
        return self.currency_id or self.env.company.currency_id

    def _get_moves(self):
        return self._get_billing_moves() | self._get_credit_moves()

    @api.depends("has_difference", "amount", "amount_invoiced", "currency_id")
    def _compute_difference(self):
        for row in self:
            row.difference = row.has_difference and row._describe_difference()

    def _describe_difference(self):
        """Return in which way the books differ from the row (str)."""
        self.ensure_one()
        texts = []
        if not self.currency_id.is_zero(self.amount_rest):
            texts.append(
                self.env._(
                    "%(row)s: %(amount)s, invoiced %(invoiced)s",
                    row=self.name,
                    amount=self.currency_id.format(self.amount),
                    invoiced=self.currency_id.format(self.amount_invoiced),
                )
            )
        if self.is_elsewhere:
            # sudo: number and customer of an invoice, told to who reads the contract
            row = self.sudo()
            texts += [
                self.env._(
                    "%(row)s: %(invoice)s goes to %(customer)s, in %(currency)s",
                    row=self.name,
                    invoice=move.display_name,
                    customer=move.commercial_partner_id.display_name,
                    currency=move.currency_id.name,
                )
                for move in row._get_live_moves()
                if row._is_foreign(move)
            ]
        return "\n".join(texts)

    @api.model
    def _get_become_overdue_domain(self):
        """Rows of which a part has become overdue since the books were looked at."""
        return Domain("state", "=", "invoiced") & self.env["res.company"]._on_days(
            lambda today: Domain("date_maturity", "<", today)
        )

    def _advance_overdue(self):
        for name in ("amount_overdue", "is_overdue", "date_maturity"):
            self._recompute_as_of_today(name)
        if self.is_overdue:
            self.contract_id._tell_person_in_charge(
                self.env._("Payment overdue: %s", self.name)
            )


class CrmContractInstallmentShare(models.Model):
    """Part of an invoice line that bills, or takes back, one of several rows.

    A line that was made by the ledger is about one row. One that was made by hand may
    stand for several.
    """

    _name = "crm.contract.installment.share"
    _description = "Share of an invoice line"
    _inherit = ["crm.contract.owned.mixin"]

    move_line_id = fields.Many2one(
        "account.move.line", required=True, index=True, ondelete="cascade", owned=True
    )
    installment_id = fields.Many2one(
        "crm.contract.installment",
        required=True,
        index=True,
        ondelete="cascade",
        owned=True,
    )
    is_credit = fields.Boolean(help="The line takes the row back.", owned=True)
    fraction = fields.Float(
        digits=0,
        required=True,
        help="Part of the line's total, from 0 to 1.",
        owned=True,
    )
