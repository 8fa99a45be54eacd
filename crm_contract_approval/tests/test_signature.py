from odoo.exceptions import UserError

from odoo.addons.crm_contract.tests.common_signature import SignatureCommon

from .common import ApprovalCommon


class TestSignature(ApprovalCommon, SignatureCommon):
    """Nobody is asked to sign what was not approved, or is not approved any more."""

    def _send(self, *args, **vals):
        return SignatureCommon._send(self, *args, **vals)

    def _review(self, **vals):
        return ApprovalCommon._send(self, **vals)

    def test_only_after_the_approval(self):
        contract = self._review()
        with self._refused("wait for its approval"):
            contract.action_request_signatures()
        self._decide(contract, self.lawyer)
        with self._refused("wait for its approval"):
            self._request(contract=contract)
        self._decide(contract, self.boss)
        request = self._send(contract=contract)
        self._sign_as(self._side(request, "customer"))
        self._sign_as(self._side(request, "company"))
        self.assertEqual(contract.state, "running")

    def test_approval_that_is_void(self):
        """A contract that goes back is approved anew, and so is what is signed."""
        contract = self._approve_all(self._review())
        request = self._send(contract=contract)
        customer = self._side(request, "customer")
        self._sign_as(customer)
        contract.action_withdraw()
        self.assertEqual(request.state, "withdrawn")
        contract.name = "Another plant"
        self._submit(contract)
        with self._refused("wait for its approval"):
            self._request(contract=contract)
        with self.assertRaisesRegex(UserError, "withdrawn"):
            self._sign_as(self._side(request, "company"))
        again = self._send(contract=self._approve_all(contract))
        self.assertEqual(self._side(again, "customer").state, "invited")
        with self.assertRaisesRegex(UserError, "signed already"):
            self._sign_as(customer)
