from datetime import date

from freezegun import freeze_time
from psycopg2.errors import ExclusionViolation

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import mute_logger

from .test_installment import LedgerCommon


@freeze_time("2026-01-10")
class RecurringCommon(LedgerCommon):
    def _create_recurring(self, start=date(2026, 1, 1), duration=12, **line):
        """Return a signed contract with one recurring line and no plan."""
        values = {"is_recurring": True, "tax_ids": False, **line}
        return self._create_signed(
            date_start=start,
            duration=duration,
            notice_period=0,
            line_ids=[Command.create(self._prepare_line_vals(**values))],
            installment_ids=False,
        )

    def _get_rows(self, contract):
        return contract.installment_ids.sorted("period_start")

    def _get_starts(self, contract):
        return [str(row.period_start) for row in self._get_rows(contract)]


@freeze_time("2026-01-10")
class TestPeriods(RecurringCommon):
    def test_horizon(self):
        self.company.contract_horizon = 3
        contract = self._create_recurring(duration=24)
        self.assertEqual(
            self._get_starts(contract),
            ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"],
        )
        self.assertEqual(
            contract.installment_ids.mapped("state"),
            ["due", "planned", "planned", "planned"],
        )

    def test_the_daily_job_goes_on(self):
        self.company.contract_horizon = 3
        contract = self._create_recurring(duration=24)
        job = self.env.ref("crm_contract.ir_cron_advance")
        for day, number in (("2026-02-09", 4), ("2026-02-11", 5), ("2026-02-11", 5)):
            self.env.flush_all()
            with freeze_time(day), self.enter_registry_test_mode():
                job.method_direct_trigger()
            self.env.invalidate_all()
            self.assertEqual(len(contract.installment_ids), number, day)

    def test_complete_ledger_is_left_alone(self):
        contract = self._create_recurring(duration=2)
        self.assertEqual(len(contract.installment_ids), 2)
        self.assertFalse(contract.search(contract._get_extend_due_domain()))

    def test_anchored_at_the_end_of_the_month(self):
        contract = self._create_recurring(date(2026, 1, 31), duration=4)
        self.assertEqual(
            self._get_starts(contract),
            ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"],
        )

    def test_leap_day(self):
        with freeze_time("2028-03-01"):
            contract = self._create_recurring(
                date(2028, 2, 29), duration=1, recurrence_unit="year"
            )
            contract = self._create_recurring(
                date(2024, 2, 29), duration=72, recurrence_unit="year"
            )
        self.assertEqual(
            self._get_starts(contract)[:6],
            [
                "2024-02-29",
                "2025-02-28",
                "2026-02-28",
                "2027-02-28",
                "2028-02-29",
                "2029-02-28",
            ],
        )

    def test_arrears(self):
        contract = self._create_recurring(billed_in="arrears", duration=2)
        self.assertEqual(
            [str(row.date_due) for row in self._get_rows(contract)],
            ["2026-02-01", "2026-03-01"],
        )

    def test_parts_of_periods(self):
        line = {
            "date_anchor": date(2026, 1, 1),
            "date_start": date(2026, 1, 17),
            "date_end": date(2026, 3, 10),
        }
        rows = self._get_rows(self._create_recurring(**line))
        self.assertEqual(
            [(row.days_billed, row.days_full) for row in rows],
            [(15, 31), (28, 28), (10, 31)],
        )
        self.assertEqual(rows.mapped("amount"), [483.87, 1000, 322.58])
        rows = self._get_rows(self._create_recurring(prorate=False, **line))
        self.assertEqual(rows.mapped("amount"), [1000, 1000, 1000])

    def test_anchored_a_period_before_the_start(self):
        """The first month is a whole one, and the free one: none of no days is first."""
        contract = self._create_recurring(
            date(2026, 3, 1),
            duration=3,
            date_anchor=date(2026, 2, 1),
            price_unit=310,
            free_periods=1,
        )
        [april, may] = self._get_rows(contract)
        self.assertEqual(str(april.period_start), "2026-04-01")
        self.assertEqual((april.days_billed, april.days_full), (30, 30))
        self.assertEqual((april.amount, may.amount), (310, 310))

    def test_free_periods(self):
        contract = self._create_recurring(free_periods=2, duration=4)
        self.assertEqual(self._get_starts(contract), ["2026-03-01", "2026-04-01"])

    def test_steps(self):
        steps = [
            {"date_from": date(2026, 2, 15), "quantity": 2, "price_unit": 1100},
        ]
        contract = self._create_recurring(
            duration=4, step_ids=[Command.create(step) for step in steps]
        )
        self.assertEqual(
            self._get_rows(contract).mapped("amount"), [1000, 1000, 2200, 2200]
        )
        self.assertEqual(contract.amount_recurring, 6400)

    def test_billed_until(self):
        contract = self._create_recurring(billed_until=date(2026, 2, 28), duration=4)
        self.assertEqual(self._get_starts(contract), ["2026-03-01", "2026-04-01"])
        contract = self._create_recurring(billed_until=date(2026, 2, 14), duration=3)
        self.assertEqual(self._get_rows(contract)[0].days_billed, 14)

    def _copy_row(self, row, **vals):
        return row.copy(
            {
                "contract_id": row.contract_id.id,
                "trigger": "period",
                "line_id": row.line_id.id,
                "period_start": row.period_start,
                "period_end": row.period_end,
                **vals,
            }
        )

    def test_no_day_has_two_rows(self):
        row = self._create_recurring(duration=1).installment_ids[0].sudo()
        day = row.period_end
        with mute_logger("odoo.sql_db"), self.assertRaises(ExclusionViolation):
            self._copy_row(row, period_start=day, period_end=date(2026, 5, 31))
            self.env.flush_all()

    def test_no_day_has_two_rows_in_a_chain(self):
        """A line that follows another one is the same to the database."""
        row = self._create_recurring(duration=1).installment_ids[0].sudo()
        contract = row.contract_id
        with contract._content_unlocked():
            line = row.line_id.copy(
                {"contract_id": contract.id, "chain": row.line_id.chain}
            )
        self._copy_row(
            row,
            line_id=line.id,
            period_start=date(2027, 1, 1),
            period_end=date(2027, 1, 31),
        )
        self.env.flush_all()
        with mute_logger("odoo.sql_db"), self.assertRaises(ExclusionViolation):
            self._copy_row(row, line_id=line.id)
            self.env.flush_all()

    def test_extending_twice(self):
        contract = self._create_recurring()
        before = contract.installment_ids
        ledger = self.env["crm.contract.ledger"]
        ledger._extend(contract)
        ledger._extend(contract, date(2026, 1, 1))
        self.assertEqual(contract.installment_ids, before)

    def test_clients_make_no_rows(self):
        contract = self._create_contract(user=self.manager)
        rows = self.env["crm.contract.installment"].with_user(self.manager)
        for trigger in ("period", "interest"):
            vals = {
                "contract_id": contract.id,
                "name": "Forged",
                "trigger": trigger,
                "amount_type": "fixed",
                "amount_fixed": 1,
            }
            with self.assertRaises(UserError), self.env.cr.savepoint():
                rows.create(vals | {"period_start": self.today})
            with (
                self.assertRaises(UserError),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                contract.installment_ids[0].trigger = "interest"

    def test_clients_change_no_rows(self):
        row = self._create_recurring(start=date(2026, 1, 1)).installment_ids[0]
        for user in (self.manager, self.user, self.env.ref("base.user_admin")):
            mine = row.with_user(user)
            for vals in ({"amount_fixed": 1}, {"name": "X"}, {"trigger": "date"}):
                with self.assertRaises(UserError):
                    mine.write(vals)
            with self.assertRaises(UserError):
                mine.unlink()

    def test_steps_are_locked(self):
        contract = self._create_recurring(
            step_ids=[
                Command.create(
                    {"date_from": self.today, "quantity": 1, "price_unit": 1}
                )
            ]
        )
        with self.assertRaisesRegex(UserError, "locked"):
            contract.line_ids.step_ids.price_unit = 2
        with self.assertRaisesRegex(UserError, "locked"):
            contract.line_ids.step_ids.unlink()

    def test_figures(self):
        contract = self._create_recurring(quantity=3, recurrence_unit="quarter")
        self.assertEqual(contract.amount_one_off, 0)
        self.assertEqual(contract.amount_recurring, 12000)
        self.assertEqual(contract.amount_total, 12000)
        self.assertEqual((contract.amount_mrr, contract.amount_arr), (1000, 12000))
        self.assertEqual(contract.date_next_billing, date(2026, 1, 1))
        self._invoice(self._get_rows(contract)[0])
        self.assertEqual(contract.date_next_billing, date(2026, 4, 1))
        self.assertEqual(contract.amount_invoiced, 3000)
        self.assertEqual(contract.amount_remaining, 9000)

    def test_one_off_and_recurring(self):
        contract = self._create_signed(
            line_ids=[
                Command.create(self._prepare_line_vals(tax_ids=False)),
                Command.create(
                    self._prepare_line_vals(tax_ids=False, is_recurring=True)
                ),
            ],
            date_start=date(2026, 1, 1),
        )
        plan = contract.installment_ids._filter_plan()
        self.assertEqual(plan.mapped("amount"), [300, 700])
        self.assertEqual(len(contract.installment_ids - plan), 12)
        self.assertEqual(contract.amount_total, 13000)
        self.assertFalse(contract.plan_difference)
        copied = contract.copy()
        self.assertEqual(len(copied.installment_ids), 2)
        self.assertTrue(copied.line_ids[1].is_recurring)


@freeze_time("2026-01-10")
class TestSuspension(RecurringCommon):
    def _suspend(self, contract, first, resumed):
        with freeze_time(first):
            contract.action_suspend()
        with freeze_time(resumed):
            contract.action_resume()

    def test_goes_on_at_the_anchor(self):
        contract = self._create_recurring(duration=5)
        self._invoice(self._get_rows(contract)[0])
        with freeze_time("2026-02-11"):
            contract.action_suspend()
            self.assertEqual(self._get_starts(contract), ["2026-01-01"])
        with freeze_time("2026-04-16"):
            contract.action_resume()
        self.assertEqual(
            [(str(r.period_start), r.days_billed) for r in self._get_rows(contract)],
            [
                ("2026-01-01", 31),
                ("2026-02-01", 10),
                ("2026-04-01", 15),
                ("2026-05-01", 31),
            ],
        )

    def test_type_bills_on(self):
        self.type.bill_suspended = True
        contract = self._create_recurring(duration=5)
        before = self._get_starts(contract)
        self._suspend(contract, "2026-02-11", "2026-04-16")
        self.assertEqual(self._get_starts(contract), before)

    def test_same_day(self):
        contract = self._create_recurring(duration=5)
        before = self._get_starts(contract)
        self._suspend(contract, "2026-02-11", "2026-02-11")
        self.assertEqual(self._get_starts(contract), before)
        self.assertFalse(contract.suspension_ids)

    def test_end_while_suspended(self):
        contract = self._create_recurring(duration=5)
        with freeze_time("2026-02-11"):
            contract.action_suspend()
        with freeze_time("2026-03-20"):
            self._end(contract.with_user(self.manager))
        self.assertEqual(
            [(str(r.period_start), r.days_billed) for r in self._get_rows(contract)],
            [("2026-01-01", 31), ("2026-02-01", 10)],
        )


@freeze_time("2026-01-10")
class TestCredit(RecurringCommon):
    """Rows follow what becomes of their invoice."""

    def _create_billed(self):
        contract = self._create_signed(
            line_ids=[
                Command.create(self._prepare_line_vals(is_recurring=True)),
                Command.create(
                    self._prepare_line_vals(is_recurring=True, price_unit=500)
                ),
            ],
            date_start=date(2026, 1, 1),
            installment_ids=False,
        )
        rows = contract.installment_ids.filtered(lambda row: row.state == "due")
        return rows.sorted("amount"), self._post(self._invoice(rows))

    def _draft_credit(self, invoice):
        return invoice.with_user(self.accountant)._reverse_moves(
            [{"invoice_date": self.today}]
        )

    def test_one_invoice_for_all_lines(self):
        rows, invoice = self._create_billed()
        self.assertEqual(rows.invoice_id, invoice)
        self.assertEqual(
            invoice.sudo().invoice_line_ids.installment_id.sorted("amount"), rows
        )
        self.assertIn("01/01/2026", invoice.sudo().invoice_line_ids[0].name)

    def test_one_row_is_credited(self):
        rows, invoice = self._create_billed()
        credit_note = self._draft_credit(invoice)
        line = credit_note.invoice_line_ids.filtered(
            lambda line: line.price_unit != 500
        )
        line.unlink()
        self.assertEqual(set(rows.mapped("state")), {"invoiced"})
        credit_note.action_post()
        self.assertEqual(rows.mapped("state"), ["due", "invoiced"])
        self.assertEqual(rows.mapped("amount_invoiced"), [0, 1150])
        again = self._invoice(rows[0])
        self.assertNotEqual(again, invoice)
        with self.assertRaisesRegex(UserError, "can't come back"):
            credit_note.button_draft()

    def test_partial_credit(self):
        rows, invoice = self._create_billed()
        credit_note = self._draft_credit(invoice)
        for line in credit_note.invoice_line_ids:
            line.price_unit /= 5
        credit_note.action_post()
        self.assertEqual(rows.mapped("state"), ["invoiced", "invoiced"])
        self.assertEqual(rows.mapped("amount_credited"), [115, 230])
        self.assertEqual(rows.mapped("amount_invoiced"), [460, 920])
        self.assertEqual(rows.contract_id.amount_invoiced, 1380)
        credit_note.button_draft()
        self.assertEqual(rows.mapped("amount_invoiced"), [575, 1150])

    def test_deleted_and_cancelled(self):
        rows, invoice = self._create_billed()
        invoice.with_user(self.accountant).button_draft()
        invoice.with_user(self.accountant).button_cancel()
        self.assertEqual(set(rows.mapped("state")), {"due"})
        again = self._invoice(rows)
        again.with_user(self.accountant).unlink()
        self.assertEqual(set(rows.mapped("state")), {"due"})

    def test_duplicate_takes_no_link(self):
        rows, invoice = self._create_billed()
        copied = invoice.with_user(self.accountant).copy()
        self.assertFalse(copied.sudo().invoice_line_ids.installment_id)
        self.assertFalse(copied.sudo().contract_id)
        copied = (
            invoice.with_user(self.accountant)
            .with_context(include_business_fields=True)
            .copy()
        )
        self.assertFalse(copied.sudo().invoice_line_ids.installment_id)
        self.assertEqual(rows.invoice_id, invoice)
