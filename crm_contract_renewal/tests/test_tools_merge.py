from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_contract.tests.common_doctest import check_doctests
from odoo.addons.crm_contract.tools.difference import content_difference

from ..tools import merge as module
from ..tools.merge import merge

any_case = settings(deadline=None, database=None, max_examples=200)
fields = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2))


@st.composite
def contents(draw):
    keys = draw(st.sets(st.sampled_from("123")))
    rows = [{"key": key, "fields": draw(fields)} for key in sorted(keys)]
    return {"fields": draw(fields), "children": {"rows": rows}}


@tagged("post_install", "-at_install")
class TestMerge(BaseCase):
    def test_doctests(self):
        check_doctests(self, module)

    @any_case
    @given(contents(), contents())
    def test_one_side_alone(self, base, other):
        changes = content_difference(base, other)
        self.assertEqual(merge(base, base, other), (changes, []))
        self.assertEqual(merge(base, other, base), ([], []))
        self.assertEqual(merge(base, other, other), ([], []))

    @any_case
    @given(contents(), contents(), contents())
    def test_nothing_is_lost(self, base, mine, theirs):
        """What they changed is taken, named as a conflict, or what we have as well."""
        taken, conflicts = merge(base, mine, theirs)
        ours = content_difference(base, mine)
        for change in content_difference(base, theirs):
            same = [other for other in ours if other == change]
            named = [
                conflict
                for conflict in conflicts
                if conflict.path[: len(change.path)] == change.path
            ]
            self.assertTrue(change in taken or same or named)
        # We changed nothing of what is taken.
        for change in taken:
            self.assertFalse([o for o in ours if o.path == change.path])

    def test_rows_within_a_row(self):
        def content(*prices):
            steps = [
                {"key": str(number), "fields": {"price": price}}
                for number, price in enumerate(prices)
            ]
            row = {"key": "1", "fields": {}, "children": {"steps": steps}}
            return {"children": {"rows": [row]}}

        taken, conflicts = merge(content(1), content(1), content(2, 3))
        self.assertEqual([change.path for change in taken], [("rows", "1", "steps")])
        taken, conflicts = merge(content(1), content(5), content(2, 3))
        self.assertEqual([c.path for c in conflicts], [("rows", "1", "steps")])
        taken, conflicts = merge(content(1), content(2), content(2))
        self.assertEqual((taken, conflicts), ([], []))
