from odoo.tests import BaseCase

from ..tools import charges, in_force
from .common_doctest import check_doctests


class TestToolsCharges(BaseCase):
    def test_doctests(self):
        check_doctests(self, charges)
        check_doctests(self, in_force)
