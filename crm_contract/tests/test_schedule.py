import logging
from unittest.mock import patch

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tools import mute_logger

from .common import ContractCommon


class TestSchedule(ContractCommon):
    def _run(self, days=0):
        """Run the daily job some days later."""
        self.env.flush_all()
        job = self.env.ref("crm_contract.ir_cron_advance")
        with freeze_time(self._days(days)), self.enter_registry_test_mode():
            job.method_direct_trigger()
        self.env.invalidate_all()

    def _create_later(self, start=5, end=25, **vals):
        vals.setdefault(
            "installment_ids",
            [
                Command.create(
                    {"name": "All", "percentage": 100, "date": self._days(start + 5)}
                )
            ],
        )
        return self._create_signed(
            date_start=self._days(start),
            date_end=self._days(end),
            notice_period=0,
            **vals,
        )

    def test_nothing_before_its_day(self):
        contract = self._create_later()
        for days in (0, 4):
            self._run(days)
            self.assertEqual(contract.state, "signed")

    def test_day_by_day(self):
        contract = self._create_later()
        row = contract.installment_ids
        for days, state, row_state in (
            (5, "running", "planned"),
            (9, "running", "planned"),
            (10, "running", "due"),
            (25, "running", "due"),
            (26, "ended", "due"),
        ):
            self._run(days)
            self.assertEqual((contract.state, row.state), (state, row_state), days)
        self.assertEqual(contract.end_reason, "expired")
        self.assertEqual(contract.date_ended, self._days(25))
        self.assertIn(self.user, contract.activity_ids.user_id)

    def test_catches_up(self):
        contracts = self._create_later() + self._create_later(end=60)
        self._run(40)
        self.assertEqual(contracts.mapped("state"), ["ended", "running"])
        self.assertEqual(contracts.installment_ids.mapped("state"), ["due", "due"])
        self.assertEqual(contracts[0].date_ended, self._days(25))

    def test_twice_does_nothing(self):
        contract = self._create_later()
        self._run(40)
        activities, messages = contract.activity_ids, contract.message_ids
        before = contract.write_date
        self._run(40)
        self._run(41)
        self.assertEqual(contract.activity_ids, activities)
        self.assertEqual(contract.message_ids, messages)
        self.assertEqual(contract.write_date, before)

    def test_figures_of_the_contract_follow(self):
        contract = self._create_later()
        self.assertFalse(contract.installment_due_count)
        self._run(40)
        self.assertEqual(contract.installment_due_count, 1)

    def test_left_alone(self):
        draft = self._create_contract(
            date_start=self._days(1), date_end=self._days(2), notice_period=0
        )
        to_sign = self._submit(draft.copy())
        suspended = self._create_later(start=0)
        suspended.action_suspend()
        open_ended = self._create_signed(is_open_ended=True)
        self._run(40)
        states = (draft + to_sign + suspended + open_ended).mapped("state")
        self.assertEqual(states, ["draft", "to_sign", "ended", "running"])

    def test_terminated_is_not_billed(self):
        contract = self._create_later(start=0, end=90)
        self._end(contract, reason="terminated", note="Broke")
        self._run(40)
        self.assertEqual(contract.installment_ids.state, "cancelled")

    @mute_logger("odoo.addons.crm_contract.models.job.crm_contract_job")
    def test_one_failure_does_not_stop_the_others(self):
        bad, good = self._create_later(), self._create_later()
        model = self.env.registry["crm.contract"]
        perform = model._perform

        def fail(contract, name, **vals):
            if contract.id == bad.id:
                raise ValueError("Bad record")
            perform(contract, name, **vals)

        with patch.object(model, "_perform", fail):
            self._run(6)
        self.assertEqual((bad.state, good.state), ("signed", "running"))
        self._run(7)
        self.assertEqual(bad.state, "running")

    def test_log_is_quiet(self):
        self._create_later()
        with self.assertNoLogs("odoo.addons.crm_contract", logging.WARNING):
            self._run(40)
