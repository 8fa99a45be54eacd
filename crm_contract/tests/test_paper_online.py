from unittest.mock import patch

from odoo.exceptions import UserError

from .common_signature import SignatureCommon


class TestPaperOnline(SignatureCommon):
    """Contracts that are signed online: what is left to do on paper."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stamp = cls.env["crm.contract.stamp"].create(
            {
                "name": "Contract seal",
                "company_id": cls.company.id,
                "keeper_id": cls.manager.id,
            }
        )

    def setUp(self):
        super().setUp()
        seals = self.env.registry["crm.contract.seal"]
        final = ("final.pdf", b"%PDF-1.4 final")
        self.startPatcher(
            patch.object(seals, "_make_final", lambda service, request: final)
        )

    def _get_file(self, contract):
        return self.env["crm.contract.archive"].search(
            [("contract_id", "=", contract.id)]
        )

    def _apply(self, contract):
        return self.env["crm.contract.sealing"].create(
            {
                "contract_id": contract.id,
                "stamp_id": self.stamp.id,
                "purpose": "Originals",
            }
        )

    def _complete(self, request):
        for side in ("customer", "company"):
            self._sign_as(self._side(request, side))
        self.assertEqual(request.state, "done")
        return request.contract_id

    def test_nothing_to_file(self):
        contract = self._complete(self._send())
        archive = self._get_file(contract)
        self.assertEqual(archive.state, "electronic")
        self.assertFalse(archive.date_due)
        # Its final file is no scan of a paper.
        self.assertFalse(
            self.env["crm.contract.scan"].search([("contract_id", "=", contract.id)])
        )

    def test_print_is_filed_where_the_type_says_so(self):
        self.type.file_online = True
        archive = self._get_file(self._complete(self._send()))
        self.assertEqual(archive.state, "to_file")
        self.assertTrue(archive.date_due)

    def test_paper_after_a_request_that_was_withdrawn(self):
        request = self._send()
        contract = request.contract_id
        request.action_withdraw()
        self._open_sign(contract).action_sign()
        self.assertEqual(self._get_file(contract).state, "to_file")

    def test_we_seal_after_the_customer_signed_online(self):
        self.type.seal_last = True
        request = self._send()
        contract = request.contract_id
        with self.assertRaisesRegex(UserError, "we seal last"):
            self._apply(contract)
        self._sign_as(self._side(request, "customer"))
        self.assertEqual(self._apply(contract).state, "applied")
