from datetime import timedelta

from freezegun import freeze_time

from odoo.fields import Command

from .test_mrr_log import MrrCommon


class TestRenewalReport(MrrCommon):
    """What became of each term, in hand-made figures."""

    def _create_priced(self, price, **vals):
        """Return a running contract with a monthly fee."""
        line = self._prepare_line_vals(
            price_unit=price, is_recurring=True, tax_ids=False
        )
        return self._create_running(line_ids=[Command.create(line)], **vals)

    def _renew_signed(self, contract, percent=0):
        """Renew a contract; the renewal is signed before it begins."""
        return self._sign(self._renew(contract, uplift="percent", percent=percent))

    def _get_report(self, user=None):
        self.env.flush_all()
        report = self.env["crm.contract.renewal.report"].with_user(user or self.reader)
        report.invalidate_model()
        return report

    def _get_row(self, contract):
        return self._get_report().search([("contract_id", "in", contract.ids)])

    def _get_figures(self, contracts, *names, groupby=()):
        """Return the measures over all the contracts, or by a group."""
        rows = self._get_report()._read_group(
            [("contract_id", "in", contracts.ids)],
            groupby,
            [f"{name}:{self._get_report()._fields[name].aggregator}" for name in names],
        )
        return rows if groupby else rows[0]

    def _expire(self, contract):
        self._advance(self._days_to_end(contract) + 1, ("core",))
        self.assertEqual(contract.end_reason, "expired")

    def test_rates(self):
        """100 a month is renewed at 110, 300 at 306; 200 expires and 400 is open."""
        first, second = self._create_priced(100), self._create_priced(300)
        lost = self._create_priced(200)
        self._renew_signed(first, 10)
        self._renew_signed(second, 2)
        self._expire(lost)
        still_open = self._create_priced(400)
        contracts = first | second | lost | still_open
        # 2 of 3; (1,320 + 3,672) of (1,200 + 3,600 + 2,400); (110 + 306) to (100 + 300)
        count, value, uplift = self._get_figures(
            contracts, "renewal_rate", "value_rate", "uplift"
        )
        self.assertAlmostEqual(count, 200 / 3)
        self.assertAlmostEqual(value, 100 * 4992 / 7200)
        self.assertAlmostEqual(uplift, 4)
        expiring, decided, renewed, churned, mrr = self._get_figures(
            contracts,
            "amount_expiring",
            "amount_decided",
            "amount_renewed",
            "amount_churned",
            "amount_mrr",
        )
        self.assertEqual((expiring, decided), (12000, 7200))
        self.assertEqual((renewed, churned, mrr), (4992, 2400, 1000))
        by_outcome = self._get_figures(
            contracts, "value_rate", "uplift", groupby=["outcome"]
        )
        # Nothing to say is another thing than nothing renewed.
        self.assertEqual(
            {outcome: repr((rate, up)) for outcome, rate, up in by_outcome},
            {
                "renewed": "(104.0, 4.0)",
                "expired": "(0.0, False)",
                "open": "(False, False)",
            },
        )

    def test_pivot(self):
        """The web client asks for several groupings at once."""
        contract = self._create_priced(100)
        self._renew_signed(contract, 10)
        self._expire(self._create_priced(200))
        groups = self._get_report().formatted_read_grouping_sets(
            [
                ("company_id", "=", self.company.id),
                ("date_end", "=", contract.date_end),
            ],
            [[], ["date_end:month"]],
            ["value_rate:avg", "renewal_rate:avg"],
        )
        for [group] in groups:
            self.assertAlmostEqual(group["value_rate:avg"], 100 * 1320 / 3600)
            self.assertAlmostEqual(group["renewal_rate:avg"], 50)

    def test_row(self):
        contract = self._create_priced(100)
        successor = self._renew_signed(contract, 10)
        row = self._get_row(contract)
        self.assertEqual(row.outcome, "renewed")
        self.assertEqual(row.renewal_id, successor)
        self.assertEqual(row.date_end, contract.date_end)
        self.assertEqual(row.partner_id, self.customer)
        self.assertEqual((row.renewal_rate, row.value_rate, row.uplift), (100, 110, 10))
        self.assertEqual((row.user_id, row.team_id), (self.user, contract.team_id))
        self.assertEqual(self._get_row(successor).outcome, "open")
        self.assertEqual(row.action_view_contract()["res_id"], contract.id)

    def test_uplift_is_that_of_the_prices_in_force(self):
        """A step in the term before, or a longer term, is no uplift."""
        contract = self._create_stepped(renewal_duration=24, renewal_unit="month")
        self._renew_signed(contract, 5)
        row = self._get_row(contract)
        # 120 a month at the end, 126 after it
        self.assertEqual((row.amount_mrr, row.amount_before), (120, 1440))
        self.assertEqual((row.amount_after, row.uplift), (1512, 5))
        self._advance(self._days_to_end(contract) + 1)
        self.assertEqual(self._get_row(contract).uplift, 5)

    def test_uplift_without_recurring_fees(self):
        contract = self._create_signed()
        self._renew_signed(contract, 10)
        row = self._get_row(contract)
        self.assertEqual(row.amount_expiring, 1150)
        self.assertAlmostEqual(row.uplift, 10)
        self.assertFalse(row.is_recurring)

    def test_outcomes(self):
        contract = self._create_priced(100)
        self.assertEqual(self._get_row(contract).outcome, "open")
        contract._decide_renewal("renegotiate")
        self.assertEqual(self._get_row(contract).outcome, "renewing")
        contract.action_reopen_decision()
        contract._decide_renewal("expire", "Too dear", "Cheap Inc")
        row = self._get_row(contract)
        self.assertEqual(row.outcome, "leaving")
        self.assertEqual(
            (row.renewal_reason, row.renewal_competitor), ("Too dear", "Cheap Inc")
        )
        self.assertFalse(row.amount_decided)
        self._end(contract, reason="terminated", note="Gone")
        row = self._get_row(contract)
        self.assertEqual((row.outcome, row.renewal_rate), ("terminated", 0))
        self.assertEqual(row.date_end, self.today)
        completed = self._create_priced(100)
        self._end(completed.with_user(self.manager))
        self.assertEqual(self._get_row(completed).outcome, "completed")

    def test_what_is_no_term(self):
        draft = self._create_contract()
        endless = self._create_priced(100, is_open_ended=True)
        self.assertFalse(self._get_row(draft | endless))
        renewed = self._create_priced(100)
        self._renew(renewed)
        self.assertEqual(self._get_row(renewed).outcome, "renewing")
        self.assertFalse(self._get_row(renewed.renewal_ids))
        self._end(endless.with_user(self.manager))
        self.assertEqual(self._get_row(endless).date_end, self.today)

    def test_renewal_that_ends_before_it_begins(self):
        contract = self._create_priced(100)
        successor = self._renew_signed(contract)
        self._end(successor, reason="terminated", note="Changed their mind")
        self.assertFalse(self._get_row(successor))
        self._advance(self._days_to_end(contract) + 1)
        row = self._get_row(contract)
        self.assertEqual((row.outcome, row.renewal_rate), ("expired", 0))
        self.assertEqual(row.amount_churned, 1200)

    def test_amendments_are_no_terms(self):
        contract = self._create_priced(100)
        wizard = self.env["crm.contract.amend"].with_user(self.user)
        action = wizard.create(
            {
                "contract_id": contract.id,
                "date_effective": self.today,
                "reason": "More",
            }
        ).action_amend()
        amendment = contract.browse(action["res_id"]).with_user(self.user)
        amendment.line_ids = [Command.update(amendment.line_ids.id, {"quantity": 2})]
        self._sign(amendment)
        self.assertFalse(self._get_row(amendment))
        self.assertEqual(self._get_row(contract).amount_mrr, 200)

    def test_lead_time(self):
        contract, other = self._create_priced(100), self._create_priced(100)
        self._run("ladder", self._days_before(contract, 60))
        for decided, days in ((contract, 12), (other, 33)):
            day = contract.date_deadline - timedelta(days=60 - days)
            self._run("ladder", (day - self.today).days)
            with freeze_time(day):
                decided._decide_renewal("renegotiate")
            self.assertEqual(self._get_row(decided).lead_days, days)
        self._create_priced(100)
        [lead] = self._get_figures(contract | other, "lead_days")
        self.assertEqual(lead, 22.5)

    def test_lead_time_counts_reminders_that_were_sent(self):
        self.type.rung_ids[0].domain = "[('amount_total', '>', 1000000)]"
        contract = self._create_priced(100)
        self._run("ladder", self._days_before(contract, 60))
        self._run("ladder", self._days_before(contract, 30))
        self.assertEqual(
            set(contract.sudo().fired_ids.mapped("outcome")), {"skipped", "fired"}
        )
        with freeze_time(contract.date_deadline - timedelta(days=20)):
            contract._decide_renewal("renegotiate")
        self.assertEqual(self._get_row(contract).lead_days, 10)

    def test_decided_without_reminder(self):
        contract = self._create_priced(100)
        contract._decide_renewal("renegotiate")
        self.assertIs(self._get_figures(contract, "lead_days")[0], False)

    def test_currency(self):
        yen = self._activate_yen(100)
        contract = self._create_priced(1000, currency_id=yen.id)
        row = self._get_row(contract)
        self.assertEqual((row.amount_expiring, row.amount_mrr), (120, 10))
        self.assertEqual(row.currency_id, self.company.currency_id)

    def test_who_sees_what(self):
        mine = self._create_priced(100)
        other = self._create_priced(100, user=self.manager, user_id=self.manager.id)
        both = mine | other
        for user, contracts in (
            (self.user, mine),
            (self.user_all, both),
            (self.manager, both),
            (self.reader, both),
            (self.accountant, both),
        ):
            rows = self._get_report(user).search([("contract_id", "in", both.ids)])
            self.assertEqual(rows.contract_id, contracts, user.login)
        for user in (self.portal, self.salesman):
            self.assertFalse(self._get_report(user).has_access("read"))

    def test_companies(self):
        self._create_priced(100)
        company = self._create_company("Other Ltd")
        reader = self._create_user(
            "other_reader", "crm_contract.crm_contract_group_reader", company
        )
        report = self._get_report(reader)
        self.assertFalse(
            report.with_context(allowed_company_ids=company.ids).search([])
        )
