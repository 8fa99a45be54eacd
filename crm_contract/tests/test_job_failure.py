from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ContractCommon
from .test_job import DAY, RUNNER, JobCommon
from .test_ledger import RecurringCommon


@tagged("post_install", "-at_install")
class TestJobFailure(JobCommon):
    """Reason, dates and activity of what a job set aside."""

    def setUp(self):
        super().setUp()
        self.bad = self.partners[0]
        self.poison = {self.bad.id: UserError("Too <dear>")}
        # Who manages contracts here: the administrator, as installed.
        self.admin = self.env.ref("base.user_admin")

    def test_noted_and_told_once(self):
        self._run()
        failure = self._get_failures()
        self.assertEqual(failure.record_name, "Due 0")
        self.assertEqual((failure.tries, str(failure.date_first)), (1, DAY))
        self.assertEqual(str(failure.date_next), "2026-01-11")
        activity = failure.activity_id
        self.assertTrue(
            activity.user_id.has_group("crm_contract.crm_contract_group_manager")
        )
        self.assertEqual(failure.user_id, activity.user_id)
        self.assertIn("Too &lt;dear&gt;", activity.note)
        self._run("2026-01-11")
        self.assertEqual(self._get_failures(), failure)
        self.assertEqual((failure.tries, str(failure.date_first)), (2, DAY))
        self.assertEqual(str(failure.date_last), "2026-01-11")
        self.assertEqual(failure.activity_id, activity)

    def test_new_reason(self):
        self._run()
        self.poison = {self.bad.id: UserError("No address")}
        activity = self._get_failures().activity_id
        self._run("2026-01-11")
        self.assertEqual(self._get_failures().activity_id, activity)
        self.assertIn("No address", activity.note)

    def test_done_without_mending(self):
        """Who marks the activity as done, and mends nothing, is told again."""
        self._run()
        first = self._get_failures().activity_id
        first.action_done()
        self._run("2026-01-11")
        again = self._get_failures().activity_id
        self.assertTrue(again.active)
        self.assertNotEqual(again, first)

    def test_gone_with_its_activity(self):
        self._run()
        activity = self._get_failures().activity_id
        self.poison = {}
        self._run("2026-01-11")
        self.assertFalse(self._get_failures())
        self.assertFalse(activity.exists())

    def test_not_due_any_more(self):
        self._run()
        self.bad.ref = "otherwise done"
        self._run("2026-01-11")
        self.assertFalse(self.seen)
        self.assertFalse(self._get_failures())

    def test_clock_moved_back(self):
        self._run("2026-03-01")
        self.poison = {}
        self._run("2026-01-11")
        self.assertEqual(self.bad.ref, "done")

    def test_unique(self):
        self._run()
        self._run("2026-01-11")
        self._run("2026-01-12")
        self.assertEqual(len(self._get_failures()), 1)

    def test_nobody_can_be_told(self):
        """That the activity can't be made is no reason to forget the failure."""
        activities = self.env.registry["mail.activity"]
        with (
            patch.object(activities, "create", side_effect=ValueError("no activity")),
            self.assertLogs(f"{RUNNER}_failure", "ERROR"),
        ):
            self._run()
        self.assertEqual(self._get_failures().reason, "Too <dear>")
        self.assertEqual(self.partners.mapped("ref"), ["due"] + ["done"] * 4)

    @mute_logger(RUNNER)
    def test_try_again(self):
        self._run()
        failure = self._get_failures()
        action = failure.action_try_again()
        self.assertEqual(action["params"]["type"], "danger")
        self.assertIn("Too <dear>", action["params"]["message"])
        self.assertEqual(failure.tries, 2)
        self.poison = {}
        action = failure.action_try_again()
        self.assertEqual(action["params"]["type"], "success")
        self.assertEqual(self.bad.ref, "done")
        self.assertFalse(self._get_failures())

    def test_record_is_deleted(self):
        self._run()
        failure = self._get_failures()
        self.bad.unlink()
        self.assertEqual(failure.record_name, "res.partner")
        failure.action_try_again()
        self.assertFalse(failure.exists())

    def test_job_of_an_add_on_that_is_gone(self):
        self._run()
        failure = self._get_failures()
        with patch.object(self.service, "_get_steps", lambda job: []):
            failure._gc_unknown_jobs()
        self.assertFalse(failure.exists())


class TestHealthPage(ContractCommon):
    """Who sees what was set aside, and may try again."""

    def setUp(self):
        super().setUp()
        self.contract = self._create_contract()
        _job, step = self.env["crm.contract.job"]._find_step("expire")
        failures = self.env["crm.contract.job.failure"]
        failures._note(step, {self.contract: "Too dear"})
        self.failure = failures.search([("contract_id", "=", self.contract.id)])

    def test_who_reads(self):
        system = self._create_user("contract_system", "base.group_system")
        for user in (self.manager, system):
            self.assertEqual(self.failure.with_user(user).reason, "Too dear")
            self.assertTrue(self.failure.with_user(user).record_name)
        for user in (self.user, self.user_all, self.accountant, self.salesman):
            with self.assertRaises(AccessError):
                self.failure.with_user(user).read(["reason"])
            with self.assertRaises(AccessError):
                self.failure.with_user(user).action_try_again()

    def test_nobody_writes(self):
        failure = self.failure.with_user(self.manager)
        for change in (
            lambda: failure.write({"reason": "Nothing"}),
            failure.unlink,
            lambda: failure.create({"job": "expire", "reason": "x"}),
        ):
            with self.assertRaises(AccessError):
                change()

    def test_other_company(self):
        other = self._create_company("Other Ltd")
        manager = self._create_user(
            "other_manager", "crm_contract.crm_contract_group_manager", other
        )
        failures = self.env["crm.contract.job.failure"].with_user(manager)
        self.assertFalse(
            failures.with_context(allowed_company_ids=other.ids).search([])
        )

    def test_try_again(self):
        """The contract does not end yet: the failure is over."""
        self.failure.with_user(self.manager).action_try_again()
        self.assertFalse(self.failure.exists())

    def test_on_the_contract(self):
        contract = self.contract.with_user(self.user)
        self.assertIn("Too dear", contract.job_problem)
        found = contract.search([("job_problem", "!=", False)])
        self.assertIn(contract, found)
        self.assertNotIn(contract, contract.search([("job_problem", "=", False)]))
        contract.action_try_again()
        self.assertFalse(contract.job_problem)
        self.assertNotIn(contract, contract.search([("job_problem", "!=", False)]))


class TestPersonInCharge(ContractCommon):
    """Who is told: somebody who is there, and may read the contract."""

    def setUp(self):
        super().setUp()
        group = "crm_contract.crm_contract_group_"
        self.leader = self._create_user("contract_leader", f"{group}user_all")
        team = self.env["crm.team"].create({"name": "T", "user_id": self.leader.id})
        self.contract = self._create_contract()
        self.contract.sudo().team_id = team

    def _check(self, user):
        self.assertEqual(self.contract._get_person_in_charge(), user)

    def test_salesperson(self):
        self._check(self.user)

    def test_leader(self):
        self.user.active = False
        self._check(self.leader)

    def test_without_rights(self):
        """A salesperson of orders alone can't open a contract."""
        team = self.contract.team_id
        self.contract.sudo().write({"user_id": self.salesman.id, "team_id": team.id})
        self._check(self.leader)
        self.leader.group_ids = self.env.ref("base.group_user")
        managers = self.env.ref("crm_contract.crm_contract_group_manager")
        self.assertIn(self.contract._get_person_in_charge(), managers.all_user_ids)

    def test_other_company(self):
        other = self._create_company("Other Ltd")
        self.user.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        self._check(self.leader)

    def test_managers(self):
        (self.user | self.leader).active = False
        person = self.contract._get_person_in_charge()
        self.assertTrue(person.active)
        self.assertTrue(
            person.has_group("crm_contract.crm_contract_group_manager"), person.login
        )
        self.assertIn(self.company, person.company_ids)
        self.contract.sudo()._tell_person_in_charge("Look at it")
        self.assertEqual(self.contract.sudo().activity_ids.user_id, person)


@freeze_time("2026-01-10")
class TestFailingLedger(RecurringCommon):
    """A row that the database refuses: its contract is told of, the others go on."""

    def _run(self, day):
        self.env.flush_all()
        job = self.env.ref("crm_contract.ir_cron_advance")
        with freeze_time(day), self.enter_registry_test_mode():
            job.method_direct_trigger()
        self.env.invalidate_all()

    def test_ledger_goes_on_for_the_others(self):
        self.company.contract_horizon = 3
        contracts = self.env["crm.contract"]
        for _number in range(3):
            contracts += self._create_recurring(duration=24)
        bad = contracts[1]
        self.env.flush_all()
        self.env.cr.execute(
            "ALTER TABLE crm_contract_installment ADD CONSTRAINT refuse"
            " CHECK (contract_id != %s OR period_start < '2026-05-01') NOT VALID",
            [bad.id],
        )
        with mute_logger(RUNNER, "odoo.sql_db"):
            self._run("2026-02-11")
        numbers = [len(contract.installment_ids) for contract in contracts]
        self.assertEqual(numbers, [5, 4, 5])
        self.assertIn("refuse", bad.job_problem)
        self.assertFalse((contracts - bad).filtered("job_problem"))
        self.assertEqual(self._get_told(bad).user_id, self.user)
        self.assertIn("refuse", self._get_told(bad).note)
        self.env.cr.execute(
            "ALTER TABLE crm_contract_installment DROP CONSTRAINT refuse"
        )
        self._run("2026-02-12")
        self.assertEqual(len(bad.installment_ids), 5)
        self.assertFalse(bad.job_problem)
        self.assertFalse(self._get_told(bad))
