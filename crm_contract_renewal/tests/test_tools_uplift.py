from odoo.tests import BaseCase, tagged

from odoo.addons.crm_contract.tests.common_doctest import check_doctests

from ..tools import uplift


@tagged("post_install", "-at_install")
class TestUplift(BaseCase):
    def test_doctests(self):
        check_doctests(self, uplift)

    def test_refused(self):
        with self.assertRaises(ValueError):
            uplift.index_percent(0, 100)
        with self.assertRaises(ValueError):
            uplift.index_percent(100, 100, cap=1, floor=2)
