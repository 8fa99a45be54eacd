from odoo.tests import BaseCase

from ..tools import limitation
from .common_doctest import check_doctests


class TestToolsLimitation(BaseCase):
    def test_doctests(self):
        check_doctests(self, limitation)
