from datetime import date
from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.fields import Command

from .common import RenewalCommon


class TestDeadlines(RenewalCommon):
    """The day until which it has to be decided what follows."""

    def _deadline(self, **vals):
        return self._create_contract(date_start=date(2026, 1, 1), **vals).date_deadline

    def test_notice(self):
        self.assertEqual(self._deadline(), date(2026, 11, 30))
        self.assertEqual(
            self._deadline(notice_period=2, notice_unit="week"), date(2026, 12, 17)
        )

    def test_working_day(self):
        # 2026-11-29 is a Sunday.
        vals = {"notice_period": 32, "notice_unit": "day"}
        self.assertEqual(self._deadline(**vals), date(2026, 11, 29))
        self.type.notice_day_rule = "previous"
        self.assertEqual(self._deadline(**vals), date(2026, 11, 27))
        self.type.notice_day_rule = "next"
        self.assertEqual(self._deadline(**vals), date(2026, 11, 30))
        self.company.resource_calendar_id.global_leave_ids = [
            Command.create(
                {
                    "name": "Holiday",
                    "date_from": "2026-11-30 00:00:00",
                    "date_to": "2026-11-30 23:00:00",
                }
            )
        ]
        self.assertEqual(self._deadline(**vals), date(2026, 12, 1))

    def test_holiday_in_shanghai(self):
        """It is kept in UTC: from four in the afternoon of the day before."""
        calendar = self.company.resource_calendar_id
        calendar.tz = "Asia/Shanghai"
        vals = {"notice_period": 32, "notice_unit": "day"}
        calendar.global_leave_ids = [
            Command.create(
                {
                    "name": "Friday",
                    "date_from": "2026-11-26 16:00:00",
                    "date_to": "2026-11-27 15:59:59",
                }
            )
        ]
        self.type.notice_day_rule = "previous"
        self.assertEqual(self._deadline(**vals), date(2026, 11, 26))

    def test_review_of_open_ended(self):
        contract = self._create_contract(
            date_start=date(2026, 2, 28), is_open_ended=True
        )
        self.assertEqual(contract.date_deadline, date(2027, 2, 28))
        contract.date_review = date(2026, 9, 1)
        self.assertEqual(contract.date_deadline, date(2026, 9, 1))

    def test_mode_from_the_type(self):
        self.type.write(
            {
                "renewal_mode": "automatic",
                "renewal_duration": 6,
                "renewal_unit": "month",
            }
        )
        contract = self._create_contract()
        self.assertEqual(contract.renewal_mode, "automatic")
        self.assertEqual(
            self.env["crm.contract.renewal"]._get_term(contract)[1:], (6, "month")
        )
        with self._refused("open-ended", ValidationError):
            contract.is_open_ended = True

    def test_evergreen_is_open_ended(self):
        with self._refused("evergreen", ValidationError):
            self._create_contract(renewal_mode="evergreen")
        self._create_contract(renewal_mode="evergreen", is_open_ended=True)

    def test_content_is_locked(self):
        contract = self._create_running()
        for vals in ({"renewal_mode": "automatic"}, {"uplift_note": "Free"}):
            with self._refused("locked"):
                contract.write(vals)

    def test_older_contracts_still_verify(self):
        """What the add-on adds is empty on contracts that were submitted before it."""
        content = self._create_contract()._get_content()["fields"]
        names = {name for name in content if "adjustment" in name}
        names |= {"renewal_mode", "renewal_duration", "renewal_unit", "uplift_note"}
        self.assertFalse([name for name in names if content[name]])

    def test_digest_is_short(self):
        """A mail has some lines, and says how many more there are; each is told once."""
        self.company.contract_deadline_digest = "weekly"
        mine = [self._create_running(user_id=self.user.id) for _place in range(3)]
        left = self._create_running(user_id=self.user.id)
        left = left.sudo()
        left.user_id = self.user_all
        self.user_all.sudo().active = False
        digest = "odoo.addons.crm_contract_renewal.models.deadline.crm_contract_digest"
        with patch(f"{digest}._LINES", 2):
            self._run("digest", self._days_before(mine[0], 80))
        mails = self.env["mail.message"].sudo()
        [mail] = mails.search([("partner_ids", "in", self.user.partner_id.ids)])
        told = [contract for contract in mine if contract.number in mail.body]
        self.assertEqual(len(told), 2)
        self.assertRegex(mail.body, r"\b1 more:")
        self.assertNotIn(left.number, mail.body)
        person = left._get_person_in_charge()
        [mail] = mails.search([("partner_ids", "in", person.partner_id.ids)])
        self.assertIn(left.number, mail.body)

    def test_risks_are_read_at_once(self):
        contracts = self.env["crm.contract"].union(
            *(self._create_running(user_id=self.user.id) for _place in range(3))
        )
        contracts = contracts.with_user(self.user)
        contracts[:1].mapped("renewal_risk")
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        contracts[:1].read(["renewal_risk"])
        one = self.env.cr.sql_log_count - before
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        contracts.read(["renewal_risk"])
        self.assertLessEqual(self.env.cr.sql_log_count - before, one)

    def test_digest(self):
        self.company.contract_deadline_digest = "weekly"
        contract = self._create_running(user_id=self.user.id)
        domain = [("partner_ids", "in", self.user.partner_id.ids)]
        mails = self.env["mail.message"].sudo()
        before = mails.search_count(domain)
        self._run("digest")
        self.assertEqual(mails.search_count(domain), before)
        near = self._days_before(contract, 80)
        for days, number in ((near, 1), (near, 1), (near + 8, 2)):
            self._run("digest", days)
            self.assertEqual(mails.search_count(domain) - before, number)
        self.assertIn(contract.number, mails.search(domain, limit=1).body)
