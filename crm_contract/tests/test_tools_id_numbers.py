from odoo.tests import BaseCase

from ..tools import id_numbers
from .common_doctest import check_doctests


class TestToolsIdNumbers(BaseCase):
    def test_doctests(self):
        check_doctests(self, id_numbers)
