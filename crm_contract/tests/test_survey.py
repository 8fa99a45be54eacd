from datetime import date, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase

from ..models.satisfaction import crm_contract_survey_score
from .common import ContractCommon
from .common_doctest import check_doctests
from .test_portal import PortalCommon


class SurveyCommon(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.signatory.email = "sam@customer.example"
        cls.surveys = cls.env["crm.contract.survey"].sudo()

    def _ask(self, contract=None, **vals):
        contract = contract or self._create_signed()
        return self.surveys._ask(contract.sudo(), "regular", **vals)

    def _answer(self, row, score, comment=""):
        public = self.env["crm.contract.survey"].with_user(
            self.env.ref("base.public_user")
        )
        return public._answer(row.access_token, score, comment)


class TestSurvey(SurveyCommon):
    """Who is asked when, who is not, and what becomes of the answer."""

    def test_doctests(self):
        check_doctests(self, crm_contract_survey_score)

    def test_asked(self):
        row = self._ask()
        self.assertEqual((row.state, row.person_id), ("asked", self.signatory))
        mail = self.env["mail.mail"].search([("model", "=", row._name)])
        self.assertEqual(len(mail), 1)
        for score in range(1, 6):
            self.assertIn(f"/{row.access_token}?score={score}", mail.body_html)

    def test_not_asked(self):
        for change, why in (
            (lambda: self.signatory.write({"email": False}), "no e-mail"),
            (lambda: self.signatory.write({"contract_no_survey": True}), "no surveys"),
            (lambda: self.customer.write({"contract_no_survey": True}), "no surveys"),
            (
                lambda: self.env["mail.blacklist"]._add("sam@customer.example"),
                "unsubscribed",
            ),
        ):
            contract = self._create_signed()
            with self.subTest(why=why), self.env.cr.savepoint() as savepoint:
                change()
                row = self._ask(contract)
                self.assertEqual(row.state, "skipped")
                self.assertIn(why, row.why_not)
                self.assertFalse(
                    self.env["mail.mail"].search([("model", "=", row._name)])
                )
                savepoint.rollback()
                self.env.invalidate_all()

    def test_nobody_twice(self):
        """Whatever the contract, nobody is asked again within the days of the type."""
        self.assertEqual(self._ask().state, "asked")
        other = self._create_signed()
        self.assertIn("lately", self._ask(other).why_not)
        with freeze_time(self._days(59)):
            self.assertEqual(self._ask(other).state, "skipped")
        with freeze_time(self._days(60)):
            self.assertEqual(self._ask(other).state, "asked")

    def test_answered_once(self):
        row = self._ask()
        self._answer(row, "4", "Good work")
        self.assertEqual((row.score, row.level), (4, "great"))
        self.assertEqual((row.comment, row.state), ("Good work", "answered"))
        with self.assertRaisesRegex(UserError, "answered, or too old"):
            self._answer(row, 1)
        self.assertEqual(row.score, 4)

    def test_forged(self):
        row = self._ask()
        surveys = self.env["crm.contract.survey"].with_user(
            self.env.ref("base.public_user")
        )
        for token in ("x", "", None, False, [1], row.access_token[:-1], "a\0b", "%"):
            with self.subTest(token=token), self.assertRaises(UserError):
                surveys._answer(token, 5)
        for score in (0, 6, "x", None, "-1", 1e9):
            with self.subTest(score=score), self.assertRaisesRegex(UserError, "stars"):
                surveys._answer(row.access_token, score)
        self.assertEqual(row.state, "asked")

    def test_too_old(self):
        row = self._ask()
        with freeze_time(self._days(31)), self.assertRaises(UserError):
            self._answer(row, 5)

    def test_around_the_form(self):
        """Nobody makes, writes or reads the key of an answer, not even a manager."""
        row = self._ask()
        for user in (self.manager, self.user, self.reader):
            mine = row.with_user(user)
            for change in (
                lambda r=mine: r.write({"score": 5}),
                lambda r=mine: r.write({"state": "answered"}),
                lambda r=mine: r.read(["access_token"]),
                lambda r=mine: r.unlink(),
                lambda r=mine: r.create(
                    {"contract_id": row.contract_id.id, "reason": "regular", "score": 5}
                ),
            ):
                with self.assertRaises(AccessError):
                    change()
        for name in ("_answer", "_ask", "_find", "_get_url"):
            self.assertTrue(name.startswith("_"), "No client calls it")

    def test_anonymised(self):
        """A score stays; whose it was, and what he wrote, does not."""
        answered = self._ask()
        self._answer(answered, 4, "Call me: 555 0100")
        self.type.survey_gap_days = 0
        asked = self._ask(answered.contract_id)
        self.signatory._clear_history()
        self.assertEqual(
            (answered.score, answered.email, answered.comment), (4, False, False)
        )
        with self.assertRaises(UserError):
            self._answer(asked, 5)

    def test_rights(self):
        row = self._ask()
        stranger = self._create_user(
            "survey_stranger", "crm_contract.crm_contract_group_user"
        )
        self.assertFalse(row.with_user(stranger).has_access("read"))
        self.assertTrue(row.with_user(self.user).has_access("read"))

    def test_low_score_is_told(self):
        row = self._ask()
        contract = row.contract_id
        before = self._get_told(contract)
        self._answer(row, 2, "Nobody answers the phone")
        told = self._get_told(contract) - before
        self.assertEqual(told.user_id, self.user)
        self.assertEqual(told.summary, "Sam Signatory is not content: 2 of 5")
        self.assertIn("phone", told.note)

    def test_trend(self):
        contract = self._create_signed()
        self.type.survey_gap_days = 0
        self._answer(self._ask(contract), 5)
        self.assertEqual(contract.satisfaction, "5/5 →")
        self._answer(self._ask(contract), 3)
        contract.invalidate_recordset(["satisfaction"])
        self.assertEqual(contract.satisfaction, "3/5 ↘")
        customer = self.customer.with_user(self.user)
        self.assertEqual(customer.contract_satisfaction, "3/5 ↘")
        page = contract.env["crm.contract.overview"].get_overviews(contract.ids)[0]
        self.assertEqual((page["satisfaction"], page["is_content"]), ("3/5 ↘", True))

    def test_after_an_acceptance(self):
        contract = self._create_signed(
            milestone_ids=[Command.create({"name": "Report", "needs_acceptance": True})]
        )
        obligation = contract.milestone_ids.obligation_ids
        obligation.action_done(note="Sent")
        obligation.action_accept("Chris Chief")
        self.assertFalse(self.surveys.search([("contract_id", "=", contract.id)]))
        obligation.action_reopen("Again")
        self.type.survey_accepted = True
        obligation.action_done(note="Sent")
        obligation.action_accept("Chris Chief")
        row = self.surveys.search([("contract_id", "=", contract.id)])
        self.assertEqual((row.reason, row.obligation_id), ("accepted", obligation))


class TestSurveyPortal(SurveyCommon, PortalCommon):
    def test_page_of_the_contract(self):
        """Whoever was asked finds his question; nobody else finds it."""
        contract = self._create_signed()
        self.assertEqual(self._get_page(contract)["survey_path"], "")
        row = self._ask(contract)
        path = self._get_page(contract)["survey_path"]
        self.assertEqual(path, f"/contract/survey/{row.access_token}")
        colleague = self.signatory.copy({"name": "Colleague"})
        other = self._create_buyer("colleague", colleague)
        self.assertEqual(self._get_page(contract, other)["survey_path"], "")
        self.assertEqual(self._get_page(contract, self.user)["survey_path"], "")
        self._answer(row, 5)
        self.assertEqual(self._get_page(contract)["survey_path"], "")


class TestSurveyJobs(SurveyCommon):
    @classmethod
    def setUpClass(cls):
        freezer = freeze_time("2026-01-31 12:00")
        freezer.start()
        cls.addClassCleanup(freezer.stop)
        super().setUpClass()

    def _find(self, day, domain):
        with freeze_time(f"{day} 12:00"):
            return (
                self.env["crm.contract"].sudo().search(getattr(self.surveys, domain)())
            )

    def test_off_by_default(self):
        contract = self._create_signed()
        for name in ("_get_regular_domain", "_get_renewal_domain"):
            self.assertFalse(self._find("2030-01-01", name) & contract)

    def test_each_months(self):
        self.type.survey_months = 6
        contract = self._create_signed()
        contract.sudo().state = "running"
        self.assertFalse(self._find("2026-07-30", "_get_regular_domain") & contract)
        self.assertTrue(self._find("2026-07-31", "_get_regular_domain") & contract)
        with freeze_time("2026-07-31 12:00"):
            self._ask(contract)
        self.assertFalse(self._find("2026-12-31", "_get_regular_domain") & contract)
        self.assertTrue(self._find("2027-01-31", "_get_regular_domain") & contract)

    def test_before_the_notice_deadline(self):
        self.type.survey_ahead_days = 90
        contract = self._create_signed()
        contract.sudo().state = "running"
        notice = contract.date_notice
        self.assertGreater(notice, date(2026, 6, 1))
        early, late = notice - timedelta(days=91), notice - timedelta(days=90)
        self.assertFalse(self._find(early, "_get_renewal_domain") & contract)
        self.assertTrue(self._find(late, "_get_renewal_domain") & contract)
        with freeze_time(late):
            self.surveys._ask(contract.sudo(), "renewal")
        self.assertFalse(self._find(notice, "_get_renewal_domain") & contract)


class TestSurveyPage(SurveyCommon, HttpCase):
    """The page by the key: looking stores nothing, sending does, once."""

    def test_page(self):
        row = self._ask()
        path = f"/contract/survey/{row.access_token}"
        page = self.url_open(f"{path}?score=4")
        self.assertEqual(page.status_code, 200)
        self.assertRegex(page.text, r'value="4"\s+checked')
        self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        self.assertFalse(row.score, "Programs follow links too")
        token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
        data = {"csrf_token": token, "score": "4", "comment": "<b>Good</b>"}
        page = self.url_open(path, data=data)
        self.assertIn("Thank you", page.text)
        row.invalidate_recordset()
        self.assertEqual((row.score, row.comment), (4, "<b>Good</b>"))
        data["score"] = "1"
        self.url_open(path, data=data)
        row.invalidate_recordset()
        self.assertEqual(row.score, 4)
        page = self.url_open("/contract/survey/wrong")
        self.assertEqual(page.status_code, 404)
        self.assertIn("can't be answered", page.text.replace("&#39;", "'"))
