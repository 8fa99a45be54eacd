"""What the lines of a contract are to be charged, walked through day by day.

Written from what is agreed, without the code of the ledger: no spans, no cuts, no
subtraction of periods. It knows nothing of Odoo either.
"""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

DAY = timedelta(days=1)
STEP = {
    "day": relativedelta(days=1),
    "week": relativedelta(weeks=1),
    "month": relativedelta(months=1),
    "quarter": relativedelta(months=3),
    "half_year": relativedelta(months=6),
    "year": relativedelta(years=1),
}
PER_YEAR = {
    "day": 365,
    "week": 52,
    "month": 12,
    "quarter": 4,
    "half_year": 2,
    "year": 1,
}


class Row(NamedTuple):
    """What is billed, or is to be, of a line: both days inclusive."""

    key: str
    first: object
    last: object
    amount: float


class Life:
    """A contract: its lines, what was signed of them, and what is billed.

    The terms of a line are a dict: unit, interval, price, quantity, discount, prorate,
    free, anchor, steps (list of day, quantity, price), arrears.
    """

    def __init__(self, start, end, lines):
        self.start, self.end, self.lines = start, end, lines
        self.texts, self.billed, self.pauses, self.trued = [], [], [], {}
        self.was = {}

    def sign(self, day, changes, end=None):
        """Note what was signed: `{key: changed terms, or None for removed}`."""
        self.texts.append((day, changes, end))

    def agreed(self, key, day=None, today=None):
        """Return the terms of a line on a day, or all that was signed (None: none)."""
        terms = self.lines.get(key)
        for begins, changes, _end in self.texts:
            if day and begins > min(day, today):
                continue
            change = changes.get(key)
            # What is still to be added does not begin because it is changed.
            if key in changes and (terms or not change or "anchor" in change):
                terms = None if change is None else {**(terms or {}), **change}
        return terms

    def last_day(self, today):
        ends = [end for day, _changes, end in self.texts if end and day <= today]
        return [self.end, *ends][-1]

    def names(self):
        texts = [self.lines, *(changes for _day, changes, _end in self.texts)]
        return list({key: None for text in texts for key in text})

    def open_rows(self, today):
        """Return what is still to be billed, as known on a day."""
        return [row for key in self.names() for row, _terms in self._open(key, today)]

    def bill(self, rows, today):
        """Note that open rows are billed."""
        for key in self.names():
            for row, terms in self._open(key, today):
                if row in rows:
                    self.billed.append((row, terms))
                    prices = self._day_prices(key, today)
                    days = _days(row.first, row.last)
                    self.was |= {(key, day): prices[day] for day in days}

    def due(self, today):
        """Return the open rows that fall due by a day."""
        return [
            row
            for key in self.names()
            for row, terms in self._open(key, today)
            if (row.last + DAY if terms["arrears"] else row.first) <= today
        ]

    def value(self, today):
        rows = [*self.open_rows(today), *(row for row, _terms in self.billed)]
        return sum(row.amount for row in rows)

    def monthly(self, day):
        """Return the monthly recurring revenue on a day."""
        total = 0.0
        for key in self.names():
            in_use = dict(self._in_use(key, day))
            terms = in_use.get(day)
            if terms:
                _day, quantity, price = self._step(terms, day)
                amount = _amount(terms, quantity, price, 1, 1)
                total += amount * PER_YEAR[terms["unit"]] / terms["interval"] / 12
        return total

    def _in_use(self, key, today):
        """Yield each day of the term with the terms by which it is charged."""
        day, terms = self.start, None
        while day <= self.last_day(today):
            wanted = self.agreed(key, day, today)
            if wanted != terms and (
                not terms
                or (terms["prorate"] and (not wanted or wanted["prorate"]))
                or self._period(terms, day)[1] == day
            ):
                terms = wanted
            yield day, terms
            day += DAY

    def settle(self, begins, today):
        """Bring what is billed from a day on to what holds as known on a day."""
        for key in self.names():
            prices = self._day_prices(key, today)
            for row, _terms in self.billed:
                for day in _days(row.first, row.last) if row.key == key else ():
                    if day >= begins:
                        self.trued[key, day] = prices.get(day, 0.0)

    def differences(self, key):
        """Return what days of a line that are billed cost more by now (float)."""
        total = 0.0
        for row, _terms in self.billed:
            days = [day for day in _days(row.first, row.last) if row.key == key]
            mine = [day for day in days if not self._paused(day)]
            for day in mine:
                if (key, day) in self.trued:
                    total += self.trued[key, day] - self.was[key, day]
        return total

    def _day_prices(self, key, today):
        """Return what each day of a line costs: {day: amount}, not rounded."""
        prices = {}
        for first, last, terms, period in self._pieces(key, today):
            if period[0] < terms["free"]:
                continue
            _day, quantity, price = self._step(terms, first)
            full = (period[2] - period[1]).days + 1
            for day in _days(first, last):
                share = 1 - terms["discount"] / 100
                prices[day] = quantity * price * share / full
        return prices

    def _open(self, key, today):
        """Return (row, terms) of what of a line is to be billed."""
        found = []
        for first, last, terms, period in self._pieces(key, today):
            cuts = self._changing_days(key, today) if terms["prorate"] else ()
            cuts = [day for day in cuts if first < day <= last]
            lasts = [*(day - DAY for day in cuts), last]
            for begin, stop in zip([first, *cuts], lasts, strict=True):
                found += self._rest(key, begin, stop, terms, period)
        return found

    def _changing_days(self, key, today):
        """Return the days to come from which a signed text changes a line.

        Nothing is billed that has days both before and after one.
        """
        return sorted(
            {
                day
                for day, _changes, _end in self.texts
                if day > today
                and self.agreed(key, day - DAY, day) != self.agreed(key, day, day)
            }
        )

    def _pieces(self, key, today):
        """Return (first day, last day, terms, period) of what is charged at one price."""
        pieces = []
        for day, terms in self._in_use(key, today):
            if not terms:
                continue
            period = self._period(terms, day)
            if pieces and pieces[-1][1:] == [day - DAY, terms, period]:
                pieces[-1][1] = day
            else:
                pieces.append([day, day, terms, period])
        return pieces

    def _rest(self, key, first, last, terms, period):
        number, start, end = period
        if number < terms["free"]:
            return []
        _day, quantity, price = self._step(terms, first)
        full = (end - start).days + 1
        taken = [
            (row, by)
            for row, by in self.billed
            if row.key == key and row.first <= last and row.last >= first
        ]
        runs = self._runs(first, last, [row for row, _by in taken])
        if not terms["prorate"] and any(by == terms for _row, by in taken):
            return []
        rows = []
        for begin, stop in runs:
            days = sum(not self._paused(d) for d in _days(begin, stop))
            if days and not terms["prorate"] and len(runs) == 1:
                days = full
            if days:
                amount = _amount(terms, quantity, price, days, full)
                rows.append((Row(key, begin, stop, amount), terms))
        return rows

    def _step(self, terms, day):
        steps = [step for step in terms["steps"] if step[0] <= day]
        return max(steps, default=(0, terms["quantity"], terms["price"]))

    def _runs(self, first, last, taken):
        runs = []
        for day in _days(first, last):
            if any(row.first <= day <= row.last for row in taken):
                continue
            if runs and runs[-1][1] == day - DAY:
                runs[-1][1] = day
            else:
                runs.append([day, day])
        return runs

    def _paused(self, day):
        return any(first <= day <= last for first, last in self.pauses)

    def _period(self, terms, day):
        """Return (number, first day, last day) of the period in which a day lies."""
        anchor = terms["anchor"] or self.start
        step = STEP[terms["unit"]] * terms["interval"]
        rhythm = (terms["unit"], terms["interval"])
        slots = [_slot(anchor, *rhythm, when) for when in (self.start, day)]
        return (
            slots[1] - slots[0],
            anchor + step * slots[1],
            anchor + step * (slots[1] + 1) - DAY,
        )


@cache
def _slot(anchor, unit, interval, day):
    step, slot = STEP[unit] * interval, 0
    while anchor + step * (slot + 1) <= day:
        slot += 1
    while anchor + step * slot > day:
        slot -= 1
    return slot


def _days(first, last):
    return [first + DAY * number for number in range((last - first).days + 1)]


def _amount(terms, quantity, price, days, full):
    exact = quantity * price * days / full * (1 - terms["discount"] / 100)
    cents = Decimal(str(round(exact, 8))).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return float(cents)
