from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .common import ContractCommon


class TestPlanWizard(ContractCommon):
    def _open(self, contract, **vals):
        wizards = self.env["crm.contract.plan"].with_user(self.user)
        return wizards.create({"contract_id": contract.id, **vals})

    def _create_draft(self, **vals):
        return self._create_contract(
            date_start=date(2026, 1, 31), duration=12, notice_period=0, **vals
        )

    def test_pattern(self):
        contract = self._create_draft()
        wizard = self._open(contract, pattern="30/60/10")
        self.assertEqual(wizard.line_ids.mapped("amount"), [345, 690, 115])
        wizard.action_apply()
        rows = contract.installment_ids.sorted("sequence")
        self.assertEqual(rows.mapped("trigger"), ["signature", "date", "date"])
        self.assertEqual(
            rows.mapped("date"), [False, date(2026, 2, 28), date(2026, 3, 31)]
        )
        self.assertEqual(rows.mapped("amount"), [345, 690, 115])
        self.assertFalse(contract.plan_difference)

    def test_milestones_and_retention(self):
        contract = self._create_draft(
            milestone_ids=[Command.create({"name": name}) for name in ("A", "B")]
        )
        wizard = self._open(
            contract,
            pattern="30/60/10",
            following="milestone",
            retention=5,
            retention_days=365,
        )
        wizard.action_apply()
        rows = contract.installment_ids.sorted("sequence")
        self.assertEqual(rows.mapped("percentage"), [30, 60, 5, 5])
        self.assertEqual(rows.milestone_id.mapped("name"), ["A", "B"])
        self.assertEqual(rows.mapped("is_retention"), [False] * 3 + [True])
        self.assertEqual(rows[3].date, date(2028, 1, 30))

    def test_payment_term(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Halves",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": days}
                    )
                    for days in (0, 30)
                ],
            }
        )
        contract = self._create_draft()
        self._open(contract, source="term", payment_term_id=term.id).action_apply()
        rows = contract.installment_ids.sorted("sequence")
        self.assertEqual(rows.mapped("date"), [date(2026, 1, 31), date(2026, 3, 2)])
        self.assertEqual(rows.mapped("amount"), [575, 575])

    def test_what_makes_no_plan(self):
        contract = self._create_draft()
        for vals, text in (
            ({"pattern": "30/60"}, "add up to 100"),
            ({"pattern": "abc"}, "add up to 100"),
            ({"following": "milestone"}, "milestones"),
            ({"source": "term"}, "payment terms"),
            ({"retention": 10}, "less than"),
        ):
            wizard = self._open(contract, **vals)
            self.assertIn(text, wizard.problem)
            with self.assertRaisesRegex(UserError, text):
                wizard.action_apply()
        self.assertEqual(len(contract.installment_ids), 2)

    def test_locked(self):
        contract = self._submit(self._create_draft())
        with self.assertRaisesRegex(UserError, "locked"):
            self._open(contract).action_apply()


class TestTakeOver(ContractCommon):
    def _take_over(self, contracts, user=None, **vals):
        wizard = (
            self.env["crm.contract.take.over"]
            .with_user(user or self.manager)
            .create({"contract_ids": [Command.set(contracts.ids)], **vals})
        )
        wizard.action_take_over()
        return wizard

    def test_good_and_bad(self):
        start = self._days(-100)
        good, bad = (self._create_contract(date_start=start) for _index in range(2))
        bad.write({"name": f"{bad.name}, second floor", "customer_signatory_id": False})
        wizard = self._take_over(good + bad)
        self.assertEqual((good.state, bad.state), ("running", "draft"))
        self.assertFalse(bad.number)
        self.assertEqual(good.date_signed, start)
        self.assertIn(bad.name, wizard.result)
        self.assertIn("signed", wizard.result)
        self._take_over(bad, signed_by_customer="Sam", date=self._days(-1))
        self.assertEqual(bad.signed_by_customer, "Sam")

    def test_managers_only(self):
        contract = self._create_contract()
        with self.assertRaises(AccessError):
            self._take_over(contract, self.user_all)

    def test_ledger_goes_on(self):
        line = self._prepare_line_vals(
            is_recurring=True, billed_until=self._days(-1), date_anchor=self.today
        )
        contract = self._create_contract(
            date_start=self._days(-100),
            line_ids=[Command.create(line)],
            installment_ids=False,
        )
        self._take_over(contract)
        first = contract.installment_ids.sorted("period_start")[0]
        self.assertEqual(first.period_start, self.today)
