from datetime import date
from typing import NamedTuple

from odoo import models

from ...tools.charges import Billed, cut_at, less_billed


class BilledDays(NamedTuple):
    """What is billed of a chain: days, and amounts without and with taxes."""

    days: Billed | None
    untaxed: float
    total: float


class CrmContractLine(models.Model):
    """A line and those that amendments made of it: a chain, one upon the other in time.

    No day of a chain is billed twice; each of its lines holds on days of its own.
    """

    _inherit = "crm.contract.line"

    def _filter_chains(self):
        """Return the recurring lines by their chains, in the order of days (list)."""
        chains = self.filtered("is_recurring").grouped("chain")
        # What is read of them is read for all contracts at hand.
        return [
            lines.sorted(
                lambda line: (line.valid_from or date.min, line.id)
            ).with_prefetch(self._prefetch_ids)
            for lines in chains.values()
        ]

    def _get_open_charges(self, since, until):
        """Return what is still to be billed of a chain, and the rows of that.

        :param since: periods that end earlier are left out; all are looked at without
        :param until: periods that begin later are left out
        :return: list of `tools.charges.Charge`, and the rows that aren't billed of
            which they are to take the place
        """
        rows = self.installment_ids.filtered(lambda row: row.trigger == "period")
        first, before = since or date.min, None
        while first != before:
            before = first
            mine = rows.filtered(
                lambda row, first=first: row._is_open() and row.period_end >= first
            ).with_prefetch(self.installment_ids._prefetch_ids)
            due = [c for line in self for c in line._get_charges(until, first)]
            starts = [*mine.mapped("period_start"), *(charge.first for charge in due)]
            first = min([first, *starts])
        rows |= self.installment_ids.filtered(lambda row: row.trigger == "true_up")
        billed = [row._get_billed_days().days for row in rows - mine]
        billed = filter(None, billed)
        pauses = self[-1:]._get_pauses()
        left = less_billed(due, billed, pauses)
        return list(cut_at(left, self._get_changing_days(), pauses)), mine

    def _get_changing_days(self):
        """Return the days from which a chain is known to be charged otherwise (list).

        No row is billed that has days before such a day and after it. Extended by
        satellites with agreements that are still to take effect.
        """
        return []

    def _get_billed_of_chain(self):
        """Return what is billed of a chain (list of `BilledDays`)."""
        # sudo: what the ledger billed counts in the value, whoever computes it
        rows = self.sudo().installment_ids.filtered(
            lambda row: (
                row.state != "cancelled"
                and (row.trigger == "true_up" or not row._is_open())
            )
        )
        return [row._get_billed_days() for row in rows]

    def _get_chain_value(self, billed, pauses=None):
        """Return (untaxed, total) of what the term of a chain brings.

        What is billed counts as it was. Without an end, it is the value of the twelve
        months that the last line begins with.

        :param billed: list of `BilledDays`
        :param pauses: days that are not billed, by default those of the lines
        """
        last = self[-1:]
        if last and not last.contract_id.date_end and not last.date_end:
            return last._get_recurring_value()
        due = [charge for line in self for charge in line._get_agreed_charges(pauses)]
        if pauses is None:
            pauses = last._get_pauses()
        days = filter(None, (row.days for row in billed))
        rest = less_billed(due, days, pauses)
        values = [(row.untaxed, row.total) for row in billed]
        values += _get_amounts(rest)
        return tuple(map(sum, zip((0.0, 0.0), *values, strict=True)))

    def _get_agreed_charges(self, pauses=None):
        """Return what is to be charged for a line that ends, early end or not."""
        recurrence = self._get_recurrence(agreed=True)
        if not recurrence:
            return []
        return self._get_charges(recurrence.end, None, recurrence, pauses)

    def _get_last_day(self):
        """Return the last day that the line bills; the last of all without an end."""
        recurrence = self._get_recurrence()
        return recurrence.end or date.max if recurrence else date.min


class CrmContractInstallment(models.Model):
    _inherit = "crm.contract.installment"

    def _get_billed_days(self):
        """Return the days and the amounts of a row (`BilledDays`).

        A true-up has days as long as what it settles is billed.
        """
        self.ensure_one()
        if self.trigger == "true_up" and not self._get_settled()._is_invoiced():
            return BilledDays(None, self.amount_untaxed, self.amount)
        days = Billed(self.period_start, self.period_end, self.line_id)
        return BilledDays(days, self.amount_untaxed, self.amount)


def _get_amounts(charges):
    """Return (untaxed, total) of each charge; like ones are computed once (list)."""
    known, amounts = {}, []
    for charge in charges:
        line, full = charge.source, charge.period.full_days
        share = (charge.days, full) if charge.days != full else (1, 1)
        key = (line, charge.quantity, charge.price, *share)
        if key not in known:
            known[key] = line._get_period_amounts(*key[1:])
        amounts.append(known[key])
    return amounts
