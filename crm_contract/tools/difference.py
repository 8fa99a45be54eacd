"""What changed between two versions of a content or of a text."""

import re
from difflib import SequenceMatcher
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from .canonical import canonical_json

# Words are written without spaces in Chinese: each character is a token of its own.
_IDEOGRAPH = "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_TOKEN = re.compile(rf"(?:(?!{_IDEOGRAPH})\w)+|.", re.DOTALL)


class Change(NamedTuple):
    """One difference: `old` is None for what was added, `new` for what was removed."""

    path: tuple[str, ...]
    old: Any
    new: Any


def content_difference(old: dict, new: dict) -> list[Change]:
    """Return the changes between two contents, values compared in canonical form.

    A content is `{"fields": {name: value}, "children": {child_field: [row, ...]}}`; a
    row is a content with a `key` that is unique in its list. The path of a change is
    `(name,)` or `(child_field, key, name)` for a value, deeper for nested children,
    and `(child_field, key)` for a row on one side only, whose `fields` are then old or
    new. Fields come first, then rows, in the order of the new content; what only the
    old one has comes last. The order of rows is not compared: where it matters, it is
    a field.

    >>> old = {"fields": {"name": "A"}, "children": {
    ...     "line_ids": [{"key": "1", "fields": {"qty": 1}}]}}
    >>> new = {"fields": {"name": "B"}, "children": {
    ...     "line_ids": [{"key": "1", "fields": {"qty": 1.0}},
    ...                  {"key": "2", "fields": {"qty": 3}}]}}
    >>> for change in content_difference(old, new):
    ...     print(*change)
    ('name',) A B
    ('line_ids', '2') None {'qty': 3}

    :raise ValueError: a key that is used twice in one list
    :raise TypeError: a value that `canonical_json` refuses
    """
    return list(_content_changes((), old, new))


def text_difference(old: str, new: str) -> list[tuple[str, str]]:
    """Return the segments that lead from the old text to the new one.

    A segment is `("equal" | "delete" | "insert", text)`. Equal and deleted texts joined
    are the old text, equal and inserted ones the new text, to the character. Words are
    compared whole, Chinese by the character.

    >>> text_difference("due in 30 days", "due in 45 days")
    [('equal', 'due in '), ('delete', '30'), ('insert', '45'), ('equal', ' days')]
    >>> text_difference("甲方付款", "乙方付款")
    [('delete', '甲'), ('insert', '乙'), ('equal', '方付款')]
    """
    segments = filter(itemgetter(1), _segments(old, new))
    # Runs of the same kind, in their order.
    runs = groupby(segments, key=itemgetter(0))  # pylint: disable=bad-builtin-groupby
    return [(tag, "".join(text for _tag, text in run)) for tag, run in runs]


def difference_html(old: str, new: str) -> Markup:
    """Return the difference of two plain texts as escaped HTML.

    What was deleted is in `<del>`, what was inserted in `<ins>`.

    >>> difference_html("a < b", "a > b")
    Markup('a <del>&lt;</del><ins>&gt;</ins> b')
    """
    wrappers = {
        "equal": Markup("%s"),
        "delete": Markup("<del>%s</del>"),
        "insert": Markup("<ins>%s</ins>"),
    }
    return Markup().join(
        wrappers[tag] % escape(text).replace("\n", Markup("<br/>"))
        for tag, text in text_difference(old, new)
    )


def _content_changes(path, old, new):
    yield from _field_changes(path, old.get("fields", {}), new.get("fields", {}))
    old_children, new_children = old.get("children", {}), new.get("children", {})
    for name in {**new_children, **old_children}:
        yield from _row_changes(
            (*path, name), old_children.get(name, ()), new_children.get(name, ())
        )


def _field_changes(path, old, new):
    for name in {**new, **old}:
        change = Change((*path, name), old.get(name), new.get(name))
        if canonical_json(change.old) != canonical_json(change.new):
            yield change


def _row_changes(path, old_rows, new_rows):
    old, new = _by_key(path, old_rows), _by_key(path, new_rows)
    for key in {**new, **old}:
        row_path = (*path, key)
        if key in old and key in new:
            yield from _content_changes(row_path, old[key], new[key])
        elif key in new:
            yield Change(row_path, None, new[key].get("fields", {}))
        else:
            yield Change(row_path, old[key].get("fields", {}), None)


def _by_key(path, rows):
    by_key = {row["key"]: row for row in rows}
    if len(by_key) < len(rows):
        raise ValueError(f"A key is used twice in {'/'.join(path)}")
    return by_key


def _segments(old, new):
    for is_equal, old_part, new_part in _text_blocks(old, new):
        if is_equal:
            yield "equal", old_part
        else:
            yield "delete", old_part
            yield "insert", new_part


def _text_blocks(old, new):
    # Lines first: comparing a whole contract by the word could take minutes, and
    # difflib's own shortcut (autojunk) gives up on tokens as frequent as spaces.
    for block in _blocks(old.splitlines(keepends=True), new.splitlines(keepends=True)):
        is_equal, old_part, new_part = block
        if is_equal:
            yield block
        else:
            yield from _blocks(_TOKEN.findall(old_part), _TOKEN.findall(new_part))


def _blocks(old, new):
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        yield (
            tag == "equal",
            "".join(old[old_from:old_to]),
            "".join(new[new_from:new_to]),
        )
