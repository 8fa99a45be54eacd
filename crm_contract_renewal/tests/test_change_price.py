from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form

from .test_amend import AmendmentCommon


class TestChangePrice(AmendmentCommon):
    """Prices and quantities change from a day on, and the plan follows."""

    def _create_mixed(self, percentages=(30, 70), **vals):
        """Return a running contract: 1,000 once, in a plan, and a fee of 100 a month."""
        once = self._prepare_line_vals(price_unit=1000, tax_ids=False, name="Set-up")
        fee = self._prepare_line_vals(
            price_unit=100, is_recurring=True, tax_ids=False, name="Fee"
        )
        rows = [
            {"name": f"Row {n}", "percentage": share, "date": self._days(30 * n)}
            for n, share in enumerate(percentages)
        ]
        return self._create_signed(
            line_ids=[Command.create(once), Command.create(fee)],
            installment_ids=[Command.create(row) for row in rows],
            **vals,
        )

    def _open(self, contract, subject="price", **vals):
        model = self.env["crm.contract.change.price"].with_user(self.user)
        form = Form(
            model.with_context(default_contract_id=contract.id, default_subject=subject)
        )
        form.reason = "Yearly adjustment"
        for name, value in vals.items():
            form[name] = value
        return form

    def _set(self, form, name, **vals):
        for index in range(len(form.line_ids)):
            with form.line_ids.edit(index) as row:
                if row.name == name:
                    for field, value in vals.items():
                        row[field] = value

    def _draft_from(self, form):
        action = form.save().action_draft()
        draft = self.env["crm.contract"].browse(action["res_id"])
        return draft.with_user(self.user)

    def _amounts(self, contract):
        rows = contract.installment_ids._filter_plan().sorted("sequence")
        return sorted(rows.mapped("amount"))

    def test_all_lines_by_percent(self):
        contract = self._create_mixed()
        form = self._open(contract, percentage=10)
        self.assertEqual(form.effect_one_off, 100)
        self.assertEqual(form.effect_period, 10)
        draft = self._draft_from(form)
        self.assertEqual(draft.kind, "amendment")
        self.assertEqual(draft.line_ids.mapped("price_unit"), [1100, 110])
        self.assertEqual(draft.plan_difference, 0)
        # The shares of the plan follow the value by themselves.
        self.assertEqual(self._amounts(draft), [330, 770])
        self._sign(draft)
        self.assertEqual(contract.amount_one_off, 1100)

    def test_ready_after_the_first_was_billed(self):
        """What was billed stays; the last open installment takes the difference."""
        contract = self._create_mixed()
        contract.action_create_invoice()
        for balance, subject, percentage, amounts in (
            ("last", "price", -20, [300, 500]),
            ("last", "price", 10, [300, 800]),
            ("spread", "quantity", 10, [300, 800]),
            ("spread", "price", -20, [300, 500]),
            ("new", "price", 10, [100, 300, 700]),
        ):
            form = self._open(contract, subject, percentage=percentage)
            form.balance = balance
            draft = self._draft_from(form)
            self.assertEqual(self._amounts(draft), amounts, balance)
            self.assertEqual(draft.plan_difference, 0)
            missing = self.env["crm.contract.checklist"]._get_missing(draft)
            self.assertFalse(missing)
            draft.unlink()

    def test_ready_with_fixed_amounts(self):
        """Three installments of fixed amounts, as they were the dead end."""
        contract = self._create_signed(
            line_ids=[
                Command.create(self._prepare_line_vals(price_unit=9000, tax_ids=False))
            ],
            installment_ids=[
                Command.create(
                    {
                        "name": f"Row {n}",
                        "amount_type": "fixed",
                        "amount_fixed": 3000,
                        "date": self._days(10 * n),
                        "sequence": n,
                    }
                )
                for n in range(1, 4)
            ],
        )
        for balance, price, amounts in (
            ("last", 9100, [3000, 3000, 3100]),
            ("spread", 9300, [3100, 3100, 3100]),
            ("new", 9100, [100, 3000, 3000, 3000]),
            # More than the last one holds: it goes, and the one before is less.
            ("last", 5500, [2500, 3000]),
            ("spread", 6000, [2000, 2000, 2000]),
        ):
            form = self._open(contract)
            self._set(form, "Maintenance", new_price=price)
            form.balance = balance
            draft = self._draft_from(form)
            self.assertEqual(self._amounts(draft), amounts, (balance, price))
            self._submit(draft)
            draft.action_withdraw()
            draft.unlink() if not draft.number else draft.action_cancel()

    def test_line_by_line(self):
        contract = self._create_mixed()
        form = self._open(contract, "quantity")
        self._set(form, "Fee", new_quantity=3)
        self.assertEqual(form.effect_one_off, 0)
        self.assertEqual(form.effect_period, 200)
        draft = self._draft_from(form)
        self.assertEqual(draft.line_ids.mapped("quantity"), [1, 3])
        self.assertEqual(self._amounts(draft), [300, 700])
        self._sign(draft)
        self._check_tiled(contract)

    def test_steps(self):
        """Steps before the day are over; later ones follow the percentage."""
        fee = self._prepare_line_vals(
            name="Fee",
            price_unit=100,
            is_recurring=True,
            tax_ids=False,
            step_ids=[
                Command.create({"date_from": self._days(days), "price_unit": price})
                for days, price in ((40, 120), (200, 150))
            ],
        )
        contract = self._create_running(line_ids=[Command.create(fee)])
        form = self._open(contract, date_effective=self._days(60), percentage=10)
        with form.line_ids.edit(0) as row:
            self.assertEqual((row.price_unit, row.new_price), (120, 132))
        line = self._draft_from(form).line_ids
        self.assertEqual(line.price_unit, 132)
        self.assertEqual(line.step_ids.mapped("price_unit"), [165])

    def test_builds_on_what_is_signed(self):
        contract = self._create_running()
        self._sign(self._change_line(self._draft(contract, 31), price_unit=110))
        form = self._open(contract, date_effective=self._days(62), percentage=10)
        self.assertEqual(self._draft_from(form).line_ids.price_unit, 121)

    def test_nothing_changes(self):
        contract = self._create_mixed()
        with self._refused("Nothing changes"):
            self._open(contract).save().action_draft()
        form = self._open(contract)
        self._set(form, "Fee", new_price=-1)
        with self._refused("not negative"):
            form.save().action_draft()
        form = self._open(contract, "quantity")
        self._set(form, "Fee", new_quantity=0)
        with self._refused("more than zero"):
            form.save().action_draft()
        self.assertFalse(contract.amendment_ids)

    def test_plan_that_can_not_take_it(self):
        contract = self._create_mixed(percentages=(100,))
        contract.action_create_invoice()
        for balance, percentage, text in (
            ("last", 10, "No open installment"),
            ("spread", 10, "No installment"),
            ("new", -10, "less by"),
        ):
            form = self._open(contract, percentage=percentage)
            form.balance = balance
            with self._refused(text):
                form.save().action_draft()
        form = self._open(contract, percentage=10)
        form.balance = "new"
        draft = self._draft_from(form)
        self.assertEqual(self._amounts(draft), [100, 1000])

    def test_refused_and_rights(self):
        draft = self._create_contract()
        self.assertIn("not in force", self._open(draft).refusal)
        with self._refused("not in force"):
            wizard = self._open(draft, percentage=10).save()
            wizard.action_draft()
        model = self.env["crm.contract.change.price"]
        for user in (self.reader, self.accountant):
            with self._refused("", AccessError):
                model.with_user(user).create({"contract_id": draft.id, "reason": "x"})
