from datetime import date

from freezegun import freeze_time

from odoo.fields import Command

from .common_end import EndCommon

START = date(2026, 3, 10)
END = date(2026, 12, 31)


@freeze_time(START)
class GraceCommon(EndCommon):
    """Contracts of the year 2026 with a monthly fee of 310, without notice."""

    def _create_fee(self, line=(), **vals):
        return super()._create_fee(line, **{"notice_period": 0, **vals})

    def _run_all(self, day):
        """Run the daily jobs on a day, the one that lets expire first."""
        self._run_on("advance", day, "crm_contract")
        self._run_on("renew", day)
        self._run_on("mrr", day)

    def _sign_on(self, renewal, day, **vals):
        with freeze_time(day):
            self._sign(renewal, **vals)
        self.env.flush_all()
        self.env.invalidate_all()

    def _get_kinds(self, contracts):
        """Return the movements of the log as (kind, day, MRR), in their order."""
        self.env.flush_all()
        log = self.env["crm.contract.mrr.movement"].search(
            [("contract_id", "in", contracts.ids)], order="date, id"
        )
        return [(row.kind, row.date, row.amount_mrr) for row in log]


@freeze_time(START)
class TestAutomaticGoesOn(GraceCommon):
    """A contract that renews by itself does not expire because of a calendar."""

    def _check_renewed(self, contract, periods=None):
        successor = contract.renewal_ids
        self.assertEqual(successor.state, "running")
        self.assertEqual(successor.date_start, date(2027, 1, 1))
        self.assertEqual(contract.end_reason, "superseded")
        self.assertEqual(contract.date_ended, END)
        self.assertEqual(
            self._get_kinds(contract | successor), [("new", date(2026, 1, 1), 310)]
        )
        first = successor.installment_ids.sorted("period_start")[:1]
        self.assertEqual(first.period_start, date(2027, 1, 1))
        return successor

    def test_without_notice(self):
        contract = self._create_fee(renewal_mode="automatic")
        self.assertEqual(contract.date_notice, END)
        self._run_all("2026-12-31")
        self.assertFalse(contract.renewal_ids)
        self._run_all("2027-01-01")
        self._check_renewed(contract)

    def test_down_over_deadline_and_end(self):
        contract = self._create_fee(renewal_mode="automatic", notice_period=3)
        self._run_all("2027-02-20")
        self._check_renewed(contract)

    def test_down_for_two_terms(self):
        contract = self._create_fee(renewal_mode="unless_refused")
        for day in ("2029-02-20", "2029-02-21", "2029-02-22"):
            self._run_all(day)
        family = contract.family_ids
        self.assertEqual(len(family), 4)
        self.assertEqual(family.mapped("state"), ["ended", "ended", "ended", "running"])
        self.assertEqual(set(family[:3].mapped("end_reason")), {"superseded"})
        self.assertEqual(family[3].date_start, date(2029, 1, 1))
        self.assertEqual(self._get_kinds(family), [("new", date(2026, 1, 1), 310)])
        rows = family.installment_ids.sorted("period_start")
        starts = rows.mapped("period_start")
        self.assertEqual(len(starts), len(set(starts)))
        self.assertEqual(len(starts), 48)

    def test_deadline_after_the_end(self):
        """It may be refused until the working day after; then it renews."""
        self.type.notice_day_rule = "next"
        self.company.resource_calendar_id.global_leave_ids = [
            Command.create(
                {
                    "name": "Turn of the year",
                    "date_from": "2026-12-31 00:00:00",
                    "date_to": "2027-01-01 23:00:00",
                }
            )
        ]
        contract = self._create_fee(renewal_mode="automatic")
        # 2 and 3 January are a Saturday and a Sunday.
        self.assertEqual(contract.date_notice, date(2027, 1, 4))
        self._run_all("2027-01-04")
        self.assertEqual(contract.state, "running")
        self.assertFalse(contract.renewal_ids)
        self._run_all("2027-01-05")
        self._check_renewed(contract)

    def test_refused_after_the_end(self):
        self.type.notice_day_rule = "next"
        contract = self._create_fee(
            renewal_mode="automatic", duration=0, date_end=date(2027, 1, 2)
        )
        self.assertEqual(contract.date_notice, date(2027, 1, 4))
        self._run_all("2027-01-03")
        self.assertEqual(contract.state, "running")
        with freeze_time("2027-01-04"):
            contract._decide_renewal("expire", "They left")
        self._run_all("2027-01-05")
        self.assertEqual(contract.end_reason, "expired")
        self.assertEqual(contract.date_ended, date(2027, 1, 2))

    def test_renegotiated(self):
        """It goes on until somebody decides, and is renewed then without a gap."""
        contract = self._create_fee(renewal_mode="automatic")
        contract._decide_renewal("renegotiate")
        for day in ("2027-01-01", "2027-06-01"):
            self._run_all(day)
            self.assertEqual(contract.state, "running")
            self.assertFalse(contract.renewal_ids)
        with freeze_time("2027-06-02"):
            contract._decide_renewal("renew")
        self._run_all("2027-06-03")
        self._check_renewed(contract)

    def test_let_expire(self):
        contract = self._create_fee(renewal_mode="automatic")
        contract._decide_renewal("expire", "No budget")
        self._run_all("2027-01-01")
        self.assertEqual(contract.end_reason, "expired")
        self.assertFalse(contract.renewal_ids)

    def test_what_fails_keeps_it_alive(self):
        contract = self._create_fee(
            renewal_mode="automatic",
            adjustment="index",
            adjustment_index_id=self.env["crm.contract.index"]
            .create({"name": "Prices"})
            .id,
        )
        self._run_all("2027-02-01")
        self.assertEqual(contract.state, "running")
        self.assertIn("no value for", contract.job_problem)

    def test_terminated(self):
        contract = self._create_fee(renewal_mode="automatic")
        self._terminate(contract, END)
        self._run_all("2027-01-01")
        self.assertEqual(contract.end_reason, "terminated")
        self.assertFalse(contract.renewal_ids)


@freeze_time(START)
class TestSignedLate(GraceCommon):
    """A renewal that is signed late follows without a gap, and nothing churned."""

    def test_within_the_grace(self):
        contract = self._create_fee()
        renewal = self._renew(contract)
        for day in ("2027-01-01", "2027-01-30"):
            self._run_all(day)
            self.assertEqual(contract.state, "running")
        with freeze_time("2027-01-30"):
            self.assertIn("not signed yet", contract.state_note)
        self._sign_on(renewal, "2027-01-30")
        self.assertEqual(contract.end_reason, "superseded")
        self.assertEqual(contract.date_ended, END)
        self.assertEqual(renewal.state, "running")
        self._run_all("2027-01-31")
        family = contract | renewal
        self.assertEqual(self._get_kinds(family), [("new", date(2026, 1, 1), 310)])
        rows = family.installment_ids.sorted("period_start")
        self.assertEqual(sum(rows.mapped("amount")), 24 * 310)
        [row] = self.env["crm.contract.renewal.report"].search(
            [("contract_id", "=", contract.id)]
        )
        self.assertEqual((row.outcome, row.renewal_rate), ("renewed", 100))

    def test_grace_is_over(self):
        contract = self._create_fee()
        self._renew(contract)
        self._run_all("2027-01-30")
        self.assertEqual(contract.state, "running")
        self._run_all("2027-01-31")
        self.assertEqual(contract.end_reason, "expired")
        self.assertEqual(contract.date_ended, END)

    def test_no_grace(self):
        self.type.grace_days = 0
        contract = self._create_fee()
        self._renew(contract)
        self._run_all("2027-01-01")
        self.assertEqual(contract.end_reason, "expired")

    def test_nobody_prepared_anything(self):
        contract = self._create_fee()
        self._run_all("2027-01-01")
        self.assertEqual(contract.end_reason, "expired")

    def test_decided_to_renew(self):
        """Without a draft as well; it can still be renewed."""
        for decision in ("renew", "renegotiate"):
            contract = self._create_fee()
            contract._decide_renewal(decision)
            self._run_all("2027-01-10")
            self.assertEqual(contract.state, "running")
        with freeze_time("2027-01-10"):
            renewal = self._renew(contract)
            self.assertEqual(renewal.date_start, date(2027, 1, 1))

    def test_recorded_after_the_grace(self):
        """Signed in time, and recorded late: it is counted once."""
        contract = self._create_fee()
        renewal = self._renew(contract, uplift="percent", percent=10)
        self._run_all("2027-03-01")
        self.assertEqual(contract.end_reason, "expired")
        churn = [("new", date(2026, 1, 1), 310), ("churn", date(2027, 1, 1), -310)]
        self.assertEqual(self._get_kinds(contract), churn)
        self._sign_on(renewal, "2027-03-02", date=date(2027, 1, 20))
        self.assertEqual(contract.end_reason, "superseded")
        self._run_all("2027-03-03")
        kinds = self._get_kinds(contract | renewal)
        self.assertEqual(
            kinds,
            [
                *churn,
                ("churn", date(2027, 1, 1), 310),
                ("expansion", date(2027, 1, 1), 31),
            ],
        )

    def test_signed_after_the_grace(self):
        """That is business anew."""
        contract = self._create_fee()
        renewal = self._renew(contract)
        self._run_all("2027-03-01")
        self._sign_on(renewal, "2027-03-02")
        self.assertEqual(contract.end_reason, "expired")
        self.assertEqual(
            [row[0] for row in self._get_kinds(contract | renewal)],
            ["new", "churn", "new"],
        )


@freeze_time(START)
class TestBilledMeanwhile(GraceCommon):
    """If the type says so, the old fees go on until the renewal is signed."""

    def setUp(self):
        super().setUp()
        self.type.bill_grace = True
        self.contract = self._create_fee()
        self.renewal = self._renew(self.contract, uplift="percent", percent=10)

    def _get_beyond(self):
        self.env.invalidate_all()
        rows = self.contract.installment_ids.filtered(
            lambda row: row.line_id and row.period_start > END
        )
        return [
            (row.period_start, row.period_end, row.amount)
            for row in rows.sorted("period_start")
        ]

    def test_not_before_the_end(self):
        self._run_all("2026-12-31")
        self.assertFalse(self._get_beyond())
        self.assertEqual(self.contract.amount_total, 12 * 310)

    def test_as_long_as_the_grace(self):
        for _twice in range(2):
            self._run_all("2027-01-02")
            # 30 days of 31.
            self.assertEqual(
                self._get_beyond(), [(date(2027, 1, 1), date(2027, 1, 30), 300)]
            )
        self.assertEqual(self.contract.amount_total, 12 * 310)

    def test_signed(self):
        """What was billed meanwhile is credited, and billed by the renewal."""
        self._run_all("2027-01-02")
        with freeze_time("2027-01-05"):
            self._bill(self._row_of(self.contract, 1).sorted("period_start")[-1])
        self._sign_on(self.renewal, "2027-01-10")
        [credit] = self.contract.sudo().invoice_ids.filtered(
            lambda move: move.move_type == "out_refund"
        )
        self.assertEqual((credit.state, credit.amount_total), ("draft", 300))
        with freeze_time("2027-01-11"):
            credit.invoice_date = date(2027, 1, 11)
            credit.action_post()
        self._run_all("2027-01-12")
        self.assertEqual(self.contract.date_ended, END)
        self.assertEqual(self._get_net(self.contract), 0)
        rows = self.renewal.installment_ids.sorted("period_start")
        self.assertEqual(rows[0].period_start, date(2027, 1, 1))
        self.assertEqual(rows[0].amount, 341)

    def test_signed_before_it_was_billed(self):
        self._run_all("2027-01-02")
        self._sign_on(self.renewal, "2027-01-10")
        self.assertFalse(self._get_beyond())
        self.assertFalse(self.contract.sudo().invoice_ids)

    def test_not_renewed_after_all(self):
        """It ends with what was granted; what was billed until then stays."""
        self._run_all("2027-01-02")
        with freeze_time("2027-01-05"):
            self._bill(self._row_of(self.contract, 1).sorted("period_start")[-1])
        self._run_all("2027-01-31")
        self.assertEqual(self.contract.end_reason, "expired")
        self.assertEqual(self.contract.date_ended, date(2027, 1, 30))
        self.assertEqual(self._get_net(self.contract), 300)
        self.assertEqual(
            self._get_kinds(self.contract),
            [("new", date(2026, 1, 1), 310), ("churn", date(2027, 1, 31), -310)],
        )

    def test_decided_to_let_expire(self):
        self._run_all("2027-01-02")
        with freeze_time("2027-01-10"):
            self.renewal.action_cancel()
            self.contract._decide_renewal("expire", "They left")
        self._run_all("2027-01-11")
        self.assertEqual(self.contract.date_ended, date(2027, 1, 10))
        self.assertEqual(
            self._get_beyond(), [(date(2027, 1, 1), date(2027, 1, 10), 100)]
        )

    def test_renegotiated_automatic(self):
        contract = self._create_fee(renewal_mode="automatic")
        contract._decide_renewal("renegotiate")
        self._run_all("2027-01-02")
        rows = contract.installment_ids.filtered(lambda row: row.period_start > END)
        self.assertGreaterEqual(len(rows), 12)
        self.assertEqual(set(rows.mapped("amount")), {310})

    def test_terminated_meanwhile(self):
        """Of what is billed after its term, the end may lie there as well."""
        for today, last in (("2027-01-10", (1, 10)), ("2027-01-05", (1, 10))):
            contract = self._create_fee(renewal_mode="automatic")
            contract._decide_renewal("renegotiate")
            self._run_all("2027-01-02")
            with freeze_time(today):
                self._terminate(contract, date(2027, *last))
            self._run_all("2027-01-09")
            self._run_all("2027-01-11")
            self.assertEqual(contract.end_reason, "terminated")
            self.assertEqual(contract.date_ended, date(2027, *last))
            rows = contract.installment_ids.filtered(lambda r: r.period_start > END)
            self.assertEqual(rows.period_end, date(2027, *last))
            self.assertEqual(rows.amount, 100)

    def test_not_later_than_what_is_granted(self):
        self.renewal.action_cancel()
        self.contract._decide_renewal("renegotiate")
        self._run_all("2027-01-02")
        with freeze_time("2027-01-05"):
            with self._refused("ends on 01/30/2027"):
                self._terminate(self.contract, date(2027, 1, 31))
            self._terminate(self.contract, date(2027, 1, 20))
        self._run_all("2027-01-21")
        self.assertEqual(self.contract.date_ended, date(2027, 1, 20))
