from odoo.tests import BaseCase, tagged

from odoo.addons.crm_contract.tests.common_doctest import check_doctests

from ..tools import movement


@tagged("post_install", "-at_install")
class TestMovement(BaseCase):
    def test_doctests(self):
        check_doctests(self, movement)
