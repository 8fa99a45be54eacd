from datetime import date

from freezegun import freeze_time

from odoo.fields import Command

from .test_amend import AmendmentCommon


class TestAmendAgain(AmendmentCommon):
    """Amended more than once: inside a billed period, and in another order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time("2026-06-10"))

    def _create_fee(self, **vals):
        line = self._prepare_line_vals(
            price_unit=100, is_recurring=True, tax_ids=False, name="Fee", **vals
        )
        return self._create_running(
            date_start=date(2026, 1, 1), line_ids=[Command.create(line)]
        )

    def _agree(self, contract, day, **vals):
        """Sign an amendment of the line that is in effect from a day on."""
        amendment = self._draft(contract)
        amendment.date_effective = day
        self._change_line(amendment, **vals)
        return self._sign(amendment)

    def _follow(self, contract, day):
        """Let the amendments take effect that are due on a day."""
        with freeze_time(day):
            due = contract.sudo().amendment_ids.filtered_domain(
                self.env["crm.contract.incorporation"]._get_due_domain()
            )
            self.env["crm.contract.incorporation"]._incorporate(due)

    def test_twice_in_a_prepaid_year(self):
        contract = self._create_fee(recurrence_unit="year")
        self._bill(contract, date(2026, 6, 10))
        self._agree(contract, date(2026, 3, 1), price_unit=200)
        self._agree(contract, date(2026, 5, 1), price_unit=300)
        self.assertEqual(
            self._periods(contract), [(date(2026, 1, 1), date(2026, 12, 31), 100)]
        )
        self.assertEqual(contract.amount_total, 100)
        self.assertEqual(contract.amount_mrr, 25)

    def test_twice_in_a_billed_month(self):
        contract = self._create_fee()
        self._bill(contract, date(2026, 6, 10))
        self._agree(contract, date(2026, 6, 5), price_unit=160)
        amendment = self._agree(contract, date(2026, 6, 8), price_unit=200)
        self.assertEqual(amendment.amount_total, 600 + 6 * 200)
        self.assertEqual(contract.amount_total, 600 + 6 * 200)
        self.assertEqual(contract.amount_mrr, 200)
        self._check_tiled(contract)

    def test_before_one_in_effect(self):
        contract = self._create_fee(billed_in="arrears")
        self._agree(contract, date(2026, 6, 1), price_unit=150)
        amendment = self._agree(contract, date(2026, 4, 1), quantity=2)
        amounts = [100] * 3 + [200] * 2 + [300] * 7
        self.assertEqual([row[2] for row in self._periods(contract)], amounts)
        self.assertEqual(contract.amount_total, sum(amounts))
        self.assertEqual(amendment.amount_total, sum(amounts))
        # Before it: five months of 100, seven of 150.
        self.assertEqual(amendment.amount_effect, sum(amounts) - 500 - 1050)
        self.assertFalse(self.env["crm.contract.verification"]._get_problems(contract))

    def test_before_one_that_waits(self):
        contract = self._create_fee()
        first = self._agree(contract, date(2026, 9, 1), price_unit=150)
        second = self._agree(contract, date(2026, 7, 1), quantity=2)
        amounts = [100] * 6 + [200] * 2 + [300] * 4
        self.assertEqual(second.amount_total, sum(amounts))
        self._follow(contract, "2026-07-01")
        self.assertEqual((first.state, second.state), ("signed", "in_force"))
        live = contract.line_ids._filter_content()
        self.assertEqual((live.price_unit, live.quantity), (100, 2))
        self.assertFalse(self.env["crm.contract.verification"]._get_problems(contract))
        self.assertFalse(
            self.env["crm.contract.verification"]._get_departures(contract)
        )
        self._follow(contract, "2026-09-01")
        live = contract.line_ids._filter_content()
        self.assertEqual((live.price_unit, live.quantity), (150, 2))
        self.assertEqual([row[2] for row in self._periods(contract)], amounts)
        self.assertEqual(contract.amount_total, sum(amounts))
        self.assertFalse(
            self.env["crm.contract.verification"]._get_departures(contract)
        )

    def test_all_content_before_one_that_waits(self):
        contract = self._create_fee()
        first = self._draft(contract)
        first.write({"date_effective": date(2026, 9, 1), "name": "Another title"})
        first.document_ids = [Command.create({"name": "Later", "file": "AAAA"})]
        self._sign(first)
        second = self._draft(contract)
        self.assertEqual(second.name, "Another title")
        second.write({"date_effective": date(2026, 7, 1), "notice_period": 5})
        second.document_ids = [Command.create({"name": "Sooner", "file": "BBBB"})]
        self._sign(second)
        title = contract.name
        self._follow(contract, "2026-07-01")
        self.assertEqual((contract.name, contract.notice_period), (title, 5))
        annexes = contract.document_ids._filter_content()
        self.assertEqual(annexes.mapped("name"), ["Sooner"])
        self._follow(contract, "2026-09-01")
        self.assertEqual((contract.name, contract.notice_period), ("Another title", 5))
        annexes = contract.document_ids._filter_content()
        self.assertEqual(sorted(annexes.mapped("name")), ["Later", "Sooner"])
        self.assertFalse(
            self.env["crm.contract.verification"]._get_departures(contract)
        )

    def test_line_that_is_still_to_come(self):
        """A line does not begin earlier because its price changes earlier."""
        contract = self._create_fee()
        first = self._draft(contract)
        line = self._prepare_line_vals(
            price_unit=10, is_recurring=True, tax_ids=False, name="New fee"
        )
        first.write({"date_effective": date(2026, 9, 1)})
        first.line_ids = [Command.create(line)]
        self._sign(first)
        second = self._draft(contract)
        second.date_effective = date(2026, 7, 1)
        second.line_ids.filtered(lambda line: line.name == "New fee").price_unit = 20
        self._sign(second)
        self._follow(contract, "2026-07-01")
        self.assertEqual(contract.line_ids.mapped("name"), ["Fee"])
        self._follow(contract, "2026-09-01")
        rows = contract.sudo().installment_ids.filtered(
            lambda row: row.line_id.name == "New fee"
        )
        self.assertEqual(rows.mapped("amount"), [20] * 4)

    def test_credited_period_has_the_new_terms(self):
        """A period that is not billed any more costs what is agreed on its days."""
        contract = self._create_fee()
        self._bill(contract, date(2026, 6, 10))
        self._agree(contract, date(2026, 6, 1), price_unit=160)
        row = contract.sudo().installment_ids.filtered(
            lambda row: row.period_start == date(2026, 6, 1)
        )
        self.assertEqual(row.amount, 100)
        row.billing_line_ids.move_id.unlink()
        self.env["crm.contract.ledger"]._rebuild(contract, date(2026, 6, 1))
        self.assertEqual(contract.amount_total, 500 + 7 * 160)
        self._check_tiled(contract)

    def test_queries_of_deriving(self):
        """Many amended contracts are derived together."""
        contracts = self.env["crm.contract"]
        for _number in range(5):
            contract = self._create_fee()
            self._agree(contract, date(2026, 5, 1), price_unit=160)
            contracts |= contract
        few, many = (self._count_queries(some) for some in (contracts[:1], contracts))
        self.assertLessEqual(many - few, 8 * 4)

    def _count_queries(self, contracts):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        self.env["crm.contract.ledger"]._rebuild(contracts, date(2026, 1, 1))
        self.env.flush_all()
        return self.cr.sql_log_count - before

    def test_lines_that_an_earlier_release_cut_off(self):
        """What they billed is not billed again, though they have lost their key."""
        contract = self._create_fee()
        self._bill(contract, date(2026, 6, 10))
        self._agree(contract, date(2026, 6, 5), price_unit=160)
        former = contract.line_ids.filtered("valid_until")
        self.env.flush_all()
        self.cr.execute(
            "UPDATE crm_contract_line SET chain = id + 1000000, content_key = 'lost'"
            " WHERE id = %s",
            [former.id],
        )
        self.cr.execute(
            "UPDATE crm_contract_installment SET chain = line_id + 1000000"
            " WHERE line_id = %s",
            [former.id],
        )
        self.env.invalidate_all()
        amendment = self._agree(contract, date(2026, 6, 8), price_unit=200)
        self.assertEqual(amendment.amount_total, 600 + 6 * 200)
        self.assertEqual(contract.amount_total, 600 + 6 * 200)
        self.assertEqual(len(set(contract.line_ids.mapped("chain"))), 1)
        self._check_tiled(contract)
