from contextlib import contextmanager
from datetime import date, timedelta
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .test_seal_register import PaperCommon

FILING = "crm_contract.mail_activity_type_filing"
CLOSING = "crm_contract.mail_activity_type_closing"


class ArchiveCommon(PaperCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.archivist = cls._create_user(
            "contract_archivist", "crm_contract.crm_contract_group_archivist"
        )
        cls.borrower = cls.env["res.partner"].create({"name": "Lena Lawyer"})

    def _get_file(self, contract, user=None):
        rows = self.env["crm.contract.archive"].with_user(user or self.archivist)
        return rows.search([("contract_id", "=", contract.id)])

    @contextmanager
    def _refused(self, words):
        """Something is refused with these words, and nothing is left of it."""
        with self.assertRaisesRegex(UserError, words), self.env.cr.savepoint():
            yield
        self.env.invalidate_all()

    @contextmanager
    def _check_violated(self):
        """The database refuses it, whatever the code would let through."""
        with (
            self.assertRaises(CheckViolation),
            self.env.cr.savepoint(),
            mute_logger("odoo.sql_db"),
        ):
            yield

    def _file(self, contract, **vals):
        archive = self._get_file(contract)
        archive.write({"originals": 2, "place": "Room 1, shelf 3", "box": "7", **vals})
        archive.action_file()
        return archive

    def _lend(self, archive, **vals):
        return (
            self.env["crm.contract.archive.loan"]
            .with_user(self.archivist)
            .create(
                {
                    "archive_id": archive.id,
                    "partner_id": self.borrower.id,
                    "purpose": "Court",
                    "date_due": self._days(7),
                    **vals,
                }
            )
        )

    def _get_reminders(self, contract, kind=FILING):
        return self.env["mail.activity"].search(
            [
                ("res_model", "=", "crm.contract"),
                ("res_id", "=", contract.id),
                ("activity_type_id", "=", self.env.ref(kind).id),
            ]
        )

    def _pay_all(self, contract):
        """Leave nothing open of the plan, as if it had been billed and paid."""
        rows = contract.sudo().installment_ids
        self._tamper(rows, state="paid", amount_open=0)


class TestArchive(ArchiveCommon):
    """Originals: filed in time, in a place, by whom."""

    def test_file_comes_with_the_signature(self):
        contract = self._submit(self._create_contract())
        self.assertFalse(self._get_file(contract))
        self._open_sign(contract).action_sign()
        archive = self._get_file(contract)
        self.assertEqual((archive.state, archive.retention), ("to_file", "10"))
        archive = self._file(contract)
        self.assertEqual(archive.state, "filed")
        self.assertEqual(archive.date_filed, self.today)
        self.assertEqual(archive.filed_by_id, self.archivist)
        self.assertEqual(self._get_kinds(contract)[-1], "filed")
        with self.assertRaises(UserError):
            archive.action_file()
        with self.assertRaises(UserError):
            archive.date_filed = self._days(-1)

    def test_due_after_working_days(self):
        """Ten working days after Thursday, 1 October 2026, with a holiday on the 7th."""
        calendar = self.env["resource.calendar"].create({"name": "Five days"})
        self.company.resource_calendar_id = calendar
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": calendar.id,
                "date_from": "2026-10-07 00:00:00",
                "date_to": "2026-10-07 23:59:59",
            }
        )
        with freeze_time("2026-10-01 10:00:00"):
            contract = self._create_signed(date_start=date(2026, 10, 1))
        # 2, 5, 6, 8, 9, 12, 13, 14, 15, 16 October
        self.assertEqual(self._get_file(contract).date_due, date(2026, 10, 16))

    def test_nobody_is_reminded_without_days(self):
        self.type.filing_days = 0
        contract = self._create_signed()
        archive = self._get_file(contract)
        self.assertFalse(archive.date_due)
        self.assertFalse(archive.sudo().date_reminder)
        self._run()
        self.assertFalse(self._get_reminders(contract))

    def test_filed_means_number_and_place(self):
        contract = self._create_signed()
        archive = self._get_file(contract)
        for vals in ({"originals": 0}, {"place": " "}, {"originals": 0, "place": "A"}):
            with self._refused("how many originals"):
                self._file(contract, **vals)
        archive.write({"originals": 1, "place": "A"})
        with self._refused("future"):
            archive.date_filed = self._days(1)
        with self._refused("not signed by that day"):
            archive.date_filed = self._days(-400)
        with self.assertRaises(ValidationError):
            archive.originals = -1

    def test_rights(self):
        contract = self._create_signed()
        for user in (self.user, self.user_all, self.reader, self.accountant):
            archive = self._get_file(contract, user)
            self.assertEqual(archive.state, "to_file")
            with self.assertRaises(AccessError):
                archive.write({"place": "Mine"})
            with self.assertRaises(AccessError):
                archive.action_file()
        foreign = self._create_signed(self.manager, user_id=self.manager.id)
        self.assertFalse(self._get_file(foreign, self.user))
        stranger = self._create_user("contract_stranger_archive")
        with self.assertRaises(AccessError):
            self._get_file(contract, stranger)
        for vals in (
            {"state": "destroyed"},
            {"filed_by_id": self.manager.id},
            {"approved_by_id": self.manager.id},
            {"date_destroyed": self.today},
            {"originals_out": 0},
        ):
            with self.assertRaises(AccessError):
                self._get_file(contract).write(vals)

    def test_other_company(self):
        company = self._create_company("Sister of archives")
        archivist = new_test_user(
            self.env,
            "contract_sister_archivist",
            "crm_contract.crm_contract_group_archivist",
            company_id=company.id,
        )
        archive = self._get_file(self._create_signed())
        foreign = archive.with_user(archivist).with_context(
            allowed_company_ids=company.ids
        )
        self.assertFalse(foreign.search([("id", "=", archive.id)]))
        with self.assertRaises(AccessError):
            foreign.place = "Stolen"

    def test_import_of_an_old_archive(self):
        """What was signed before there was an archive has no file yet."""
        contract = self._create_signed()
        self.env.cr.execute("DELETE FROM crm_contract_archive")
        self.env.invalidate_all()
        rows = self.env["crm.contract.archive"].with_user(self.archivist)
        draft = self._create_contract(self.manager)
        names = ["contract_id/.id", "originals", "place", "box", "date_filed"]
        good = [str(contract.id), "2", "Cellar", "12", str(self.today)]
        result = rows.load(names, [[str(draft.id), *good[1:]]])
        self.assertFalse(result["ids"])
        archive = rows.browse(rows.load(names, [good])["ids"])
        self.assertEqual((archive.state, archive.retention), ("filed", "10"))
        self.assertEqual(archive.filed_by_id, self.archivist)
        self.assertEqual(self._get_kinds(contract)[-1], "filed")
        with self.assertRaises(UserError), mute_logger("odoo.sql_db"):
            # Once: the index says so.
            self.assertFalse(rows.load(names, [good])["ids"])
            raise UserError("said by the message of the import")

    def test_archived_contract_keeps_its_file(self):
        contract = self._create_signed()
        archive = self._file(contract)
        self._end(contract, reason="completed")
        contract.active = False
        self.assertEqual(self._get_file(contract), archive)
        self.assertEqual(archive.state, "filed")

    def test_moved_within_the_archive(self):
        archive = self._file(self._create_signed())
        archive.write({"place": "Room 2", "box": "1", "originals": 3})
        self.assertEqual(archive.place, "Room 2")

    def test_signed_online_has_no_paper(self):
        model = self.env.registry["crm.contract.archive"]
        with self._patched(model):
            contract = self._create_signed()
            self.type.file_online = True
            printed = self._create_signed()
        self.assertEqual(self._get_file(contract).state, "electronic")
        self.assertFalse(self._get_file(contract).date_due)
        self.assertEqual(self._get_file(printed).state, "to_file")
        with self._refused("nothing to be filed"):
            self._file(contract)

    def _patched(self, model):
        return patch.object(model, "_is_signed_online", lambda self, contract: True)


class TestFilingReminders(ArchiveCommon):
    """Signed but not filed: one after the other is told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leader = cls._create_user(
            "contract_filing_leader", "crm_contract.crm_contract_group_user_all"
        )
        cls.team = cls.env["crm.team"].create(
            {"name": "Team", "user_id": cls.leader.id, "company_id": cls.company.id}
        )

    def setUp(self):
        super().setUp()
        self.contract = self._create_signed(team_id=self.team.id)
        self.archive = self._get_file(self.contract)

    def _run_on(self, day):
        with freeze_time(f"{day} 12:00:00"):
            self._run()

    def _get_told(self):
        return self._get_reminders(self.contract).user_id

    def test_ladder(self):
        due = self.archive.date_due
        add = self.env["crm.contract.archive"]._add_working_days
        self._run_on(due - timedelta(days=1))
        self.assertFalse(self._get_told())
        for _run in range(2):
            self._run_on(due)
        self.assertEqual(self._get_told(), self.user)
        self.assertEqual(len(self._get_reminders(self.contract)), 1)
        self._run_on(add(self.company, due, 5))
        self.assertEqual(self._get_told(), self.leader)
        self._run_on(add(self.company, due, 10))
        managers = self.env["crm.contract"]._get_contract_managers(self.company)
        self.assertIn(self._get_told(), managers)
        self.assertFalse(self.archive.sudo().date_reminder)
        self._file(self.contract)
        self.assertFalse(self._get_told())

    def test_downtime_is_caught_up_by_one(self):
        self._run_on(self.archive.date_due + timedelta(days=60))
        told = self._get_reminders(self.contract)
        self.assertEqual(len(told), 1)
        managers = self.env["crm.contract"]._get_contract_managers(self.company)
        self.assertIn(told.user_id, managers)

    def test_owner_left(self):
        self.user.active = False
        self._run_on(self.archive.date_due)
        self.assertEqual(self._get_told(), self.leader)

    def test_due_day_moves(self):
        due = self.archive.date_due
        self._run_on(due)
        self.archive.date_due = due + timedelta(days=30)
        self.assertFalse(self._get_told())
        self._run_on(due + timedelta(days=20))
        self.assertFalse(self._get_told())
        self._run_on(due + timedelta(days=30))
        self.assertEqual(self._get_told(), self.user)

    def test_there_is_no_paper_after_all(self):
        self._run_on(self.archive.date_due)
        self.archive.is_electronic = True
        self.assertFalse(self._get_told())
        self.assertEqual(self.archive.state, "electronic")

    def test_ended_contract_is_filed_too(self):
        self._end(self.contract, reason="completed")
        self._run_on(self.archive.date_due)
        self.assertEqual(self._get_told(), self.user)

    def test_first_page_says_it(self):
        overview = self.env["crm.contract.overview"].with_user(self.user)
        duties = overview.get_overviews(self.contract.ids)[0]["duties"]
        self.assertIn("File the originals", [duty["why"] for duty in duties])
        self._file(self.contract)
        duties = overview.get_overviews(self.contract.ids)[0]["duties"]
        self.assertNotIn("File the originals", [duty["why"] for duty in duties])


class TestLoans(ArchiveCommon):
    def setUp(self):
        super().setUp()
        self.contract = self._create_signed()

    def test_what_is_not_filed_is_not_lent(self):
        with self._refused("that are filed"):
            self._lend(self._get_file(self.contract))

    def test_originals_are_counted(self):
        archive = self._file(self.contract)
        loan = self._lend(archive)
        self.assertEqual((archive.originals, archive.originals_out), (2, 1))
        self.assertEqual((loan.user_id, loan.date_out), (self.archivist, self.today))
        with self._refused("2 originals are filed"):
            self._lend(archive, copies=2)
        self._lend(archive)
        with self._check_violated():
            archive.originals = 1
            archive.flush_recordset()
        self.env.invalidate_all()
        loan.action_return()
        self.assertEqual(archive.originals_out, 1)
        self.assertEqual(loan.date_back, self.today)
        with self._refused("back already"):
            loan.action_return()
        self.assertEqual(
            self._get_kinds(self.contract)[-3:], ["lent", "lent", "returned"]
        )

    def test_wrong_dates_and_numbers(self):
        archive = self._file(self.contract)
        with self.assertRaises(ValidationError):
            self._lend(archive, date_due=self._days(-1))
        for copies in (-1, 1001):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self._lend(archive, copies=copies)
        with self._check_violated():
            self._lend(archive, copies=0)

    def test_who_may_lend(self):
        archive = self._file(self.contract)
        loan = self._lend(archive)
        for user in (self.user, self.user_all, self.reader):
            with self.assertRaises(AccessError):
                loan.with_user(user).action_return()
            with self.assertRaises(AccessError):
                loan.with_user(user).copy()
        with self.assertRaises(AccessError):
            loan.date_back = self.today
        with self.assertRaises(UserError):
            loan.partner_id = self.customer
        loan.date_due = self._days(30)

    def test_overdue_is_told_once(self):
        loan = self._lend(self._file(self.contract))
        for _run in range(2):
            with freeze_time(f"{self._days(8)} 12:00:00"):
                self._run()
        tasks = self.contract.sudo().activity_ids
        asked = tasks.filtered(lambda row: "Lena Lawyer" in (row.summary or ""))
        self.assertEqual(len(asked), 1)
        self.assertEqual(asked.user_id, self.archivist)
        with freeze_time(f"{self._days(8)} 12:00:00"):
            self.assertTrue(loan.search([("is_late", "=", True), ("id", "=", loan.id)]))
        loan.date_due = self._days(20)
        self.assertFalse(loan.sudo().is_told_late)

    def test_archivist_left(self):
        loan = self._lend(self._file(self.contract))
        self.archivist.active = False
        self.assertEqual(loan.sudo().user_id, self.user)


class TestDestruction(ArchiveCommon):
    """Originals are kept as long as the family needs them, and destroyed by two."""

    def setUp(self):
        super().setUp()
        self.contract = self._create_signed(date_start=self.today)
        self.archive = self._file(self.contract)

    def _let_end(self, contract, years):
        """End a contract some years ago."""
        if contract.state != "ended":
            self._end(contract, reason="completed")
        self._pay_all(contract)
        self._tamper(
            contract, date_ended=self.today - relativedelta(years=years, days=1)
        )

    def _is_listed(self, archive=None):
        archive = archive or self.archive
        self.env.flush_all()
        self.env.invalidate_all()
        listed = self.env["crm.contract.archive"].search(
            [("is_destroyable", "=", True), ("id", "=", archive.id)]
        )
        self.assertEqual(bool(listed), archive.is_destroyable)
        return bool(listed)

    def test_years_count_from_the_end(self):
        self.assertFalse(self._is_listed())
        self.assertIn("not at its end", self.archive.obstacles)
        self._let_end(self.contract, 9)
        self.assertFalse(self._is_listed())
        self._let_end(self.contract, 10)
        self.assertTrue(self._is_listed())
        self.assertEqual(self.archive.date_retention_end, self._days(-1))
        self.archive.retention = "20"
        self.assertFalse(self._is_listed())
        self.archive.retention = "ever"
        self.assertFalse(self._is_listed())
        self.assertFalse(self.archive.date_retention_end)

    def test_last_day_is_kept(self):
        self._let_end(self.contract, 10)
        self._tamper(self.contract, date_ended=self.today - relativedelta(years=10))
        self.assertFalse(self._is_listed())

    def test_open_amounts(self):
        self._end(self.contract, reason="completed")
        day = self.today - relativedelta(years=11)
        self._tamper(self.contract, date_ended=day)
        self.assertFalse(self._is_listed())
        self.assertIn("Amounts are open", self.archive.obstacles)
        self._pay_all(self.contract)
        self.assertTrue(self._is_listed())

    def test_lent(self):
        loan = self._lend(self.archive)
        self._let_end(self.contract, 11)
        self.assertFalse(self._is_listed())
        loan.action_return()
        self.assertTrue(self._is_listed())

    def test_not_filed(self):
        other = self._create_signed()
        self._let_end(other, 11)
        self.assertFalse(self._is_listed(self._get_file(other)))

    def test_two_people(self):
        self._let_end(self.contract, 11)
        with self.assertRaises(UserError):
            self.archive.with_user(self.archivist).action_approve()
        self.archive.with_user(self.manager).action_propose()
        self.assertEqual(self.archive.state, "proposed")
        with self._refused("Somebody else"):
            self.archive.with_user(self.manager).action_approve()
        with self.assertRaises(AccessError):
            self.archive.with_user(self.archivist).action_approve()
        self.archive.with_user(self.archivist).action_keep()
        self.archive.with_user(self.archivist).action_propose()
        with self.assertRaises(UserError):
            self.archive.with_user(self.archivist).action_destroy()
        self.archive.with_user(self.manager).action_approve()
        self.archive.with_user(self.archivist).action_destroy()
        self.assertEqual(self.archive.state, "destroyed")
        self.assertEqual(self.archive.approved_by_id, self.manager)
        self.assertEqual(self.archive.destroyed_by_id, self.archivist)
        self.assertEqual(self._get_kinds(self.contract)[-1], "destroyed")
        for vals in ({"originals": 3}, {"place": "Back"}):
            with self.assertRaises(UserError):
                self.archive.with_user(self.archivist).write(vals)
        self.assertFalse(self._is_listed())
        # The record, its files and its proofs stay.
        self.assertFalse(
            self.env["crm.contract.verification"]._get_broken_proofs(self.contract)
        )

    def test_reopened_while_on_the_list(self):
        self._let_end(self.contract, 11)
        self.archive.with_user(self.archivist).action_propose()
        self.archive.with_user(self.manager).action_approve()
        self.contract.with_user(self.manager)._action_reopen()
        self.assertFalse(self._is_listed())
        with self._refused("to be kept"):
            self.archive.with_user(self.archivist).action_destroy()
        self._run()
        self.assertEqual(self.archive.state, "filed")
        self.assertFalse(self.archive.approved_by_id)

    def test_family_is_kept_together(self):
        """A predecessor is kept as long as what came after it."""
        renewal = self._create_signed(self.manager)
        self._tamper(renewal, origin_id=self.contract.id, root_id=self.contract.id)
        self._file(renewal)
        self._let_end(self.contract, 30)
        self.assertFalse(self._is_listed())
        self._let_end(renewal, 11)
        self.assertTrue(self._is_listed())
        self.assertTrue(self._is_listed(self._get_file(renewal)))
        self._get_file(renewal).retention = "20"
        self.assertFalse(self._is_listed())
        # A draft that nobody took up again does not keep the papers for ever, once it is
        # cancelled.
        self._get_file(renewal).retention = "10"
        draft = self._create_contract(self.manager)
        self._tamper(draft, origin_id=renewal.id, root_id=self.contract.id)
        self.assertFalse(self._is_listed())
        draft.action_cancel()
        self.assertTrue(self._is_listed())


class TestClosing(ArchiveCommon):
    """Nothing open, filed: then the file of an ended contract is closed."""

    def setUp(self):
        super().setUp()
        self.contract = self._create_signed()
        self.archive = self._get_file(self.contract)

    def test_says_what_is_open(self):
        loan = self._lend(self._file(self.contract))
        with self._refused("not at its end"):
            self.archive.action_close()
        self._end(self.contract, reason="completed")
        for _run in range(2):
            self._run()
        told = self._get_reminders(self.contract, CLOSING)
        self.assertEqual(len(told), 1)
        self.assertEqual(told.user_id, self.user)
        self.assertIn("No original is lent", told.note)
        self.assertIn("All is billed and paid", told.note)
        self.assertNotIn("The originals are filed", told.note)
        with self._refused("No original is lent"):
            self.archive.action_close()
        loan.action_return()
        self._pay_all(self.contract)
        self.archive.action_close()
        self.assertEqual(self.archive.date_closed, self.today)
        self.assertFalse(self._get_reminders(self.contract, CLOSING))

    def test_closes_by_itself(self):
        self._file(self.contract)
        self._end(self.contract, reason="completed")
        self._pay_all(self.contract)
        self._run()
        self.assertEqual(self.archive.date_closed, self.today)
        self.assertFalse(self._get_reminders(self.contract, CLOSING))

    def test_reopened_is_not_closed(self):
        self._file(self.contract)
        self._end(self.contract, reason="completed")
        self._pay_all(self.contract)
        self._run()
        self.contract.with_user(self.manager)._action_reopen()
        self._run()
        self.assertFalse(self.archive.date_closed)
        self.assertEqual(self.archive.state, "filed")

    def test_seal_that_is_out(self):
        row = self._apply(self.contract)
        self._as(row, self.keeper).action_hand_out()
        self._file(self.contract)
        self._end(self.contract, reason="completed")
        self._pay_all(self.contract)
        self._run()
        self.assertIn("All seals are back", self._get_reminders(
            self.contract, CLOSING).note)  # fmt: skip
        checklist = str(self.archive.checklist)
        self.assertEqual(checklist.count("fa-times"), 1)
        self.assertEqual(checklist.count("fa-check"), 6)
