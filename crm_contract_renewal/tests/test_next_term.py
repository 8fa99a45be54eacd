from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo.fields import Command

from .common import RenewalCommon

START = date(2027, 1, 1)


@freeze_time(START)
class NextTermCommon(RenewalCommon):
    def _create_with_setup(self, fee=(), setup=(), **vals):
        """Return a contract with a monthly fee of 100 and a set-up of 5,000."""
        lines = [
            {"name": "Set-up", "price_unit": 5000, "tax_ids": False, **dict(setup)},
            {
                "name": "Fee",
                "price_unit": 100,
                "is_recurring": True,
                "tax_ids": False,
                **dict(fee),
            },
        ]
        return self._create_signed(
            **{
                "date_start": START,
                "line_ids": [
                    Command.create(self._prepare_line_vals(**line)) for line in lines
                ],
                "installment_ids": [
                    Command.create(
                        {"name": "All", "date": date(2027, 1, 15), "percentage": 100}
                    )
                ],
                **vals,
            }
        )

    def _create_fee(self, fee=(), **vals):
        """Return a contract with nothing but the fee."""
        line = {
            "name": "Fee",
            "price_unit": 100,
            "is_recurring": True,
            "tax_ids": False,
            **dict(fee),
        }
        lines = [Command.create(self._prepare_line_vals(**line))]
        return self._create_running(**{"date_start": START, "line_ids": lines, **vals})


class TestChargedAgain(NextTermCommon):
    """What is charged once is not charged again; what is charged each term is."""

    def test_defaults(self):
        lines = self._create_with_setup().line_ids
        self.assertEqual(lines.mapped("charge"), ["once", "term"])
        draft = self._create_contract()
        draft.line_ids.is_recurring = True
        self.assertEqual(draft.line_ids.charge, "term")

    def test_setup_and_its_plan_stay_behind(self):
        contract = self._create_with_setup()
        successor = self._renew(contract)
        self.assertEqual(successor.line_ids.mapped("name"), ["Fee"])
        self.assertFalse(successor.installment_ids)
        self.assertEqual(successor.amount_total, 1200)
        self._sign(successor)

    def test_renewed_by_itself(self):
        contract = self._create_with_setup(renewal_mode="automatic")
        self._run("renew", (contract.date_deadline - self.today).days + 1)
        successor = contract.renewal_ids
        self.assertEqual(successor.state, "signed")
        self.assertEqual(successor.amount_one_off, 0)
        rows = successor.installment_ids
        self.assertEqual(set(rows.mapped("trigger")), {"period"})
        self.assertEqual(sum(rows.mapped("amount")), 1200)

    def test_recurring_for_one_term(self):
        contract = self._create_with_setup(
            setup={"charge": "term"}, fee={"charge": "once"}
        )
        successor = self._renew(contract)
        self.assertEqual(successor.line_ids.name, "Set-up")
        self.assertEqual(successor.installment_ids.percentage, 100)
        self.assertEqual(successor.installment_ids.date, date(2028, 1, 15))

    def test_headings(self):
        names = ("Start", "(once)", "Set-up", "Goes on", "(each)", "Fee")
        lines = []
        for number, name in enumerate(names):
            kind = {0: "line_section", 3: "line_section"}.get(number % 6)
            kind = "line_note" if name.startswith("(") else kind
            vals = {"name": name, "sequence": number}
            if kind:
                vals |= {"display_type": kind}
            else:
                vals |= self._prepare_line_vals(
                    price_unit=100, tax_ids=False, is_recurring=name == "Fee"
                )
            lines.append(Command.create({**vals, "name": name}))
        contract = self._create_running(date_start=START, line_ids=lines)
        successor = self._renew(contract)
        self.assertEqual(
            successor.line_ids.mapped("name"), ["Goes on", "(each)", "Fee"]
        )

    def test_milestones(self):
        """A milestone that only a plan of the first term waited for goes with it."""
        contract = self._create_contract(
            date_start=START,
            line_ids=[
                Command.create(self._prepare_line_vals(tax_ids=False)),
                Command.create(self._prepare_line_vals(is_recurring=True)),
            ],
            milestone_ids=[
                Command.create({"name": "Acceptance"}),
                Command.create(
                    {"name": "Yearly report", "date_deadline": date(2027, 2, 28)}
                ),
            ],
            installment_ids=[
                Command.create(
                    {"name": "All", "percentage": 100, "trigger": "milestone"}
                )
            ],
        )
        milestones = contract.milestone_ids
        acceptance = milestones.filtered(lambda row: row.name == "Acceptance")
        contract.installment_ids.milestone_id = acceptance
        self._sign(contract)
        with self.env.cr.savepoint() as savepoint:
            successor = self._renew(contract)
            self.assertEqual(successor.milestone_ids.name, "Yearly report")
            self.assertEqual(successor.milestone_ids.date_deadline, date(2028, 2, 29))
            savepoint.rollback()
        self.env.invalidate_all()
        self._tamper(contract.line_ids[0], charge="term")
        successor = self._renew(contract)
        self.assertEqual(len(successor.milestone_ids), 2)
        self.assertEqual(successor.installment_ids.milestone_id.name, "Acceptance")
        self.assertEqual(successor.installment_ids.milestone_id.contract_id, successor)

    def test_nothing_is_charged_again(self):
        """By hand, a draft of all lines; by itself, nothing: somebody has to look."""
        contract = self._create_signed(date_start=START, renewal_mode="automatic")
        self._run("renew", (contract.date_deadline - self.today).days + 1)
        self.assertFalse(contract.renewal_ids)
        self.assertIn("charged each term", contract.job_problem)
        successor = self._renew(contract)
        self.assertEqual(len(successor.line_ids), 1)
        self.assertEqual(len(successor.installment_ids), 2)

    def test_template(self):
        template = self.env["crm.contract.template"].create(
            {
                "name": "Service",
                "title": "Service",
                "type_id": self.type.id,
                "line_ids": [
                    Command.create({"product_id": self.product.id}),
                    Command.create({"product_id": self.product.id, "charge": "term"}),
                    Command.create(
                        {"product_id": self.product.id, "is_recurring": True}
                    ),
                ],
            }
        )
        contract = self.env["crm.contract"].create(
            {
                "template_id": template.id,
                "type_id": self.type.id,
                "partner_id": self.customer.id,
            }
        )
        self.assertEqual(contract.line_ids.mapped("charge"), ["once", "term", "term"])

    def test_printed(self):
        contract = self._create_with_setup(
            setup={"charge": "term"},
            fee={"charge": "once", "discount": 10, "is_discount_once": True},
        )
        setup, fee = contract.line_ids
        self.assertEqual(setup._get_renewal_text(), "Charged again with each renewal.")
        for words in ("in this term alone.", "discount holds for this term alone."):
            self.assertIn(words, fee._get_recurrence_sentences())
        html = self.env["ir.actions.report"]._render_qweb_html(
            "crm_contract.report_contract", contract.ids
        )[0]
        self.assertIn("Charged again with each renewal.", html.decode())

    def test_content(self):
        """It is agreed: locked, hashed, compared."""
        contract = self._create_with_setup()
        with self._refused("is locked"):
            contract.line_ids[0].charge = "term"
        draft = self._create_contract()
        before = self._hash(draft)
        draft.line_ids.charge = "term"
        self.assertNotEqual(self._hash(draft), before)

    def test_versions_from_before(self):
        """What was submitted before the fields existed is still as it was."""
        lines = self.env.registry["crm.contract.line"]
        names = self.env["crm.contract.line"]._get_content_fields()
        older = tuple(
            name for name in names if name not in ("charge", "is_discount_once")
        )
        with patch.object(lines, "_get_content_fields", lambda line: older):
            contract = self._create_with_setup()
        self.assertNotIn("charge", contract.sudo().version_id.content)
        self.assertFalse(self.env["crm.contract.verification"]._get_problems(contract))
        self.assertEqual(self._renew(contract).line_ids.name, "Fee")

    def test_amendment(self):
        """What a renewal is to charge is agreed on like the rest, and bills nothing anew."""
        contract = self._create_with_setup()
        amendment = contract._amend(date(2027, 3, 10))
        amendment.line_ids[1].charge = "once"
        amendment.line_ids[0].charge = "term"
        self._submit(amendment)
        self._open_sign(amendment).action_sign()
        self._run("renew", (date(2027, 3, 10) - self.today).days)
        fees = contract.installment_ids.filtered("line_id")
        self.assertAlmostEqual(sum(fees.mapped("amount")), 1200)
        self.assertEqual(self._renew(contract).line_ids.name, "Set-up")


class TestPriceGoesOn(NextTermCommon):
    """Prices go on from where the term before leaves them."""

    def test_trial_does_not_come_back(self):
        contract = self._create_fee(fee={"free_periods": 2})
        self.assertEqual(contract.amount_total, 1000)
        successor = self._renew(contract)
        self.assertEqual(successor.line_ids.free_periods, 0)
        self.assertEqual(successor.amount_total, 1200)

    def test_steps_go_on(self):
        steps = [
            {"date_from": date(2027, 7, 1), "price_unit": 120, "quantity": 2},
            {"date_from": date(2028, 7, 1), "price_unit": 150, "quantity": 3},
        ]
        contract = self._create_fee(
            fee={"step_ids": [Command.create(step) for step in steps]}
        )
        self.assertEqual(contract.amount_total, 6 * 100 + 6 * 240)
        line = self._renew(contract).line_ids
        self.assertEqual((line.quantity, line.price_unit), (2, 120))
        self.assertEqual(line.step_ids.date_from, date(2028, 7, 1))
        self.assertEqual(line.contract_id.amount_total, 6 * 240 + 6 * 450)

    def test_steps_rise(self):
        step = {"date_from": date(2028, 7, 1), "price_unit": 150}
        contract = self._create_fee(fee={"step_ids": [Command.create(step)]})
        line = self._renew(contract, uplift="percent", percent=10).line_ids
        self.assertEqual((line.price_unit, line.step_ids.price_unit), (110, 165))

    def test_first_discount(self):
        contract = self._create_fee(fee={"discount": 20, "is_discount_once": True})
        line = self._renew(contract).line_ids
        self.assertEqual((line.discount, line.is_discount_once), (0, False))
        contract = self._create_fee(fee={"discount": 20})
        self.assertEqual(self._renew(contract).line_ids.discount, 20)

    def _create_fixed(self, **vals):
        plan = [("First", 2000, date(2027, 2, 1)), ("Second", 3000, date(2027, 6, 30))]
        return self._create_with_setup(
            setup={"charge": "term"},
            installment_ids=[
                Command.create(
                    {
                        "name": name,
                        "amount_type": "fixed",
                        "amount_fixed": amount,
                        "date": day,
                    }
                )
                for name, amount, day in plan
            ],
            **vals,
        )

    def test_fixed_installments_rise(self):
        contract = self._create_fixed()
        successor = self._renew(contract, uplift="percent", percent=1)
        self.assertEqual(successor.installment_ids.mapped("amount"), [2020, 3030])
        self.assertEqual(
            successor.installment_ids.mapped("date"),
            [date(2028, 2, 1), date(2028, 6, 30)],
        )
        self._submit(successor)

    def test_fixed_installments_rise_by_themselves(self):
        contract = self._create_fixed(
            renewal_mode="automatic", adjustment="percent", adjustment_percent=1
        )
        self._run("renew", (contract.date_deadline - self.today).days + 1)
        self.assertEqual(contract.renewal_ids.amount_one_off, 5050)
        self.assertFalse(contract.renewal_ids.plan_difference)
        self.assertFalse(contract.job_problem)

    def test_mixed_plan(self):
        """A part of the value is charged once: the plan covers what is left of it."""
        lines = [
            {"name": "Set-up", "price_unit": 600},
            {"name": "Audit", "price_unit": 400, "charge": "term"},
        ]
        plan = [
            {"name": "Half", "percentage": 50, "date": date(2027, 2, 1)},
            {
                "name": "Rest",
                "amount_type": "fixed",
                "amount_fixed": 500,
                "date": date(2027, 3, 1),
            },
        ]
        contract = self._create_signed(
            date_start=START,
            line_ids=[
                Command.create(self._prepare_line_vals(tax_ids=False, **line))
                for line in lines
            ],
            installment_ids=[Command.create(row) for row in plan],
        )
        successor = self._renew(contract, uplift="percent", percent=10)
        self.assertEqual(successor.installment_ids.mapped("amount"), [220, 220])
        self._submit(successor)

    def test_preview(self):
        contract = self._create_with_setup()
        wizard = self._open_renew(contract, uplift="percent", percent=10)
        self.assertEqual(wizard.line_ids.change, 120)


class TestCalendar(NextTermCommon):
    """Dates move by the calendar."""

    def test_leap_year(self):
        contract = self._create_fee(
            date_start=date(2028, 1, 1),
            fee={"date_anchor": date(2028, 3, 1)},
            milestone_ids=[
                Command.create({"name": "Report", "date_deadline": date(2028, 3, 1)})
            ],
        )
        successor = self._renew(contract)
        self.assertEqual(successor.milestone_ids.date_deadline, date(2029, 3, 1))
        self.assertEqual(successor.line_ids.date_anchor, date(2029, 3, 1))

    def test_three_months(self):
        contract = self._create_fee(
            date_start=date(2027, 2, 1),
            duration=3,
            notice_period=0,
            milestone_ids=[
                Command.create({"name": "Report", "date_deadline": date(2027, 3, 1)})
            ],
        )
        successor = self._renew(contract)
        self.assertEqual(successor.date_start, date(2027, 5, 1))
        # Not 29 May: the term has 89 days.
        self.assertEqual(successor.milestone_ids.date_deadline, date(2027, 6, 1))

    def test_weeks_are_days(self):
        contract = self._create_fee(
            date_start=date(2027, 2, 1),
            duration=4,
            duration_unit="week",
            notice_period=0,
            milestone_ids=[
                Command.create({"name": "Report", "date_deadline": date(2027, 3, 15)})
            ],
        )
        successor = self._renew(contract)
        self.assertEqual(successor.date_start, date(2027, 3, 1))
        self.assertEqual(successor.milestone_ids.date_deadline, date(2027, 4, 12))

    def test_last_day_of_the_month(self):
        """31 Jan, end of Feb, 31 Mar, 30 Apr: terms and the periods within them."""
        contract = self._create_fee(
            date_start=date(2027, 1, 31), duration=1, notice_period=0
        )
        starts, periods = [], []
        for _number in range(4):
            rows = contract.installment_ids.sorted("period_start")
            periods += [(row.period_start, row.period_end, row.amount) for row in rows]
            successor = self._renew(contract)
            starts.append(successor.date_start)
            self._sign(successor)
            contract = successor
        self.assertEqual(
            starts,
            [
                date(2027, 2, 28),
                date(2027, 3, 31),
                date(2027, 4, 30),
                date(2027, 5, 31),
            ],
        )
        self.assertEqual(
            periods,
            [
                (date(2027, 1, 31), date(2027, 2, 27), 100),
                (date(2027, 2, 28), date(2027, 3, 30), 100),
                (date(2027, 3, 31), date(2027, 4, 29), 100),
                (date(2027, 4, 30), date(2027, 5, 30), 100),
            ],
        )

    def test_last_day_in_a_draft_that_is_changed(self):
        contract = self._create_fee(
            date_start=date(2027, 1, 31), duration=1, notice_period=0
        )
        successor = self._renew(contract)
        successor.duration = 2
        self.assertEqual(successor.date_end, date(2027, 4, 29))

    def test_line_of_a_part_of_the_term(self):
        """What is billed for a part of a term is for the same part of the next one."""
        contract = self._create_fee(
            fee={"date_start": date(2027, 3, 1), "date_end": date(2027, 4, 30)}
        )
        line = self._renew(contract).line_ids
        self.assertEqual(line.date_start, date(2028, 3, 1))
        self.assertEqual(line.date_end, date(2028, 4, 30))

    def test_line_that_came_later_goes_on(self):
        """What began in the middle of a term leaves no gap, and keeps its periods."""
        contract = self._create_fee(
            fee={
                "date_start": date(2027, 3, 15),
                "recurrence_unit": "quarter",
                "price_unit": 920,
            }
        )
        line = self._renew(contract).line_ids
        self.assertFalse(line.date_start)
        billed = line._get_billable_periods(date(2028, 12, 31))
        self.assertEqual(
            [(period.start, period.end) for period, *_rest in billed][:2],
            [
                (date(2028, 1, 1), date(2028, 3, 14)),
                (date(2028, 3, 15), date(2028, 6, 14)),
            ],
        )

    def test_billed_for_longer_than_the_term(self):
        contract = self._create_fee(fee={"date_end": date(2028, 6, 30)})
        self.assertEqual(self._renew(contract).line_ids.date_end, date(2028, 6, 30))
