from odoo.tests import tagged

from odoo.addons.crm_contract.tests.common_tours import LANGUAGES, TourCommon

from .common import RenewalCommon


@tagged("post_install", "-at_install")
class TestTours(TourCommon, RenewalCommon):
    """Amend and renew, as the one in charge of the contract."""

    def test_amend(self):
        for lang in LANGUAGES:
            with self.subTest(lang=lang):
                contract = self._create_running()
                self._play("crm_contract_amend", self.user, lang, contract)
                [amendment] = contract.amendment_ids
                self.assertEqual(amendment.line_ids.price_unit, 120)
                self.assertEqual(contract.line_ids.price_unit, 100)

    def test_renew(self):
        for lang in LANGUAGES:
            with self.subTest(lang=lang):
                contract = self._create_running()
                self._play("crm_contract_renew", self.user, lang, contract)
                self.assertEqual(contract.renewal_ids.state, "draft")
