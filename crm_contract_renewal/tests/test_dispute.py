from odoo.exceptions import ValidationError
from odoo.fields import Command

from .test_amend import AmendmentCommon


class TestDispute(AmendmentCommon):
    """Disputes and what follows a term: amendments, ends, the decision on a renewal."""

    def _dispute(self, contract, rows=None):
        disputes = self.env["crm.contract.dispute"].with_user(self.user)
        return disputes.create(
            {
                "name": "Outage",
                "contract_id": contract.id,
                "installment_ids": rows and [Command.set(rows.ids)],
            }
        )

    def _create_disputed(self):
        contract = self._create_running()
        invoice = self._bill(contract).with_user(self.accountant)
        invoice.invoice_date = invoice.invoice_date_due = self._days(-5)
        invoice.action_post()
        row = invoice.sudo().installment_ids
        self.assertEqual(row.amount_overdue, 100)
        return contract, row, self._dispute(contract, row)

    def test_amended_contract(self):
        """What is billed and disputed stays so; what is amended can't be disputed."""
        contract, row, dispute = self._create_disputed()
        draft = self._draft(contract, 40)
        self._change_line(draft, price_unit=150)
        amendment = self._sign(draft)
        with self.assertRaisesRegex(ValidationError, "no contract of its own"):
            self._dispute(amendment)
        self.assertEqual((row.is_disputed, contract.amount_overdue), (True, 0))
        dispute.action_settle("Half", None, "credit", 50.0)
        dispute.sudo().settlement_move_ids.with_user(self.accountant).action_post()
        self.assertEqual((row.amount_overdue, row.amount_rest), (50, 0))

    def test_terminated_contract(self):
        """An end credits what is not delivered; what was settled is not credited again."""
        contract, row, dispute = self._create_disputed()
        dispute.action_settle("A fifth", None, "credit", 20.0)
        dispute.sudo().settlement_move_ids.with_user(self.accountant).action_post()
        self.assertEqual(row.amount_invoiced, 80)
        # A day of the month is delivered; the rest of 100, less the 20, is credited.
        served = row.sudo()._get_amount_of_days(1)
        effect = row.sudo()._get_end_effect(row.period_start)
        self.assertAlmostEqual(effect.change, 100 - served - 20)

    def test_risks(self):
        contract = self._create_running()
        self.assertEqual(contract.renewal_risk, "low")
        dispute = self._dispute(contract)
        contract.invalidate_recordset(["renewal_risk"])
        self.assertEqual(contract.renewal_risk, "medium")
        wizard = self.env["crm.contract.decide.renewal"].create(
            {"contract_ids": [Command.set(contract.ids)]}
        )
        self.assertIn(dispute.number, wizard.risk)

    def test_risk_of_a_low_score(self):
        contract = self._create_running()
        self.signatory.email = "sam@customer.example"
        surveys = self.env["crm.contract.survey"].sudo()
        row = surveys._ask(contract.sudo(), "renewal")
        surveys._answer(row.access_token, 1)
        decisions = self.env["crm.contract.renewal.decision"]
        risks = decisions._get_risks_of(contract)[contract]
        self.assertEqual(risks, ["The customer is not content: 1/5 →."])
