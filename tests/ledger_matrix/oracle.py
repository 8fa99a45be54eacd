"""What a recurring line is to be billed, reckoned anew from what was promised.

Written from the text that says what the ledger does, never from its code, and plain
enough to be checked by reading. It keeps no plan: on each day it looks at all that was
agreed until then, and at what the books hold.

* Periods are counted from the first day: the n-th begins n intervals after it.
* A day of a line is billed once, whatever happens.
* What holds on a day was said by the text that was signed last of those in effect.
* By the day, a part of a period costs its part of the price; else all of the price.
* What is billed stays billed, unless a credit note, a cancelled or a deleted invoice
  takes it back; then it is billed again.
"""

from calendar import monthrange
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

DAY = timedelta(days=1)
MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


def later(day, count, unit):
    """Return the day so many units later; the 31st of a short month is its last day."""
    if unit in ("day", "week"):
        return day + count * (7 if unit == "week" else 1) * DAY
    year, month = divmod(day.year * 12 + day.month - 1 + count * MONTHS[unit], 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def span(first, last):
    return [first + n * DAY for n in range((last - first).days + 1)]


def cents(amount):
    return Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass
class Billed:
    """A part of a period that invoices bill: its span, and the days that count."""

    first: date
    last: date
    days: list
    price: Decimal  # of the full period
    full: int  # days of the full period
    amount: Decimal = None
    credited: Decimal = Decimal(0)  # of it, before it ended

    def reckon(self, until=date.max):
        return cents(self.price * sum(day <= until for day in self.days) / self.full)


@dataclass
class Oracle:
    """A line from `start` on to the day `end`, at `terms` (quantity, price)."""

    start: date
    end: date
    interval: tuple  # (count, unit)
    advance: bool
    by_day: bool
    terms: dict
    changes: list = field(default_factory=list)  # (day of effect, terms), as signed
    pauses: list = field(default_factory=list)  # [first day, last day or None]
    billed: list = field(default_factory=list)
    last: date = None  # an early end
    taken: Decimal = Decimal(0)  # by credit notes, of what is not billed again
    waits_from: date = None  # what was amended while all is suspended

    def period(self, number):
        count, unit = self.interval
        return later(self.start, number * count, unit)

    def price_on(self, day):
        """The price of a full period, as agreed for a day."""
        terms = dict(self.terms)
        for effect, change in self.changes:
            if effect <= day:
                terms |= change
        return cents(terms["price"]) * Decimal(terms["quantity"])

    def price_charged_on(self, day):
        """The price of the period of a day: a whole one keeps that of its first day."""
        if self.by_day:
            return self.price_on(day)
        number = 0
        while self.period(number + 1) <= day:
            number += 1
        return self.price_on(self.period(number))

    def is_paused(self, day):
        return any(a <= day and (b is None or day <= b) for a, b in self.pauses)

    def billed_days(self):
        return {day for part in self.billed for day in span(part.first, part.last)}

    def charges(self, today):
        """What is to be billed on a day, besides what is (list of Billed).

        A part falls due on its first day, or in arrears on the day after its last one.
        While all is suspended, what was not over before waits.
        """
        number, result, billed = 0, [], self.billed_days()
        end = min(filter(None, (self.end, self.last)))
        paused = min((first for first, last in self.pauses if not last), default=None)
        if paused and self.waits_from:
            paused = min(paused, self.waits_from)
        while (first := self.period(number)) <= min(end, today):
            after = self.period(number + 1)
            last = min(end, after - DAY)
            parts = self.parts(first, last, (after - first).days, billed)
            result += [part for part in parts if not paused or part.last < paused]
            number += 1
        return [
            part
            for part in result
            if (part.first if self.advance else part.last + DAY) <= today
        ]

    def parts(self, first, last, full, billed):
        """The days of a period that are not billed, cut where the price changes."""
        parts, days = [], span(first, last)
        counted = [day for day in days if not self.is_paused(day)]
        if not self.by_day:
            if not counted or billed.intersection(days):
                return []
            price = self.price_on(first)
            return [Billed(first, last, counted, price, full, price)]
        for day in days:
            price = None if day in billed else self.price_on(day)
            if not parts or parts[-1].price != price:
                parts.append(Billed(day, day, [], price, full))
            parts[-1].last = day
            parts[-1].days += [day] * (day in counted)
        parts = [part for part in parts if part.days and part.price is not None]
        for part in parts:
            part.amount = part.reckon()
        return parts

    # What happens

    def bill(self, today):
        self.billed += self.charges(today)

    def suspend(self, today):
        self.pauses.append([today, None])

    def resume(self, today):
        self.waits_from = None
        for pause in self.pauses:
            if pause[1] is None:
                pause[1] = today - DAY
        self.pauses = [pause for pause in self.pauses if pause[0] <= pause[1]]

    def amend(self, effect, **terms):
        self.changes.append((effect, terms))
        if any(last is None for _first, last in self.pauses):
            self.waits_from = min(effect, self.waits_from or effect)

    def stop(self, day):
        """End early: what bills days after the last one is credited by the day.

        Days that were suspended after they were billed stay billed. A credit note from
        before counts for them first, and then for days after the end.
        """
        self.resume(day + DAY)
        self.last = day
        # What was waived stays so, whatever ends and goes on.
        for part in [part for part in self.billed if part.last > day and part.days]:
            if part.first > day:
                self.billed.remove(part)
            elif self.by_day:
                served = [day for day in part.days if not self.is_paused(day)]
                least = replace(part, days=served).reckon(day)
                left = max(least, part.reckon(day) - part.credited)
                part.amount = min(part.amount, left)
                part.last = day

    def reopen(self):
        self.last = None

    def take_back(self, number):
        """Cancel, delete, or credit in full what bills a part: it is billed again."""
        del self.billed[number]

    def correct(self, number, amount):
        """Bill another amount for the same days."""
        self.billed[number].amount = cents(amount)

    def credit(self, amount):
        """Credit a part: nothing is billed again."""
        self.taken += cents(amount)

    def waive(self, first, last):
        """Never bill some days."""
        self.billed.append(Billed(first, last, [], Decimal(0), 1, Decimal(0)))

    def total(self):
        return sum((part.amount for part in self.billed), -self.taken)
