"""How the lines of a contract are billed, by the texts that both sides signed."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from .canonical import canonical_json
from .charges import Span, Terms, spans
from .in_force import Agreed, row_history
from .recurrence import Recurrence
from .version import READ

# Fields of a line that say what it is; all others say how it is billed.
WORDS = frozenset({"sequence", "name", "scope", "service_standard"})


class History(NamedTuple):
    """What a line says in the end, and how it was billed until then.

    `row` is its content, None if it was taken out. The spans are those in which it
    recurs; their source is the content then.
    """

    row: dict | None
    spans: list[Span]


def line_histories(
    agreed: Iterable[Agreed], start: date, end: date | None
) -> dict[str, History]:
    """Return how each line is billed: {key: History}.

    >>> def text(price):
    ...     fields = {"is_recurring": True, "recurrence_interval": 1, "quantity": 1,
    ...               "recurrence_unit": "month", "price_unit": price, "prorate": True}
    ...     row = {"key": "fee", "fields": fields, "children": {}}
    ...     return {"fields": {}, "children": {"line_ids": [row]}}
    >>> texts = [Agreed(1, date(2026, 1, 1), None, text(100)),
    ...          Agreed(2, date(2026, 6, 5), text(100), text(110))]
    >>> [history] = line_histories(texts, date(2026, 1, 1), None).values()
    >>> for span in history.spans:
    ...     print(span.first, span.last, span.terms.price)
    None 2026-06-04 100
    2026-06-05 None 110

    :param start: first day of the contract
    :param end: its last one, None if it is open-ended
    """
    histories = {}
    for key, said in row_history(agreed, "line_ids").items():
        changes = []
        for day, row in said:
            if changes and bills_alike(changes[-1][1], row):
                changes[-1] = (changes[-1][0], row)
            else:
                changes.append((day, row))
        timeline = spans((day, row_terms(row, start, end), row) for day, row in changes)
        histories[key] = History(
            said[-1][1],
            [s for s in timeline if s.terms and (not s.last or s.has_days())],
        )
    return histories


def bills_alike(row: dict | None, other: dict | None) -> bool:
    """Return whether two contents of a line are billed alike.

    What only one of them can have was added by a later release, and counts for nothing.

    >>> old = {"fields": {"name": "Fee", "price_unit": 100.0}, "children": {}}
    >>> bills_alike(old, {"fields": {"name": "Rent", "price_unit": 100}, "children": {}})
    True
    """
    if row is None or other is None:
        return row is other
    names = [
        name
        for name in row["fields"].keys() & other["fields"].keys()
        if name not in WORDS and not name.endswith(READ)
    ]
    if any(
        canonical_json(row["fields"][name]) != canonical_json(other["fields"][name])
        for name in names
    ):
        return False
    return _steps(row) == _steps(other)


def row_terms(row: dict | None, start: date, end: date | None) -> Terms | None:
    """Return how a content of a line is billed, None if it does not recur.

    :param start: first day of the contract, for lines without one of their own
    :param end: last day of the contract
    """
    if row is None or not row["fields"].get("is_recurring"):
        return None
    values = row["fields"]
    ends = filter(None, (_day(values.get("date_end")), end))
    return Terms(
        Recurrence(
            _day(values.get("date_start")) or start,
            values["recurrence_interval"],
            values["recurrence_unit"],
            min(ends, default=None),
            _day(values.get("date_anchor")),
        ),
        values["quantity"],
        values["price_unit"],
        _steps(row),
        bool(values.get("prorate")),
        values.get("free_periods") or 0,
        _day(values.get("billed_until")),
    )


def _steps(row):
    """Return the steps of a line, in the order of days."""
    rows = [step["fields"] for step in row.get("children", {}).get("step_ids", ())]
    return sorted(
        (_day(step["date_from"]), (step["quantity"], step["price_unit"]))
        for step in rows
    )


def _day(value):
    return date.fromisoformat(value) if isinstance(value, str) else value or None
