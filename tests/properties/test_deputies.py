"""Deputies: who stands in for whom, seen from both sides."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.addons.crm_contract_approval.tools import deputies

PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12)
any_case = settings(suppress_health_check=[HealthCheck.too_slow])


@any_case
@given(PAIRS, st.integers(0, 6), st.integers(0, 6))
def test_both_directions(pairs, principal, deputy):
    forward = deputy in deputies.deputies_of(pairs, [principal])
    backward = principal in deputies.principals_of(pairs, [deputy])
    assert forward == backward


@any_case
@given(PAIRS)
def test_acyclic_ends(pairs):
    if deputies.has_cycle(pairs):
        return
    people = {person for pair in pairs for person in pair}
    # In an acyclic graph somebody is stood in for by nobody.
    principals = {principal for principal, _deputy in pairs}
    assert not people or people - principals
