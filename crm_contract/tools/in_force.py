"""What holds on a day: the signed texts, one upon the other."""

from collections.abc import Iterable
from datetime import date
from operator import attrgetter
from typing import NamedTuple

from .canonical import canonical_json

# Day of a text that is signed and waits to take effect.
PENDING = date.max


class Agreed(NamedTuple):
    """A text that both sides signed.

    `order` is its place among the signatures, `day` the first day on which it holds;
    on the day `PENDING`, none does.
    `base` is the content that it was drafted on: what it changes of it is what was
    agreed. Without a base, it is agreed as a whole.
    """

    order: int
    day: date
    base: dict | None
    content: dict


def in_force(agreed: Iterable[Agreed], day: date) -> dict | None:
    """Return the content that holds on a day, None if nothing does yet.

    Every text holds from its own day on. Where several say something on the same
    subject (a field, a row, a field of a row), the one that was signed last counts,
    whichever of them took effect first: who signs knows what was signed before. What a
    text does not change is left to the others. A row that one adds is there from its day
    on, whatever another one changes of it before.

    >>> first = {"fields": {"price": 100, "days": 30}}
    >>> june = {"fields": {"price": 110, "days": 30}}
    >>> april = {"fields": {"price": 110, "days": 45}}
    >>> texts = [Agreed(1, date(2026, 1, 1), None, first),
    ...          Agreed(2, date(2026, 6, 1), first, june),
    ...          Agreed(3, date(2026, 4, 1), june, april)]
    >>> for month in (3, 5, 7):
    ...     print(in_force(texts, date(2026, month, 1))["fields"])
    {'price': 100, 'days': 30}
    {'price': 100, 'days': 45}
    {'price': 110, 'days': 45}

    :param agreed: in any order; contents as of `content_difference`
    """
    content, later = None, set()
    for text in sorted(agreed, key=attrgetter("order")):
        if text.day > day or text.day == PENDING:
            later |= _added_rows(text)
        elif content is None or text.base is None:
            content = text.content
        else:
            sides = (_without_rows(side, later) for side in (text.base, text.content))
            content = carry_over(content, *sides)
    return content


def row_history(
    agreed: Iterable[Agreed], child: str
) -> dict[str, list[tuple[date | None, dict | None]]]:
    """Return what rows say one after the other: {key: [(first day, row), ...]}.

    What was agreed as a whole says it from ever (None); a row that is taken out is None
    from that day on. Days on which a row says nothing new are left out.

    >>> def text(price):
    ...     row = {"key": "fee", "fields": {"price": price}, "children": {}}
    ...     return {"fields": {}, "children": {"line_ids": [row]}}
    >>> texts = [Agreed(1, date(2026, 1, 1), None, text(100)),
    ...          Agreed(2, date(2026, 6, 1), text(100), text(110)),
    ...          Agreed(3, date(2026, 9, 1), text(110),
    ...                 {"fields": {}, "children": {"line_ids": []}})]
    >>> for day, row in row_history(texts, "line_ids")["fee"]:
    ...     print(day, row and row["fields"])
    None {'price': 100}
    2026-06-01 {'price': 110}
    2026-09-01 None

    :param child: name of the rows, see `content_difference`
    """
    texts = [
        text._replace(
            day=text.day if text.base else date.min,
            base=text.base and _rows_alone(text.base, child),
            content=_rows_alone(text.content, child),
        )
        for text in agreed
    ]
    history = {}
    for day in sorted({text.day for text in texts} - {PENDING}):
        content = in_force(texts, day)
        rows = {row["key"]: row for row in content["children"].get(child, ())}
        for key in {**history, **rows}:
            said = history.setdefault(key, [])
            row = rows.get(key)
            if not _same(said[-1][1] if said else None, row):
                said.append((None if day == date.min else day, row))
    return history


def carry_over(current: dict, base: dict, new: dict) -> dict:
    """Return the current content with the changes that lead from `base` to `new`.

    A row that was removed meanwhile comes back if it is changed, as `new` has it.

    >>> carry_over({"fields": {"a": 1, "b": 1}}, {"fields": {"a": 0}},
    ...            {"fields": {"a": 2}})["fields"]
    {'a': 2, 'b': 1}
    """
    fields = dict(current.get("fields", {}))
    old, values = base.get("fields", {}), new.get("fields", {})
    for name in {**old, **values}:
        if _same(old.get(name), values.get(name)):
            continue
        fields[name] = values.get(name)
    sides = [side.get("children", {}) for side in (current, base, new)]
    children = {
        name: _carry_rows(*(side.get(name, ()) for side in sides))
        for name in {name: None for side in sides for name in side}
    }
    return {**current, "fields": fields, "children": children}


def _carry_rows(current, base, new):
    rows, old, values = (
        {row["key"]: row for row in side} for side in (current, base, new)
    )
    for key in {**old, **values}:
        if key not in values:
            rows.pop(key, None)
        elif key not in old or not _same(old[key], values[key]):
            known = key in rows and key in old
            rows[key] = (
                carry_over(rows[key], old[key], values[key]) if known else values[key]
            )
    return list(rows.values())


def _added_rows(text):
    """Return the rows that a text adds to what it was drafted on: {(child, key)}."""
    base, content = (_row_keys(side or {}) for side in (text.base, text.content))
    return content - base if text.base else set()


def _row_keys(content):
    return {
        (child, row["key"])
        for child, rows in content.get("children", {}).items()
        for row in rows
    }


def _without_rows(content, left_out):
    if left_out.isdisjoint(_row_keys(content)):
        return content
    children = {
        child: [row for row in rows if (child, row["key"]) not in left_out]
        for child, rows in content["children"].items()
    }
    return {**content, "children": children}


def _rows_alone(content, child):
    return {"fields": {}, "children": {child: content["children"].get(child, ())}}


def _same(left, right):
    return canonical_json(left) == canonical_json(right)
