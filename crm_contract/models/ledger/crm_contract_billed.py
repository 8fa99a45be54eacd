from collections import Counter
from datetime import date
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import format_date
from odoo.tools.date_utils import add

from ...tools.records import one

# Sums of rows; the figures of interest and penalties stand apart.
SUMS = (
    "amount_invoiced",
    "amount_paid",
    "amount_remaining",
    "amount_overdue",
    "amount_extra",
)


class Year(NamedTuple):
    """What a year of a contract comes to, taxes included."""

    first: date
    last: date
    total: float = 0.0
    invoiced: float = 0.0
    paid: float = 0.0
    left: float = 0.0


class CrmContract(models.Model):
    """What of a contract is planned, billed, paid and overdue."""

    _inherit = "crm.contract"

    installment_ids = fields.One2many(
        "crm.contract.installment", "contract_id", string="Payment plan"
    )
    plan_ids = fields.One2many(
        "crm.contract.installment",
        string="Rows of the plan",
        compute="_compute_installments",
    )
    open_period_ids = fields.One2many(
        "crm.contract.installment",
        string="Open periods",
        compute="_compute_installments",
    )
    installment_due_count = fields.Integer(
        string="Due installments", compute="_compute_installments"
    )
    date_next_billing = fields.Date(
        compute="_compute_billed", store=True, string="Next billing", index=True
    )
    amount_invoiced = fields.Monetary(
        compute="_compute_billed",
        store=True,
        string="Invoiced",
        help="Of the contract value, less what was credited.",
    )
    amount_paid = fields.Monetary(
        compute="_compute_billed",
        store=True,
        string="Paid",
        help="Of what is invoiced of the contract value.",
    )
    amount_extra = fields.Monetary(
        compute="_compute_billed",
        store=True,
        string="Interest and penalties",
        help="Invoiced besides the contract value.",
    )
    amount_later = fields.Monetary(
        compute="_compute_amount_later",
        store=True,
        string="Beyond the ledger",
        help="Periods of the term that are not in the ledger yet.",
    )
    amount_remaining = fields.Monetary(
        compute="_compute_billed",
        store=True,
        string="To invoice",
        help="What is left of the term; without an end, what is in the ledger.",
    )
    amount_overdue = fields.Monetary(
        compute="_compute_billed", store=True, string="Overdue"
    )
    percent_invoiced = fields.Float(compute="_compute_percent", string="Invoiced (%)")
    percent_paid = fields.Float(compute="_compute_percent", string="Paid (%)")
    amount_unbilled = fields.Monetary(
        compute="_compute_percent",
        string="Not billed here",
        help="What the value is more than invoiced and to invoice: waived, credited for"
        " good, dropped at an early end, billed before or by a sales order. Below zero:"
        " billed beyond the value.",
    )
    billed_note = fields.Char(
        compute="_compute_percent",
        help="Of a contract without an end: what its current year comes to.",
    )
    invoice_ids = fields.One2many(
        "account.move",
        "contract_id",
        string="Invoices",
        groups="account.group_account_invoice,account.group_account_readonly,"
        "sales_team.group_sale_salesman",
    )
    invoice_count = fields.Integer(compute="_compute_invoice_count")
    payment_count = fields.Integer(string="Payments", compute="_compute_invoice_count")

    # Few owe: those are found without a look at the newest contracts, which owe nothing.
    _overdue_idx = models.Index("(id) WHERE amount_overdue > 0")

    @api.depends("installment_ids.trigger", "installment_ids.state")
    def _compute_installments(self):
        for contract in self:
            rows = contract.installment_ids
            contract.installment_due_count = len(
                rows.filtered(lambda row: row.state == "due")
            )
            # What is in the ledger: a draft that is being edited has a list of its own.
            plan = rows._origin._filter_plan()
            contract.plan_ids = plan
            contract.open_period_ids = (rows._origin - plan).filtered(
                lambda row: row.state in ("planned", "due", "invoiced")
            )

    @api.depends(
        "installment_ids.amount",
        "installment_ids.state",
        "installment_ids.date_due",
        "installment_ids.amount_invoiced",
        "installment_ids.amount_paid",
        "installment_ids.amount_overdue",
        "installment_ids.amount_rest",
        "amount_later",
    )
    def _compute_billed(self):
        sums = self.env["crm.contract.installment"]._get_billed_sums(self)
        for contract in self:
            contract.update(sums[contract])

    @api.depends(
        "amount_total",
        "amount_invoiced",
        "amount_paid",
        "amount_remaining",
        "is_framework",
        "is_open_ended",
        "performs",
        "state",
    )
    def _compute_percent(self):
        yearly = self.env["crm.contract.year"]
        years = yearly._get_years(self.filtered("is_open_ended"))
        for contract in self:
            figures = years.get(contract)
            total, invoiced, paid = (
                (figures.total, figures.invoiced, figures.paid)
                if figures
                else (
                    contract.amount_total,
                    contract.amount_invoiced,
                    contract.amount_paid,
                )
            )
            contract.percent_invoiced = total and invoiced / total
            contract.percent_paid = total and paid / total
            contract.billed_note = figures and yearly._describe(contract, figures)
            contract.amount_unbilled = contract._tells_rest() and (
                contract.currency_id.round(
                    contract.amount_total
                    - contract.amount_invoiced
                    - contract.amount_remaining
                )
            )

    def _tells_rest(self):
        """Whether value, invoiced and to invoice are figures of the same time.

        Without an end, the value is that of a year and the rows are those of the
        ledger; what is not signed has no ledger, and orders bill a framework.
        """
        return (
            self.state in ("signed", "running", "suspended", "ended")
            and self.performs
            and not (self.is_open_ended or self.is_framework)
        )

    @api.depends(
        "state",
        "performs",
        "date_ledger",
        "date_ended",
        "amount_recurring",
        "suspension_ids.date_end",
    )
    def _compute_amount_later(self):
        """Compute what the term brings beyond the rows that the ledger has so far.

        Extended by satellites in which a line has several terms one after the other.
        """
        for contract in self:
            over = contract.state in ("ended", "cancelled") or not contract.performs
            if over or contract.date_ledger == date.max:
                contract.amount_later = 0.0
            elif not contract.date_ledger:
                contract.amount_later = contract.amount_recurring
            else:
                contract.amount_later = sum(
                    line._get_value_after(contract.date_ledger)
                    for line in contract.line_ids
                )

    def _compute_invoice_count(self):
        for contract in self:
            # sudo: the numbers alone; opening what they count asks for access to it
            invoices = contract._origin.sudo().invoice_ids
            contract.invoice_count = len(invoices)
            contract.payment_count = len(invoices._get_payments())

    def action_create_invoice(self):
        """Invoice the due installments of the contract; return an action on them."""
        return self.action_bill()._view_created()

    def action_view_invoices(self):
        """Open the invoices and credit notes of the contract."""
        one(self)
        return self.env["sale.order"].action_view_invoice(self.invoice_ids)

    def action_view_payments(self):
        """Open the payments that are matched with invoices of the contract."""
        one(self)
        self.env["account.payment"].check_access("read")
        payments = self.invoice_ids._get_payments()
        return payments._get_records_action(name=self.env._("Payments"))


class CrmContractYear(models.AbstractModel):
    """Contracts without an end by the year: what the current one comes to."""

    _name = "crm.contract.year"
    _description = "Current year of contracts"

    @api.model
    def _get_years(self, contracts):
        """Return what the current years of contracts come to: `{contract: Year}`.

        A year begins on the day and month on which the contract began.
        """
        years = {
            contract: Year(*self._get_current(contract))
            for contract in contracts._origin
            if contract.date_start and contract.performs
        }
        if not years:
            return {}
        rows = self.env["crm.contract.installment"].search_fetch(
            [
                ("contract_id", "in", [contract.id for contract in years]),
                ("trigger", "in", ("period", "true_up")),
                ("state", "!=", "cancelled"),
                (
                    "period_start",
                    ">=",
                    min(year.first for year in years.values()),
                ),
            ],
            ["contract_id", "period_start", "amount", "amount_rest", "amount_paid"],
        )
        for row in rows:
            year = years[row.contract_id]
            if year.first <= row.period_start <= year.last:
                years[row.contract_id] = year._replace(
                    total=year.total + row.amount,
                    invoiced=year.invoiced + row.amount_invoiced,
                    paid=year.paid + row.amount_paid,
                    left=year.left + row.amount_rest,
                )
        return {contract: year for contract, year in years.items() if year.total}

    @api.model
    def _get_current(self, contract):
        """Return the first and the last day of the contract's year that today is in."""
        today = contract.company_id._get_today()
        start = contract.date_start
        years = max(0, today.year - start.year)
        if add(start, years=years) > today and years:
            years -= 1
        return add(start, years=years), add(start, years=years + 1, days=-1)

    @api.model
    def _describe(self, contract, year):
        """Return what a year of a contract comes to as a sentence (str)."""
        currency = contract.currency_id
        return self.env._(
            "Without an end, by the year. %(first)s – %(last)s: %(total)s, invoiced "
            "%(invoiced)s, to invoice %(left)s.",
            first=format_date(self.env, year.first),
            last=format_date(self.env, year.last),
            total=currency.format(year.total),
            invoiced=currency.format(year.invoiced),
            left=currency.format(year.left),
        )


class CrmContractLine(models.Model):
    _inherit = "crm.contract.line"

    def _get_value_after(self, day):
        """Return the value, with taxes, of the periods that begin after a day.

        Without an end there is none.
        """
        self.ensure_one()
        recurrence = self._get_recurrence()
        if not recurrence or not recurrence.end or recurrence.end <= day:
            return 0.0
        counts = Counter(
            (quantity, price_unit, days, period.full_days)
            for period, days, quantity, price_unit in self._get_billable_periods(
                recurrence.end, day, recurrence
            )
            if period.start > day
        )
        return sum(
            count * self._get_period_amounts(*key)[1] for key, count in counts.items()
        )


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    @api.model
    def _get_billed_sums(self, contracts):
        """Return the billed figures of each contract: `{contract: {field: value}}`.

        They are summed by the database, so that the cost of billing a row does not
        grow with the rows that a contract has already.
        """
        sums = {contract: dict.fromkeys(SUMS, 0.0) for contract in contracts}
        for contract, figures in sums.items():
            figures["amount_remaining"] = contract.amount_later
            figures["date_next_billing"] = False
        stored = contracts.filtered("id")
        for contract in contracts - stored:
            contract.installment_ids._add_open_sums(sums[contract])
        extras = self.env["crm.contract.billing"]._get_triggers_on_request()
        for contract, trigger, state, *values in self._read_group(
            [("contract_id", "in", stored.ids), ("state", "!=", "cancelled")],
            ["contract_id", "trigger", "state"],
            [
                "amount_invoiced:sum",
                "amount_paid:sum",
                "amount_rest:sum",
                "amount_overdue:sum",
                "date_due:min",
            ],
        ):
            if contract.performs:
                _add_sums(sums[contract], trigger in extras, state, *values)
        return sums

    def _add_open_sums(self, figures):
        """Add the figures of rows that are being edited, of which none is billed."""
        rows = self.filtered(lambda row: row.state != "cancelled")
        dates = [row.date_due for row in rows if row.date_due]
        figures["amount_remaining"] += sum(rows.mapped("amount"))
        figures["date_next_billing"] = min(dates, default=False)


class AccountMove(models.Model):
    _inherit = "account.move"

    def _view_created(self):
        """Return an action on invoices that were just made; True without the right."""
        if not self.has_access("read"):
            return True
        return self.env["sale.order"].action_view_invoice(self)

    def _get_payments(self):
        """Return the payments that are matched with posted ones of the invoices."""
        posted = self.filtered(lambda move: move.state == "posted")
        return posted.reconciled_payment_ids


def _add_sums(figures, is_extra, state, invoiced, paid, rest, overdue, due):
    """Add the sums of rows of one kind to the figures of their contract."""
    figures["amount_overdue"] += overdue
    if is_extra:
        figures["amount_extra"] += invoiced
        return
    figures["amount_invoiced"] += invoiced
    figures["amount_paid"] += paid
    figures["amount_remaining"] += rest
    if state in ("planned", "due"):
        dates = filter(None, (figures["date_next_billing"], due))
        figures["date_next_billing"] = min(dates, default=False)
