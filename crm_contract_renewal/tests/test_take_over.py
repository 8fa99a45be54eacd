from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import SUPERUSER_ID

from .common import RenewalCommon

CORE = "crm_contract.ir_cron_advance"


class TestTakeOver(RenewalCommon):
    """The successor takes over: billing neither doubles nor leaves a gap."""

    def _advance(self, days):
        """Run both daily jobs, the core's first."""
        self.env.flush_all()
        with freeze_time(self._days(days)), self.enter_registry_test_mode():
            self.env.ref(CORE).method_direct_trigger()
        self.env.invalidate_all()
        self._run("renew", days)

    def _periods(self, contracts):
        rows = contracts.sudo().installment_ids.filtered(
            lambda row: row.trigger == "period" and row.state != "cancelled"
        )
        return sorted((row.period_start, row.period_end) for row in rows)

    def test_on_the_day(self):
        contract = self._create_running()
        successor = self._renew(contract)
        self._sign(successor)
        self.assertEqual(successor.state, "signed")
        self.assertEqual(contract.state, "running")
        end = (contract.date_end - self.today).days
        self._advance(end)
        self.assertEqual(contract.state, "running")
        self._advance(end + 1)
        self.assertEqual(contract.state, "ended")
        self.assertEqual(contract.end_reason, "superseded")
        self.assertEqual(contract.date_ended, contract.date_end)
        self.assertEqual(successor.state, "running")
        periods = self._periods(contract | successor)
        self.assertEqual(len(periods), 24)
        for (_start, end), (start, _end) in zip(periods, periods[1:], strict=False):
            self.assertEqual(start, end + timedelta(days=1))

    def test_not_signed_in_time(self):
        contract = self._create_running()
        self._renew(contract)
        self._advance((contract.date_end - self.today).days + 30)
        self.assertEqual(contract.state, "running")
        self._advance((contract.date_end - self.today).days + 31)
        self.assertEqual(contract.end_reason, "expired")

    def test_signed_late(self):
        contract = self._create_running()
        successor = self._renew(contract)
        with freeze_time(contract.date_end + timedelta(days=5)):
            self._sign(successor)
            self.assertEqual(successor.state, "running")
            self.assertEqual(contract.end_reason, "superseded")
            self.assertEqual(contract.date_ended, contract.date_end)

    def test_begins_later(self):
        contract = self._create_running()
        successor = self._renew(contract)
        successor.date_start = contract.date_end + timedelta(days=10)
        self._sign(successor)
        self._advance((contract.date_end - self.today).days + 1)
        self.assertEqual(contract.end_reason, "superseded")
        self.assertEqual(contract.date_ended, contract.date_end)

    def test_automatic(self):
        contract = self._create_running(renewal_mode="automatic")
        deadline = (contract.date_deadline - self.today).days
        self._advance(deadline)
        self.assertFalse(contract.renewal_ids)
        self._advance(deadline + 1)
        successor = contract.renewal_ids
        self.assertEqual(successor.state, "signed")
        self.assertEqual(successor.signed_by_customer, contract.signed_by_customer)
        self.assertEqual(contract.renewal_decision, "renew")
        self.assertIn("automatically", contract.activity_ids.mapped("summary")[-1])
        self._advance(deadline + 2)
        self.assertEqual(contract.renewal_ids, successor)

    def test_automatic_fails(self):
        contract = self._create_running(renewal_mode="automatic")
        self.customer.street = self.customer.city = self.customer.country_id = False
        deadline = (contract.date_deadline - self.today).days
        for days in (1, 2):
            self._advance(deadline + days)
            self.assertFalse(contract.renewal_ids)
            self.assertEqual(len(self._get_told(contract)), 1)
            self.assertIn("address", self._get_told(contract).note)
            self.assertIn("address", contract.job_problem)
        self.customer.city = "Shelbyville"
        self._advance(deadline + 3)
        self.assertEqual(contract.renewal_ids.state, "signed")
        self.assertEqual(len(self._get_told(contract)), 1)
        self.assertFalse(contract.job_problem)

    def test_forty_days_down(self):
        contract = self._create_running(renewal_mode="automatic", notice_period=3)
        self._advance((contract.date_deadline - self.today).days + 40)
        self.assertEqual(contract.renewal_ids.state, "signed")

    def test_comes_back_for_what_is_left(self):
        """A run whose time is over says that there is more: the next one comes soon."""
        left = []

        def commit(_cron, processed=0, *, remaining=None, **_kwargs):
            left.append(left[-1] - processed if remaining is None else remaining)
            return 0.0

        for _number in range(2):
            contract = self._create_running(renewal_mode="automatic")
        job = self.env["crm.contract.renewal.schedule"].with_user(SUPERUSER_ID)
        with (
            patch.object(self.env.registry["ir.cron"], "_commit_progress", commit),
            freeze_time(contract.date_deadline + timedelta(days=1)),
        ):
            for _run in range(4):
                job._run()
                self.assertGreater(left[-1], 0)
            job._run()
        self.assertEqual(left[-1], 0)
        self.assertEqual(contract.renewal_ids.state, "signed")

    def test_refused_in_time(self):
        contract = self._create_running(renewal_mode="unless_refused")
        contract._decide_renewal("expire", "No budget")
        self._advance((contract.date_deadline - self.today).days + 1)
        self.assertFalse(contract.renewal_ids)

    def test_plan_of_the_predecessor_is_still_billed(self):
        contract = self._create_signed()
        successor = self._renew(contract)
        with freeze_time(contract.date_end + timedelta(days=1)):
            self._sign(successor)
        plan = contract.installment_ids
        self.assertEqual(contract.end_reason, "superseded")
        self.assertNotIn("cancelled", plan.mapped("state"))
