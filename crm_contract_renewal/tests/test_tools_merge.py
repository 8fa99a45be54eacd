from odoo.tests import BaseCase, tagged

from odoo.addons.crm_contract.tests.common_doctest import check_doctests

from ..tools import merge as module
from ..tools.merge import merge


@tagged("post_install", "-at_install")
class TestMerge(BaseCase):
    def test_doctests(self):
        check_doctests(self, module)

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
