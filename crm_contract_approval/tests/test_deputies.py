from odoo.tests import BaseCase, tagged

from odoo.addons.crm_contract.tests.common_doctest import check_doctests

from ..tools import deputies


@tagged("post_install", "-at_install")
class TestDeputies(BaseCase):
    def test_doctests(self):
        check_doctests(self, deputies)
