from .common import GROUP, ApprovalCommon


class TestLeaving(ApprovalCommon):
    """An approver, or who tells him, is archived."""

    def setUp(self):
        super().setUp()
        self.legal.user_ids = self.lawyer
        self.admin = self._create_user("contract_admin", "base.group_erp_manager")

    def _archive(self, user):
        return user.with_user(self.admin).action_archive()

    def test_others_decide(self):
        self.legal.user_ids += self.lawyer2
        contract = self._send()
        self._archive(self.lawyer)
        self.assertNotIn("hand_over", self._decisions(contract))
        self._decide(contract, self.lawyer2)

    def test_fallback_decides(self):
        self.legal.fallback_user_id = self.manager
        self.policy.hand_over_to = "named"
        contract = self._send()
        self._archive(self.lawyer)
        task = self._task(contract)
        self.assertEqual(task.waiting_ids, self.manager)
        self.assertIn(self.manager, contract.activity_ids.user_id)
        log = contract.sudo().review_ids.sorted("id")[-1]
        self.assertEqual((log.decision, log.user_id), ("hand_over", self.admin))
        self._decide(contract, self.manager)
        self.assertEqual(task.state, "approved")

    def test_written_by_rpc(self):
        """Without the dialog it goes the same way."""
        self.legal.fallback_user_id = self.manager
        contract = self._send()
        self.lawyer.with_user(self.admin).write({"active": False})
        self.assertEqual(self._task(contract).waiting_ids, self.manager)

    def test_two_stay_two(self):
        self.legal.write(
            {
                "user_ids": (self.lawyer | self.lawyer2).ids,
                "mode": "all",
                "fallback_user_id": self.manager.id,
            }
        )
        contract = self._send()
        self._archive(self.lawyer)
        self.assertEqual(self._task(contract).waiting_ids, self.lawyer2 | self.manager)

    def test_nobody_gains_by_archiving(self):
        chief = self._create_user(
            "contract_chief", f"base.group_erp_manager,{GROUP}manager"
        )
        self.legal.fallback_user_id = chief
        contract = self._send()
        self.lawyer.with_user(chief).action_archive()
        task = self._task(contract)
        self.assertEqual(task.waiting_ids, self.lawyer)
        told = contract.sudo().activity_ids.filtered(
            lambda row: "nobody who is there" in (row.summary or "")
        )
        self.assertTrue(told.user_id.active)

    def test_author_is_no_successor(self):
        self.legal.fallback_user_id = self.user
        contract = self._send()
        self._archive(self.lawyer)
        self.assertEqual(self._task(contract).waiting_ids, self.lawyer)

    def test_successor_of_the_dialog(self):
        contract = self._send()
        action = self._archive(self.lawyer)
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        wizard = wizard.with_user(self.admin)
        wizard.user_id = self.lawyer2
        wizard.action_take_over()
        self.assertEqual(self._task(contract).waiting_ids, self.lawyer2)

    def test_successor_whom_the_step_could_not_name(self):
        self.policy.hand_over_to = "named"
        contract = self._send()
        action = self._archive(self.lawyer)
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        wizard = wizard.with_user(self.admin)
        wizard.user_id = self.manager
        wizard.action_take_over()
        self.assertEqual(self._task(contract).waiting_ids, self.lawyer)

    def test_deleted(self):
        """Of two who have to agree, none is deleted: one would be enough then."""
        self.legal.write({"user_ids": (self.lawyer | self.lawyer2).ids, "mode": "all"})
        contract = self._send()
        for user in (self.lawyer, self.boss):
            with self._refused("Archive them"):
                user.sudo().unlink()
        self.assertEqual(self._task(contract).approver_ids, self.lawyer | self.lawyer2)

    def test_deputy_is_told(self):
        """Of an absent salesperson, who stands in for him is told."""
        contract = self._send()
        self._delegate(self.user, self.user_all)
        self._tamper(self.user, active=False)
        self.assertEqual(contract.sudo()._get_person_in_charge(), self.user_all)
        self._decide(contract, self.lawyer, "reject", comment="No")
        told = contract.sudo().activity_ids.filtered(
            lambda row: row.summary == "Contract rejected"
        )
        self.assertEqual(told.user_id, self.user_all)
