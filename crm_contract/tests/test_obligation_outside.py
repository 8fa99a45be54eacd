from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Command
from odoo.tests import BaseCase, HttpCase

from ..tools import ics
from .common_doctest import check_doctests
from .test_books import BooksCommon
from .test_obligation import ObligationCommon
from .test_portal import PortalCommon


class TestToolsIcs(BaseCase):
    def test_doctests(self):
        check_doctests(self, ics)


class TestMissedPayment(ObligationCommon, BooksCommon):
    """What a missed payment brings about, each of them once."""

    def test_each_once(self):
        row = self._create_single(
            milestone_ids=[
                Command.create(
                    {
                        "name": "Give a security",
                        "party": "customer",
                        "trigger": "overdue",
                        "trigger_days": 10,
                    }
                )
            ]
        )
        contract = row.contract_id
        self.assertFalse(self._get_rows(contract))
        invoice = self._post(self._invoice(row))
        maturity = invoice.invoice_date_due
        with freeze_time(maturity + timedelta(days=1)):
            self._run_job()
            self._run_job()
        self.assertTrue(row.is_overdue)
        found = self._get_rows(contract)
        self.assertEqual(
            (found.name, found.side, found.state, found.installment_id),
            ("Give a security", "theirs", "open", row),
        )
        self.assertEqual(found.date_due, maturity + timedelta(days=10))
        with self.assertRaisesRegex(UserError, "one by one"):
            contract.milestone_ids.with_user(self.user).action_done()


class TestObligationPortal(ObligationCommon, PortalCommon):
    """What customers confirm and accept, and what they have nothing to say about."""

    def _confirm(self, row, answer="yes", text="", user=None, obligation=None):
        portal = self._portal(user or self.buyer)
        visit = portal._visit(row.contract_id.id)
        portal._confirm(visit, (obligation or row).id, answer, text)

    def _get_offered(self, row):
        return [each["id"] for each in self._get_page(row.contract_id)["confirmations"]]

    def test_customer_confirms(self):
        row = self._sign_with({"evidence": "confirmation"})
        with self.assertRaisesRegex(UserError, "The customer confirms"):
            row.with_user(self.user).action_done()
        with self.assertRaisesRegex(UserError, "The customer confirms"):
            row.milestone_id.with_user(self.user).action_done()
        self.assertEqual(self._get_offered(row), [row.id])
        self._confirm(row, text="All is there")
        self.assertEqual((row.state, row.confirmed_by), ("done", self.signatory.name))
        self.assertTrue(row.milestone_id.date_done)
        event = self.env["crm.contract.event"].search(
            [("contract_id", "=", row.contract_id.id)], order="number desc", limit=1
        )
        self.assertEqual(
            (event.kind, event.actor), ("obligation_done", self.signatory.name)
        )
        message = row.message_ids.filtered(lambda m: "All is there" in m.body)
        self.assertEqual(message.author_id, self.signatory)
        self.assertFalse(self._get_offered(row))
        with self.assertRaises(MissingError):
            self._confirm(row)

    def test_customer_accepts_or_not(self):
        row = self._sign_with({"needs_acceptance": True})
        self.assertFalse(self._get_offered(row))
        with self.assertRaises(MissingError):
            self._confirm(row)
        row.with_user(self.user).action_done()
        with self.assertRaisesRegex(UserError, "what is missing"):
            self._confirm(row, "no")
        self._confirm(row, "no", "Two pages")
        self.assertEqual((row.state, row.reason), ("open", "Two pages"))
        row.with_user(self.user).action_done()
        self._confirm(row)
        self.assertEqual(
            (row.state, row.accepted_by), ("accepted", self.signatory.name)
        )

    def test_wrong_side(self):
        """Customers close nothing of ours, accept nothing of theirs, reach no other."""
        ours, theirs = self._sign_with(
            {"date_deadline": self._days(1)},
            {
                "party": "customer",
                "needs_acceptance": True,
                "date_deadline": self._days(2),
            },
        )
        for row in (ours, theirs):
            with self.assertRaises(MissingError):
                self._confirm(row)
        theirs.with_user(self.user).action_done()
        with self.assertRaises(MissingError):
            self._confirm(theirs)
        foreign = self._sign_with({"evidence": "confirmation"})
        with self.assertRaises(MissingError):
            self._confirm(ours, obligation=foreign)
        self.assertEqual(foreign.state, "open")
        with self.assertRaises(MissingError):
            self._confirm(ours, obligation=self.env["crm.contract.obligation"])

    def test_our_people_confirm_nothing(self):
        row = self._sign_with({"evidence": "confirmation"})
        with self.assertRaisesRegex(UserError, "preview"):
            self._confirm(row, user=self.user)

    def test_what_is_agreed_is_told(self):
        row = self._sign_with(
            {
                "trigger": "signature",
                "trigger_days": 10,
                "days_kind": "working",
                "penalty_kind": "daily",
                "penalty_percent": 0.5,
                "penalty_cap": 10,
            }
        )
        [duty] = self._get_page(row.contract_id)["duties"]
        self.assertEqual(duty["due"], "10 working days after signature of the contract")
        self.assertEqual(
            duty["terms"],
            [
                "Penalty for delay: 0.5 % of the contract value per day, at most 10 %",
            ],
        )

    def test_words_of_when(self):
        """As they are printed, and told on the page."""
        milestones = self.env["crm.contract.milestone"]
        cases = (
            ({"trigger": "start"}, "On the first day of the contract"),
            (
                {"trigger": "overdue", "trigger_days": 1},
                "1 day after each missed payment",
            ),
            (
                {"date_deadline": "2026-03-31", "recurrence_interval": 1},
                "March 31, 2026, then every month",
            ),
            (
                {
                    "trigger": "signature",
                    "recurrence_interval": 2,
                    "recurrence_unit": "week",
                },
                "On signature of the contract, then every 2 weeks",
            ),
            ({}, ""),
        )
        for vals, text in cases:
            self.assertEqual(milestones.new(vals)._get_due_text(), text)
        waits = milestones.new({"trigger": "obligation", "trigger_days": 3})
        self.assertEqual(waits._get_due_text(["A", "B"]), "3 days after A, B")


class TestObligationFeed(HttpCase, ObligationCommon):
    """A calendar without a log-in: by a key that can be renewed, as the person."""

    def _open(self, user):
        feeds = self.env["crm.contract.obligation.feed"].with_user(user)
        action = feeds.action_open_mine()
        return feeds.browse(action["res_id"])

    def _get(self, url):
        return self.url_open("/contract" + url.partition("/contract")[2])

    def test_calendar(self):
        mine = self._sign_with(
            {"name": "Mine; all of it", "date_deadline": self._days(5)}
        )
        other = self._sign_with({"name": "Else", "date_deadline": self._days(5)})
        other.sudo().contract_id.user_id = self.user_all
        feed = self._open(self.user)
        answer = self._get(feed.url)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertIn(r"SUMMARY:Mine\; all of it", answer.text)
        self.assertIn(f"DTSTART;VALUE=DATE:{self._days(5):%Y%m%d}", answer.text)
        self.assertNotIn("Else", answer.text)
        # A new key, and the old one opens nothing.
        old = feed.url
        feed.action_renew()
        self.assertNotEqual(feed.url, old)
        self.assertEqual(self._get(old).status_code, 404)
        self.assertEqual(self._get(feed.url).status_code, 200)
        self.assertEqual(self._open(self.user), feed)
        self.assertTrue(mine)
        self.user.active = False
        self.env.flush_all()
        self.assertEqual(self._get(feed.url).status_code, 404)

    def test_nobody_elses(self):
        feed = self._open(self.user)
        for user in (self.user_all, self.manager, self.reader):
            theirs = feed.with_user(user)
            with self.assertRaises(AccessError):
                theirs.read(["url"])
            with self.assertRaises(AccessError):
                theirs.action_renew()
        with self.assertRaises(AccessError):
            feed.read(["access_token"])
        with self.assertRaises(AccessError):
            feed.write({"access_token": "known"})
        with self.assertRaises(AccessError):
            feed.create({"user_id": self.user.id})
        with self.assertRaises(AccessError):
            self._open(self.portal)
        self.assertFalse(feed.sudo().with_user(self.manager).sudo().url)

    def test_not_too_often(self):
        for _time in range(30):
            self.assertEqual(self.url_open("/contract/calendar/x.ics").status_code, 404)
        self.assertEqual(self.url_open("/contract/calendar/x.ics").status_code, 429)
