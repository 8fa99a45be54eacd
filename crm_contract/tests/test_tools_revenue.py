from odoo.tests import BaseCase

from ..tools import revenue
from .common_doctest import check_doctests


class TestToolsRevenue(BaseCase):
    def test_doctests(self):
        check_doctests(self, revenue)
