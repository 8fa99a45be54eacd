from freezegun import freeze_time

from odoo.exceptions import UserError

from odoo.addons.crm_contract.models.signature.crm_contract_signature_flow import (
    CompletionError,
)
from odoo.addons.crm_contract.tests.common_signature import SignatureCommon

from .test_amend import AmendmentCommon


class TestSignature(AmendmentCommon, SignatureCommon):
    """What is signed by request takes effect as what is signed on paper."""

    def _sign_all(self, request):
        for side in ("customer", "company"):
            self._sign_as(self._side(request, side))
        self.assertEqual(request.state, "done")

    def _submit_amendment(self, contract, days=0, **vals):
        amendment = self._draft(contract, days)
        self._change_line(amendment, **vals)
        return self._submit(amendment)

    def test_amendment_in_effect_at_once(self):
        contract = self._create_running()
        amendment = self._submit_amendment(contract, price_unit=150)
        request = self._send(contract=amendment)
        self._sign_all(request)
        self.assertEqual(amendment.state, "in_force")
        self.assertEqual(contract.line_ids.filtered("price_unit")[-1:].price_unit, 150)
        self.assertFalse(self.env["crm.contract.verification"]._get_problems(contract))
        self.assertFalse(self.env["crm.contract.verification"]._get_problems(amendment))
        self._check_tiled(contract)

    def test_amendment_in_effect_later(self):
        contract = self._create_running()
        amendment = self._submit_amendment(contract, days=40, price_unit=150)
        self._sign_all(self._send(contract=amendment))
        self.assertEqual(amendment.state, "signed")
        self._run("renew", 40)
        self.assertEqual(amendment.state, "in_force")

    def test_amendment_overtaken_while_it_is_signed(self):
        """Its text starts from one that holds no more: its last signature is refused."""
        contract = self._create_running()
        amendment = self._submit_amendment(contract, days=40, price_unit=150)
        request = self._send(contract=amendment)
        self._sign_as(self._side(request, "customer"))
        other = self._draft(contract, 20)
        self._change_line(other, price_unit=120)
        self._sign(other)
        ours = self._side(request, "company")
        if amendment.state == "to_sign":
            with self.assertRaises(UserError):
                self._sign_as(ours)
            self.assertEqual((ours.state, request.state), ("invited", "open"))
            amendment.action_withdraw()
        self.assertEqual(request.state, "withdrawn")
        with self.assertRaisesRegex(UserError, "withdrawn"):
            self._sign_as(ours)

    def test_overtaken_while_it_waits_for_signature_and_seal(self):
        """Somebody is told that it can't be completed, and the seal is not for it."""
        keeper = self._create_user("contract_pair_keeper")
        stamp = self.env["crm.contract.stamp"].create(
            {"name": "Seal", "company_id": self.company.id, "keeper_id": keeper.id}
        )
        contract = self._create_running()
        amendment = self._submit_amendment(contract, days=40, price_unit=150)
        request = self._send(contract=amendment)
        sealing = self.env["crm.contract.sealing"].with_user(self.user)
        row = sealing.create(
            {"contract_id": amendment.id, "stamp_id": stamp.id, "purpose": "Originals"}
        )
        self._sign_as(self._side(request, "customer"))
        other = self._draft(contract, 20)
        self._change_line(other, price_unit=120)
        self._sign(other)
        self.assertEqual((amendment.state, row.state), ("to_sign", "applied"))
        with self.assertRaisesRegex(UserError, "was signed after this amendment"):
            row.with_user(keeper).action_hand_out()
        ours = self._side(request, "company")
        try:
            self._sign_as(ours)
        except CompletionError as error:
            said = str(error)
        self.assertIn("Nothing was signed", said)
        self.assertEqual((ours.state, request.state), ("invited", "open"))
        self.assertTrue(request.problem)
        told = amendment.activity_ids.filtered(
            lambda activity: "could not be completed" in activity.summary
        )
        self.assertEqual(told.user_id, self.user)
        with self.assertRaisesRegex(UserError, "was signed after this amendment"):
            self._send(contract=request.action_withdraw().contract_id)
        # Taken back, nothing is left of either.
        amendment.action_withdraw()
        self.assertEqual((request.state, request.problem), ("withdrawn", False))
        self.assertEqual(row.state, "void")

    def test_contract_ends_while_an_amendment_is_signed(self):
        """Whatever becomes of the amendment, nobody signs a change of what is over."""
        contract = self._create_running()
        amendment = self._submit_amendment(contract, days=40, price_unit=150)
        request = self._send(contract=amendment)
        self._sign_as(self._side(request, "customer"))
        self._end(contract, reason="terminated", note="Broke down")
        with self.assertRaises(UserError):
            self._sign_as(self._side(request, "company"))
        self.assertNotIn(amendment.state, ("signed", "in_force"))

    def test_renewal_takes_over(self):
        contract = self._create_running()
        renewal = self._renew(contract)
        self._sign_all(self._send(contract=self._submit(renewal)))
        self.assertEqual(renewal.state, "signed")
        self._run("renew", 370)
        self.assertEqual(contract.end_reason, "superseded")

    def test_renewal_that_is_signed_late(self):
        contract = self._create_running()
        renewal = self._submit(self._renew(contract))
        request = self._send(contract=renewal, date_expiry=False)
        with freeze_time(self._days(370)):
            self._sign_all(request)
        self.assertEqual((contract.state, renewal.state), ("ended", "running"))

    def test_automatic_renewal_signs_itself(self):
        """A request that somebody sent does not keep it from doing so, and is void."""
        contract = self._create_running()
        renewal = self._submit(self._renew(contract))
        request = self._send(contract=renewal)
        renewal.sudo().is_automatic_renewal = True
        self.env["crm.contract.renewal.automatic"]._sign(renewal)
        self.assertEqual(renewal.state, "signed")
        self.assertEqual(request.state, "withdrawn")
        with self.assertRaisesRegex(UserError, "withdrawn"):
            self._sign_as(self._side(request, "customer"))
