from odoo.tests import BaseCase

from ..tools import numbering
from .common_doctest import check_doctests


class TestToolsNumbering(BaseCase):
    def test_doctests(self):
        check_doctests(self, numbering)
