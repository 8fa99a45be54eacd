from odoo.tests import BaseCase

from ..tools import playbook
from .common_doctest import check_doctests


class TestToolsPlaybook(BaseCase):
    def test_doctests(self):
        check_doctests(self, playbook)

    def test_numbers(self):
        """What is written, and what it is: by hand."""
        for text, phrase, number in (
            ("within 30 days", "within # days", 30),
            ("within  30\ndays", "within # days", 30),
            ("WITHIN 30 Days", "within # days", 30),
            ("within 1,000 days", "within # days", 1000),
            ("within 1.000.000 days", "within # days", 1_000_000),
            ("within 2.5 days", "within # days", 2.5),
            ("within 2,5 days", "within # days", 2.5),
            ("within 30 daylights", "within # days", None),
            ("十五日内", "#日内", 15),
            ("两百日内", "#日内", 200),
            ("１５日内", "#日内", 15),
            ("不超过合同总额的百分之二十", "百分之#", 20),
            ("cap of 100", "cap of #", 100),
            ("cap of 100.", "cap of #", 100),
        ):
            numbers = [hit.number for hit in playbook.find(text, phrase)]
            self.assertEqual(numbers, [] if number is None else [number], text)

    def test_nothing_slow(self):
        """No text makes a phrase look for ever: it is read once from front to back."""
        text = "1" * 50_000 + " " * 50_000 + "，" * 50_000
        self.assertEqual(playbook.find(text, "within # days of  delivery"), [])
