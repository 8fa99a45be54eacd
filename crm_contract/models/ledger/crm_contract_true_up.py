from datetime import date, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Command, Domain

from ...tools.recurrence import Period, billed_days

_DAY = timedelta(days=1)


class Part(NamedTuple):
    """Days of a chain that are billed, both inclusive, and the row by whose terms."""

    first: date
    last: date
    row: models.BaseModel


class Difference(NamedTuple):
    """What days that are billed cost otherwise from now on.

    `charge` is what they are to be charged (`tools.charges.Charge`), None for nothing;
    the amounts are what is missing, or too much if they are negative, without and with
    taxes.
    """

    part: Part
    charge: tuple | None
    untaxed: float
    total: float

    def has_other_taxes(self):
        """Return whether what is charged has other taxes than what was billed."""
        row = self.part.row
        return bool(
            self.charge
            and row._has_terms()
            and self.charge.source.tax_ids != row.line_id.tax_ids
        )

    def taken_back(self):
        """Return the difference that takes back what was billed, and charges nothing."""
        untaxed, total = self.part.row._get_amounts_of(self.part)
        return self._replace(charge=None, untaxed=-untaxed, total=-total)

    def given_instead(self):
        """Return the difference that charges what `taken_back` left."""
        untaxed, total = self.part.row._get_amounts_of(self.part)
        return self._replace(untaxed=self.untaxed + untaxed, total=self.total + total)


class CrmContractTrueUp(models.AbstractModel):
    """True-up: days that are billed are brought to the terms that hold on them now.

    Each difference is a row of the ledger. It knows by `base_id` which row billed its
    days before, so that what becomes of that one, by a credit note, a suspension or an
    early end, changes the difference as well.
    """

    _name = "crm.contract.true.up"
    _description = "True-up of billed days"

    @api.model
    def _settle(self, contracts, day, reason):
        """Add the rows that bring what is billed from a day on to the present terms.

        :param reason: why, as the rows say it (str)
        """
        # sudo: rows are made by the ledger alone
        chains = contracts.sudo().line_ids._filter_chains()
        found = []
        for lines in chains:
            found += lines._get_differences(lines._get_billed_parts(day))
        self._add(found, reason)

    @api.model
    def _add(self, differences, reason):
        """Add the rows of differences; where taxes are not the same, one of each side."""
        # sudo: rows are made by the ledger alone
        rows = self.env["crm.contract.installment"].sudo()
        split = [found for found in differences if found.has_other_taxes()]
        taken = rows.create(
            [
                self._prepare_vals(found.taken_back(), found.part.row, reason)
                for found in split
            ]
        )
        given = [
            (found.given_instead(), base)
            for found, base in zip(split, taken, strict=True)
        ]
        given += [
            (found, found.part.row)
            for found in differences
            if not found.has_other_taxes()
        ]
        rows.create([self._prepare_vals(*each, reason) for each in given])

    @api.model
    def _prepare_vals(self, difference, base, reason):
        """Return create values of the row of a difference to another row."""
        (first, last, _row), charge = difference.part, difference.charge
        line = charge.source if charge else base.line_id
        contract = line.contract_id
        return {
            "contract_id": contract.id,
            "trigger": "true_up",
            "amount_type": "fixed",
            "amount_fixed": contract.currency_id.round(difference.total),
            "amount_untaxed": contract.currency_id.round(difference.untaxed),
            "line_id": line.id,
            "base_id": base.id,
            "sequence": line.sequence,
            "name": f"{reason}: {line._get_period_name(first, last)}",
            "date": contract.company_id._get_today(),
            "period_start": first,
            "period_end": last,
            "days_billed": _count(difference.part, line._get_pauses()),
            "days_full": charge.period.full_days if charge else 1,
            "quantity": charge.quantity if charge else 0,
            "price_unit": charge.price if charge else 0,
        }

    @api.model
    def _follow(self, contracts):
        """Bring the differences up to what became of the rows that they settle."""
        # sudo: rows are made by the ledger alone
        rows = self.env["crm.contract.installment"].sudo()
        families = set()
        for row in rows.search(
            [("contract_id", "in", contracts.ids), ("trigger", "=", "true_up")],
            order="id",
        ):
            family = row._get_true_up_family()
            if family not in families:
                families.add(family)
                row._adjust_true_up()


class CrmContractLine(models.Model):
    _inherit = "crm.contract.line"

    def _get_billed_parts(self, day):
        """Return what is billed of a chain from a day on (list of `Part`).

        Days that were trued up count by the terms of that. What is not billed by the
        day belongs to its first day.
        """
        parts = []
        rows = self.sudo().installment_ids
        periods = rows.filtered(
            lambda row: row.trigger == "period" and row._is_invoiced()
        )
        true_ups = rows.filtered(lambda row: row.trigger == "true_up").sorted("id")
        for row in periods.sorted("period_start"):
            mine = [Part(row.period_start, row.period_end, row)]
            for other in true_ups.filtered(lambda r, row=row: r._get_settled() == row):
                mine = [part for old in mine for part in _overlay(old, other)]
            parts += mine
        early = self.contract_id._get_early_end() or date.max
        return [
            part._replace(first=max(part.first, day), last=min(part.last, early))
            for part in parts
            if part.last >= day
            and part.first <= early
            and (part.first >= day or part.row.line_id.prorate)
        ]

    def _get_differences(self, parts, pauses=None):
        """Return what a chain charges otherwise for days than they were billed.

        :param parts: list of `Part`
        :return: list of `Difference`
        """
        if not parts:
            return []
        first = min(part.first for part in parts)
        last = max(part.last for part in parts)
        due = [c for line in self for c in line._get_charges(last, first, None, pauses)]
        found = []
        for part in parts:
            for piece, charge in _match(part, due):
                # What is not billed by the day belongs to its first day.
                if charge and not charge.prorate and charge.first != piece.first:
                    charge = None
                untaxed, total = piece.row._get_part_amounts(piece, charge, pauses)
                if not piece.row.currency_id.is_zero(total):
                    found.append(Difference(piece, charge, untaxed, total))
        return found


class CrmContractInstallment(models.Model):
    """True-ups: rows whose amount is what two terms differ by."""

    _inherit = "crm.contract.installment"

    base_id = fields.Many2one(
        "crm.contract.installment",
        string="Settles",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="Row that billed the days before an amendment changed what they cost.",
        owned=True,
    )

    def _is_invoiced(self):
        """Return whether the row is billed, and not free, waived or cancelled."""
        return self.state in ("invoiced", "paid")

    def _has_terms(self):
        return bool(self.quantity * self.price_unit)

    def _get_settled(self):
        """Return the row of the period whose days a true-up settles, if it is there."""
        row = self
        while row.trigger == "true_up":
            row = row.base_id
        return row

    def _get_part_amounts(self, part, charge, pauses=None):
        """Return (untaxed, total) of what a part of the row costs by a charge, less this.

        Days of a suspension count on neither side: they stay as they were billed.
        """
        now = (0.0, 0.0)
        if charge:
            line = charge.source
            full = charge.period.full_days
            days = _count(part, line._get_pauses() if pauses is None else pauses)
            if days and not charge.prorate:
                days = full
            now = line._get_period_amounts(charge.quantity, charge.price, days, full)
        before = self._get_amounts_of(part, pauses)
        return now[0] - before[0], now[1] - before[1]

    def _get_amounts_of(self, part, pauses=None):
        """Return (untaxed, total) of what days of the row were billed, or trued up, at."""
        if not self or not self._has_terms():
            return 0.0, 0.0
        line = self.line_id
        days = _count(part, line._get_pauses() if pauses is None else pauses)
        whole = _count(Part(self.period_start, self.period_end, self), ())
        share, full = days, self.days_full
        if self.trigger == "period" and (days == whole or not line.prorate):
            share, full = self.days_billed * days, self.days_full * whole
        elif not line.prorate:
            share, full = days, whole
        return line._get_period_amounts(self.quantity, self.price_unit, share, full)

    def _adjust_true_up(self):
        """Let a true-up, or what is open of it, be what its terms differ by today.

        What was invoiced stays; the rest becomes a row of its own.
        """
        self.ensure_one()
        untaxed, total = self._get_true_up_amounts()
        family = self._get_true_up_rows()
        fixed = family.filtered(lambda row: not row._is_open() or row._has_books())
        untaxed -= sum(fixed.mapped("amount_untaxed"))
        vals = {
            "amount_untaxed": self.currency_id.round(untaxed),
            "amount_fixed": self.currency_id.round(total - sum(fixed.mapped("amount"))),
            "days_billed": self._count_true_up_days(),
        }
        open_row = (family - fixed)[:1]
        if open_row and not open_row._is_as(vals):
            open_row.write(vals)
        elif not open_row and vals["amount_fixed"]:
            self.copy({**self._prepare_true_up_copy_vals(), **vals})

    def _get_true_up_family(self):
        """Return what the rows of one difference have in common (tuple)."""
        if self.trigger != "true_up":
            return ()
        return self.line_id, self.base_id, self.period_start, self.period_end

    def _get_true_up_rows(self):
        """Return the rows of the same difference, this one included."""
        mine = self._get_true_up_family()
        rows = self.contract_id.installment_ids
        family = rows.filtered(lambda row: row._get_true_up_family() == mine)
        return family.with_prefetch(self._prefetch_ids)

    def _is_off(self):
        """Return whether a true-up does not make the difference that it is to make."""
        _untaxed, total = self._get_true_up_amounts()
        made = sum(self._get_true_up_rows().mapped("amount"))
        return self.currency_id.compare_amounts(made, total) != 0

    def _has_books(self):
        return bool(self.billing_line_ids or self.credit_line_ids)

    def _prepare_true_up_copy_vals(self):
        names = ("contract_id", "line_id", "base_id", "period_start", "period_end")
        names += ("days_full", "quantity", "price_unit")
        vals = {
            name: self._fields[name].convert_to_write(self[name], self)
            for name in names
        }
        return {**vals, "date": self.company_id._get_today()}

    def _get_true_up_part(self):
        """Return the days that the true-up still settles (`Part`), None for none."""
        settled = self._get_settled()
        if not settled._is_invoiced():
            return None
        early = self.contract_id._get_early_end() or date.max
        last = min(self.period_end, settled.period_end, early)
        if self.period_start > last:
            return None
        return Part(self.period_start, last, self.base_id)

    def _count_true_up_days(self):
        part = self._get_true_up_part()
        return _count(part, self.line_id._get_pauses()) if part else 0

    def _get_true_up_amounts(self):
        """Return (untaxed, total) of the difference that a true-up is to make."""
        part = self._get_true_up_part()
        if not part:
            return 0.0, 0.0
        now = self._get_amounts_of(part)
        before = self.base_id._get_amounts_of(part)
        return now[0] - before[0], now[1] - before[1]

    @api.model
    def _get_follow_domain(self):
        """Rows of true-ups that the daily job has to bring up to what they settle.

        As far as they are off. What is billed anew from its invoice on is billed as a
        whole, and a difference that is invoiced goes with it; what is not billed any
        more takes it along.
        """
        rows = Domain([("trigger", "=", "true_up"), ("base_id.trigger", "=", "period")])
        lost = Domain("state", "in", ("planned", "due")) & Domain(
            "base_id.state", "not in", ("invoiced", "paid")
        )
        waived = Domain("state", "in", ("invoiced", "paid")) & Domain(
            "base_id.state", "=", "waived"
        )
        return rows & (lost | waived)

    def _advance_true_up(self):
        ledger = self.env["crm.contract.ledger"]
        ledger._rebuild(self.contract_id, self.period_start)

    def _derive_trued_up(self):
        """Derive anew what rows charge that true-ups settle, and these with them."""
        # sudo: rows are made by the ledger alone
        found = self.sudo().search([("base_id", "in", self.ids)])
        ledger = self.env["crm.contract.ledger"]
        for contract, rows in found.grouped("contract_id").items():
            ledger._rebuild(contract, min(rows.mapped("base_id.period_start")))

    def _prepare_true_up_line_vals(self):
        """Return create values of the invoice line of a true-up."""
        line = self.line_id
        included = any(tax.price_include for tax in line.tax_ids)
        return {
            "installment_id": self.id,
            "product_id": line.product_id.id,
            "product_uom_id": line.product_uom_id.id,
            "name": self.name,
            "quantity": 1,
            "price_unit": self.amount if included else self.amount_untaxed,
            "tax_ids": [Command.set(line.tax_ids.ids)],
            "analytic_distribution": line.analytic_distribution,
            **self._prepare_days_vals(),
        }


def _overlay(part, row):
    """Yield the parts of a part after a true-up of some of its days."""
    first, last = row.period_start, row.period_end
    if first > part.last or last < part.first:
        yield part
        return
    if part.first < first:
        yield part._replace(last=first - _DAY)
    yield Part(max(first, part.first), min(last, part.last), row)
    if last < part.last:
        yield part._replace(first=last + _DAY)


def _match(part, charges):
    """Yield (part, charge) of each part that is charged by one; None for none."""
    first = part.first
    for charge in charges:
        if charge.last < first or charge.first > part.last:
            continue
        if charge.first > first:
            yield part._replace(first=first, last=charge.first - _DAY), None
        begin, end = max(first, charge.first), min(part.last, charge.last)
        yield part._replace(first=begin, last=end), charge
        first = end + _DAY
    if first <= part.last:
        yield part._replace(first=first), None


def _count(part, pauses):
    """Return the days of a part that are not suspended."""
    return billed_days(Period(0, *[part.first, part.last] * 2), pauses)
