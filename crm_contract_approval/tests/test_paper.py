from odoo.exceptions import AccessError

from .common import ApprovalCommon


class TestPaper(ApprovalCommon):
    """Nothing is sealed that was not approved, and approvers see what they did before."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stamp = cls.env["crm.contract.stamp"].create(
            {
                "name": "Contract seal",
                "company_id": cls.company.id,
                "keeper_id": cls.lawyer2.id,
            }
        )

    def _apply(self, contract):
        rows = self.env["crm.contract.sealing"].with_user(self.user)
        return rows.create(
            {
                "contract_id": contract.id,
                "stamp_id": self.stamp.id,
                "purpose": "Originals",
            }
        )

    def test_sealed_after_the_last_approval(self):
        contract = self._send()
        with self._refused("not approved yet"):
            self._apply(contract)
        self._decide(contract, self.lawyer)
        with self._refused("not approved yet"):
            self._apply(contract)
        self._decide(contract, self.boss)
        row = self._apply(contract)
        contract.action_withdraw()
        self.assertEqual(row.state, "void")
        contract.action_submit()
        with self._refused("not approved yet"):
            self._apply(contract)

    def test_approvers_read_contracts_as_before(self):
        contract = self._approve_all(self._send())
        row = self._apply(contract)
        seen = contract.with_user(self.boss)
        self.env.invalidate_all()
        self.assertNotIn("archive_ids", seen.fields_get())
        overviews = self.env["crm.contract.overview"].with_user(self.boss)
        [overview] = overviews.get_overviews(contract.ids)
        duty = next(d for d in overview["duties"] if d["why"] == "Decide on the seal")
        self.assertEqual((duty["who"], duty["res_id"]), (self.lawyer2.name, False))
        with self.assertRaises(AccessError):
            row.with_user(self.boss).read(["purpose"])
        # One of them keeps the seal.
        row.with_user(self.lawyer2).action_seal()
        self.assertEqual(row.state, "returned")
