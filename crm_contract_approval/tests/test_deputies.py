from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_contract.tests.common_doctest import check_doctests

from ..tools import deputies

_PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12)
any_case = settings(
    deadline=None,
    database=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)


@tagged("post_install", "-at_install")
class TestDeputies(BaseCase):
    def test_doctests(self):
        check_doctests(self, deputies)

    @any_case
    @given(_PAIRS, st.integers(0, 6), st.integers(0, 6))
    def test_both_directions(self, pairs, principal, deputy):
        forward = deputy in deputies.deputies_of(pairs, [principal])
        backward = principal in deputies.principals_of(pairs, [deputy])
        self.assertEqual(forward, backward)

    @any_case
    @given(_PAIRS)
    def test_acyclic_ends(self, pairs):
        if deputies.has_cycle(pairs):
            return
        people = {person for pair in pairs for person in pair}
        # In an acyclic graph somebody is stood in for by nobody.
        principals = {principal for principal, _deputy in pairs}
        self.assertTrue(not people or people - principals)
