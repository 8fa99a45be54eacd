from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.fields import Command

from .common import RenewalCommon


class TestReminder(RenewalCommon):
    """Each reminder is sent once per contract and term."""

    def _outcomes(self, contract):
        fired = contract.sudo().fired_ids.sorted("id")
        return [(row.rung_id.days, row.outcome) for row in fired]

    def test_one_by_one(self):
        contract = self._create_running()
        deadline = contract.date_deadline
        self.assertEqual(contract.date_next_rung, deadline - timedelta(days=60))
        self._run("ladder", self._days_before(contract, 61))
        self.assertFalse(contract.fired_ids)
        self._run("ladder", self._days_before(contract, 60))
        self.assertEqual(self._outcomes(contract), [(60, "fired")])
        self.assertEqual(contract.activity_ids.user_id, self.user)
        self.assertEqual(contract.activity_ids.date_deadline, deadline)
        self.assertEqual(contract.date_next_rung, deadline - timedelta(days=30))
        self._run("ladder", self._days_before(contract, 60))
        self._run("ladder", self._days_before(contract, 31))
        self.assertEqual(len(contract.fired_ids), 1)
        self._run("ladder", self._days_before(contract, 30))
        self._run("ladder", self._days_before(contract, 7))
        self.assertEqual(
            self._outcomes(contract), [(60, "fired"), (30, "fired"), (7, "fired")]
        )
        self.assertFalse(contract.date_next_rung)

    def test_forty_days_down(self):
        contract = self._create_running()
        self._run("ladder", self._days_before(contract, 20))
        self.assertEqual(self._outcomes(contract), [(60, "missed"), (30, "fired")])
        self.assertEqual(len(contract.activity_ids), 1)
        self.assertIn("60 days", contract.activity_ids.note)

    def test_followers(self):
        """Who follows what expires is told, once; who does not is not."""
        contract = self._create_running()
        subtype = self.env.ref("crm_contract_renewal.mt_contract_expiring")
        self._run("ladder", self._days_before(contract, 60))
        self.assertNotIn(subtype, contract.sudo().message_ids.subtype_id)
        contract.sudo().message_subscribe(self.reader.partner_id.ids, subtype.ids)
        for days in (30, 29):
            self._run("ladder", self._days_before(contract, days))
            told = contract.sudo().message_ids.filtered(
                lambda message: message.subtype_id == subtype
            )
            self.assertEqual(told.notified_partner_ids, self.reader.partner_id)
            self.assertEqual(len(told), 1)

    def test_closed_by_the_decision(self):
        contract = self._create_running()
        self._run("ladder", self._days_before(contract, 60))
        contract._decide_renewal("expire", "Too dear")
        self.assertFalse(contract.activity_ids)
        self.assertFalse(contract.date_next_rung)
        self._run("ladder", self._days_before(contract, 1))
        self.assertEqual(len(contract.fired_ids), 1)

    def test_moved_with_the_dates(self):
        contract = self._create_running(is_open_ended=True)
        self._run("ladder", self._days_before(contract, 60))
        deadline = contract.date_deadline
        with freeze_time(deadline - timedelta(days=60)):
            contract.date_review = deadline - timedelta(days=10)
            self.assertEqual(
                contract.activity_ids.date_deadline, contract.date_deadline
            )
        # It is taken for sent: nobody is told of 60 days twice.
        self._run("ladder", self._days_before(contract, 40))
        self.assertEqual(len(contract.activity_ids), 1)
        self.assertEqual(self._outcomes(contract), [(60, "fired")])
        # Long before the new deadline, there is nothing to remind of.
        contract.date_review = self._days(200)
        self.assertFalse(contract.activity_ids)
        # Another deadline is another term: its reminders are sent anew.
        self.assertEqual(
            contract.date_next_rung, contract.date_deadline - timedelta(days=60)
        )

    def test_recipients(self):
        leader = self._create_user(
            "contract_leader", "crm_contract.crm_contract_group_user_all"
        )
        team = self.env["crm.team"].create({"name": "Team", "user_id": leader.id})
        group = self.env.ref("crm_contract.crm_contract_group_manager")
        self.type.rung_ids = [
            Command.clear(),
            Command.create({"name": "Leader", "days": 60, "recipient": "leader"}),
            Command.create(
                {
                    "name": "Group",
                    "days": 30,
                    "recipient": "group",
                    "group_id": group.id,
                }
            ),
        ]
        contract = self._create_running()
        contract.sudo().team_id = team
        self._run("ladder", self._days_before(contract, 60))
        self.assertEqual(contract.activity_ids.user_id, leader)
        self._run("ladder", self._days_before(contract, 30))
        self.assertIn(self.manager, contract.activity_ids.user_id)

    def test_customer_only_when_the_type_says_so(self):
        template = self.env.ref("crm_contract_renewal.mail_template_deadline")
        with self._refused("mail template", ValidationError):
            self.type.rung_ids[0].recipient = "customer"
        self.type.rung_ids[0].write(
            {"recipient": "customer", "template_id": template.id}
        )
        self.signatory.email = "sam@customer.example"
        contract = self._create_running()
        before = (
            self.env["mail.mail"].sudo().search([], limit=1, order="id desc").id or 0
        )
        self._run("ladder", self._days_before(contract, 60))
        mails = self.env["mail.mail"].sudo().search([("id", ">", before)])
        self.assertEqual(mails.recipient_ids, self.signatory)
        self.assertFalse(contract.activity_ids)

    def test_template_that_divides_by_zero(self):
        """It stops the reminders of its own contracts alone, and somebody is told."""
        template = self.env.ref("crm_contract_renewal.mail_template_deadline").copy(
            {"body_html": '<p t-out="1 / 0"/>'}
        )
        other_type = self.type.copy({"code": "ZERO"})
        other_type.rung_ids.template_id = template
        good = self._create_running()
        bad = self._create_running(type_id=other_type.id)
        good |= self._create_running()
        self._run("ladder", self._days_before(bad, 60))
        for contract in good:
            self.assertEqual(self._outcomes(contract), [(60, "fired")])
            self.assertEqual(len(contract.activity_ids), 1)
        self.assertFalse(bad.fired_ids)
        self.assertIn("template", bad.job_problem)
        self.assertEqual(bad.activity_ids.user_id, self.user)
        self.assertIn("template", bad.activity_ids.note)
        template.body_html = "<p>Soon</p>"
        self._run("ladder", self._days_before(bad, 59))
        self.assertEqual(self._outcomes(bad), [(60, "fired")])
        self.assertFalse(bad.job_problem)
        self.assertEqual(bad.activity_ids.summary, "60 days")

    def test_salesperson_left(self):
        """Reminders go to somebody who is there."""
        contract = self._create_running()
        self.user.active = False
        contract = contract.sudo()
        self._run("ladder", self._days_before(contract, 60))
        user = contract.activity_ids.user_id
        self.assertTrue(user.active)
        self.assertTrue(user.has_group("crm_contract.crm_contract_group_manager"))

    def test_archived_and_blind_people_are_skipped(self):
        """Salesperson left, the leader lost his rights: who is responsible is told."""
        leader = self._create_user("contract_blind_leader", "base.group_user")
        team = self.env["crm.team"].create({"name": "Team", "user_id": leader.id})
        self.type.responsible_id = self.user_all
        self.type.rung_ids.recipient = "leader"
        contract = self._create_running()
        contract.sudo().team_id = team
        self._tamper(self.user, active=False)
        self._run("ladder", self._days_before(contract, 60))
        self.assertEqual(contract.activity_ids.user_id, self.user_all)

    def test_group_without_anybody_who_may_read(self):
        blind = self.env["res.groups"].create(
            {"name": "Blind", "user_ids": [Command.set(self.salesman.ids)]}
        )
        self.type.rung_ids.write({"recipient": "group", "group_id": blind.id})
        contract = self._create_running()
        self._run("ladder", self._days_before(contract, 60))
        self.assertEqual(contract.activity_ids.user_id, self.user)

    def test_nobody_is_there(self):
        """It is not taken for sent, and comes when somebody is there again."""
        contract = self._create_running()
        model = self.env.registry["crm.contract"]
        nobody = self.env["res.users"]
        with patch.object(model, "_is_readable_by", lambda contract, user: False):
            self._run("ladder", self._days_before(contract, 60))
        self.assertFalse(contract.fired_ids)
        self.assertIn("reaches nobody", contract.sudo().job_problem)
        self._run("ladder", self._days_before(contract, 59))
        self.assertEqual(self._outcomes(contract), [(60, "fired")])
        self.assertNotEqual(contract.activity_ids.user_id, nobody)

    def test_customer_without_an_address(self):
        template = self.env.ref("crm_contract_renewal.mail_template_deadline")
        self.type.rung_ids.write({"recipient": "customer", "template_id": template.id})
        (self.signatory | self.customer).email = False
        contract = self._create_running()
        self._run("ladder", self._days_before(contract, 60))
        self.assertEqual(contract.activity_ids.user_id, self.user)
        self.assertIn("no e-mail address", contract.activity_ids.note)

    def test_goes_with_the_end(self):
        contract = self._create_running()
        self._run("ladder", self._days_before(contract, 60))
        self.assertTrue(contract.activity_ids)
        self._end(contract, reason="terminated", date=self.today, note="Over")
        self.assertNotIn("60 days", contract.activity_ids.mapped("summary"))

    def test_job_removes_what_is_stale(self):
        """As left by an earlier release, or by a change that nobody announced."""
        contract = self._create_running()
        self._run("ladder", self._days_before(contract, 60))
        day = self._days_before(contract, 59)
        self._tamper(contract, date_deadline=self._days(999))
        self._run("ladder", day)
        self.assertFalse(contract.activity_ids)

    def test_condition(self):
        self.type.rung_ids[0].domain = "[('amount_total', '>', 1000000)]"
        contract = self._create_running()
        self._run("ladder", self._days_before(contract, 60))
        self.assertEqual(self._outcomes(contract), [(60, "skipped")])
        self.assertFalse(contract.activity_ids)
        with self._refused("can't be evaluated", ValidationError):
            self.type.rung_ids[0].domain = "[('nothing', '=', 1)]"

    def test_clients_write_no_record(self):
        contract = self._create_running()
        self._run("ladder", self._days_before(contract, 60))
        for user in (self.user, self.manager):
            for change in (
                lambda user=user: contract.fired_ids.with_user(user).unlink(),
                lambda user=user: contract.fired_ids.with_user(user).write(
                    {"outcome": "missed"}
                ),
                lambda user=user: contract.with_user(user).write(
                    {"date_next_rung": False}
                ),
            ):
                with self._refused("", Exception):
                    change()
