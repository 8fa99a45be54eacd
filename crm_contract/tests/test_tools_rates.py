from odoo.tests import BaseCase

from ..tools import rates
from .common_doctest import check_doctests


class TestToolsRates(BaseCase):
    def test_doctests(self):
        check_doctests(self, rates)
