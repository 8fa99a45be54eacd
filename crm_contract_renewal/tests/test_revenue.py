from datetime import date

from freezegun import freeze_time

from .test_amend import AmendmentCommon


class TestRevenue(AmendmentCommon):
    """The statement of a month, when contracts change and follow each other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time("2026-05-20"))

    def _tell(self, *days):
        """Return what is earned of contracts by months: a list of {contract: line}."""
        statements = self.env["crm.contract.revenue"].sudo()
        statements.search([]).unlink()
        told = []
        for day in days:
            statement = statements.create({"date": day, "company_id": self.company.id})
            statement.action_compute()
            told.append({row.contract_id: row for row in statement.line_ids})
        return told

    def _set_signed(self, contract):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_contract SET date_signed = '2025-12-01' WHERE id = %s",
            [contract.id],
        )
        self.env.invalidate_all()

    def _post_all(self, contract, day):
        """Bill what is due until a day, and post it on that day."""
        invoices = self._bill(contract, day)
        invoices.invoice_date = self.env.company._get_today()
        invoices.action_post()
        return invoices

    def test_amended(self):
        """A difference to billed days: from the day of the amendment, or caught up.

        300 a quarter, billed until June 30th; 391 from April 16th on, settled on May 20th:
        76 days of 1 more.
        """
        line = self._prepare_line_vals(
            price_unit=300,
            is_recurring=True,
            recurrence_interval=3,
            tax_ids=False,
            name="Fee",
        )
        contract = self._create_running(
            date_start=date(2026, 1, 1), line_ids=[(0, 0, line)]
        )
        self._post_all(contract, date(2026, 6, 1))
        amendment = self._draft(contract)
        amendment.write({"date_effective": date(2026, 4, 16), "billed_days": "settle"})
        self._sign(self._change_line(amendment, price_unit=391))
        invoice = self._post_all(contract, date(2026, 5, 20))
        self.assertEqual(invoice.amount_total, 76)
        self._set_signed(contract)
        months = [date(2026, month, 1) for month in (4, 5, 6)]
        # 300 of the first quarter, 30, 61 and 91 days of 300 / 91, and the difference.
        base = (398.90, 501.10, 600.0)
        # 12 of the 42 days from May 20th on; 15 and 46 of the 76 that are settled.
        for setting, more in (
            ("prospective", (0, 21.71, 76)),
            ("catch_up", (15, 46, 76)),
        ):
            self.company.contract_revenue_amendment = setting
            with freeze_time("2026-06-30"):
                lines = [told[contract] for told in self._tell(*months)]
            for row, plain, difference in zip(lines, base, more, strict=True):
                self.assertAlmostEqual(row.amount_earned, plain + difference, 2)
            self.assertEqual(lines[-1].amount_earned, lines[-1].amount_billed)

    def test_renewed(self):
        """Each term is earned in its own days, and each is what is billed of it."""
        contract = self._create_running(date_start=date(2025, 6, 1), notice_period=0)
        self._set_signed(contract)
        successor = self._renew(contract, uplift="percent", percent=10)
        self._sign(successor)
        with freeze_time("2026-06-02"):
            self._run("renew", 13)
            self.assertEqual(contract.state, "ended")
            with self.enter_registry_test_mode():
                self.env.ref("crm_contract.ir_cron_advance").method_direct_trigger()
            self.assertEqual(successor.state, "running")
            for each in (contract, successor):
                self._post_all(each, date(2026, 6, 2))
            self._set_signed(successor)
        with freeze_time("2026-06-30"):
            may, june = self._tell(date(2026, 5, 1), date(2026, 6, 1))
        self.assertEqual(may[contract].amount_earned, 1200)
        self.assertEqual(may[contract].amount_earned_month, 100)
        self.assertFalse(may.get(successor) and may[successor].amount_earned)
        self.assertEqual(june[successor].amount_earned, 110)
        self.assertEqual(june[successor].amount_earned_month, 110)
        # Billed in June, after it was given.
        self.assertEqual(june[contract].amount_earned_month, 0)
        self.assertEqual(june[contract].amount_billed, 1200)
