from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command

from .test_ledger import RecurringCommon


@freeze_time("2026-03-31")
class TestRevenue(RecurringCommon):
    """What is told of a month, as an accountant reckons it by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.today()
        accounts = cls.env["account.account"].with_company(cls.company)
        cls.liability, cls.asset = (
            accounts.create(
                {
                    "name": name,
                    "code": code,
                    "account_type": kind,
                    "company_ids": [Command.set(cls.company.ids)],
                }
            )
            for name, code, kind in (
                ("Contract liabilities", "229901", "liability_current"),
                ("Contract assets", "119901", "asset_current"),
            )
        )
        cls.journal = cls.env["account.journal"].search(
            [("type", "=", "general"), ("company_id", "=", cls.company.id)], limit=1
        )

    def _switch_on(self):
        self.company.write(
            {
                "contract_revenue_entries": True,
                "contract_revenue_journal_id": self.journal.id,
                "contract_revenue_liability_id": self.liability.id,
                "contract_revenue_asset_id": self.asset.id,
            }
        )

    def _tell(self, month, user=None):
        """Return the computed statement of a month of 2026."""
        statements = self.env["crm.contract.revenue"].with_user(user or self.accountant)
        day = date(2026, month, 15)
        statement = statements.search([]).filtered(
            lambda row: row.date.month == month
        ) or statements.create({"date": day})
        statement.action_compute()
        return statement

    def _get_line(self, statement, contract):
        return statement.line_ids.filtered(lambda row: row.contract_id == contract)

    def _create_signed(self, *args, **vals):
        """Signed before the year of the statements."""
        contract = super()._create_signed(*args, **vals)
        self.env.flush_all()
        self._tamper(contract, date_signed="2025-12-01")
        return contract

    def _create_yearly(self, **vals):
        """A year for 3,650.00: 10.00 a day."""
        return self._create_recurring(
            price_unit=3650.0, recurrence_interval=1, recurrence_unit="year", **vals
        )

    def test_in_advance(self):
        contract = self._create_yearly()
        self._post(self._invoice(contract.installment_ids), date(2026, 1, 1))
        line = self._get_line(self._tell(3), contract)
        self.assertEqual(line.amount_billed, 3650.0)
        self.assertEqual(line.amount_earned, 900.0)
        self.assertEqual(line.amount_earned_month, 310.0)
        self.assertEqual((line.amount_liability, line.amount_asset), (2750.0, 0.0))
        self.assertEqual(line.amount_remaining, 2750.0)
        self.assertEqual(line.amount_remaining_year, 2750.0)
        self.assertFalse(line.problem)
        first = self._get_line(self._tell(1), contract)
        self.assertEqual(
            (first.amount_earned, first.amount_billed_month), (310.0, 3650.0)
        )

    def test_draft_invoice(self):
        """Nothing is billed before an invoice is posted; what is given is earned."""
        contract = self._create_yearly()
        invoice = self._invoice(contract.installment_ids)
        self.assertEqual(invoice.state, "draft")
        line = self._get_line(self._tell(3), contract)
        self.assertEqual((line.amount_billed, line.amount_earned), (0.0, 900.0))
        self.assertEqual((line.amount_asset, line.amount_liability), (900.0, 0.0))
        self.assertEqual(line.amount_remaining, 2750.0)

    def test_in_arrears(self):
        """Monthly, billed afterwards: what is given is an asset until it is billed."""
        contract = self._create_recurring(
            start=date(2026, 2, 1), price_unit=280.0, billed_in="arrears", duration=24
        )
        self.assertTrue(contract.installment_ids)
        line = self._get_line(self._tell(2), contract)
        self.assertEqual((line.amount_earned, line.amount_asset), (280.0, 280.0))
        # 22 more months of 280 after the two that are given or running: by days.
        self.assertGreater(line.amount_remaining_later, 0)
        self.assertAlmostEqual(
            line.amount_remaining,
            line.amount_remaining_year
            + line.amount_remaining_next
            + line.amount_remaining_later,
        )

    def test_milestones(self):
        """What is paid once is earned as our obligations are done."""
        contract = self._create_signed(
            date_start=date(2026, 1, 1),
            milestone_ids=[
                Command.create({"name": name, "date_deadline": day})
                for name, day in (("One", "2026-02-01"), ("Two", "2027-06-01"))
            ],
        )
        price = contract.amount_untaxed
        [one, _two] = contract.milestone_ids.obligation_ids.sorted("date_due")
        line = self._get_line(self._tell(3), contract)
        self.assertEqual((line.amount_earned, line.amount_remaining), (0.0, price))
        one.sudo().write(
            {"is_complete": True, "state": "accepted", "date_accepted": "2026-03-10"}
        )
        line = self._get_line(self._tell(3), contract)
        self.assertEqual(
            (line.amount_earned, line.amount_asset), (price / 2, price / 2)
        )
        self.assertEqual(line.amount_remaining_next, price / 2)
        self.assertFalse(self._get_line(self._tell(2), contract).amount_earned)

    def test_credited_and_ended(self):
        """A credit note counts from its day; after the end, nothing is to come."""
        contract = self._create_yearly()
        invoice = self._post(self._invoice(contract.installment_ids), date(2026, 1, 1))
        self._credit(invoice)
        line = self._get_line(self._tell(2), contract)
        self.assertEqual(line.amount_liability, 3650.0 - 590.0)
        self._end(contract, reason="terminated", date="2026-03-31", note="Gone")
        line = self._get_line(self._tell(3), contract)
        # The days that were given are to be billed once more, and nothing else.
        self.assertEqual((line.amount_earned, line.amount_asset), (900.0, 900.0))
        self.assertFalse(line.amount_liability or line.amount_remaining)

    def test_currency_without_rate(self):
        """It is named, and nothing is booked of it."""
        yen = self._activate_yen(100)
        contract = self._create_recurring(
            start=date(2026, 3, 1), price_unit=31000.0, billed_in="arrears"
        )
        self.env.cr.execute(
            "UPDATE crm_contract SET currency_id = %s WHERE id = %s",
            [yen.id, contract.id],
        )
        self.env.cr.execute(
            "UPDATE res_currency_rate SET name = '2026-12-01' WHERE currency_id = %s",
            [yen.id],
        )
        self.env.invalidate_all()
        self._switch_on()
        statement = self._tell(3)
        line = self._get_line(statement, contract)
        self.assertEqual(line.amount_asset, 31000.0)
        self.assertIn("JPY", line.problem)
        self.assertFalse(line.amount_company_asset)
        self.assertEqual(statement.problem_count, 1)
        with self.assertRaisesRegex(UserError, "JPY has no exchange rate"):
            statement.action_make_entries()

    def test_entries(self):
        contract = self._create_yearly()
        invoice = self._post(self._invoice(contract.installment_ids), date(2026, 1, 1))
        income = invoice.invoice_line_ids.account_id
        statement = self._tell(2)
        with self.assertRaisesRegex(UserError, "makes no entries"):
            statement.action_make_entries()
        self.company.contract_revenue_entries = True
        with self.assertRaisesRegex(UserError, "Contract liabilities, Contract assets"):
            self.company.contract_revenue_journal_id = self.journal
            statement.action_make_entries()
        self._switch_on()
        with self.assertRaises(AccessError):
            statement.with_user(self.manager).action_make_entries()
        statement.action_make_entries()
        moves = statement.move_ids
        entry = moves.filtered(lambda move: not move.reversed_entry_id)
        self.assertEqual((entry.state, entry.date), ("draft", date(2026, 2, 28)))
        self.assertEqual(
            {row.account_id: row.balance for row in entry.line_ids},
            {self.liability: -3060.0, income: 3060.0},
        )
        reversal = moves - entry
        self.assertEqual(reversal.reversed_entry_id, entry)
        self.assertEqual(reversal.date, date(2026, 3, 1))
        self.assertEqual(sum(moves.line_ids.mapped("balance")), 0)
        self.assertFalse(
            sum(
                row.balance
                for row in moves.line_ids
                if row.account_id == self.liability
            )
        )
        self._check_second_run(statement, contract, income)

    def _check_second_run(self, statement, contract, income):
        """Nothing twice; what changed makes a difference; locked is locked."""
        with self.assertRaisesRegex(UserError, "nothing is to be booked"):
            statement.action_make_entries()
        first = statement.move_ids
        entry = first.filtered(lambda move: not move.reversed_entry_id)
        entry.action_post()
        self.assertEqual((first - entry).state, "posted")
        other = self._create_yearly()
        self._post(self._invoice(other.installment_ids), date(2026, 1, 1))
        statement.action_compute()
        statement.action_make_entries()
        more = (statement.move_ids - first).filtered(
            lambda move: not move.reversed_entry_id
        )
        self.assertEqual(
            {row.account_id: row.balance for row in more.line_ids},
            {self.liability: -3060.0, income: 3060.0},
        )
        with self.assertRaisesRegex(UserError, "has journal entries"):
            statement.unlink()
        march = self._tell(3)
        self.company.sudo().fiscalyear_lock_date = "2026-03-31"
        with self.assertRaisesRegex(UserError, "is locked in the books"):
            march.action_make_entries()

    def test_bad_input(self):
        statements = self.env["crm.contract.revenue"].with_user(self.accountant)
        with self.assertRaisesRegex(ValidationError, "has not begun yet"):
            statements.create({"date": "2026-04-01"})
        statement = statements.create({"date": "2020-01-05"})
        self.assertEqual(statement.date, date(2020, 1, 31))
        self._switch_on()
        with self.assertRaisesRegex(UserError, "is not computed yet"):
            statement.action_make_entries()
        with self.assertRaisesRegex(UserError, "No contract of .* was signed"):
            statement.action_compute()
        with self.assertRaisesRegex(UserError, "one month of one company"):
            statement.date = "2026-01-31"
        self.assertFalse(statements.with_user(self.user).has_access("read"))

    def test_days_of_invoice_lines(self):
        """Where other add-ons have fields for the days of a line, they are filled."""
        row = self._create_yearly().installment_ids
        self.assertEqual(row._prepare_days_vals(), {})
        parts = "odoo.addons.crm_contract.models.ledger.crm_contract_installment_parts"
        names = {"date_maturity": "period_start", "start_date": "period_end"}
        with patch(f"{parts}.DAYS_FIELDS", names):
            vals = row._prepare_rest_line_vals()
        self.assertEqual(vals["date_maturity"], date(2026, 1, 1))
        self.assertNotIn("start_date", vals)

    def test_open_ended(self):
        contract = self._create_yearly()
        self._tamper(contract, is_open_ended=True, date_end=None)
        line = self._get_line(self._tell(3), contract)
        self.assertIn("Without a last day", line.note)
        self.assertEqual(line.amount_remaining, 2750.0)
        self.assertEqual(line.amount_asset, 900.0)

    def _tell_year(self, year, months):
        """Return the statements of months, computed as an accountant does."""
        statements = self.env["crm.contract.revenue"].with_user(self.accountant)
        made = statements.create([{"date": date(year, month, 1)} for month in months])
        for statement in made:
            statement.action_compute()
        return made

    def _create_half(self, currency_id=None, **line):
        """The second half of 2025, 184 days, for 1,840.00: 10.00 a day."""
        values = {
            "is_recurring": True,
            "tax_ids": False,
            "price_unit": 1840.0,
            "recurrence_interval": 6,
            **line,
        }
        contract = self._create_signed(
            currency_id=currency_id or self.company.currency_id.id,
            date_start=date(2025, 7, 1),
            duration=6,
            notice_period=0,
            line_ids=[Command.create(self._prepare_line_vals(**values))],
            installment_ids=False,
        )
        self._tamper(contract, date_signed="2025-06-01")
        return contract

    def _bill_on(self, contract, day):
        return self._post(self._invoice(contract.installment_ids), day)

    def test_lives(self):
        """Over a life, what is earned is what is billed, to the cent, in each currency."""
        first = date(2025, 7, 1)
        thirds = self._create_half(price_unit=333.33, recurrence_interval=3)
        self._bill_on(thirds, first)
        paused = self._create_half()
        self.env["crm.contract.suspension"].sudo().create(
            {
                "contract_id": paused.id,
                "date_start": "2025-08-10",
                "date_end": "2025-09-05",
            }
        )
        self._bill_on(paused, first)
        credited = self._create_half()
        self._credit(self._bill_on(credited, first))
        self._bill_on(credited, date(2026, 3, 31))
        once = self._create_signed(date_start=first, date_end="2025-12-31")
        self._tamper(once, date_signed="2025-06-01")
        for number, row in enumerate(once.installment_ids):
            self._tamper(row, date_due=date(2025, 8 + number, 15))
        self._bill_on(once, date(2025, 9, 1))
        abroad = self._create_abroad(first)
        statements = self._tell_year(2025, range(7, 13))
        last = self._tell(3)
        for contract, life in (
            (thirds, 666.66),
            (paused, 1840.0),
            (credited, 1840.0),
            (once, once.amount_untaxed),
            (abroad, 18400.0),
        ):
            lines = [self._get_line(month, contract) for month in statements]
            earned = round(sum(line.amount_earned_month for line in lines), 2)
            self.assertEqual(earned, life, contract.display_name)
            # Nothing is left to tell of it in March: or that it was billed once more.
            line = self._get_line(last, contract)
            self.assertFalse(line.amount_asset or line.amount_liability)
        july, august = (self._get_line(statements[n], paused) for n in (0, 1))
        # 157 days are given: 31 of them in July, 9 in August.
        self.assertEqual(july.amount_earned_month, 363.31)
        self.assertEqual(august.amount_earned, 468.79)
        self.assertEqual(self._get_line(statements[0], thirds).amount_earned, 112.32)
        line = self._get_line(statements[1], abroad)
        # 18,400 yen were billed at 100 for one; 122 of 184 days are still to be given.
        self.assertEqual(line.amount_liability, 12200.0)
        self.assertEqual(line.amount_company_liability, 122.0)
        self.assertEqual(line.amount_company_remaining, 61.0)

    def _create_abroad(self, day):
        """In yens, 100 for one when it is billed, 200 for one from August on."""
        yen = self._activate_yen(100)
        self.env["res.currency.rate"].create(
            {
                "currency_id": yen.id,
                "company_id": self.company.id,
                "name": "2025-08-01",
                "rate": 200,
            }
        )
        contract = self._create_half(currency_id=yen.id, price_unit=18400.0)
        self._bill_on(contract, day)
        return contract

    def test_company_without_settings(self):
        """No books, no contracts: each is said."""
        company = self.env["res.company"].create({"name": "New Ltd"})
        statements = self.env["crm.contract.revenue"].with_company(company)
        statement = statements.create({"date": "2026-02-01"})
        self.assertEqual(statement.company_id, company)
        with self.assertRaisesRegex(UserError, "No contract of New Ltd was signed"):
            statement.action_compute()
        company.contract_revenue_entries = True
        with self.assertRaisesRegex(UserError, "New Ltd lacks settings of revenue"):
            statement.action_make_entries()

    def test_page(self):
        contract = self._create_yearly()
        statement = self._tell(3)
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("crm_contract.report_contract_revenue", statement.ids)[0]
            .decode()
        )
        self.assertIn(contract.number, html)
        self.assertIn("2,750.00", html)
