import random
from datetime import timedelta

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from odoo.fields import Command

from .test_amend import AmendmentCommon

UNITS = ("day", "week", "month", "quarter")


class TestAmendRandom(AmendmentCommon):
    """Whatever is amended, billed and amended again: the figures fit together."""

    def _random_line(self, dice, start):
        unit = dice.choice(UNITS)
        vals = self._prepare_line_vals(
            name="Fee",
            price_unit=dice.choice((30, 100, 999.99)),
            quantity=dice.choice((1, 3)),
            is_recurring=True,
            recurrence_unit=unit,
            recurrence_interval=dice.choice((7, 10)) if unit == "day" else 1,
            billed_in=dice.choice(("advance", "arrears")),
            prorate=dice.random() < 0.7,
            free_periods=dice.choice((0, 0, 2)),
            discount=dice.choice((0, 10)),
        )
        if dice.random() < 0.3:
            vals["date_anchor"] = start.replace(day=1)
        if dice.random() < 0.4:
            vals["step_ids"] = [
                Command.create(
                    {
                        "date_from": start + timedelta(days=dice.randrange(30, 300)),
                        "price_unit": dice.choice((50, 120)),
                    }
                )
            ]
        return vals

    def _change_at_random(self, dice, amendment):
        line = dice.choice(amendment.line_ids)
        change = dice.choice(("price", "quantity", "rhythm", "words", "remove", "add"))
        if change == "price":
            line.price_unit = line.price_unit + 11
        elif change == "quantity":
            line.quantity = line.quantity + 2
        elif change == "rhythm":
            line.write({"recurrence_unit": "month", "recurrence_interval": 2})
        elif change == "words":
            line.name = f"{line.name} again"
        elif change == "remove" and len(amendment.line_ids) > 1:
            line.unlink()
        else:
            vals = self._random_line(dice, amendment.date_start)
            amendment.line_ids = [Command.create(vals)]
        if dice.random() < 0.2:
            end = amendment.date_end + relativedelta(months=1)
            amendment.write({"duration": 0, "date_end": end})

    def _check(self, contract):
        rows = contract.sudo().installment_ids.filtered(
            lambda row: row.state != "cancelled"
        )
        # The horizon reaches beyond the term: the ledger holds all of it.
        self.assertAlmostEqual(sum(rows.mapped("amount")), contract.amount_recurring, 2)
        for line in contract.sudo().line_ids:
            days = set()
            for row in line.installment_ids:
                covered = {
                    row.period_start + timedelta(days=day)
                    for day in range((row.period_end - row.period_start).days + 1)
                }
                self.assertFalse(days & covered, "a day is billed twice")
                days |= covered
        self.assertFalse(contract._get_verification_problems())

    def test_figures_fit(self):
        self.company.contract_horizon = 36
        for seed in range(14):
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self._play(random.Random(seed))
                savepoint.rollback()
                self.env.invalidate_all()

    def _play(self, dice):
        start = self.today.replace(day=dice.choice((1, 15, 26)))
        contract = self._create_running(
            date_start=start,
            line_ids=[
                Command.create(self._random_line(dice, start))
                for _line in range(dice.choice((1, 2)))
            ],
        )
        self._check(contract)
        day = start
        for _round in range(3):
            day += timedelta(days=dice.randrange(5, 90))
            with freeze_time(day):
                if dice.random() < 0.7:
                    due = contract.installment_ids.filtered(
                        lambda row, day=day: row._is_open() and row.date_due <= day
                    )
                    if due:
                        due.with_user(self.accountant)._create_invoices()
                amendment = self._draft(contract, (day - self.today).days)
                self._change_at_random(dice, amendment)
                if not amendment._get_differences():
                    amendment.unlink()
                    continue
                self._sign(amendment)
                self.assertEqual(amendment.state, "in_force")
                self.assertAlmostEqual(amendment.amount_total, contract.amount_total, 2)
                self._check(contract)
