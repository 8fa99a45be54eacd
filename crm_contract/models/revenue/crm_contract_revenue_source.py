from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from ...tools.revenue import Item, Progress, Span
from ..ledger.crm_contract_installment import PLAN_TRIGGERS

# Rows of the ledger whose price is that of a service; interest is none.
DAILY = ("period", "true_up")
DAY = timedelta(days=1)


class Promise(NamedTuple):
    """What one contract is to be told of.

    `bills` are (day, amount, amount in company currency, id of account) of invoice
    lines; `ahead` are items of what the ledger has no rows for yet.
    """

    items: list
    bills: list
    ahead: list
    notes: list


class CrmContractRevenueSource(models.AbstractModel):
    """What revenue is computed of: rows of the ledger, what billed them, what is done."""

    _name = "crm.contract.revenue.source"
    _description = "Sources of revenue"

    @api.model
    def _read(self, contracts, day):
        """Return what contracts of a company promise, as known today.

        :param day: last day of the month that is told of
        :return: {contract: `Promise`}; contracts without amounts have no items
        """
        self.env.flush_all()
        rows = self._read_rows(contracts)
        ids = [row["id"] for one in rows.values() for row in one]
        bills, drafts = self._read_bills(ids), self._read_drafts(ids)
        for row in (row for one in rows.values() for row in one):
            row["drafted"] = drafts.get(row["id"], Decimal(0))
        shares = self._read_untaxed_shares(contracts)
        progress = self._read_progress(contracts, day)
        pauses = self._read_pauses(contracts)
        return {
            contract: self._gather(
                contract,
                rows.get(contract.id, ()),
                bills,
                shares.get(contract.id, 1.0),
                progress.get(contract.id),
                pauses.get(contract.id, ()),
            )
            for contract in contracts
        }

    def _gather(self, contract, rows, bills, share, progress, pauses):
        unit = Decimal(str(contract.currency_id.rounding or 0.01))
        daily = [row for row in rows if row["trigger"] in DAILY]
        plan = [row for row in rows if row["trigger"] in PLAN_TRIGGERS]
        catch_up = contract.company_id.contract_revenue_amendment == "catch_up"
        items = [
            Item(
                _get_span(contract, row, pauses, catch_up),
                [(bill[0], bill[1]) for bill in bills.get(row["id"], ())],
                _get_rest(row, unit, share),
            )
            for row in daily
        ]
        items += self._gather_plan(contract, plan, bills, unit, share, progress)
        return Promise(
            items,
            [bill for row in rows for bill in bills.get(row["id"], ())],
            _get_ahead(contract, daily, unit, pauses),
            self._get_notes(contract, daily),
        )

    def _gather_plan(self, contract, plan, bills, unit, share, progress):
        """Return the items of what is paid once: by progress, or as it falls due."""
        if not plan:
            return []
        if not progress:
            return [
                Item(
                    _get_moment(contract, row, bills.get(row["id"], ())),
                    [(bill[0], bill[1]) for bill in bills.get(row["id"], ())],
                    _get_rest(row, unit, share),
                )
                for row in plan
            ]
        if contract.date_ended:
            # Nothing more is done: what is billed is earned.
            left = max(progress.whole - sum(done[1] for done in progress.done), 0)
            done = [*progress.done, (contract.date_ended, Fraction(left))]
            progress = Progress(done, progress.whole)
        billed = [bill[:2] for row in plan for bill in bills.get(row["id"], ())]
        rest = sum((_get_rest(row, unit, share) for row in plan), Decimal(0))
        return [Item(progress, billed, rest)]

    def _get_notes(self, contract, daily):
        if daily and not contract.date_end and not contract.date_ended:
            return [
                self.env._(
                    "Without a last day: what the ledger has periods for is counted as "
                    "still to be performed."
                )
            ]
        return []

    @api.model
    def _read_rows(self, contracts):
        query = SQL(
            """
            SELECT contract_id, id, trigger, period_start, period_end, date_due, date,
                   amount, amount_untaxed, amount_rest, state, line_id
              FROM crm_contract_installment
             WHERE contract_id IN %s AND billed_before IS NOT TRUE AND trigger IN %s
               AND (was_billed IS TRUE OR state != 'cancelled')
             ORDER BY contract_id, period_start, id
            """,
            tuple(contracts.ids) or (0,),
            (*DAILY, *PLAN_TRIGGERS),
        )
        found = defaultdict(list)
        for row in self.env.execute_query_dict(query):
            found[row["contract_id"]].append(row)
        return found

    @api.model
    def _read_bills(self, row_ids):
        """Return what posted lines bill and take back of rows ({row id: list})."""
        found = defaultdict(list)
        for row_id, *bill in self._read_lines(row_ids, SQL("m.state = 'posted'")):
            found[row_id].append(tuple(bill))
        return found

    @api.model
    def _read_drafts(self, row_ids):
        """Return what drafts of invoices bill of rows ({row id: Decimal}): nothing yet."""
        found = defaultdict(Decimal)
        drafts = SQL("m.state = 'draft' AND m.move_type = 'out_invoice'")
        for row_id, _day, amount, *_more in self._read_lines(row_ids, drafts):
            found[row_id] += amount
        return found

    @api.model
    def _read_lines(self, row_ids, condition):
        """Return invoice lines of rows: list of (row id, day, amounts, account id).

        :param condition: SQL of the move `m`
        """
        if not row_ids:
            return []
        query = SQL(
            """
            WITH part AS (
                SELECT COALESCE(installment_id, credited_installment_id) AS row_id,
                       id, 1.0 AS fraction
                  FROM account_move_line
                 WHERE installment_id = ANY(%(ids)s)
                    OR credited_installment_id = ANY(%(ids)s)
                 UNION ALL
                SELECT installment_id, move_line_id, fraction
                  FROM crm_contract_installment_share
                 WHERE installment_id = ANY(%(ids)s)
            )
            SELECT part.row_id, m.date,
                   CASE WHEN l.currency_id = r.currency_id
                        THEN -l.amount_currency * part.fraction END,
                   -l.balance * part.fraction, l.account_id, l.company_id
              FROM part
              JOIN account_move_line l ON l.id = part.id
              JOIN account_move m ON m.id = l.move_id
              JOIN crm_contract_installment r ON r.id = part.row_id
             WHERE %(condition)s AND l.display_type = 'product'
             ORDER BY m.date, l.id
            """,
            ids=list(row_ids),
            condition=condition,
        )
        rows, found = self.env["crm.contract.installment"], []
        for row_id, day, amount, balance, account, _company in self.env.execute_query(
            query
        ):
            if amount is None:
                amount = self._convert(rows.browse(row_id), balance, day)
            found.append((row_id, day, _exact(amount), _exact(balance), account))
        return found

    def _convert(self, row, balance, day):
        """Return what an invoice in another currency comes to in that of the row."""
        # sudo: the rates alone
        company = row.company_id.sudo()
        return company.currency_id._convert(balance, row.currency_id, company, day)

    @api.model
    def _read_untaxed_shares(self, contracts):
        """Return how much of fees that are paid once is no tax ({contract id: share})."""
        query = SQL(
            """
            SELECT contract_id, SUM(price_subtotal), SUM(price_total)
              FROM crm_contract_line
             WHERE contract_id IN %s AND is_recurring IS NOT TRUE
             GROUP BY contract_id
            """,
            tuple(contracts.ids) or (0,),
        )
        return {
            contract: untaxed / total
            for contract, untaxed, total in self.env.execute_query(query)
            if total
        }

    @api.model
    def _read_progress(self, contracts, day):
        """Return how far our obligations are ({contract id: `Progress`})."""
        query = SQL(
            """
            SELECT contract_id, weight, is_complete, COALESCE(date_accepted, date_done),
                   progress, date_due, write_date::date
              FROM crm_contract_obligation
             WHERE contract_id IN %s AND side = 'ours' AND weight > 0
               AND state NOT IN ('cancelled', 'waived')
             ORDER BY contract_id, date_due, id
            """,
            tuple(contracts.ids) or (0,),
        )
        found = defaultdict(list)
        for contract, *row in self.env.execute_query(query):
            found[contract].append(row)
        return {contract: _get_progress(rows) for contract, rows in found.items()}

    @api.model
    def _read_pauses(self, contracts):
        # sudo: the spans alone
        spans = self.env["crm.contract.suspension"].sudo()
        found = defaultdict(list)
        for span in spans.search([("contract_id", "in", contracts.ids)]):
            found[span.contract_id.id].append(
                (span.date_start, span.date_end or date.max - DAY)
            )
        return found


def _exact(amount):
    """Return a sum of the database as Decimal, without what floats add to it."""
    return Decimal(str(round(amount, 6)))


def _get_rest(row, unit, share):
    """Return what is still to be billed of a row, without taxes; drafts are."""
    if row["state"] in ("cancelled", "waived", "free") or not row["amount_rest"]:
        return row["drafted"]
    if row["trigger"] in DAILY and row["amount"]:
        share = row["amount_untaxed"] / row["amount"]
    rest = Decimal(str(row["amount_rest"])) * Decimal(str(share))
    return row["drafted"] + (rest / unit).quantize(Decimal(1)) * unit


def _get_span(contract, row, pauses, catch_up):
    """Return the days over which a row is earned.

    The difference that an amendment makes to billed days is earned over them, or, if it
    is not to catch up with the past, over what is left of them.
    """
    first = row["period_start"] or row["date_due"]
    last = row["period_end"] or first
    if row["trigger"] == "true_up" and not catch_up and row["date"]:
        first = max(first, min(row["date"], last))
    ended = contract.date_ended
    if ended and ended < last:
        last = max(ended, first)
        first = min(first, last)
    return Span(first, last, pauses)


def _get_moment(contract, row, bills):
    """Return the day on which a row is earned that nothing is to be done for."""
    day = row["date_due"] or (bills[0][0] if bills else None)
    if not day or (contract.date_ended and day > contract.date_ended):
        day = contract.date_ended or contract.date_end or date(9999, 1, 1)
    return Span(day, day)


def _get_progress(rows):
    done, planned, whole = [], [], Fraction(0)
    for weight, is_complete, day, progress, due, changed in rows:
        whole += weight
        if is_complete:
            done.append((day or changed or due, Fraction(weight)))
            continue
        part = Fraction(weight * max(min(progress or 0, 100), 0), 100)
        if part:
            done.append((changed, part))
        planned.append((due, weight - part))
    return Progress(done, whole, planned)


def _get_ahead(contract, daily, unit, pauses):
    """Return items of the days between the last rows of lines and the end of the term.

    Each day costs what a day of the last row costs: an estimate of what is to come.
    """
    last = contract.date_end
    if not last or contract.date_ended:
        return []
    newest = {}
    for row in daily:
        if row["trigger"] == "period" and row["state"] not in ("cancelled", "waived"):
            newest[row["line_id"]] = row
    items = []
    for row in newest.values():
        first = row["period_end"] + DAY
        if first > last:
            continue
        days = (row["period_end"] - row["period_start"]).days + 1
        price = Decimal(str(row["amount_untaxed"])) * ((last - first).days + 1) / days
        rest = (price / unit).quantize(Decimal(1)) * unit
        items.append(Item(Span(first, last, pauses), (), rest))
    return items
