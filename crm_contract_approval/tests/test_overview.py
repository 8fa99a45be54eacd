from .common import ApprovalCommon


class TestOverview(ApprovalCommon):
    """Why a contract waits, and for whose decision, on its first page."""

    def _get(self, contract, user=None):
        overviews = self.env["crm.contract.overview"].with_user(user or self.user)
        [overview] = overviews.get_overviews(contract.ids)
        return overview

    def test_waits_for_a_decision(self):
        contract = self._send()
        task = contract.approval_task_id
        [duty] = self._get(contract)["duties"]
        self.assertEqual(
            duty["who"], "{}, {}".format(*tuple(task.waiting_ids.mapped("name")))
        )
        self.assertIn("Legal", duty["why"])
        self.assertEqual(duty["until"], str(task.date_deadline))
        self.assertEqual(duty["res_id"], task.id)
        [event] = [
            event
            for event in self._get(contract)["events"]
            if event["key"] == "approval"
        ]
        self.assertEqual(event["day"], str(contract.approval_deadline))

    def test_everybody_who_reads_sees_it(self):
        contract = self._send()
        for user in (self.reader, self.accountant, self.lawyer, self.manager):
            [duty] = self._get(contract, user)["duties"]
            self.assertIn("Legal", duty["why"], user.login)

    def test_recalled(self):
        """What was taken back waits for its owner again."""
        contract = self._send()
        contract.action_recall()
        self.assertEqual(len(self._get(contract)["duties"]), 1)
        self.assertIn("draft", self._get(contract)["duties"][0]["why"])
