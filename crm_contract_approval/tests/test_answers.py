from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError

from .common import GROUP, ApprovalCommon

MODEL = "crm.contract.approval.delegation"


class TestAnswers(ApprovalCommon):
    """A delegation counts once the deputy accepts it, or an administrator sets it."""

    def setUp(self):
        super().setUp()
        self.legal.user_ids = self.lawyer

    def _told(self, *users):
        messages = self.env["mail.message"].sudo()
        return [
            " ".join(
                messages.search(
                    [
                        ("partner_ids", "in", user.partner_id.ids),
                        ("subject", "!=", False),
                    ]
                ).mapped("subject")
            )
            for user in users
        ]

    def _asked(self, user):
        """Return the open activities of a user that belong to no record."""
        activities = self.env["mail.activity"].sudo()
        return activities.search([("user_id", "=", user.id), ("res_model", "=", False)])

    def test_naming_a_deputy_excludes_nobody(self):
        """An author names the only lawyer his deputy: the lawyer decides all the same."""
        row = self._delegate(self.user, self.lawyer, answer=None)
        contract = self._send()
        self.assertEqual(row.state, "asked")
        self.assertEqual(self._task(contract).approver_ids, self.lawyer)
        self._decide(contract, self.lawyer)
        self.assertEqual(self._task(contract).name, "Executive")

    def test_naming_a_deputy_lets_nobody_in(self):
        contract = self._send()
        self._delegate(self.lawyer, self.boss, answer=None)
        with self.assertRaises(AccessError):
            contract.with_user(self.boss).read(["name"])

    def test_deputy_is_asked(self):
        row = self._delegate(self.lawyer, self.boss, answer=None)
        self.assertIn(self.lawyer.name, self._asked(self.boss).summary)
        for user in (self.lawyer, self.approval_manager, self.user):
            self.assertFalse(row.with_user(user).sudo().can_answer)
            with self._refused("", (AccessError, UserError)):
                row.with_user(user).action_accept()
        row.with_user(self.boss).action_accept()
        self.assertEqual((row.answer, row.state), ("accepted", "active"))
        self.assertFalse(self._asked(self.boss))
        with self._refused("still open"):
            row.with_user(self.boss).action_decline()

    def test_declined(self):
        row = self._delegate(self.lawyer, self.boss, answer="decline")
        self.assertEqual(row.state, "declined")
        self.assertIn("can't stand in", self._told(self.lawyer)[0])
        contract = self._send()
        with self.assertRaises(AccessError):
            contract.with_user(self.boss).read(["name"])

    def test_not_for_the_past(self):
        """Accepted later, it excludes nobody from what was decided before."""
        with freeze_time(self._days(-4)):
            row = self._delegate(self.user, self.lawyer, answer=None)
        row.with_user(self.lawyer).action_accept()
        self.assertEqual(row.date_from, self.today)
        with self._refused("days that are over", ValidationError):
            self.env[MODEL].with_user(self.user).create(
                {
                    "deputy_id": self.lawyer.id,
                    "date_from": self._days(-9),
                    "date_to": self._days(-1),
                }
            )

    def test_no_answer_by_a_client(self):
        for vals in ({"answer": "set"}, {"set_by_id": self.approval_manager.id}):
            with self.assertRaises(AccessError):
                self.env[MODEL].with_user(self.lawyer).create(
                    {
                        "deputy_id": self.boss.id,
                        "date_to": self._days(5),
                        **vals,
                    }
                )
        row = self._delegate(self.lawyer, self.boss, answer=None)
        for user in (self.lawyer, self.boss, self.approval_manager):
            with self.assertRaises(AccessError):
                row.with_user(user).answer = "accepted"

    def test_changed_is_asked_anew(self):
        row = self._delegate(self.lawyer, self.boss, begin=3)
        self.assertEqual(row.state, "planned")
        row.date_to = self._days(4)
        self.assertEqual(row.state, "planned")
        row.date_to = self._days(30)
        self.assertEqual(row.state, "asked")

    def test_administrator_sets_it(self):
        contract = self._send()
        row = self._delegate(self.lawyer, self.lawyer2, by=self.approval_manager)
        self.assertEqual((row.answer, row.state), ("set", "active"))
        self.assertEqual(row.set_by_id, self.approval_manager)
        for subject in self._told(self.lawyer, self.lawyer2):
            self.assertIn("stand in for", subject)
        log = contract.sudo().review_ids.sorted("id")[-1]
        self.assertEqual(log.decision, "delegate")
        self.assertEqual(log.user_id, self.approval_manager)
        self.assertEqual(
            (log.principal_ids, log.target_id), (self.lawyer, self.lawyer2)
        )
        other = self._send()
        self.assertIn("delegate", self._decisions(other))
        self._decide(contract, self.lawyer2)
        rows = self._certify("rows", contract.with_user(self.user))
        self.assertIn(
            (f"{self.approval_manager.name} for {self.lawyer.name}", "Deputy set"),
            [(row["who"], row["decision"]) for row in rows],
        )

    def test_own_deputy_of_an_administrator_is_asked(self):
        self.legal.user_ids = self.approval_manager
        row = self._delegate(
            self.approval_manager, self.lawyer2, by=self.approval_manager, answer=None
        )
        self.assertEqual(row.state, "asked")

    def test_administrator_gains_nothing(self):
        by = self.approval_manager
        with self._refused("stand in for others", AccessError):
            self._delegate(self.lawyer, by, by=by)
        self._delegate(by, self.boss)
        with self._refused("stands in for you", AccessError):
            self._delegate(self.lawyer, self.boss, by=by)
        self._delegate(self.manager, by)
        with self._refused("stands in for you", AccessError):
            self._delegate(self.lawyer, self.manager, by=by)

    def test_administrator_gains_nothing_later(self):
        """What he set for others leads nowhere to him, whoever completes the chain."""
        self._delegate(self.lawyer, self.lawyer2, by=self.approval_manager)
        row = self._delegate(self.lawyer2, self.approval_manager, answer=None)
        with self._refused("set between others", ValidationError):
            row.with_user(self.approval_manager).action_accept()
        other = self._create_user("contract_chief2", f"{GROUP}manager")
        with self._refused("set between others", ValidationError):
            self._delegate(self.lawyer2, self.approval_manager, by=other)

    def test_all_excluded_asks_the_fallback(self):
        self._delegate(self.user, self.lawyer)
        draft = self._create_contract()
        wizard = self.env["crm.contract.submit"].with_user(self.user)
        with self._refused("no possible approver"):
            self._submit(draft)
        self.legal.fallback_user_id = self.manager
        wizard = wizard.create({"contract_id": draft.id})
        self.assertIn("The fallback approver is asked", wizard.preview)
        self._submit(draft)
        task = self._task(draft)
        self.assertEqual(task.approver_ids, self.manager)
        self.assertIn("stands in for who did", task.reason)
        self.assertIn("fallback approver", draft.message_ids[0].body)

    def test_left_out_is_said(self):
        self.legal.write({"user_ids": (self.lawyer | self.lawyer2).ids, "mode": "all"})
        self._delegate(self.user, self.lawyer)
        task = self._task(self._send())
        self.assertEqual(task.approver_ids, self.lawyer2)
        self.assertIn(f"{self.lawyer.name} can't be asked", task.reason)

    def test_deputy_gives_back(self):
        row = self._delegate(self.lawyer, self.boss)
        contract = self._send()
        self.assertIn(self.boss, contract.activity_ids.user_id)
        with freeze_time(self._days(1)):
            row.with_user(self.boss).action_end()
        self.assertEqual(row.date_to, self.today)


class TestDeputyInbox(ApprovalCommon):
    """The steps that wait are in the inbox of the deputy for as long as he stands in."""

    def _run(self, moment):
        with freeze_time(moment), self.enter_registry_test_mode():
            self.env.flush_all()
            self.env.ref("crm_contract_approval.ir_cron_notify").method_direct_trigger()
        self.env.invalidate_all()

    def test_begins_while_a_step_waits(self):
        self.legal.user_ids = self.lawyer
        contract = self._send()
        self._delegate(self.lawyer, self.lawyer2, begin=2, end=4)
        self.assertEqual(contract.activity_ids.user_id, self.lawyer)
        self._run(self._days(1))
        self.assertEqual(contract.activity_ids.user_id, self.lawyer)
        for day in (3, 4):
            self._run(self._days(day))
            self.assertEqual(
                contract.activity_ids.mapped("user_id"), self.lawyer | self.lawyer2
            )
            self.assertEqual(len(contract.activity_ids), 2)
        self._run(self._days(5))
        self.assertEqual(contract.activity_ids.user_id, self.lawyer)

    def test_begins_when_it_is_accepted(self):
        self.legal.user_ids = self.lawyer
        contract = self._send()
        self._delegate(self.lawyer, self.lawyer2)
        self.assertEqual(contract.activity_ids.user_id, self.lawyer | self.lawyer2)

    def test_days_of_shanghai(self):
        """It ends at midnight there, which is four in the afternoon in UTC."""
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        self.legal.user_ids = self.lawyer
        with freeze_time(datetime(2026, 3, 1, 1)):
            contract = self._send()
            row = self._delegate_days(date(2026, 3, 2), date(2026, 3, 3))
        for moment, is_in_force in (
            (datetime(2026, 3, 1, 15, 59), False),
            (datetime(2026, 3, 1, 16, 1), True),
            (datetime(2026, 3, 3, 15, 59), True),
            (datetime(2026, 3, 3, 16, 1), False),
        ):
            with freeze_time(moment):
                deputy = contract.with_user(self.lawyer2)
                self.env.invalidate_all()
                self.assertEqual(row.state == "active", is_in_force, moment)
                self.assertEqual(
                    deputy.has_access("read") and deputy.can_decide, is_in_force
                )
        with freeze_time(datetime(2026, 3, 3, 16, 1)), self._refused("", Exception):
            self._decide(contract, self.lawyer2)

    def _delegate_days(self, begin, end):
        row = (
            self.env[MODEL]
            .with_user(self.lawyer)
            .create({"deputy_id": self.lawyer2.id, "date_from": begin, "date_to": end})
        )
        row.with_user(self.lawyer2).action_accept()
        return row
