from odoo.tests import tagged

from .common_tours import LANGUAGES, TourCommon


@tagged("post_install", "-at_install")
class TestTours(TourCommon):
    """Create and submit, sign, bill: as somebody does who does it the first time."""

    def _in_both(self, play):
        for lang in LANGUAGES:
            with self.subTest(lang=lang):
                play(lang)

    def test_submit(self):
        def play(lang):
            before = self.env["crm.contract"].search([])
            self._play("crm_contract_submit", self.user, lang)
            contract = self.env["crm.contract"].search([]) - before
            self.assertEqual(contract.state, "to_sign")
            self.assertEqual(contract.user_id, self.user)
            self.assertEqual(contract.amount_total, 1150)

        self._in_both(play)

    def test_sign(self):
        def play(lang):
            contract = self._submit(self._create_contract())
            self._play("crm_contract_sign", self.user, lang, contract)
            self.assertEqual(contract.state, "running")

        self._in_both(play)

    def test_bill(self):
        def play(lang):
            contract = self._create_signed()
            self._play("crm_contract_bill", self.accountant, lang, contract)
            self.assertEqual(contract.amount_invoiced, 345)

        self._in_both(play)
