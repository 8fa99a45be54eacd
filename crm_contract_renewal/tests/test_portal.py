from odoo.exceptions import MissingError
from odoo.tests import new_test_user

from .test_amend import AmendmentCommon


class TestPortalFamily(AmendmentCommon):
    """What customers see of contracts that are amended and renewed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = new_test_user(
            cls.env,
            login="buyer",
            name="Sam Signatory",
            groups="base.group_portal",
            partner_id=cls.signatory.id,
            company_id=cls.company.id,
        )

    def _get_page(self, contract):
        portal = self.env["crm.contract.portal"].with_user(self.buyer)
        return portal._get_page(portal._visit(contract.id))

    def _get_ids(self):
        portal = self.env["crm.contract.portal"].with_user(self.buyer)
        return [row["id"] for row in portal._get_list([], "id", 80, 0)]

    def _get_price(self, contract):
        return self._get_page(contract)["text"]["lines"][0]["price"]

    def test_drafts_are_ours(self):
        contract = self._create_running()
        amendment, successor = self._draft(contract), self._renew(contract)
        self.assertEqual(self._get_ids(), [contract.id])
        self.assertFalse(self._get_page(contract)["family"])
        for draft in (amendment, successor):
            with self.assertRaises(MissingError):
                self._get_page(draft)

    def test_amendment_that_waits(self):
        """It is seen from the submission on; the contract says what holds today."""
        contract = self._create_running()
        amendment = self._draft(contract, 10)
        amendment.line_ids.price_unit = 150
        self._submit(amendment)
        self.assertEqual(self._get_ids(), [contract.id, amendment.id])
        self.assertEqual(
            [row["id"] for row in self._get_page(contract)["family"]], [amendment.id]
        )
        page = self._get_page(amendment)
        self.assertTrue(page["text"]["changes"])
        self.assertIn("150", str(page["text"]["changes"]))
        self.assertEqual([kind for kind, _label in page["requests"]], ["question"])
        self.assertEqual(self._get_price(contract), 100)
        self._open_sign(amendment).action_sign()
        self.assertEqual(self._get_price(contract), 100)
        self.assertEqual(self._get_page(amendment)["family"][0]["id"], contract.id)

    def test_amendment_in_force(self):
        contract = self._create_running()
        amendment = self._draft(contract)
        amendment.line_ids.price_unit = 150
        self._sign(amendment)
        self.assertEqual(amendment.state, "in_force")
        self.assertEqual(self._get_page(contract)["text"]["lines"][-1]["price"], 150)
        portal = self.env["crm.contract.portal"].with_user(self.buyer)
        live = portal._get_filters()["live"]["domain"]
        self.assertEqual(portal._count(live), 2)

    def test_amendment_that_was_cancelled(self):
        contract = self._create_running()
        amendment = self._draft(contract)
        amendment.line_ids.price_unit = 150
        self._submit(amendment)
        amendment.action_cancel()
        self.assertEqual(self._get_ids(), [contract.id])
        with self.assertRaises(MissingError):
            self._get_page(amendment)

    def test_renewal(self):
        contract = self._create_running()
        successor = self._renew(contract)
        self._submit(successor)
        family = self._get_page(contract)["family"]
        self.assertEqual([row["id"] for row in family], [successor.id])
        self.assertEqual(self._get_page(successor)["family"][0]["id"], contract.id)
