"""Three-way merge: nothing that a side changed is lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.addons.crm_contract.tools.difference import content_difference
from odoo.addons.crm_contract_renewal.tools.merge import merge

any_case = settings(max_examples=200)
fields = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2))


@st.composite
def contents(draw):
    keys = draw(st.sets(st.sampled_from("123")))
    rows = [{"key": key, "fields": draw(fields)} for key in sorted(keys)]
    return {"fields": draw(fields), "children": {"rows": rows}}


@any_case
@given(contents(), contents())
def test_one_side_alone(base, other):
    changes = content_difference(base, other)
    assert merge(base, base, other) == (changes, [])
    assert merge(base, other, base) == ([], [])
    assert merge(base, other, other) == ([], [])


@any_case
@given(contents(), contents(), contents())
def test_nothing_is_lost(base, mine, theirs):
    """What they changed is taken, named as a conflict, or what we have as well."""
    taken, conflicts = merge(base, mine, theirs)
    ours = content_difference(base, mine)
    for change in content_difference(base, theirs):
        same = [other for other in ours if other == change]
        named = [
            conflict
            for conflict in conflicts
            if conflict.path[: len(change.path)] == change.path
            # A row that we removed is one question, whatever they changed of it.
            or (conflict.path == change.path[:2] and change in (conflict.theirs or ()))
        ]
        assert change in taken or same or named
    # We changed nothing of what is taken.
    for change in taken:
        assert not [o for o in ours if o.path == change.path]
