from datetime import date

from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .common import ContractCommon

# 8 March in London, 9 March in Shanghai, 8 March in Los Angeles.
EVENING = "2026-03-08 20:00:00"
# The same days on earth, but in London it is the 9th already.
NIGHT = "2026-03-09 02:00:00"
EIGHTH, NINTH = date(2026, 3, 8), date(2026, 3, 9)


class TestToday(ContractCommon):
    """Days are those of the company, whoever looks and wherever the server is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.resource_calendar_id.tz = "Asia/Shanghai"
        cls.western = cls._create_company("Western Inc")
        cls.western.resource_calendar_id.tz = "America/Los_Angeles"

    @classmethod
    def _days(cls, days):
        return EIGHTH if not days else super()._days(days)

    def _run(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("crm_contract.ir_cron_advance").method_direct_trigger()
        self.env.invalidate_all()

    def test_day_of_a_company(self):
        with freeze_time(EVENING):
            self.assertEqual(self.company._get_today(), NINTH)
            self.assertEqual(self.western._get_today(), EIGHTH)
            self.assertEqual((self.company | self.western)._get_today(), EIGHTH)
            self.assertEqual(self.env["res.company"]._get_today(), NINTH)
        with freeze_time(NIGHT):
            self.assertEqual(self.western._get_today(), EIGHTH)

    def test_no_working_hours(self):
        self.western.resource_calendar_id = False
        with freeze_time(NIGHT):
            self.assertEqual(self.western._get_today(), NINTH)

    def test_each_company_on_its_day(self):
        """Archived ones and those without working hours too, as of this moment."""
        idle = self._create_company("Idle Inc")
        idle.resource_calendar_id = False
        archived = self._create_company("Archived Inc")
        archived.write({"active": False, "company_registry": EIGHTH.isoformat()})
        archived.resource_calendar_id.tz = "Pacific/Honolulu"
        self.env["res.company"].sudo().search([]).company_registry = False
        self.company.company_registry = NINTH.isoformat()
        self.western.company_registry = EIGHTH.isoformat()
        idle.company_registry = NINTH.isoformat()
        expected = self.company | self.western | idle | archived
        companies = self.env["res.company"]

        def find():
            domain = companies.with_user(self.user)._on_days(
                lambda day: Domain("company_registry", "=", day.isoformat()), "id"
            )
            found = companies.with_context(active_test=False).sudo().search(domain)
            return found & expected

        with freeze_time(NIGHT):
            self.assertEqual(find(), expected)
            # A day that changes counts at once.
            self.western.resource_calendar_id.tz = "Asia/Tokyo"
            self.assertEqual(find(), expected - self.western)

    def test_one_day_everywhere(self):
        calendars = self.env["resource.calendar"].with_context(active_test=False)
        calendars.search([]).tz = "UTC"
        with freeze_time(NIGHT):
            domain = self.env["res.company"]._on_days(
                lambda day: Domain("number", "=", day.isoformat())
            )
        self.assertEqual(domain, Domain("number", "=", NINTH.isoformat()))

    def test_days_cost_one_query(self):
        """However many companies there are, and whatever was read of them before."""
        for name in ("North", "East", "South"):
            self._create_company(name)
        self.env.flush_all()
        self.env.invalidate_all()
        with freeze_time(NIGHT), self.assertQueryCount(1):
            self.env["res.company"]._on_days(lambda day: Domain("date_end", "<", day))

    def test_expires_when_the_day_is_over_there(self):
        vals = {"date_start": date(2026, 1, 1), "date_end": EIGHTH, "notice_period": 0}
        with freeze_time("2026-01-02"):
            contract = self._create_signed(**vals)
        with freeze_time("2026-03-08 15:59:00"):
            self._run()
            self.assertEqual(contract.state, "running")
        with freeze_time("2026-03-08 16:01:00"):
            self._run()
        self.assertEqual((contract.state, contract.date_ended), ("ended", EIGHTH))

    def test_two_companies_at_once(self):
        vals = {"date_start": date(2026, 1, 1), "date_end": EIGHTH, "notice_period": 0}
        with freeze_time("2026-01-02"):
            contract, other = self._create_signed(**vals), self._create_signed(**vals)
        self._tamper(other, company_id=self.western.id)
        both = (contract | other).sudo()
        job = self.env["crm.contract.schedule"]
        for moment, due in ((NIGHT, contract), ("2026-03-09 07:01:00", both)):
            with freeze_time(moment):
                found = both.search(job._get_expire_due_domain())
            self.assertEqual(found & both, due, moment)

    def test_falls_due_on_the_day_there(self):
        with freeze_time("2026-01-02"):
            contract = self._create_signed(date_start=date(2026, 1, 1))
            row = contract.installment_ids[-1]
            self._tamper(row, date_due=NINTH, date=NINTH)
        with freeze_time(EVENING):
            self._run()
            self.assertEqual(row.state, "due")

    def test_signature_of_a_traveller(self):
        """The user is a day behind his company."""
        self.user.tz = "Pacific/Honolulu"
        with freeze_time(EVENING):
            contract = self._submit(self._create_contract(date_start=NINTH))
            wizard = self._open_sign(contract)
            self.assertEqual(wizard.date, NINTH)
            wizard.action_sign()
            self.assertEqual(contract.state, "running")

    def test_no_signature_ahead(self):
        """The user is a day ahead of his company."""
        self.company.resource_calendar_id.tz = "America/Los_Angeles"
        self.user.tz = "Asia/Shanghai"
        with freeze_time(EVENING):
            contract = self._submit(self._create_contract(date_start=EIGHTH))
            with self.assertRaisesRegex(ValidationError, "lie in the future"):
                self._open_sign(contract, date=NINTH)
            milestone = contract.milestone_ids.create(
                {"contract_id": self._create_contract().id, "name": "Delivery"}
            )
            self._sign(milestone.contract_id)
            milestone.with_user(self.user).action_done()
            self.assertEqual(milestone.date_done, EIGHTH)
