import base64

from odoo.exceptions import UserError

from .common_signature import SignatureCommon


class TestSignatureRequest(SignatureCommon):
    """A request from its draft to the signed contract."""

    def test_both_sides_sign(self):
        request = self._send()
        contract = request.contract_id
        customer = self._side(request, "customer")
        ours = self._side(request, "company")
        self.assertEqual(
            (request.state, customer.state, ours.state), ("open", "invited", "waiting")
        )
        self.assertEqual(request.content_hash, contract.content_hash)
        self.assertEqual(request.text_id, contract._get_text_document())
        self._sign_as(customer)
        self.assertEqual((customer.state, ours.state), ("signed", "invited"))
        self.assertEqual(contract.state, "to_sign")
        self._sign_as(ours)
        self.assertEqual((request.state, contract.state), ("done", "running"))
        self.assertEqual(contract.signed_by_customer, "Sam Signatory")
        self.assertEqual(contract.signed_by_company, self.manager.name)
        self.assertEqual(request.document_id.kind, "signed")
        self.assertTrue(request.document_id.version_id)
        self.assertEqual(customer.ip, "192.0.2.7")
        self.assertEqual(customer.signed_hash, contract.content_hash)
        png = base64.b64decode(customer.with_context(bin_size=False).signature)
        self.assertTrue(png.startswith(b"\x89PNG"))

    def test_twice_is_refused(self):
        request = self._send()
        customer = self._side(request, "customer")
        self._sign_as(customer)
        with self.assertRaisesRegex(UserError, "signed already"):
            self._sign_as(customer)
