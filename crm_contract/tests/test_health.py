import json
from contextlib import contextmanager
from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import SQL, mute_logger

from ..cli import contract_health
from ..models.health import crm_contract_health_job
from ..models.health.crm_contract_health import Check
from .test_ledger import RecurringCommon

TODAY = "2026-01-10"


class HealthCommon(RecurringCommon):
    """Checks are looked at in the company of the test; jobs belong to none."""

    def _find(self, name):
        """Return the records that a check finds in the company."""
        health = self.env["crm.contract.health"].sudo()
        check = health._get_check(name)
        ids = health._find_ids(check, self.company, 1000)
        records = self.env[check.model].sudo().browse(ids)
        count = health._count(check)
        self.assertEqual(
            len(ids), count.get(self.company.id, 0) + count.get(None, 0), name
        )
        return records

    def assert_sound(self, *others):
        """Nothing is found by any check, but by the others named."""
        health = self.env["crm.contract.health"].sudo()
        found = {
            check.name: count
            for check in health._get_checks()
            if (count := health._count(check).get(self.company.id, 0))
        }
        self.assertEqual(set(found), set(others), found)

    @contextmanager
    def _found(self, name, record):
        """What happens inside makes a check find a record, and this one alone."""
        self.env.flush_all()
        self.assertNotIn(record.id, self._find(name).ids, name)
        yield
        self.env.invalidate_all()
        self.assertIn(record.id, self._find(name).ids, name)

    def _set(self, record, **columns):
        self._tamper(record, **columns)

    def _free(self, table, *constraints):
        """Let the database take what its constraints refuse."""
        for name in constraints:
            self.env.cr.execute(
                SQL(
                    "ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s",
                    SQL.identifier(table),
                    SQL.identifier(name),
                )
            )
            self.env.cr.execute(SQL("DROP INDEX IF EXISTS %s", SQL.identifier(name)))


@freeze_time(TODAY)
class TestHealthBooks(HealthCommon):
    """The ledger against the books."""

    def setUp(self):
        super().setUp()
        self.contract = self._create_signed()
        self.row = self.contract.installment_ids.sorted("sequence")[:1]
        self.contract.action_create_invoice()
        self.invoice = self.contract.sudo().invoice_ids
        self.line = self.invoice.invoice_line_ids.filtered("installment_id")
        self.row = self.line.installment_id

    def test_sound(self):
        self.assert_sound()
        self._post(self.invoice)
        self._pay(self.invoice)
        self.assert_sound()
        self._credit(self.invoice)
        self.assert_sound()

    def test_amount(self):
        with self._found("books_amount", self.row):
            self._set(self.row, amount_invoiced=1)

    def test_amount_of_a_line_that_vanished(self):
        with self._found("books_amount", self.row):
            self._set(self.line, installment_id=None)

    def test_difference(self):
        with self._found("books_difference", self.row):
            self.line.price_unit += 1
            self.env.flush_all()
        self.assertFalse(self._find("books_amount"))

    def test_twice(self):
        with self._found("books_twice", self.row):
            other = self.invoice.copy()
            self._set(other, contract_id=self.contract.id)
            self._set(other.invoice_line_ids[:1], installment_id=self.row.id)

    def test_paid(self):
        self._post(self.invoice)
        with self._found("books_paid", self.row):
            self._set(self.row, amount_paid=self.row.amount, amount_open=0)

    def test_paid_in_the_books(self):
        self._post(self.invoice)
        self._pay(self.invoice)
        with self._found("books_paid", self.row):
            self._set(self.row, amount_paid=0, amount_open=self.row.amount)

    def test_foreign(self):
        other = self.customer.copy({"name": "Other Corp"})
        with self._found("books_foreign", self.row):
            self._set(self.invoice, partner_id=other.id, commercial_partner_id=other.id)

    def test_invoice_address(self):
        """An address of the customer, or another payer, is as agreed."""
        payer = self.customer.copy({"name": "Payer Corp"})
        contract = self._create_signed(partner_invoice_id=payer.id)
        contract.action_create_invoice()
        self.assertEqual(contract.sudo().invoice_ids.partner_id, payer)
        self.assert_sound()

    def test_unsigned(self):
        with self._found("books_unsigned", self.row):
            self._set(self.contract, state="to_sign")

    def test_unlinked(self):
        with self._found("books_unlinked", self.contract):
            self._set(self.line, installment_id=None)


@freeze_time(TODAY)
class TestHealthLedger(HealthCommon):
    """The ledger by itself."""

    def setUp(self):
        super().setUp()
        self.recurring = self._create_recurring()
        self.rows = self._get_rows(self.recurring)
        # States are those of today, not of the day on which a test looks.
        self.env.flush_all()

    def test_sound(self):
        """In each state, suspended and resumed, ended, extended."""
        self.env["ir.config_parameter"].set_param("crm_contract.health_days", 1000)
        self._create_recurring(duration=48)
        self._create_recurring(date(2026, 1, 31), free_periods=2)
        self._create_recurring(date(2026, 3, 1), billed_in="arrears")
        for state in ("draft", "to_sign", "suspended", "ended", "cancelled"):
            self._in_state(state)
        suspended = self._create_recurring()
        suspended.action_suspend()
        self.assert_sound()
        with freeze_time("2026-04-20"):
            suspended.action_resume()
            self.env["crm.contract.schedule"]._get_steps()
            self.assertFalse(self._find("days_left_out"))
            self._end(self.recurring, reason="terminated", note="Moves abroad")
            self.assertFalse(self._find("periods_missing"))
            self.assertFalse(self._find("after_end"))

    def test_due_not_billed(self):
        with freeze_time("2026-01-08"):
            self.assertFalse(self._find("due_not_billed"))
        with freeze_time("2026-01-09"):
            self.assertEqual(self._find("due_not_billed"), self.rows[0])
        self.env["ir.config_parameter"].set_param("crm_contract.health_days", 30)
        with freeze_time("2026-01-09"):
            self.assertFalse(self._find("due_not_billed"))
        self.env["ir.config_parameter"].set_param("crm_contract.health_days", "soon")
        with freeze_time("2026-01-09"):
            self.assertEqual(self._find("due_not_billed"), self.rows[0])

    def test_fall_due(self):
        with freeze_time("2026-02-02"):
            self.assertFalse(self._find("fall_due"))
        with freeze_time("2026-02-03"):
            self.assertEqual(self._find("fall_due"), self.rows[1])

    def test_after_end(self):
        with self._found("after_end", self.rows[0]):
            self._set(
                self.recurring,
                state="ended",
                date_ended="2026-01-05",
                end_reason="terminated",
            )
            self._set(self.rows[0], is_beyond_end=True)

    def test_plan_sum(self):
        contract = self._create_signed()
        with self._found("plan_sum", contract):
            self._set(contract.installment_ids[0], amount=1)

    def test_days_twice(self):
        self._free(
            "crm_contract_installment",
            "crm_contract_installment__period_uniq",
            "crm_contract_installment__days_once",
            "crm_contract_installment_period_uniq",
            "crm_contract_installment_days_once",
        )
        with self._found("days_twice", self.rows[1]):
            self._set(self.rows[1], period_start="2026-01-31")

    def test_days_twice_behind_a_long_one(self):
        self._free(
            "crm_contract_installment",
            "crm_contract_installment_period_uniq",
            "crm_contract_installment_days_once",
        )
        self._set(self.rows[0], period_end="2026-03-15")
        self.assertEqual(self._find("days_twice"), self.rows[1] + self.rows[2])

    def test_days_left_out(self):
        with self._found("days_left_out", self.rows[2]):
            self._set(self.rows[3], period_start="2026-04-02")

    def test_suspended_days(self):
        """Days of a suspension are left out rightly, one more is not."""
        self._set(self.rows[3], period_start="2026-04-11", days_billed=20)
        self.assertEqual(self._find("days_left_out"), self.rows[2])
        pause = self.env["crm.contract.suspension"].create(
            {
                "contract_id": self.recurring.id,
                "date_start": "2026-04-01",
                "date_end": "2026-04-10",
            }
        )
        self.assertFalse(self._find("days_left_out"))
        self._set(pause, date_end="2026-04-09")
        self.assertEqual(self._find("days_left_out"), self.rows[2])
        self._set(pause, date_end="2026-04-10")
        self.type.bill_suspended = True
        self.env.flush_all()
        self.assertEqual(self._find("days_left_out"), self.rows[2])

    def test_horizon(self):
        contract = self._create_recurring(duration=48)
        self.assertEqual(str(contract.date_ledger), "2027-01-10")
        with freeze_time("2026-02-11"):
            self.assertFalse(self._find("horizon"))
        with freeze_time("2026-02-12"):
            self.assertEqual(self._find("horizon"), contract)

    def test_periods_missing(self):
        with self._found("periods_missing", self.recurring.line_ids):
            self.env.cr.execute(
                "DELETE FROM crm_contract_installment WHERE id = %s", self.rows[-1].ids
            )

    def test_all_periods_missing(self):
        with self._found("periods_missing", self.recurring.line_ids):
            self.env.cr.execute(
                "DELETE FROM crm_contract_installment WHERE id IN %s", [self.rows._ids]
            )

    def test_rows_foreign(self):
        other = self._create_recurring()
        with self._found("rows_foreign", self.rows[0]):
            self._set(self.rows[0], contract_id=other.id)


@freeze_time(TODAY)
class TestHealthState(HealthCommon):
    """States that no path leads to, and days that passed."""

    def test_state_version(self):
        for state, target in (
            ("draft", "to_sign"),
            ("to_sign", "signed"),
            ("running", "draft"),
            ("running", "review"),
            ("to_sign", "cancelled"),
        ):
            contract = self._in_state(state)
            with self._found("state_version", contract):
                self._set(contract, state=target)

    def test_version_of_another(self):
        contract, other = self._in_state("running"), self._in_state("running")
        with self._found("state_version", contract):
            self._set(contract, version_id=other.version_id.id)

    def test_version_withdrawn(self):
        contract = self._in_state("to_sign")
        with self._found("state_version", contract):
            self._set(contract.version_id, state="withdrawn")

    def test_state_dates(self):
        for state, columns in (
            ("ended", {"date_ended": None}),
            ("ended", {"end_reason": None}),
            ("running", {"date_ended": "2026-01-01", "end_reason": "expired"}),
            ("running", {"date_signed": None}),
            ("draft", {"date_signed": "2026-01-01"}),
            ("to_sign", {"number": None}),
            ("running", {"state": "nowhere"}),
        ):
            contract = self._in_state(state)
            with self._found("state_dates", contract):
                self._set(contract, **columns)

    def test_state_suspension(self):
        suspended, running = self._in_state("suspended"), self._in_state("running")
        with self._found("state_suspension", suspended):
            self._set(suspended.suspension_ids, date_end="2026-01-10")
        with self._found("state_suspension", running):
            self.env["crm.contract.suspension"].create(
                {"contract_id": running.id, "date_start": "2026-01-01"}
            )

    def test_not_started(self):
        contract = self._in_state("signed")
        with freeze_time("2026-01-21"):
            self.assertFalse(self._find("not_started"))
        with freeze_time("2026-01-22"):
            self.assertEqual(self._find("not_started"), contract)

    def test_past_end(self):
        contract = self._in_state("running")
        with freeze_time("2027-01-10"):
            self.assertFalse(self._find("past_end"))
        with freeze_time("2027-01-12"):
            self.assertEqual(self._find("past_end"), contract)

    def test_suspended_long(self):
        contract = self._in_state("suspended")
        with freeze_time("2026-07-09"):
            self.assertFalse(self._find("suspended_long"))
        with freeze_time("2026-07-10"):
            self.assertEqual(self._find("suspended_long"), contract)
        self.env["ir.config_parameter"].set_param(
            "crm_contract.health_suspended_days", 365
        )
        with freeze_time("2026-07-10"):
            self.assertFalse(self._find("suspended_long"))

    def test_version_gaps(self):
        contract = self._in_state("to_sign")
        contract.action_withdraw()
        contract.action_submit()
        first, second = contract.version_ids.sorted("number")
        with self._found("version_gaps", second):
            self._set(contract.version_ids, base_id=None)
            for table in ("crm_contract_document", "crm_contract_event"):
                self.env.cr.execute(
                    f"UPDATE {table} SET version_id = NULL WHERE version_id = %s",
                    [first.id],
                )
            self.env.cr.execute(
                "DELETE FROM crm_contract_version WHERE id = %s", [first.id]
            )

    def test_signature_gap(self):
        version = self._in_state("running").version_id
        with self._found("version_gaps", version):
            self._set(version, position=2)

    def test_number_gaps(self):
        first, second, third = (self._in_state("to_sign") for _number in range(3))
        with self._found("number_gaps", third):
            self._set(second, number=None, sequence_prefix=None, sequence_number=0)
        self._set(first, number=None)
        self.assertEqual(self._find("number_gaps"), third)


@freeze_time(TODAY)
class TestHealthPeople(HealthCommon):
    def setUp(self):
        super().setUp()
        self.contract = self._in_state("running")

    def test_activities(self):
        activity = self.contract.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.user_all.id
        )
        with self._found("activities_archived", activity):
            self._set(self.user_all, active=False)
        activity.action_done()
        self.assertFalse(self._find("activities_archived"))

    def test_salesperson(self):
        with self._found("salesperson_archived", self.contract):
            self._set(self.contract.user_id, active=False)
        self._set(self.contract.user_id, active=True)
        with self._found("salesperson_archived", self.contract):
            self._set(self.contract, user_id=None)

    def test_customer(self):
        with self._found("customer_archived", self.contract):
            self._set(self.customer, active=False)


@freeze_time(TODAY)
class TestHealthSetup(HealthCommon):
    def setUp(self):
        super().setUp()
        self.contract = self._in_state("running")

    def test_jobs_failed(self):
        _job, step = self.env["crm.contract.job"]._find_step("expire")
        failures = self.env["crm.contract.job.failure"]
        self.assertFalse(self._find("jobs_failed"))
        failures._note(step, {self.contract: "Too dear"})
        self.assertEqual(self._find("jobs_failed").reason, "Too dear")

    def test_jobs_late(self):
        job = self.env.ref("crm_contract.ir_cron_bill")
        self.env.flush_all()
        now = fields.Datetime.now()
        self.env.cr.execute(
            "UPDATE ir_cron SET nextcall = %s, failure_count = 0, active = true", [now]
        )
        for columns in (
            {"nextcall": fields.Datetime.subtract(now, days=1, minutes=1)},
            {"active": False},
            {"failure_count": 1},
        ):
            before = {name: job[name] for name in columns}
            with self._found("jobs_late", job):
                self._set(job, **columns)
            self._set(job, **before)

    def test_currency(self):
        currency = self.env["res.currency"].create({"name": "XHC", "symbol": "x"})
        rate = self.env["res.currency.rate"].create(
            {"currency_id": currency.id, "rate": 2, "company_id": self.company.id}
        )
        self._set(self.contract, currency_id=currency.id)
        self.assertFalse(self._find("currency_rates"))
        with self._found("currency_rates", self.contract):
            rate.unlink()
            self.env.flush_all()

    def test_journal(self):
        journals = self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", self.company.id)]
        )
        with self._found("companies_without_journal", self.contract):
            self._set(journals, active=False)

    def test_sequences(self):
        for columns in (
            {"sequence_prefix": "TST/2025/"},
            {"sequence_number": 99},
            {"sequence_prefix": None},
        ):
            contract = self._in_state("to_sign")
            with self._found("sequences", contract):
                self._set(contract, **columns)


@freeze_time(TODAY)
class TestHealthScan(HealthCommon):
    """What is read record by record: in batches, and on from where it stopped."""

    def setUp(self):
        super().setUp()
        self.contract = self._in_state("running")
        self.version = self.contract.version_id
        self.document = self.contract.document_ids.filtered(
            lambda row: row.kind == "text"
        )
        self.checks = self.env["crm.contract.health.check"].sudo()

    def _run(self, *names):
        self.env.flush_all()
        self.env["crm.contract.health.check"]._sync()
        with patch.object(
            self.env.registry["ir.cron"], "_commit_progress", self._progress
        ):
            self.env["crm.contract.health.job"].sudo()._run(*names)
        self.env.invalidate_all()

    def _progress(self, *_args, **_kwargs):
        return 100

    def _findings(self, name):
        self.checks.search([("name", "=", name)]).date_next = False
        self._run()
        found = self.env["crm.contract.health.finding"].sudo().search([])
        found = found.filtered(lambda row: row.scan == name)
        self.assertEqual(self._find(name), found)
        return found

    def test_sound(self):
        self._run()
        self.assertFalse(self.env["crm.contract.health.finding"].sudo().search([]))
        self.assertTrue(all(row.date_looked for row in self.checks.search([])))

    def test_version(self):
        content = self.version.sudo().content
        self._set(self.version, content=content + " ")
        finding = self._findings("version_bytes")
        self.assertEqual(finding._get_record(), self.version)
        self.assertEqual(finding.action_open_record()["res_id"], self.version.id)
        self._set(self.version, content=content)
        self.assertFalse(self._findings("version_bytes"))

    def test_file_changed(self):
        attachment = (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "crm.contract.document"),
                    ("res_id", "=", self.document.id),
                    ("res_field", "=", "file"),
                ]
            )
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ir_attachment SET db_datas = %s, store_fname = NULL WHERE id = %s",
            [b"other bytes", attachment.id],
        )
        self.env.invalidate_all()
        finding = self._findings("document_files")
        self.assertEqual(finding._get_record(), self.document)
        self.assertIn("another hash", finding.reason)

    def test_file_missing(self):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ir_attachment SET db_datas = NULL, store_fname = 'no/such'"
            " WHERE res_model = 'crm.contract.document' AND res_id = %s",
            [self.document.id],
        )
        self.env.invalidate_all()
        with mute_logger("odoo.addons.base.models.ir_attachment"):
            finding = self._findings("document_files")
        self.assertIn("missing", finding.reason)
        self.assertEqual(finding.company_id, self.company)

    def test_chain(self):
        events = self.env["crm.contract.event"].sudo()
        last = events.search([("contract_id", "=", self.contract.id)], limit=1)
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM crm_contract_event WHERE id = %s", [last.id])
        self.env.invalidate_all()
        finding = self._findings("events")
        self.assertEqual(finding._get_record(), self.contract)
        self.assertIn("chain", finding.reason)

    def test_content(self):
        self._set(self.contract.line_ids, quantity=7)
        finding = self._findings("content")
        self.assertEqual(finding._get_record(), self.contract)
        self.assertIn("7", finding.reason)

    def test_key_is_missing(self):
        """What can't be read is a finding, not a job that failed a thousand times."""

        def fail(documents):
            raise ValueError("No key")

        model = self.env.registry["crm.contract.document"]
        with patch.object(model, "_get_digests", fail):
            findings = self._findings("document_files")
        self.assertIn("No key", findings[0].reason)
        self.assertFalse(self.env["crm.contract.job.failure"].sudo().search([]))

    def test_goes_on_where_it_stopped(self):
        self._in_state("running")
        check = self.checks.search([("name", "=", "document_files")])
        check.date_next = False
        seen = []
        model = self.env.registry["crm.contract.document"]
        times = iter([100] + [0] * 99)

        def stop(*_args, **_kwargs):
            return next(times)

        def judge(documents):
            seen.extend(documents.ids)
            return {document: document.sha256 for document in documents}

        with (
            patch.object(crm_contract_health_job, "CHUNK", 1),
            patch.object(model, "_get_digests", judge),
        ):
            with patch.object(self.env.registry["ir.cron"], "_commit_progress", stop):
                self.env["crm.contract.health.job"].sudo()._run(
                    "health_document_files", "health"
                )
            self.assertEqual(check.position, max(seen))
            self.assertFalse(check.date_next)
            first = list(seen)
            self._run("health_document_files", "health")
        documents = self.env["crm.contract.document"].sudo().search([])
        self.assertTrue(first)
        self.assertLess(len(first), len(documents))
        self.assertEqual(sorted(seen), sorted(documents.ids))
        self.assertEqual(check.position, 0)
        self.assertEqual(str(check.date_next), "2026-01-11")
        weekly = self.checks.search([("name", "=", "version_bytes")])
        self._run()
        self.assertEqual(str(weekly.date_next), "2026-01-16")


@freeze_time(TODAY)
class TestHealthLook(HealthCommon):
    """The page, the weekly job and who is told."""

    def setUp(self):
        super().setUp()
        self.contract = self._create_later()
        self.checks = self.env["crm.contract.health.check"].with_user(self.manager)
        self.checks.sudo()._sync()
        self.check = self.checks.search([("name", "=", "state_dates")])

    def _create_later(self):
        """Return a running contract of which nothing falls due in the test."""
        row = {"name": "All", "percentage": 100, "date": "2026-12-01"}
        return self._in_state("running", installment_ids=[Command.create(row)])

    def _break(self):
        self._set(self.contract, date_signed=None)

    def test_look_now(self):
        self._break()
        self.assertEqual(self.check.count, 0)
        params = self.checks.action_look()["params"]
        self.assertEqual(params["type"], "warning")
        self.assertEqual(self.check.count, 1)
        self.assertEqual(str(self.check.date_since), TODAY)
        self.assertTrue(self.check.date_looked)
        self.assertIn(self.check, self.checks.search([("count", ">", 0)]))
        self.assertNotIn(self.check, self.checks.search([("count", "=", 0)]))
        action = self.check.action_open()
        found = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(found, self.contract)
        self._set(self.contract, date_signed="2026-01-10")
        self.check.action_look()
        self.assertEqual((self.check.count, self.check.count_before), (0, 1))
        self.assertFalse(self.check.date_since)

    def test_all_have_words(self):
        checks = self.checks.search([])
        self.assertGreaterEqual(len(checks), 30)
        for check in checks:
            self.assertTrue(check.advice, check.name)
            self.assertNotEqual(check.label, check.name)

    def test_who_may(self):
        system = self._create_user("contract_system", "base.group_system")
        check = self.check.with_user(system)
        self._break()
        check.action_look()
        self.assertEqual(
            check.with_context(allowed_company_ids=self.company.ids).count, 1
        )
        self.assertFalse(check.can_open)
        with self.assertRaises(UserError):
            check.action_open()
        for user in (self.user, self.user_all, self.reader, self.accountant):
            with self.assertRaises(AccessError):
                self.check.with_user(user).read(["count"])
            with self.assertRaises(AccessError):
                self.check.with_user(user).action_look()
            with self.assertRaises(AccessError):
                self.check.with_user(user).action_open()
        jobs = self.checks.search([("name", "=", "jobs_late")])
        self.assertFalse(jobs.can_open)
        self.assertTrue(jobs.with_user(system).can_open)

    def test_nobody_writes(self):
        for change in (
            lambda: self.check.write({"date_looked": False}),
            self.check.unlink,
            lambda: self.checks.create({"name": "x"}),
        ):
            with self.assertRaises(AccessError):
                change()

    def test_other_company(self):
        other = self._create_company("Other Ltd")
        manager = self._create_user(
            "other_manager", "crm_contract.crm_contract_group_manager", other
        )
        self._break()
        self.check.action_look()
        theirs = self.check.with_user(manager).with_context(
            allowed_company_ids=other.ids
        )
        self.assertEqual(theirs.count, 0)
        self.assertEqual(theirs.action_open()["domain"], [("id", "in", [])])
        self.assertNotIn(theirs, theirs.search([("count", ">", 0)]))

    def test_check_that_fails(self):
        """The others are looked at, and who asks is told."""
        health = self.env.registry["crm.contract.health"]
        broken = Check(
            "state_dates", "Broken", "-", "crm.contract", lambda: SQL("SELECT nothing")
        )
        with (
            patch.object(health, "_get_job_checks", lambda health: [broken]),
            mute_logger(
                "odoo.sql_db", "odoo.addons.crm_contract.models.job.crm_contract_job"
            ),
        ):
            params = self.checks.action_look()["params"]
        self.assertNotIn("Broken", params["message"])

    def test_rows_of_add_ons_that_are_gone(self):
        self.env.cr.execute(
            "INSERT INTO crm_contract_health_check (name) VALUES ('gone')"
        )
        row = self.checks.search([("name", "=", "gone")])
        self.assertEqual(row.label, "gone")
        with self.assertRaises(UserError):
            row.action_open()
        self.checks.sudo()._sync()
        self.assertFalse(row.exists())

    def test_many(self):
        """No more are opened than a browser can bear."""
        self._in_state("running")
        self._set(self.env["crm.contract"].search([]), date_signed=None)
        module = "odoo.addons.crm_contract.models.health.crm_contract_health_check"
        with patch(f"{module}.OPENED", 1):
            action = self.check.action_open()
        self.assertEqual(len(action["domain"][0][2]), 1)
        self.assertIn("first 1", action["name"])

    def _run_job(self, day=TODAY):
        self.env.flush_all()
        with freeze_time(day), self.enter_registry_test_mode():
            self.env.ref("crm_contract.ir_cron_health").method_direct_trigger()
        self.env.invalidate_all()

    def _get_activities(self):
        counts = (
            self.env["crm.contract.health.count"]
            .sudo()
            .search([("company_id", "=", self.company.id)])
        )
        return counts.activity_id

    def test_weekly_job(self):
        self._run_job()
        self.assertFalse(self._get_activities())
        self._break()
        self._run_job("2026-01-12")
        self.assertEqual(self.check.count, 0)
        self._run_job("2026-01-17")
        self.assertEqual(self.check.count, 1)
        activity = self._get_activities()
        self.assertTrue(
            activity.user_id.has_group("crm_contract.crm_contract_group_manager")
        )
        self.assertIn(self.check.label, activity.note.replace("&#39;", "'"))
        self._run_job("2026-01-24")
        self.assertEqual(self._get_activities(), activity)
        activity.action_done()
        self._run_job("2026-01-31")
        self.assertFalse(self._get_activities().filtered("active"))
        second = self._create_later()
        self._set(second, date_signed=None)
        self._run_job("2026-02-07")
        again = self._get_activities().filtered("active")
        self.assertEqual(len(again), 1)
        self._set(self.contract + second, date_signed="2026-01-10")
        self._run_job("2026-02-14")
        self.assertFalse(again.exists())


@freeze_time(TODAY)
class TestHealthCommand(HealthCommon):
    """The command prints what is wrong, and its status says whether something is."""

    def _look(self, with_files=False):
        self.env.flush_all()
        command = contract_health.ContractHealth()
        results = command._look(self.env(su=True), with_files)
        for result in results:
            # What other companies of the database have is none of the test.
            mine = result["companies"].get(self.company.name, 0)
            result.update(count=mine, companies={self.company.name: mine})
        return results

    def test_sound(self):
        self._in_state("running")
        results = self._look(with_files=True)
        self.assertEqual(contract_health._get_status(results), 0)
        self.assertIn(
            f"{len(results)} checks, 0 found", contract_health._to_table(results)
        )

    def test_found(self):
        contract = self._in_state("running")
        self._set(contract, date_signed=None)
        results = self._look()
        self.assertEqual(contract_health._get_status(results), 1)
        table = contract_health._to_table(results)
        self.assertIn("[state_dates] (Supplier Ltd 1)", table)
        self.assertIn("1 found something", table)
        [found] = [
            r for r in json.loads(contract_health._to_json(results)) if r["count"]
        ]
        self.assertEqual(found["companies"], {"Supplier Ltd": 1})

    def test_files(self):
        version = self._in_state("running").version_id
        self._set(version, content=version.sudo().content + " ")
        self.assertEqual(contract_health._get_status(self._look()), 0)
        results = self._look(with_files=True)
        self.assertEqual(contract_health._get_status(results), 1)
        self.assertIn("version_bytes", contract_health._to_table(results))

    def test_check_that_fails(self):
        health = self.env.registry["crm.contract.health"]
        broken = Check(
            "x", "Broken", "-", "crm.contract", lambda: SQL("SELECT nothing")
        )
        with (
            patch.object(health, "_get_setup_checks", lambda health: [broken]),
            mute_logger("odoo.sql_db"),
        ):
            results = self._look()
        self.assertEqual(contract_health._get_status(results), 2)
        self.assertIn("1 could not be looked at", contract_health._to_table(results))
