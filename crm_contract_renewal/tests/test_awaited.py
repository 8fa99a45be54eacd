from datetime import date

from freezegun import freeze_time

from odoo.fields import Command

from .test_amend import AmendmentCommon


class TestAwaitedAmendment(AmendmentCommon):
    """What is billed between the signature of an amendment and its day.

    A monthly fee of 100 in advance, from January 1st on; all until June 30th is billed.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time("2026-06-10"))

    def setUp(self):
        super().setUp()
        self.contract = self._create_running(date_start=date(2026, 1, 1))
        self._bill(self.contract, date(2026, 6, 10))

    def _agree(self, day, **vals):
        amendment = self._draft(self.contract)
        amendment.date_effective = day
        return self._sign(self._change_line(amendment, **vals))

    def _bill_on(self, day):
        """Let the billing job run, before any other one; return what it invoices."""
        before = self.contract.sudo().invoice_ids
        self.env.flush_all()
        with freeze_time(day), self.enter_registry_test_mode():
            self.env.ref("crm_contract.ir_cron_bill").method_direct_trigger()
        self.env.invalidate_all()
        invoices = self.contract.sudo().invoice_ids - before
        return invoices.mapped("amount_total")

    def test_first_day_of_a_period(self):
        amendment = self._agree(date(2026, 7, 1), price_unit=160)
        self.assertEqual(self._bill_on("2026-07-01"), [160])
        self.assertEqual(amendment.state, "in_force")

    def test_downtime(self):
        self._agree(date(2026, 7, 1), price_unit=160)
        self.assertEqual(self._bill_on("2026-07-20"), [160])

    def test_inside_a_period(self):
        """Days that will cost something else are not billed before it is in force."""
        self._agree(date(2026, 7, 16), price_unit=160)
        # 15 and 16 days of 31
        self.assertEqual(self._bill_on("2026-07-01"), [48.39])
        self.assertFalse(self._bill_on("2026-07-15"))
        self.assertEqual(self._bill_on("2026-07-16"), [82.58])
        self._check_tiled(self.contract)

    def test_line_goes(self):
        amendment = self._draft(self.contract)
        line = self._prepare_line_vals(
            price_unit=10, is_recurring=True, tax_ids=False, name="New fee"
        )
        amendment.write(
            {
                "date_effective": date(2026, 7, 16),
                "line_ids": [
                    Command.delete(amendment.line_ids.id),
                    Command.create(line),
                ],
            }
        )
        self._sign(amendment)
        self.assertEqual(self._bill_on("2026-07-01"), [48.39])

    def test_new_end(self):
        amendment = self._draft(self.contract)
        amendment.write(
            {
                "date_effective": date(2026, 7, 5),
                "duration": 0,
                "date_end": date(2026, 7, 10),
                "notice_period": 0,
            }
        )
        self._sign(amendment)
        # 10 days of 31
        self.assertEqual(self._bill_on("2026-07-01"), [32.26])

    def test_words_alone(self):
        self._agree(date(2026, 7, 16), name="Fee of the year")
        self.assertEqual(self._bill_on("2026-07-01"), [100])

    def test_reopened(self):
        """An end that is taken back leaves the day of the amendment as it was."""
        self._agree(date(2026, 7, 16), price_unit=160)
        self._end(self.contract.with_user(self.manager))
        termination = self.env["crm.contract.termination"].with_user(self.manager)
        termination._reopen(self.contract, "By mistake")
        # June, whose draft went with the end, is billed anew.
        self.assertEqual(sorted(self._bill_on("2026-07-01")), [48.39, 100])
