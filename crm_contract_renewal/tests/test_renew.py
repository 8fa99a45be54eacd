from datetime import date, timedelta

from psycopg2.errors import UniqueViolation

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tools import mute_logger

from .common import RenewalCommon


class TestRenew(RenewalCommon):
    """The successor: its dates, its content, its prices."""

    def test_follows_without_gap(self):
        contract = self._create_running()
        successor = self._renew(contract)
        self.assertEqual(successor.kind, "renewal")
        self.assertEqual(successor.origin_id, contract)
        self.assertEqual(successor.state, "draft")
        self.assertEqual(successor.date_start, contract.date_end + timedelta(days=1))
        self.assertEqual(successor.duration, contract.duration)
        self.assertEqual(successor.create_uid, self.user)
        self.assertEqual(contract.renewal_decision, "renew")
        self.assertEqual(successor.line_ids.price_unit, 100)
        self.assertTrue(successor.line_ids.is_recurring)
        self.assertEqual(successor.clause_ids.template_id, self.clause)

    def test_end_entered_as_a_date(self):
        start = date(2026, 3, 1)
        for end, following in (
            (date(2027, 2, 28), date(2028, 2, 29)),
            (date(2026, 3, 10), date(2026, 3, 20)),
        ):
            contract = self._create_running(
                date_start=start, duration=0, date_end=end, notice_period=0
            )
            self.assertEqual(self._renew(contract).date_end, following)

    def test_plan_and_milestones_move(self):
        contract = self._create_signed(
            milestone_ids=[
                Command.create({"name": "Review", "date_deadline": self._days(10)})
            ],
        )
        successor = self._renew(contract)
        days = (successor.date_start - contract.date_start).days
        plan = successor.installment_ids.filtered(lambda row: row.trigger == "date")
        self.assertEqual(plan.date, self._days(30 + days))
        self.assertEqual(successor.milestone_ids.date_deadline, self._days(10 + days))
        self.assertEqual(successor.plan_difference, 0)

    def test_percent(self):
        contract = self._create_running()
        wizard = self._open_renew(contract, uplift="percent", percent=3.5)
        self.assertAlmostEqual(wizard.line_ids.change, 3.5 * 12)
        self.assertAlmostEqual(wizard.line_ids.amount_old, 1200)
        wizard.action_renew()
        successor = contract.renewal_ids
        self.assertEqual(successor.line_ids.price_unit, 103.5)
        self.assertIn("3.5", successor.uplift_note)

    def test_amount_and_rounding(self):
        contract = self._create_running()
        successor = self._renew(contract, uplift="amount", amount=7.77, rounding=0.5)
        self.assertEqual(successor.line_ids.price_unit, 108)

    def test_steps_rise_too(self):
        line = self._prepare_line_vals(
            price_unit=100,
            is_recurring=True,
            step_ids=[Command.create({"date_from": self._days(90), "price_unit": 200})],
        )
        contract = self._create_running(line_ids=[Command.create(line)])
        successor = self._renew(contract, uplift="percent", percent=10)
        # The step has begun: it is the price that the next term begins with.
        self.assertAlmostEqual(successor.line_ids.price_unit, 220)
        self.assertFalse(successor.line_ids.step_ids)

    def _create_index(self):
        return self.env["crm.contract.index"].create(
            {
                "name": "Prices",
                "value_ids": [
                    Command.create({"date": date(2026, 1, 1), "value": 120}),
                    Command.create({"date": date(2026, 10, 15), "value": 126}),
                ],
            }
        )

    def test_index(self):
        contract = self._create_running()
        vals = {
            "uplift": "index",
            "index_id": self._create_index().id,
            "date_base": date(2026, 1, 20),
            "date_index": date(2026, 10, 1),
        }
        with self.env.cr.savepoint() as savepoint:
            successor = self._renew(contract, **vals)
            self.assertEqual(successor.line_ids.price_unit, 105)
            for text in ("120", "126", "2026-01", "2026-10", "5 %"):
                self.assertIn(text, successor.uplift_note)
            savepoint.rollback()
        self.env.invalidate_all()
        successor = self._renew(contract, **vals, use_cap=True, cap=2)
        self.assertEqual(successor.line_ids.price_unit, 102)

    def test_index_without_value(self):
        contract = self._create_running()
        wizard = self._open_renew(
            contract,
            uplift="index",
            index_id=self._create_index().id,
            date_base=date(2025, 1, 1),
            date_index=date(2026, 10, 1),
        )
        self.assertIn("2025-01", wizard.line_ids.problem)
        with self._refused("no value for 2025-01"):
            wizard.action_renew()
        with self._refused("Choose the index"):
            self._open_renew(contract, uplift="index").action_renew()

    @mute_logger("odoo.sql_db")
    def test_one_value_a_month(self):
        index = self._create_index()
        with self._refused("", UniqueViolation):
            index.value_ids = [Command.create({"date": date(2026, 1, 31), "value": 1})]
            self.env.flush_all()

    def test_import_of_a_series(self):
        index = self._create_index()
        result = (
            self.env["crm.contract.index.value"]
            .with_user(self.manager)
            .load(
                ["index_id", "date", "value"],
                [["Prices", "2026-11-01", "127.5"], ["Prices", "2026-12-01", "128"]],
            )
        )
        self.assertEqual(len(result["ids"]), 2)
        self.assertEqual(index._get_value(date(2026, 12, 24)), 128)

    def test_many_at_once(self):
        contracts = self._create_running() | self._create_running()
        draft = self._create_contract()
        wizard = self._open_renew(contracts | draft)
        problems = wizard.line_ids.filtered("problem")
        self.assertEqual(problems.contract_id, draft)
        wizard.action_renew()
        self.assertEqual(len(contracts.renewal_ids), 2)

    def test_refused(self):
        contract = self._create_running()
        self._renew(contract)
        ended = self._in_state("ended")
        for refused, word in (
            (contract, "has a renewal already"),
            (ended, "not in force"),
            (self._create_running(is_open_ended=True), "open-ended"),
        ):
            with self._refused(word):
                self._open_renew(refused).action_renew()

    def test_superseded(self):
        """Its renewal took over: what comes next is that one's renewal."""
        contract = self._create_running(
            date_start=self._days(-365), duration=0, date_end=self._days(-1),
            notice_period=0,
        )  # fmt: skip
        successor = self._renew(contract)
        self._sign(successor)
        self.assertEqual(contract.end_reason, "superseded")
        with self._refused("not in force"):
            self._open_renew(contract).action_renew()
        with self._refused("not in force"):
            contract._renew()
        self.assertEqual(self._renew(successor).origin_id, successor)

    def test_index_without_base(self):
        """Without a base month, the term says it: its value has to be there as well."""
        contract = self._create_running(date_start=date(2025, 11, 5))
        wizard = self._open_renew(
            contract,
            uplift="index",
            index_id=self._create_index().id,
            date_index=date(2026, 10, 1),
        )
        self.assertIn("no value for 2025-11", wizard.line_ids.problem)
        with self._refused("no value for 2025-11"):
            wizard.action_renew()
        self.assertFalse(contract.renewal_ids)
        with self._refused("a number from 0"):
            wizard.months_before = -2

    def test_index_without_value_now(self):
        contract = self._create_running(date_start=date(2026, 1, 5))
        wizard = self._open_renew(
            contract,
            uplift="index",
            index_id=self._create_index().id,
            date_index=False,
        )
        with self._refused("no value for 2027-01"):
            wizard.action_renew()

    def test_cap_below_floor(self):
        contract = self._create_running()
        wizard = self._open_renew(
            contract,
            uplift="index",
            index_id=self._create_index().id,
            date_base=date(2026, 1, 1),
            date_index=date(2026, 10, 1),
            use_cap=True,
            cap=1,
            use_floor=True,
            floor=2,
        )
        self.assertIn("least rise", wizard.line_ids.problem)
        with self._refused("least rise"):
            wizard.action_renew()
        self.assertFalse(contract.renewal_ids)

    def test_rounding_of_nothing(self):
        with self._refused("above zero", ValidationError):
            self._open_renew(self._create_running(), rounding=0)

    @mute_logger("odoo.sql_db")
    def test_one_live_successor(self):
        contract = self._create_running()
        successor = self._renew(contract)
        with self._refused("", UniqueViolation):
            successor.sudo().copy({"kind": "renewal", "origin_id": contract.id})
        successor.action_cancel()
        self.assertFalse(contract.has_live_renewal)
        contract._renew()

    def test_overlap(self):
        contract = self._create_running()
        successor = self._renew(contract)
        with self._refused("before the term of its predecessor"):
            successor.date_start = contract.date_end

    def test_notice_longer_than_the_term(self):
        contract = self._create_running(
            renewal_duration=1, renewal_unit="week", notice_period=1
        )
        with self._refused("longer than its term", ValidationError):
            self._open_renew(contract).action_renew()

    def test_opportunity(self):
        contract = self._create_running()
        self._open_renew(contract, make_opportunity=True).with_user(
            self.manager
        ).sudo().action_renew()
        lead = contract.renewal_ids.opportunity_id
        self.assertEqual(lead.expected_revenue, contract.renewal_ids.amount_company)
