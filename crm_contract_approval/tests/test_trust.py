from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .common import ApprovalCommon


class TestTrust(ApprovalCommon):
    """Nothing goes around an approval; the same over RPC is in the black-box tests."""

    def test_stale_hash(self):
        contract = self._send()
        wizard = self._open_decide(contract, self.lawyer)
        contract.action_recall()
        contract.name = "Another one"
        self._submit(contract)
        with self._refused("any more|changed since"):
            wizard.action_decide()
        wizard = (
            self.env["crm.contract.decide"]
            .with_user(self.lawyer)
            .with_context(
                active_model="crm.contract",
                active_ids=contract.ids,
                shown_hash="0" * 64,
            )
            .create({})
        )
        with self._refused("changed since you opened"):
            wizard.action_decide()

    def test_steps_of_others_tell_nothing(self):
        """A line of the dialog names what the user may read, and shows nothing else."""
        task = self._task(self._send(user=self.manager, user_id=self.manager.id))
        self.assertFalse(task.with_user(self.user).has_access("read"))
        lines = self.env["crm.contract.decide.line"].with_user(self.user)
        wizard = lines.wizard_id.create({})
        vals = {"wizard_id": wizard.id, "task_id": task.id}
        with self._refused("", AccessError):
            lines.create(vals)
        # Even if it named one.
        line = lines.sudo().create(vals).sudo(False)
        self.env.flush_all()
        for name in ("amount_total", "partner_id", "step"):
            self.env.invalidate_all()
            with self.assertRaises(AccessError):
                line.read([name])
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            wizard.read(["instruction"])

    def test_tampered(self):
        contract = self._send()
        self._tamper(contract.line_ids, price_unit=1)
        with self._refused("changed after it was submitted"):
            self._decide(contract, self.lawyer)

    def test_tampered_after_approval(self):
        contract = self._approve_all(self._send())
        self._tamper(contract.approval_task_ids[0], version_id=None)
        with self._refused("not approved"):
            self._open_sign(contract).action_sign()

    def test_approve_by_the_back_door(self):
        contract = self._send()
        with self._refused("not approved"):
            contract.sudo()._action_approve()
        contract.invalidate_recordset()
        self.assertEqual(contract.state, "review")

    def test_log_is_append_only(self):
        contract = self._send()
        review = contract.review_ids
        for records in (review, review.with_user(self.approval_manager), review.sudo()):
            for change in (
                lambda records=records: records.write({"decision": "approve"}),
                lambda records=records: records.unlink(),
            ):
                with self._refused("", (AccessError, UserError)):
                    change()
        with self.assertRaises(AccessError):
            review.with_user(self.approval_manager).create(
                {"contract_id": contract.id, "decision": "approve"}
            )

    def test_steps_are_written_by_code_alone(self):
        contract = self._send()
        task = self._task(contract)
        for user in (self.lawyer, self.manager, self.approval_manager):
            for vals in ({"state": "approved"}, {"waiting_ids": [Command.clear()]}):
                with self.assertRaises(AccessError):
                    task.with_user(user).write(vals)
            with self.assertRaises(AccessError):
                task.with_user(user).unlink()
            with self.assertRaises(AccessError):
                task.with_user(user).create({"contract_id": contract.id, "name": "X"})

    def test_owned_fields(self):
        contract = self._create_contract()
        for vals in (
            {"approval_round": 9},
            {"approval_task_id": False},
            {"approval_user_ids": [Command.link(self.lawyer.id)]},
            {"editor_ids": [Command.clear()]},
            {"approval_deadline": self._days(99)},
        ):
            for user in (self.user, self.manager):
                with self.assertRaises(AccessError):
                    contract.with_user(user).write(vals)

    def test_edit_of_parts_is_remembered(self):
        contract = self._create_contract()
        editors = []
        for change in (
            lambda c: c.line_ids.write({"quantity": 2}),
            lambda c: c.clause_ids.write({"name": "Other"}),
            lambda c: c.milestone_ids.create({"contract_id": c.id, "name": "M"}),
        ):
            user = self._create_user(
                f"contract_editor{len(editors)}",
                "crm_contract.crm_contract_group_user_all",
            )
            editors.append(user)
            change(contract.with_user(user))
            self.assertIn(user, contract.editor_ids)

    def test_file_of_an_annex_swapped(self):
        """Who writes the file itself is an author as well, and can't approve it."""
        contract = self._create_contract()
        document = contract.document_ids.create(
            {"contract_id": contract.id, "name": "A", "file": "QQ=="}
        )
        self.lawyer.group_ids += self.env.ref(
            "crm_contract.crm_contract_group_user_all"
        )
        attachment = self.env["ir.attachment"].sudo().search(
            [("res_model", "=", document._name), ("res_id", "=", document.id),
             ("res_field", "=", "file")]
        )  # fmt: skip
        attachment.with_user(self.lawyer).write({"datas": "Qg=="})
        self.assertIn(self.lawyer, contract.sudo().editor_ids)
        self._submit(contract)
        self.assertEqual(self._task(contract).approver_ids, self.lawyer2)
        with self._refused("does not wait for you|can't decide"):
            self._decide(contract, self.lawyer)

    def test_file_changed_while_it_waits(self):
        """Neither a decision nor a signature passes over a file that is another one."""
        contract = self._create_contract()
        documents = contract.document_ids
        vals = {"contract_id": contract.id, "name": "A", "file": "QQ=="}
        document = documents.create(vals)
        self._submit(contract)
        attachment = self.env["ir.attachment"].sudo().search(
            [("res_model", "=", document._name), ("res_id", "=", document.id),
             ("res_field", "=", "file")]
        )  # fmt: skip
        before = attachment.store_fname
        other = attachment.create({"name": "x", "raw": b"forged"})
        self._tamper(attachment, store_fname=other.store_fname)
        with self._refused("changed after it was submitted"):
            self._decide(contract, self.lawyer)
        self._tamper(attachment, store_fname=before)
        self._approve_all(contract)
        self._tamper(attachment, store_fname=other.store_fname)
        with self._refused("changed after it was submitted"):
            self._open_sign(contract).action_sign()

    def test_empty_and_foreign(self):
        contract = self._send()
        with self._refused("Choose"):
            self.env["crm.contract.decide"].with_user(self.lawyer).create(
                {}
            ).action_decide()
        with self._refused("Choose"):
            self.env["crm.contract.approval.task"].with_user(self.lawyer)._approve()
        executive = contract.approval_task_ids.filtered(
            lambda task: task.name == "Executive"
        )
        with self._refused("", Exception):
            executive.with_user(self.boss)._approve()

    def test_wizard_of_somebody_else(self):
        contract = self._send()
        wizard = self._open_decide(contract, self.lawyer)
        with self.assertRaises(AccessError):
            wizard.with_user(self.user).action_decide()

    def test_locked_in_review(self):
        contract = self._send()
        for change in (
            lambda: contract.write({"name": "Other"}),
            lambda: contract.line_ids.write({"price_unit": 1}),
            lambda: contract.clause_ids.unlink(),
            lambda: contract.installment_ids.write({"percentage": 1}),
        ):
            with self._refused("locked"):
                change()
