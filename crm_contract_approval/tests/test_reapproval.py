from odoo.fields import Command

from .common import ApprovalCommon


class TestReapproval(ApprovalCommon):
    """After a recall, decisions stay valid where their concerns did not change."""

    def _again(self, **vals):
        contract = self._send()
        self._decide(contract, self.lawyer)
        contract.action_recall()
        contract.write(vals)
        return self._submit(contract)

    def _states(self, contract):
        tasks = contract.sudo()._get_round_tasks()
        return dict(zip(tasks.mapped("name"), tasks.mapped("state"), strict=True))

    def test_nothing_of_his_changed(self):
        contract = self._again(
            line_ids=[Command.create(self._prepare_line_vals(name="More"))]
        )
        self.assertEqual(
            self._states(contract), {"Legal": "kept", "Executive": "pending"}
        )
        self.assertEqual(contract.approval_round, 2)
        self.assertIn("keep", self._decisions(contract))
        self._decide(contract, self.boss)
        self.assertEqual(contract.state, "to_sign")
        self._open_sign(contract).action_sign()

    def test_term_changed(self):
        contract = self._again(date_end=self._days(900))
        self.assertEqual(self._states(contract)["Legal"], "pending")

    def test_clause_changed(self):
        contract = self._send()
        self._decide(contract, self.lawyer)
        contract.action_recall()
        contract.clause_ids.body = "<p>Other text.</p>"
        self._submit(contract)
        self.assertEqual(self._states(contract)["Legal"], "pending")

    def test_customer_changed(self):
        other = self.customer.copy({"name": "Another customer"})
        contract = self._again(partner_id=other.id, customer_signatory_id=False)
        self.assertEqual(self._states(contract)["Legal"], "pending")

    def test_amount_follows_from_lines(self):
        self.legal.concern_amount = True
        contract = self._again(
            line_ids=[Command.create(self._prepare_line_vals(name="More"))]
        )
        self.assertEqual(self._states(contract)["Legal"], "pending")

    def test_always(self):
        self.legal.reapproval = "always"
        self.assertEqual(self._states(self._again())["Legal"], "pending")

    def test_policy_changed(self):
        contract = self._send()
        self._decide(contract, self.lawyer)
        contract.action_recall()
        self.env.cr.precommit.data.clear()
        self.executive.days = 9
        self._submit(contract)
        self.assertEqual(self._states(contract)["Legal"], "pending")

    def test_approver_became_editor(self):
        contract = self._send()
        self._decide(contract, self.lawyer)
        contract.action_recall()
        contract.sudo().editor_ids = [Command.link(self.lawyer.id)]
        self._submit(contract)
        task = self._task(contract)
        self.assertEqual((task.name, task.approver_ids), ("Legal", self.lawyer2))

    def test_rejected_is_asked_again(self):
        contract = self._send()
        self._decide(contract, self.lawyer, "reject", comment="No")
        self._submit(contract)
        self.assertEqual(self._states(contract)["Legal"], "pending")

    def test_all_kept(self):
        self.executive.reapproval = "changed"
        contract = self._approve_all(self._send())
        contract.action_withdraw()
        self._submit(contract)
        self.assertEqual(contract.state, "to_sign")

    def test_kept_twice(self):
        contract = self._again()
        contract.action_recall()
        self._submit(contract)
        self.assertEqual(self._states(contract)["Legal"], "kept")

    def test_preview_tells(self):
        contract = self._send()
        self._decide(contract, self.lawyer)
        contract.action_recall()
        wizard = contract.env["crm.contract.submit"].create(
            {"contract_id": contract.id}
        )
        self.assertIn("stays valid", wizard.preview)
