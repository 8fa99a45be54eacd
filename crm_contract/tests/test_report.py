from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tools import SQL

from .test_installment import LedgerCommon


class TestReport(LedgerCommon):
    """A row per contract: its figures in company currency, its days in each state."""

    def _get_row(self, contract, user=None):
        self.env.flush_all()
        report = self.env["crm.contract.report"].with_user(user or self.reader)
        return report.search([("contract_id", "=", contract.id)])

    def _move_events(self, contract, *days):
        """Let the events of a contract have happened so many days ago, in their order."""
        self.env.flush_all()
        now = self.env.cr.now()
        steps = self.env["crm.contract.event"].search(
            [
                ("contract_id", "=", contract.id),
                ("kind", "in", ("submitted", "approved", "completed", "started")),
            ],
            order="number",
        )
        self.assertEqual(len(steps), len(days) - 1)
        self._tamper(contract, create_date=now - timedelta(days=days[0]))
        for step, ago in zip(steps, days[1:], strict=True):
            self._tamper(step, date=now - timedelta(days=ago))

    def test_money(self):
        """1,150 in two halves: one billed, 345 of it paid, and overdue."""
        half = {"percentage": 50, "date": self.today}
        contract = self._create_signed(
            installment_ids=[
                Command.create({"name": "First", **half}),
                Command.create({"name": "Second", **half}),
            ]
        )
        invoice = self._invoice(contract.installment_ids[0]).with_user(self.accountant)
        invoice.invoice_date_due = self._days(-5)
        self._post(invoice, self._days(-5))
        self._pay(invoice, 345)
        row = self._get_row(contract)
        self.assertRecordValues(
            row,
            [
                {
                    "amount_signed": 1150,
                    "amount_total": 1150,
                    "amount_untaxed": 1000,
                    "amount_invoiced": 575,
                    "amount_paid": 345,
                    "amount_overdue": 230,
                    "amount_remaining": 575,
                    "percent_invoiced": 50,
                    "percent_paid": 30,
                    "plan_rows": 2,
                    "plan_billed": 1,
                    "plan_progress": "1 / 2",
                    "percent_plan": 50,
                    "partner_id": self.customer.id,
                    "currency_id": self.company.currency_id.id,
                    "is_without_rate": False,
                }
            ],
        )

    def test_shares_of_sums(self):
        """10 of 1,150 and all of 11.50 are no average of two percentages."""
        contract = self._create_signed()
        small = self._create_signed(
            line_ids=[Command.create(self._prepare_line_vals(price_unit=10))]
        )
        self._tamper(contract, amount_invoiced=115)
        self._tamper(small, amount_invoiced=11.5)
        [(share,)] = self.env["crm.contract.report"]._read_group(
            [("contract_id", "in", (contract | small).ids)],
            aggregates=["percent_invoiced:avg"],
        )
        self.assertAlmostEqual(share, 100 * 126.5 / 1161.5)

    def test_currency(self):
        yen = self._activate_yen(100)
        contract = self._create_contract(currency_id=yen.id)
        row = self._get_row(contract)
        self.assertAlmostEqual(row.amount_total, contract.amount_total / 100)
        self.assertEqual(row.currency_rate, 100)
        self.assertEqual(row.contract_currency_id, yen)

    def test_currency_without_rate(self):
        """It is named and in no sum, where Odoo would reckon one to one."""
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env["res.currency.rate"].search([("currency_id", "=", yen.id)]).unlink()
        contract = self._create_contract(currency_id=yen.id)
        other = self._create_contract()
        row = self._get_row(contract)
        self.assertTrue(row.is_without_rate)
        self.assertFalse(row.amount_total)
        report = self.env["crm.contract.report"]
        domain = [("contract_id", "in", (contract | other).ids)]
        [(total, count)] = report._read_group(
            domain, aggregates=["amount_total:sum", "__count"]
        )
        self.assertEqual((total, count), (1150, 2))

    def test_margin(self):
        """1,000 for what costs 400; not known while a product has no cost."""
        contract = self._create_contract()
        self.assertFalse(self._get_row(contract).amount_margin)
        self.product.with_company(self.company).standard_price = 400
        row = self._get_row(contract)
        row.invalidate_recordset()
        self.assertAlmostEqual(row.amount_margin, 600)
        self.assertAlmostEqual(row.percent_margin, 60)

    def test_days(self):
        contract = self._create_signed()
        # Draft for 10 days, no review, 7 days to be signed, and so on since.
        self._move_events(contract, 20, 10, 10, 3, 3)
        row = self._get_row(contract)
        for name, days in (
            ("days_draft", 10),
            ("days_review", 0),
            ("days_to_sign", 7),
            ("days_signed", 0),
            ("days_running", 3),
            ("days_cycle", 17),
            ("days_in_state", 3),
        ):
            self.assertAlmostEqual(row[name], days, 1, name)

    def test_days_of_a_draft(self):
        contract = self._create_contract()
        self._tamper(contract, create_date=self.env.cr.now() - timedelta(days=15))
        row = self._get_row(contract)
        self.assertAlmostEqual(row.days_draft, 15, 1)
        self.assertFalse(row.days_cycle, "It is not signed")
        stalled = self.env["crm.contract.report"].search(
            [("days_in_state", ">", 14), ("state", "=", "draft")]
        )
        self.assertIn(row, stalled)

    def test_days_before_the_log(self):
        """What was before is not known; the state since then is that of the contract."""
        contract = self._create_signed()
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM crm_contract_event WHERE contract_id = %s", [contract.id]
        )
        self.env["crm.contract.event.head"].search(
            [("contract_id", "=", contract.id)]
        )._write({"number": 0})
        event = self.env["crm.contract.event"].sudo()._add(contract, "imported")
        self._tamper(event, date=self.env.cr.now() - timedelta(days=4))
        row = self._get_row(contract)
        self.assertAlmostEqual(row.days_running, 4, 1)
        self.assertFalse(row.days_draft)
        self.assertFalse(row.days_cycle)

    def test_without_a_term(self):
        contract = self._create_contract(date_start=False, date_end=False, duration=0)
        row = self._get_row(contract)
        self.assertTrue(row)
        self.assertFalse(row.date_end)

    def test_who_sees_what(self):
        mine = self._create_contract()
        theirs = self._create_contract(user_id=self.manager.id, user=self.manager)
        for user, seen in (
            (self.user, [mine]),
            (self.user_all, [mine, theirs]),
            (self.reader, [mine, theirs]),
            (self.accountant, [mine, theirs]),
        ):
            rows = self._get_row(mine, user) | self._get_row(theirs, user)
            self.assertCountEqual(rows.contract_id.ids, [c.id for c in seen])
        for user in (self.salesman, self.portal):
            with self.assertRaises(AccessError):
                self._get_row(mine, user)

    def test_other_company(self):
        contract = self._create_contract()
        company = self._create_company("Other Ltd")
        reader = self._create_user(
            "other_reader", "crm_contract.crm_contract_group_reader", company
        )
        report = self.env["crm.contract.report"].with_user(reader)
        self.assertFalse(
            report.with_context(allowed_company_ids=company.ids).search(
                [("contract_id", "=", contract.id)]
            )
        )

    def test_opens_the_contract(self):
        contract = self._create_contract()
        action = self._get_row(contract).action_view_contract()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("crm.contract", contract.id)
        )

    def test_what_nobody_asks_for_costs_nothing(self):
        """A sum of values by team reads contracts alone: no rows, lines or events."""
        report = self.env["crm.contract.report"]
        query = report._search([])
        select = query.select(SQL("SUM(%s)", SQL.identifier("amount_total")))
        [*lines] = self.env.execute_query(SQL("EXPLAIN %s", select))
        text = "\n".join(line for (line,) in lines)
        self.assertIn("on crm_contract contract", text)
        for table in ("installment", "line", "event"):
            self.assertNotIn(f"crm_contract_{table}", text)

    def test_disputes_and_score(self):
        contract = self._create_signed()
        self.assertFalse(self._get_row(contract).dispute_count)
        self._follow_disputes(contract)
        dispute = (
            self.env["crm.contract.dispute"]
            .with_user(self.user)
            .create({"contract_id": contract.id, "name": "Late delivery"})
        )
        told = contract.sudo().message_ids.filtered(
            lambda message: self.reader.partner_id in message.notified_partner_ids
        )
        self.assertIn("Late delivery", told.body)
        self.env.invalidate_all()
        self.assertEqual(self._get_row(contract).dispute_count, 1)
        dispute.action_withdraw("Their mistake")
        self.env.invalidate_all()
        self.assertEqual(self._get_row(contract).dispute_count, 0)
        self.assertFalse(self._get_row(contract).score)

    def _follow_disputes(self, contract):
        subtype = self.env.ref("crm_contract.mt_contract_disputed")
        contract.sudo().message_subscribe(self.reader.partner_id.ids, subtype.ids)
