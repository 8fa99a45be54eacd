from datetime import date

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_contract.tests.common_doctest import check_doctests

from ..tools import notice
from ..tools.notice import earliest_end


@tagged("post_install", "-at_install")
class TestNotice(BaseCase):
    def test_doctests(self):
        check_doctests(self, notice)

    def test_refused(self):
        with self.assertRaises(ValueError):
            earliest_end(date(2026, 1, 1), -1, "month")
        with self.assertRaises(ValueError):
            earliest_end(date(2026, 1, 1), 1, "decade")
