from unittest.mock import patch

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

    def test_file_of_an_annex_changed(self):
        contract = self._create_contract()
        vals = {"contract_id": contract.id, "name": "A", "file": "QQ=="}
        document = contract.document_ids.create(vals)
        self._submit(contract)
        self._decide(contract, self.lawyer)
        contract.action_recall()
        attachment = self.env["ir.attachment"].sudo().search(
            [("res_model", "=", document._name), ("res_id", "=", document.id),
             ("res_field", "=", "file")]
        )  # fmt: skip
        attachment.with_user(self.user).datas = "Qg=="
        self._submit(contract)
        self.assertEqual(self._states(contract)["Legal"], "pending")

    def test_strike_through(self):
        contract = self._send()
        self._decide(contract, self.lawyer)
        contract.action_recall()
        contract.clause_ids.body = "<p>Liable to the <s>limit</s>.</p>"
        self._submit(contract)
        self.assertEqual(self._states(contract)["Legal"], "pending")
        self.assertIn("~", self._task(contract).changes)

    def test_what_stands_around_the_content(self):
        """An amendment that starts from another text is another one."""
        model = self.env.registry["crm.contract"]
        prepare = model._prepare_version_vals

        def start_from(base):
            def prepare_vals(contract):
                vals = prepare(contract)
                vals["envelope"]["base"] = base
                return vals

            return patch.object(model, "_prepare_version_vals", prepare_vals)

        with start_from("one"):
            contract = self._send()
            self._decide(contract, self.lawyer)
            contract.action_recall()
            self._submit(contract)
        self.assertEqual(self._states(contract)["Legal"], "kept")
        contract.action_recall()
        with start_from("another"):
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
