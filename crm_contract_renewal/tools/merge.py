"""Two sets of changes to one content: what of the other side can be taken over."""

from typing import Any, NamedTuple

from odoo.addons.crm_contract.tools.canonical import canonical_json
from odoo.addons.crm_contract.tools.difference import Change, content_difference


class Conflict(NamedTuple):
    """What both sides changed, each in its own way; None stands for removed.

    Where several fields, or rows within a row, belong together, `mine` and `theirs` are
    tuples of `Change`, and `names` the fields. `twin` is the key of a row that we added
    and that may be the one that they added.
    """

    path: tuple[str, ...]
    base: Any
    mine: Any
    theirs: Any
    names: tuple[str, ...] = ()
    twin: str | None = None


def merge(
    base: dict,
    mine: dict,
    theirs: dict,
    groups: dict | None = None,
    twins: dict | None = None,
) -> tuple[list[Change], list[Conflict]]:
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
    >>> conflicts[0][:4]
    (('price',), 1, 2, 3)

    :param groups: fields that say one thing together, `{child or "": [(field, ...)]}`:
        nothing of it is taken over if both sides changed any of it

    >>> mine = {"fields": {"price": 1, "days": 31, "place": "A"}}
    >>> theirs = {"fields": {"price": 1, "days": 30, "place": "B"}}
    >>> merge(base, mine, theirs, {"": [("days", "place")]})[1][0].names
    ('days', 'place')

    :param twins: by which fields rows are alike that both sides added, `{child: (field,
        ...)}`: one that is the same and not empty is enough; theirs is taken over as
        well

    >>> def added(key):
    ...     return {"children": {"rows": [{"key": key, "fields": {"name": "A"}}]}}
    >>> taken, conflicts = merge({}, added("1"), added("2"), twins={"rows": ("name",)})
    >>> [change.path for change in taken], [(c.path, c.twin) for c in conflicts]
    ([('rows', '2')], [(('rows', '2'), '1')])
    """
    ours = _by_path(content_difference(base, mine), groups or {})
    others = _by_path(content_difference(base, theirs), groups or {})
    taken, conflicts = [], {}
    for path, part in others.items():
        mine_parts = _find_opponents(ours, path, part)
        if not mine_parts:
            taken += _collapse(part)
            twin = _find_twin(ours, others, path, part, twins or {})
            if twin:
                conflicts[path] = Conflict(path, None, twin.new, part[0].new)._replace(
                    twin=twin.path[1]
                )
        elif len(path) == 3 and len(mine_parts[0][0].path) == 2:
            # We removed a row that they changed: one question, whatever they changed.
            row = conflicts.get(path[:2])
            theirs_all = (*row.theirs, *part) if row else tuple(part)
            conflicts[path[:2]] = Conflict(path[:2], None, None, theirs_all)
        elif len(path) == 2 and len(mine_parts[0][0].path) > 2:
            # They removed a row that we changed.
            changes = tuple(change for other in mine_parts for change in other)
            conflicts[path] = Conflict(path, None, changes, None)
        elif conflict := _compare(path, mine_parts[0], part, groups or {}):
            conflicts[path] = conflict
    return taken, list(conflicts.values())


def _by_path(changes, groups):
    """Return the changes that are one: `{path: [Change, ...]}`."""
    found = {}
    for change in changes:
        path = change.path[:3]
        if len(path) == 3 or len(path) == 1:
            child = path[0] if len(path) == 3 else ""
            for names in groups.get(child, ()):
                if path[-1] in names:
                    path = (*path[:-1], names[0])
        found.setdefault(path, []).append(change)
    return found


def _collapse(changes):
    """Return the changes with rows within a row as one field of it."""
    found = {}
    for change in changes:
        path = change.path[:3]
        if len(change.path) == len(path):
            found[path] = change
        else:
            parts = found[path].new if path in found else ()
            found[path] = Change(path, (), (*parts, change))
    return list(found.values())


def _find_opponents(ours, path, part):
    """Return our parts that speak against one of theirs, or for the same (list)."""
    if path in ours:
        return [ours[path]]
    if len(path) == 3 and path[:2] in ours:
        # We removed the row, or both added it.
        return [ours[path[:2]]]
    if len(path) == 2 and part[0].new is None:
        return [ours[other] for other in ours if other[:2] == path]
    return []


def _find_twin(ours, others, path, part, twins):
    """Return our change that added a row like one of theirs, or None."""
    if len(path) != 2 or part[0].old is not None:
        return None
    names = twins.get(path[0], ())
    for mine_path, mine_part in ours.items():
        mine = mine_part[0]
        is_new = len(mine_path) == 2 and mine.old is None and mine_path not in others
        if is_new and mine_path[0] == path[0] and _is_alike(mine, part[0], names):
            return mine
    return None


def _is_alike(mine, theirs, names):
    values = ((mine.new.get(name), theirs.new.get(name)) for name in names)
    return any(right and _are_same(left, right) for left, right in values)


def _compare(path, mine, theirs, groups):
    """Return the conflict of two parts of a path, None if they come to the same."""
    left = {change.path: change for change in mine}
    right = {change.path: change for change in theirs}
    sides = []
    for changed in {**left, **right}:
        known = left.get(changed) or right[changed]
        new = left[changed].new if changed in left else known.old
        other = right[changed].new if changed in right else known.old
        if not _are_same(new, other):
            sides.append(
                (Change(changed, known.old, new), Change(changed, known.old, other))
            )
    if not sides:
        return None
    child = path[0] if len(path) == 3 else ""
    names = next((names for names in groups.get(child, ()) if path[-1] in names), ())
    if not names and len(sides) == 1 and sides[0][0].path == path:
        [(one, two)] = sides
        return Conflict(path, one.old, one.new, two.new)
    return Conflict(path, None, *map(tuple, zip(*sides, strict=True)), names)


def _are_same(left, right):
    return canonical_json(left) == canonical_json(right)
