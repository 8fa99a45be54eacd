from odoo.fields import Command

from .common import ApprovalCommon


class TestCertificate(ApprovalCommon):
    """The certificate tells what became of the last submission, whatever it is."""

    def _print(self, contract):
        report = self.env["ir.actions.report"].with_user(self.user)
        html = report._render_qweb_html(
            "crm_contract_approval.report_certificate", contract.ids
        )[0]
        return html.decode()

    def _assert_says(self, contract, status, *texts, watermark="Not approved"):
        contract = contract.with_user(self.user)
        self.assertEqual(self._certify("status", contract), status)
        self.assertEqual(self._certify("watermark", contract), watermark)
        html = self._print(contract)
        for text in (status, *texts):
            self.assertIn(text, html)
        if not status.startswith("Nobody"):
            self.assertNotIn("Nobody had to approve", html)
        return html

    def _get_open(self, contract):
        steps = self._certify("open_steps", contract.with_user(self.user))
        return [(row["step"], row["state"], row["who"]) for row in steps]

    def _drop_policy(self):
        self.policy.active = False

    def test_draft(self):
        self._assert_says(self._create_contract(), "Not submitted yet.")
        self._drop_policy()
        self._assert_says(self._create_contract(), "Not submitted yet.")

    def test_review(self):
        contract = self._send()
        html = self._assert_says(contract, "In review: 0 of 2 steps decided.", "Waits")
        self.assertIn(contract.content_hash, html)
        lawyers = f"{self.lawyer.name}, {self.lawyer2.name}"
        self.assertEqual(
            self._get_open(contract),
            [
                ("Legal", "Waiting for decision", lawyers),
                ("Executive", "Not begun", self.boss.name),
            ],
        )
        self._decide(contract, self.lawyer, comment="Read twice")
        self._assert_says(
            contract,
            "In review: 1 of 2 steps decided.",
            "Read twice",
            self.boss.name,
        )
        self.assertEqual(
            self._get_open(contract),
            [("Executive", "Waiting for decision", self.boss.name)],
        )

    def test_review_with_an_open_condition(self):
        contract = self._send()
        self._decide(contract, self.lawyer, "condition", condition="Annex 2 is missing")
        self._decide(contract, self.boss)
        self.assertEqual(contract.state, "review")
        self._assert_says(
            contract, "In review: 2 of 2 steps decided.", "Annex 2 is missing"
        )
        contract.action_recall()
        self._assert_says(
            contract,
            "Recalled: 2 of 2 steps had approved. The contract is a draft again.",
        )

    def test_undone(self):
        contract = self._send()
        self._decide(contract, self.lawyer)
        contract.approval_task_ids.sorted("sequence")[0].with_user(
            self.lawyer
        ).action_undo()
        self._assert_says(
            contract, "In review: 0 of 2 steps decided.", "Decision undone"
        )

    def test_approved(self):
        contract = self._approve_all(self._send())
        for step in (lambda: None, lambda: self._open_sign(contract).action_sign()):
            step()
            self._assert_says(contract, "Approved: 2 of 2 steps.", watermark="")
            self.assertFalse(self._get_open(contract))

    def test_nobody_had_to(self):
        self._drop_policy()
        contract = self._submit(self._create_contract())
        self.assertEqual(contract.state, "to_sign")
        html = self._assert_says(
            contract, "Nobody had to approve this contract.", watermark=""
        )
        self.assertNotIn('name="decisions"', html)
        contract.action_withdraw()
        self._assert_says(
            contract,
            "Withdrawn before the signature. The contract is a draft again.",
        )

    def test_nobody_had_to_the_last_time(self):
        """What an earlier submission asked for is no approval of the last one."""
        contract = self._send()
        self._decide(contract, self.lawyer, comment="First")
        contract.action_recall()
        self._drop_policy()
        self._submit(contract)
        html = self._assert_says(
            contract, "Nobody had to approve this contract.", watermark=""
        )
        self.assertNotIn("First", html)

    def test_rejected(self):
        contract = self._send()
        content_hash = contract.content_hash
        self._decide(contract, self.lawyer)
        self._decide(contract, self.boss, "reject", comment="Too dear")
        self._assert_says(
            contract,
            "Rejected: 1 of 2 steps had approved. The contract is a draft again.",
            "Too dear",
            content_hash,
        )
        self.assertFalse(self._get_open(contract))

    def test_rejected_to_an_earlier_step(self):
        contract = self._send()
        self._decide(contract, self.lawyer)
        legal = contract.approval_task_ids.sorted("sequence")[0]
        self._decide(
            contract, self.boss, "reject", comment="Look again", back_to_id=legal.id
        )
        self._assert_says(contract, "In review: 0 of 2 steps decided.", "Look again")

    def test_recalled(self):
        contract = self._send()
        self._decide(contract, self.lawyer)
        contract.action_recall()
        self._assert_says(
            contract,
            "Recalled: 1 of 2 steps had approved. The contract is a draft again.",
            self.user.name,
        )
        self._submit(contract)
        self._assert_says(
            contract, "In review: 1 of 2 steps decided.", "Stays approved"
        )

    def test_withdrawn(self):
        contract = self._approve_all(self._send())
        contract.action_withdraw()
        self._assert_says(
            contract,
            "Withdrawn before the signature. The contract is a draft again.",
            self.boss.name,
        )

    def test_cancelled(self):
        contract = self._send()
        self._decide(contract, self.lawyer)
        contract.action_cancel()
        self._assert_says(
            contract,
            "Cancelled: 1 of 2 steps had approved.",
            watermark="Cancelled",
        )
        draft = self._create_contract()
        draft.action_cancel()
        self._assert_says(draft, "Not submitted yet.", watermark="Cancelled")

    def test_all_of_several(self):
        """A step of which one has decided waits for the others alone."""
        self.legal.mode = "all"
        contract = self._send()
        self._decide(contract, self.lawyer)
        self._assert_says(contract, "In review: 0 of 2 steps decided.")
        self.assertEqual(
            self._get_open(contract)[0],
            ("Legal", "Waiting for decision", self.lawyer2.name),
        )
        self.legal.user_ids = [Command.link(self.boss.id)]
        self.assertEqual(self._get_open(contract)[0][2], self.lawyer2.name)
