from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form

from .common_end import TODAY, EndCommon

JUNE = date(2026, 6, 30)
NOTICE = {"terminated_by": "customer", "date_notice_given": date(2026, 3, 9)}


@freeze_time(TODAY)
class TestTerminate(EndCommon):
    """Notice, the end that it allows, and a contract that runs until then."""

    def test_what_is_asked(self):
        contract = self._create_fee()
        day = contract.date_end
        for vals, words in (
            ({"terminated_by": False}, "who terminates"),
            ({"terminated_by": "us"}, "when notice was"),
            (
                {"terminated_by": "us", "date_notice_given": date(2026, 3, 11)},
                "a day to come",
            ),
            ({"note": " "}, "Say why"),
        ):
            with self._refused(words):
                self._terminate(contract, day, user=self.manager, **vals)
        with self._refused("can't be later"):
            self._terminate(contract, date(2027, 1, 1))
        self._terminate(contract, day, **NOTICE)
        self.assertEqual(contract.date_termination, day)
        termination = contract.termination_id.with_user(self.user)
        self.assertEqual(termination.terminated_by, "customer")
        self.assertEqual(termination.date_notice_given, date(2026, 3, 9))
        self.assertEqual(termination.reason, "Closed")
        self.assertEqual(termination.user_id, self.user)
        self.assertIn("Terminated to 12/31/2026", contract.message_ids[1].body)

    def test_only_terminations_lie_ahead(self):
        contract = self._create_fee()
        with self._refused("today or on an earlier day", ValidationError):
            self._end(contract.with_user(self.manager), date=JUNE)

    def test_earliest_end_of_a_term(self):
        contract = self._create_fee()
        wizard = self._open_terminate(contract, date=JUNE, **NOTICE)
        self.assertEqual(wizard.date_earliest, contract.date_end)
        self.assertIn("12/31/2026 at the earliest", wizard.notice_problem)
        with self._refused("Only a contract manager"):
            wizard.action_end()
        self.assertEqual(contract.state, "running")
        self.assertFalse(contract.date_termination)
        self._terminate(contract, JUNE, user=self.manager, **NOTICE)
        self.assertEqual(contract.date_termination, JUNE)

    def test_by_agreement_there_is_no_notice(self):
        contract = self._create_fee()
        wizard = self._open_terminate(contract, date=JUNE)
        self.assertFalse(wizard.notice_problem)
        wizard.action_end()
        self.assertEqual(contract.date_termination, JUNE)

    def test_late_notice(self):
        contract = self._create_fee()
        with freeze_time("2026-10-01"):
            late = {"terminated_by": "customer", "date_notice_given": self._late()}
            wizard = self._open_terminate(contract, date=contract.date_end, **late)
            self.assertIn("late for this term", wizard.notice_problem)
            self.assertEqual(wizard.date_earliest, contract.date_end)
        automatic = self._create_fee(renewal_mode="automatic")
        with freeze_time("2026-10-01"):
            wizard = self._open_terminate(automatic, date=automatic.date_end, **late)
            self.assertEqual(wizard.date_earliest, date(2027, 12, 31))
            with self._refused("late for this term.*12/31/2027"):
                wizard.action_end()
            wizard.with_user(self.manager).sudo(False)
            self._terminate(automatic, automatic.date_end, user=self.manager, **late)
        self.assertEqual(automatic.date_termination, automatic.date_end)

    def _late(self):
        return date(2026, 10, 1)

    def test_open_ended(self):
        contract = self._create_fee(is_open_ended=True)
        wizard = self._open_terminate(contract, date=date(2026, 6, 8), **NOTICE)
        self.assertEqual(wizard.date_earliest, date(2026, 6, 9))
        with self._refused("06/09/2026 at the earliest"):
            wizard.action_end()
        wizard.date = wizard.date_earliest
        wizard.action_end()
        self.assertEqual(self._periods(contract)[-1], (6, 1, 9, 93, "planned"))

    def test_the_dialog_proposes_the_day(self):
        contract = self._create_fee(is_open_ended=True)
        model = self.env["crm.contract.end"].with_user(self.user)
        with Form(model.with_context(default_contract_id=contract.id)) as form:
            self.assertEqual(form.date, TODAY)
            form.reason = "terminated"
            form.terminated_by = "customer"
            form.date_notice_given = date(2026, 3, 9)
            self.assertEqual(form.date, date(2026, 6, 9))
            self.assertTrue(form.is_ahead)
            form.note = "Closed"

    def test_runs_and_is_billed_until_then(self):
        contract = self._create_fee()
        self._terminate(contract, date(2026, 5, 10))
        self.assertEqual(contract.state, "running")
        self.assertEqual(contract.amount_mrr, 310)
        self.assertEqual(contract.amount_total, 12 * 310)
        for day in ("2026-04-15", "2026-05-10"):
            self._run_on("renew", day)
            self._run_on("advance", day, "crm_contract")
            self.assertEqual(contract.state, "running", day)
        self.assertEqual(
            [row[:4] for row in self._periods(contract)],
            [
                (1, 1, 31, 310),
                (2, 1, 28, 310),
                (3, 1, 31, 310),
                (4, 1, 30, 310),
                (5, 1, 10, 100),
            ],
        )
        self._run_on("renew", "2026-05-11")
        self.assertEqual(contract.state, "ended")
        self.assertEqual(contract.end_reason, "terminated")
        self.assertEqual(contract.date_ended, date(2026, 5, 10))
        self.assertIn("Contract terminated", contract.activity_ids.mapped("summary"))

    def test_to_the_end_of_the_term(self):
        """Whichever job comes first, it was terminated and did not expire."""
        for job, addon in (
            ("renew", "crm_contract_renewal"),
            ("advance", "crm_contract"),
        ):
            contract = self._create_fee()
            self._terminate(contract, contract.date_end, **NOTICE)
            self._run_on(job, "2027-01-01", addon)
            self.assertEqual(contract.end_reason, "terminated")

    def test_before_it_begins(self):
        contract = self._create_fee(date_start=date(2026, 5, 1))
        self.assertEqual(contract.state, "signed")
        self._terminate(contract, date(2026, 4, 1))
        self.assertFalse(contract.installment_ids)
        self._run_on("renew", "2026-04-02")
        self.assertEqual(contract.state, "ended")

    def test_while_suspended(self):
        contract = self._create_fee()
        contract.action_suspend()
        self._terminate(contract, date(2026, 4, 30))
        with freeze_time("2026-04-16"):
            contract.action_resume()
        self.assertEqual(
            [(row[0], row[2], row[3]) for row in self._periods(contract)],
            [(1, 31, 310), (2, 28, 310), (3, 31, 90), (4, 30, 155)],
        )

    def test_suspended_after_it_was_announced(self):
        """The same is credited as if it had been suspended first: the days after it."""
        last, net = date(2026, 3, 20), []
        for first in (True, False):
            contract = self._create_fee()
            self._bill(self._row_of(contract, 3))
            for step in (first, not first):
                if step:
                    contract.action_suspend()
                    with freeze_time("2026-03-13"):
                        contract.action_resume()
                else:
                    with freeze_time("2026-03-13"):
                        self._terminate(contract, last)
                        self._post(self._get_settlement(contract))
            self._run_on("renew", "2026-03-21")
            self.assertEqual(contract.state, "ended")
            net.append(self._get_net(contract))
        self.assertEqual(net, [200, 200])

    def test_plan(self):
        """What fell due until the last day is owed, whenever the end was decided on."""
        contract = self._create_with_plan()
        wizard = self._open_terminate(contract, date=TODAY)
        self.assertEqual(wizard.amount_plan_open, 600)
        self.assertIn("Due by then", wizard.settlement)
        wizard.action_end()
        plan = contract.installment_ids._filter_plan()
        self.assertEqual(plan.mapped("state"), ["due", "cancelled"])
        contract = self._create_with_plan()
        wizard = self._open_terminate(contract, date=date(2026, 3, 20))
        self.assertEqual(wizard.amount_plan_open, 600)
        wizard.action_end()
        plan = contract.installment_ids._filter_plan()
        self.assertEqual(plan.mapped("state"), ["due", "planned"])
        self._run_on("renew", "2026-03-21")
        self.assertEqual(plan.mapped("state"), ["due", "cancelled"])

    def test_today_as_announced_ahead(self):
        """An end that was announced leaves the same ledger as one that is decided then."""
        last = date(2026, 5, 10)
        lines = [
            {"name": "Advance", "price_unit": 310, "is_recurring": True},
            {
                "name": "Arrears",
                "price_unit": 62,
                "is_recurring": True,
                "billed_in": "arrears",
            },
            {"name": "Work", "price_unit": 1000},
        ]
        plan = [
            {"name": "Before", "date": date(2026, 4, 1), "percentage": 10},
            {"name": "On it", "date": last, "percentage": 20},
            {"name": "After", "date": date(2026, 5, 11), "percentage": 70},
        ]
        ledgers = []
        for announced in (True, False):
            contract = self._create_fee(
                line_ids=[
                    Command.create(self._prepare_line_vals(tax_ids=False, **line))
                    for line in lines
                ],
                installment_ids=[Command.create(row) for row in plan],
            )
            if announced:
                self._terminate(contract, last)
            with freeze_time(last):
                if not announced:
                    self._terminate(contract, last)
            self._run_on("renew", "2026-05-12")
            self._run_on("advance", "2026-05-12", "crm_contract")
            self.assertEqual(contract.end_reason, "terminated")
            self.assertEqual(contract.date_ended, last)
            rows = contract.installment_ids.sorted(
                lambda row: (row.date_due, row.sequence, row.name)
            )
            ledgers.append([(row.name, row.amount, row.state) for row in rows])
        self.assertEqual(*ledgers)
        due = sum(row[1] for row in ledgers[0] if row[2] == "due")
        # Four months and ten days of both fees, and what fell due of the plan.
        self.assertEqual(due, 4 * 372 + 100 + 20 + 300)

    def test_reminders_and_renewal_stop(self):
        contract = self._create_fee(renewal_mode="automatic")
        self.assertTrue(contract.date_next_rung)
        self._terminate(contract, contract.date_end, **NOTICE)
        self.assertFalse(contract.date_next_rung)
        self._run_on("renew", "2026-10-05")
        self.assertFalse(contract.renewal_ids)
        with self._refused("is terminated"):
            contract._renew()
        with self._refused("is terminated"):
            contract._decide_renewal("renew")
        with self._refused("is terminated"):
            contract.action_reopen_decision()
        with self._refused("to 12/31/2026 already"):
            self._terminate(contract, JUNE, user=self.manager)
        with self._refused("to 12/31/2026 already"):
            self._end(contract.with_user(self.manager))

    def test_a_renewal_under_way(self):
        contract = self._create_fee()
        renewal = contract._renew()
        with self._refused("Cancel the renewal"):
            self._terminate(contract, JUNE)
        renewal.action_cancel()
        self._terminate(contract, JUNE)

    def test_amendment_after_the_end(self):
        contract = self._create_fee()
        self._terminate(contract, JUNE)
        amendment = contract._amend(date(2026, 7, 1))
        amendment.line_ids.price_unit = 1
        with self._refused("ends on 06/30/2026"):
            amendment.action_submit()

    def test_completed_is_no_way_around_notice(self):
        contract = self._create_fee()
        with self._refused("Recurring fees go on"):
            self._end(contract)
        self.assertEqual(contract.state, "running")
        self._end(contract.with_user(self.manager))
        self.assertEqual(contract.end_reason, "completed")

    def test_who_may(self):
        contract = self._create_fee()
        for user in (self.reader, self.accountant, self.salesman, self.portal):
            with self._refused("", AccessError):
                self._terminate(contract, user=user)
        other = self._create_user(
            "contract_other", "crm_contract.crm_contract_group_user"
        )
        with self._refused("", UserError):
            self._terminate(contract, user=other)
        for user in (self.user, self.manager, self.env.ref("base.user_admin")):
            for name, value in (
                ("date_termination", JUNE),
                ("termination_id", 1),
                ("renewal_decision", "expire"),
                ("renewal_decision_id", 1),
            ):
                with self._refused("", AccessError):
                    contract.with_user(user).write({name: value})
        self.assertFalse(contract.date_termination)

    def test_a_call_changes_the_wizard_after_its_check(self):
        contract = self._create_fee()
        wizard = self._open_terminate(contract, date=contract.date_end, **NOTICE)
        for vals in ({"date": TODAY}, {"date": date(2026, 12, 30)}):
            wizard.write(vals)
            with self._refused("at the earliest"):
                wizard.action_end()
        wizard.write({"date": JUNE})
        wizard.write({"reason": "completed"})
        with self._refused("today or on an earlier day"):
            wizard.action_end()
