"""Differences: what is told of a change is what both sides have."""

import re
from copy import deepcopy
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from odoo.addons.crm_contract.tools.difference import (
    Change,
    content_difference,
    difference_html,
    text_difference,
)

TEXTS = st.text() | st.text("ab 甲乙,\n<&", max_size=60)
FIELDS = st.dictionaries(
    st.sampled_from("pqr"), st.integers(0, 2) | st.sampled_from("xy"), max_size=3
)
LEAVES = st.dictionaries(st.sampled_from("123"), FIELDS, max_size=3)
BRANCHES = st.dictionaries(
    st.sampled_from("123"), st.tuples(FIELDS, LEAVES), max_size=3
)


def content(fields, **children):
    return {"fields": fields, "children": children}


def row(key, fields, **children):
    return {"key": key, **content(fields, **children)}


def nested_content(fields, branches):
    lines = [
        row(key, values, tax_ids=[row(*leaf) for leaf in leaves.items()])
        for key, (values, leaves) in branches.items()
    ]
    return content(fields, line_ids=lines)


CONTENTS = st.builds(nested_content, FIELDS, BRANCHES)


def joined(segments, *tags):
    return "".join(text for tag, text in segments if tag in tags)


def paths(changes):
    return [change.path for change in changes]


def find_row(rows, key):
    return next((row for row in rows if row["key"] == key), None)


def value_at(node, path):
    """Follow the path of a change: None where the content has nothing."""
    if len(path) == 1:
        return node["fields"].get(path[0])
    child_field, key, *rest = path
    found = find_row(node["children"].get(child_field, []), key)
    if found is None or not rest:
        return found and found["fields"]
    return value_at(found, rest)


@given(CONTENTS, CONTENTS)
def test_changes_tell_what_both_contents_have(old, new):
    for change in content_difference(old, new):
        assert value_at(old, change.path) == change.old
        assert value_at(new, change.path) == change.new
        assert change.old != change.new


@given(CONTENTS, CONTENTS)
def test_content_difference_mirrors(old, new):
    mirrored = [
        Change(path, removed, added)
        for path, added, removed in content_difference(new, old)
    ]
    assert sorted(content_difference(old, new), key=repr) == sorted(mirrored, key=repr)


@given(CONTENTS)
def test_content_does_not_differ_from_itself(value):
    assert content_difference(value, deepcopy(value)) == []


@given(CONTENTS, st.sampled_from("pqr"))
def test_every_value_counts(old, name):
    lines = [
        {**line, "fields": {**line["fields"], name: "other"}}
        for line in old["children"]["line_ids"]
    ]
    new = content({**old["fields"], name: "other"}, line_ids=lines)
    expected = [(name,)] + [("line_ids", line["key"], name) for line in lines]
    assert paths(content_difference(old, new)) == expected


@given(TEXTS, TEXTS)
def test_segments_join_to_both_texts(old, new):
    segments = text_difference(old, new)
    assert joined(segments, "equal", "delete") == old
    assert joined(segments, "equal", "insert") == new
    tags = [tag for tag, _text in segments]
    assert not any(a == b for a, b in pairwise(tags))
    assert all(text for _tag, text in segments)


@given(TEXTS, TEXTS)
def test_html_holds_both_texts(old, new):
    html = str(difference_html(old, new))
    for kept, dropped, text in (("del", "ins", old), ("ins", "del", new)):
        part = re.sub(f"<{dropped}>.*?</{dropped}>", "", html, flags=re.DOTALL)
        part = re.sub(f"</?{kept}>", "", part).replace("<br/>", "\n")
        assert "<" not in part
        assert part == str(Markup.escape(text))
