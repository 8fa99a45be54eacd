"""Two sets of changes to one content: what of the other side can be taken over."""

from typing import Any, NamedTuple

from odoo.addons.crm_contract.tools.canonical import canonical_json
from odoo.addons.crm_contract.tools.difference import Change, content_difference


class Conflict(NamedTuple):
    """What both sides changed, each in its own way; None stands for removed."""

    path: tuple[str, ...]
    base: Any
    mine: Any
    theirs: Any


def merge(base: dict, mine: dict, theirs: dict) -> tuple[list[Change], list[Conflict]]:
    """Return (changes of theirs to take over, conflicts).

    Contents are those of `content_difference`. Paths are `(field,)`, `(child, key)` for
    a row that was added or removed, and `(child, key, field)`; rows within a row count
    as one field of it. What both sides changed alike is neither. A row that one side
    removed and the other one changed is a conflict.

    >>> base = {"fields": {"price": 1, "days": 30, "place": "A"}}
    >>> mine = {"fields": {"price": 2, "days": 30, "place": "A"}}
    >>> theirs = {"fields": {"price": 3, "days": 45, "place": "A"}}
    >>> taken, conflicts = merge(base, mine, theirs)
    >>> [change.path for change in taken]
    [('days',)]
    >>> conflicts
    [Conflict(path=('price',), base=1, mine=2, theirs=3)]
    """
    ours = _by_path(content_difference(base, mine))
    taken, conflicts = [], []
    for path, change in _by_path(content_difference(base, theirs)).items():
        other = _find_opponent(ours, path, change)
        if other is None:
            taken.append(change)
        elif len(other.path) > len(path):
            # They removed a row that we changed.
            conflicts.append(Conflict(other.path, other.old, other.new, None))
        elif len(other.path) < len(path):
            # We removed a row that they changed.
            conflicts.append(Conflict(path, change.old, None, change.new))
        elif not _are_same(other.new, change.new):
            conflicts.append(Conflict(path, change.old, other.new, change.new))
    return taken, conflicts


def _by_path(changes):
    found = {}
    for change in changes:
        path = change.path[:3]
        if len(change.path) > 3 and path in found:
            # Rows within a row: what matters is that they changed, not how.
            parts = (*found[path].new, change)
            found[path] = Change(path, (), parts)
        elif len(change.path) > 3:
            found[path] = Change(path, (), (change,))
        else:
            found[path] = change
    return found


def _find_opponent(ours, path, change):
    """Return our change that speaks against one of theirs, or for the same."""
    if path in ours:
        return ours[path]
    if len(path) == 3 and path[:2] in ours:
        # We removed the row, or both added it.
        return ours[path[:2]]
    if len(path) == 2 and change.new is None:
        return next((ours[other] for other in ours if other[:2] == path), None)
    return None


def _are_same(left, right):
    return canonical_json(_plain(left)) == canonical_json(_plain(right))


def _plain(value):
    """Return a value that holds changes as one with a canonical form."""
    if isinstance(value, Change):
        return [list(value.path), _plain(value.old), _plain(value.new)]
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value
