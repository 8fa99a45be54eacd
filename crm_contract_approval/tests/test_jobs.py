from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import mute_logger

from .common import ApprovalCommon


class TestJobs(ApprovalCommon):
    """Mails to approvers, reminders and escalation, each once."""

    def setUp(self):
        super().setUp()
        self.jobs = self.env["crm.contract.approval.task"].sudo()

    def _run(self, name, days=0):
        """Run a job some days from now; return what it wrote to users of the company.

        Steps that wait for others, as in demo data, are none of this test's.
        """
        cron = self.env.ref(f"crm_contract_approval.ir_cron_{name}")
        before = self.env["mail.message"].sudo().search([], order="id desc", limit=1)
        day = self.today + timedelta(days=days)
        with freeze_time(day), self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()
        users = self.env["res.users"].search([("company_id", "=", self.company.id)])
        return before.search(
            [
                ("id", ">", before.id),
                ("message_type", "=", "user_notification"),
                ("partner_ids", "in", users.partner_id.ids),
            ]
        )

    def test_one_mail_per_approver(self):
        contracts = self._send() | self._send()
        mails = self._run("notify")
        self.assertEqual(mails.partner_ids, (self.lawyer | self.lawyer2).partner_id)
        self.assertEqual(len(mails), 2)
        for contract in contracts:
            self.assertIn(contract.number, mails[0].body)
            self.assertIn(
                f"/odoo/contract-approvals/{self._task(contract).id}", mails[0].body
            )
        self.assertFalse(self._run("notify"))

    def test_reminded_once(self):
        self._send()
        self._run("notify")
        self.assertFalse(self._run("remind", days=1))
        mails = self._run("remind", days=2)
        self.assertEqual(len(mails), 2)
        self.assertIn("Reminder", mails[0].subject)
        self.assertFalse(self._run("remind", days=3))

    def test_escalated(self):
        self.legal.escalation_user_id = self.manager
        contract = self._send()
        self._run("remind", days=3)
        self.assertFalse(self._task(contract).escalated_to_id)
        self._run("remind", days=4)
        task = self._task(contract)
        self.assertEqual(task.escalated_to_id, self.manager)
        self.assertEqual(self._decisions(contract)[-1], "escalate")
        self.assertIn(self.manager, contract.activity_ids.user_id)
        self._run("remind", days=9)
        self.assertEqual(self._decisions(contract).count("escalate"), 1)
        self._decide(contract, self.manager)
        self.assertEqual(task.state, "approved")

    def test_escalated_alone_decides_for_all(self):
        self.legal.write({"mode": "all", "escalation_user_id": self.manager.id})
        contract = self._send()
        self._run("remind", days=4)
        self._decide(contract, self.manager)
        self.assertEqual(self._task(contract).name, "Executive")

    def test_escalated_but_decided_by_those_asked(self):
        """Whoever was asked may still decide; his word is not that of the target."""
        self.legal.write({"mode": "all", "escalation_user_id": self.manager.id})
        contract = self._send()
        self._run("remind", days=4)
        task = self._task(contract)
        self._decide(contract, self.lawyer)
        self.assertEqual(task.state, "pending")
        self.assertEqual(task.waiting_ids, self.lawyer2)
        self._decide(contract, self.lawyer2)
        self.assertEqual(task.state, "approved")

    def test_escalation_ends_with_a_rejection(self):
        """Those who are asked again decide as the policy says."""
        self.legal.write({"mode": "all", "escalation_user_id": self.manager.id})
        contract = self._send()
        self._run("remind", days=4)
        legal = self._task(contract)
        self._decide(contract, self.manager)
        self._decide(contract, self.boss, "reject", comment="Cap?", back_to_id=legal.id)
        self.assertEqual(legal.state, "pending")
        self.assertFalse(legal.escalated_to_id)
        with self._refused("does not wait for you"):
            self._decide(contract, self.manager)

    def test_late_without_target(self):
        contract = self._send()
        self._run("remind", days=4)
        self.assertIn(self.user, contract.activity_ids.user_id)
        count = len(contract.activity_ids)
        self._run("remind", days=5)
        self.assertEqual(len(contract.activity_ids), count)

    def test_author_is_no_target(self):
        self.legal.escalation_user_id = self.user
        contract = self._send()
        self._run("remind", days=4)
        self.assertFalse(self._task(contract).escalated_to_id)

    @mute_logger("odoo.addons.crm_contract.models.job.crm_contract_job")
    def test_bad_one_keeps_no_other(self):
        bad, good = self._send(), self._send()
        self.legal.escalation_user_id = self.manager
        tasks = (self._task(bad) | self._task(good)).sudo()
        tasks.escalation_user_id = self.manager
        bad_id = self._task(bad).id
        model = self.env.registry["crm.contract.approval.task"]
        escalate = model._escalate

        def fail(task):
            if task.id == bad_id:
                raise ValueError("Broken")
            return escalate(task)

        self.patch(model, "_escalate", fail)
        self._run("remind", days=4)
        self.assertTrue(self._task(good).escalated_to_id)
        self.assertFalse(self._task(bad).escalated_to_id)
        self.assertIn("Broken", bad.job_problem)
        self.assertFalse(good.job_problem)

    @mute_logger("odoo.addons.crm_contract.models.job.crm_contract_job")
    def test_mail_that_fails(self):
        """Nobody is told of the bad one; it is not taken for told, the others are."""
        contracts = [self._send() for _number in range(3)]
        bad = contracts[1]
        bad_id = self._task(bad).id
        model = self.env.registry["crm.contract.approval.task"]
        deciders = model._get_deciders

        def fail(task):
            if task.id == bad_id:
                raise ValueError("Broken")
            return deciders(task)

        with patch.object(model, "_get_deciders", fail):
            mails = self._run("notify")
        # Not the mail that tells who is in charge of what failed.
        told = "".join(mails.filtered(lambda m: "decision" in m.subject).mapped("body"))
        for contract in contracts:
            self.assertEqual(contract.number in told, contract != bad)
            self.assertEqual(bool(self._task(contract).date_notified), contract != bad)
        self.assertIn("Broken", bad.job_problem)
        self.assertTrue(self._run("notify", days=1))
        self.assertTrue(self._task(bad).date_notified)
        self.assertFalse(bad.job_problem)
