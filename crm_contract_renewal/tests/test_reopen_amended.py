from datetime import date

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tools import mute_logger

from .common_end import TODAY, EndCommon

APRIL, JULY = date(2026, 4, 1), date(2026, 7, 1)


@freeze_time(TODAY)
class TestReopenAmended(EndCommon):
    """Amendments that were signed and waited for their day when the contract ended.

    The fee of 310 a month was agreed to be another one from a day on; the contract is
    terminated to 10 March, and reopened.
    """

    def _draft(self, contract, day, **vals):
        amendment = contract.with_user(self.user)._amend(day, "More sites")
        amendment.line_ids.write(vals)
        return amendment

    def _amend(self, contract, day, **vals):
        amendment = self._draft(contract, day, **vals)
        self._sign(amendment)
        self.assertEqual(amendment.state, "signed")
        return amendment

    def _reopen_on(self, contract, day):
        with freeze_time(day):
            self._reopen(contract)
            self._run_on("renew", day)

    def _amounts(self, contract):
        """Return {month: what is charged of it}."""
        amounts = {}
        for month, _first, _last, amount, _state in self._periods(contract):
            amounts[month] = amounts.get(month, 0) + amount
        return amounts

    def _check_revenue(self, contract, monthly):
        """The log of recurring revenue adds up to what recurs now."""
        movements = self.env["crm.contract.mrr.movement"]
        log = movements.search([("contract_id", "=", contract.id)])
        self.assertEqual(round(sum(log.mapped("amount_mrr")), 2), monthly)

    def _check_fees(self, contract, *expected):
        """Compare what is charged with (months, amount), from January on."""
        wanted, month = {}, 1
        for months, amount in expected:
            wanted |= dict.fromkeys(range(month, month + months), amount)
            month += months
        self.assertEqual(self._amounts(contract), wanted)
        self.assertFalse(self.env["crm.contract.verification"]._get_problems(contract))

    def test_day_to_come(self):
        contract = self._create_fee()
        amendment = self._amend(contract, JULY, price_unit=620)
        self._terminate(contract)
        self.assertEqual(amendment.state, "superseded")
        self.assertEqual(amendment.version_id.state, "withdrawn")
        self.assertEqual(self._amounts(contract), {1: 310, 2: 310, 3: 100})
        self._reopen_on(contract, "2026-03-20")
        self.assertEqual(amendment.state, "signed")
        self.assertEqual(amendment.version_id.state, "signed")
        self.assertIn("In force from", amendment.state_note)
        self._check_fees(contract, (12, 310))
        self._check_revenue(contract, 310)
        self._run_on("renew", JULY)
        self.assertEqual(amendment.state, "in_force")
        self._check_fees(contract, (6, 310), (6, 620))
        self._check_revenue(contract, 620)

    def test_billed_before_its_job(self):
        """The run of invoices is first, in another worker: it bills by the new terms."""
        contract = self._create_fee()
        amendment = self._amend(contract, APRIL, price_unit=620)
        self._bill(self._row_of(contract, 1) | self._row_of(contract, 2))
        self._run_on("bill", APRIL, "crm_contract")
        self.assertEqual(amendment.state, "in_force")
        invoices = contract.sudo().invoice_ids
        self.assertEqual(sum(invoices.mapped("amount_total")), 3 * 310 + 620)

    def test_day_passed_meanwhile(self):
        contract = self._create_fee()
        amendment = self._amend(contract, APRIL, price_unit=620)
        self._terminate(contract)
        with freeze_time("2026-05-05"):
            self._reopen(contract)
            # Not by a job only.
            self.assertEqual(amendment.state, "in_force")
            self.assertEqual(contract.line_ids.mapped("price_unit"), [310, 620])
            self._check_fees(contract, (3, 310), (9, 620))
            self._check_revenue(contract, 620)

    def test_ended_and_reopened_again(self):
        contract = self._create_fee()
        amendment = self._amend(contract, JULY, price_unit=620)
        for _time in range(2):
            self._terminate(contract)
            self.assertEqual(amendment.version_id.state, "withdrawn")
            self._reopen(contract)
        self.assertEqual(amendment.state, "signed")
        self._terminate(contract)
        with freeze_time("2026-07-02"):
            self._reopen(contract)
            self._check_fees(contract, (6, 310), (6, 620))

    def test_termination_to_come_taken_back(self):
        """It takes effect while the termination is announced, or waits through it."""
        contract = self._create_fee()
        first = self._amend(contract, APRIL, price_unit=620)
        second = self._amend(contract, JULY, price_unit=930)
        self._terminate(contract, date(2026, 4, 30))
        self._run_on("renew", APRIL)
        self.assertEqual((first | second).mapped("state"), ["in_force", "signed"])
        with freeze_time("2026-04-20"):
            self._reopen(contract)
            self._check_fees(contract, (3, 310), (9, 620))
        self._run_on("renew", JULY)
        self._check_fees(contract, (3, 310), (3, 620), (6, 930))

    def test_two(self):
        """One day has passed, the other one is to come; whichever was signed first."""
        for days in ((APRIL, JULY), (JULY, APRIL)):
            prices = {APRIL: 620, JULY: 930}
            contract = self._create_fee()
            mine = {
                day: self._amend(contract, day, price_unit=prices[day]) for day in days
            }
            self._terminate(contract)
            with freeze_time("2026-05-05"):
                self._reopen(contract)
            self.assertEqual(mine[APRIL].state, "in_force")
            self.assertEqual(mine[JULY].state, "signed")
            self._check_fees(contract, (3, 310), (9, 620))
            self._run_on("renew", JULY)
            # What was signed last counts, where both say something.
            last = (6, 930) if days[1] == JULY else (6, 620)
            self._check_fees(contract, (3, 310), (3, 620), last)

    def test_both_days_passed(self):
        contract = self._create_fee()
        self._amend(contract, JULY, quantity=3)
        self._amend(contract, APRIL, price_unit=620)
        self._terminate(contract)
        with freeze_time("2026-08-03"):
            self._reopen(contract)
            self._check_fees(contract, (3, 310), (3, 620), (6, 3 * 620))
            self._check_revenue(contract, 3 * 620)

    def test_in_force_and_waiting(self):
        """The one in force was signed last, and builds on the one that waits."""
        contract = self._create_fee()
        waiting = self._amend(contract, JULY, quantity=2)
        present = self._draft(contract, TODAY, price_unit=620)
        self._sign(present)
        self.assertEqual(present.state, "in_force")
        self._terminate(contract)
        self.assertEqual((present | waiting).mapped("state"), ["superseded"] * 2)
        self._reopen_on(contract, "2026-03-20")
        self.assertEqual(present.state, "in_force")
        self.assertEqual(waiting.state, "signed")
        self._run_on("renew", JULY)
        # March: 9 days of 10 and 22 of 20
        self._check_fees(contract, (2, 310), (1, 530), (3, 620), (6, 1240))

    def test_withdrawn_or_cancelled(self):
        """What one side took back before it was signed does not come back."""
        contract = self._create_fee()
        withdrawn = self._draft(contract, APRIL, price_unit=620)
        withdrawn.action_submit()
        cancelled = self._draft(contract, APRIL, price_unit=930)
        cancelled.action_submit()
        self._terminate(contract)
        withdrawn.action_withdraw()
        cancelled.action_cancel()
        self._reopen_on(contract, "2026-05-05")
        self.assertEqual(withdrawn.state, "draft")
        self.assertEqual(cancelled.state, "cancelled")
        self._check_fees(contract, (12, 310))

    def test_archived_meanwhile(self):
        contract = self._create_fee()
        present = self._draft(contract, TODAY, price_unit=620)
        self._sign(present)
        waiting = self._amend(contract, JULY, quantity=2)
        self._terminate(contract)
        (present | waiting).action_archive()
        self.assertFalse(self.env["crm.contract.verification"]._get_problems(contract))
        self._reopen_on(contract, "2026-03-20")
        self.assertTrue(present.active and waiting.active)
        self.assertEqual(present.state, "in_force")
        self._run_on("renew", JULY)
        self._check_fees(contract, (2, 310), (1, 530), (3, 620), (6, 1240))

    def test_suspended_when_it_ended(self):
        """Its day came while all was suspended: it takes effect when that is over."""
        contract = self._create_fee()
        amendment = self._amend(contract, APRIL, price_unit=620)
        contract.with_user(self.user).action_suspend()
        with freeze_time("2026-04-20"):
            self._terminate(contract, date(2026, 4, 20))
        self.assertEqual(amendment.state, "superseded")
        self._reopen_on(contract, "2026-05-05")
        self.assertEqual(amendment.state, "in_force")
        # 9 days of March, 10 of April after the suspension
        self._check_fees(contract, (2, 310), (1, 90), (1, 206.67), (8, 620))

    def test_extends_the_term(self):
        """The term goes on by what was agreed, though the first one is over."""
        contract = self._create_fee()
        amendment = self._draft(contract, APRIL, price_unit=620)
        amendment.write({"duration": 0, "date_end": date(2027, 3, 31)})
        self._sign(amendment)
        self._terminate(contract)
        with freeze_time("2027-04-01"), self._refused("was over on 03/31/2027"):
            self._reopen(contract)
        with freeze_time("2027-02-01"):
            self._reopen(contract)
            self.assertEqual(contract.date_end, date(2027, 3, 31))
            self.assertEqual(contract.state, "running")
            self.assertEqual(sum(r[3] for r in self._periods(contract)), 930 + 12 * 620)

    def test_shortens_the_term(self):
        contract = self._create_fee()
        amendment = self._draft(contract, APRIL, price_unit=620)
        amendment.write({"duration": 0, "date_end": date(2026, 6, 30)})
        self._sign(amendment)
        self._terminate(contract)
        with freeze_time("2026-07-05"), self._refused("was over on 06/30/2026"):
            self._reopen(contract)

    @mute_logger("odoo.sql_db")
    def test_can_not_take_effect(self):
        """It does not keep the contract ended: somebody is told."""
        contract = self._create_with_plan()
        amendment = contract.with_user(self.user)._amend(APRIL, "Less")
        one_off = amendment.line_ids.filtered(lambda line: not line.is_recurring)
        one_off.price_unit = 500
        amendment.action_spread_difference()
        self._sign(amendment)
        self._bill(contract.installment_ids._filter_plan())
        self._terminate(contract)
        with freeze_time("2026-04-05"):
            self._reopen(contract)
        self.assertEqual((contract.state, amendment.state), ("running", "signed"))
        told = amendment.sudo().activity_ids.filtered("automated")
        self.assertIn("can't take effect", told.summary)
        # Over once more: what was told of it goes.
        with freeze_time("2026-04-06"):
            self._terminate(contract, date(2026, 4, 6))
        self.assertFalse(amendment.sudo().activity_ids)

    def test_tasks(self):
        """What is to be done for it goes with it, and comes back; what is done stays."""
        contract = self._create_fee()
        amendment = self._draft(contract, JULY, price_unit=620)
        amendment.task_ids = [
            Command.create({"name": name, "user_id": self.user.id})
            for name in ("Train", "Install")
        ]
        self._sign(amendment)
        amendment.task_ids[0].action_done()
        activities = contract.sudo().activity_ids.filtered(
            lambda row: row.summary == "Install"
        )
        self.assertEqual(len(activities), 1)
        self._terminate(contract)
        self.assertFalse(activities.exists())
        self._reopen(contract)
        task = amendment.task_ids[1]
        self.assertEqual(task.activity_id.user_id, self.user)
        self.assertEqual(contract.change_task_done_count, 1)

    def test_versions_are_reinstated_by_code_alone(self):
        contract = self._create_fee()
        amendment = self._amend(contract, JULY, price_unit=620)
        self._terminate(contract)
        version = amendment.version_id
        with self._refused("can't be changed"):
            version.sudo().write({"date_withdrawn": False, "date_signed": TODAY})
        with self._refused(""):
            version.with_user(self.manager).write({"date_withdrawn": False})
        unsigned = self._create_contract()
        unsigned.action_submit()
        old = unsigned.version_id
        unsigned.action_withdraw()
        with self._refused("can't be changed"):
            old.sudo()._reinstate()
