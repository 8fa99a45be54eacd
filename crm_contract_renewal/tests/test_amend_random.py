import os
import random
from datetime import timedelta

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from odoo.fields import Command

from .oracle import Life, Row
from .test_amend import AmendmentCommon

UNITS = ("day", "week", "month", "quarter", "year")
# Lives that are played; many more by hand.
LIVES = int(os.environ.get("CONTRACT_LIVES") or 5)
FIRST = int(os.environ.get("CONTRACT_FIRST_LIFE") or 0)


class TestAmendRandom(AmendmentCommon):
    """Amended in any order, billed, suspended: the ledger is what an oracle says."""

    def test_lives(self):
        self.company.contract_horizon = 36
        for seed in range(FIRST, FIRST + LIVES):
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self._play(random.Random(seed))
                savepoint.rollback()
                self.env.invalidate_all()

    def test_lives_that_settle(self):
        """Where all is billed by the day, differences of billed days add up to it."""
        self.company.contract_horizon = 36
        for seed in range(FIRST, FIRST + LIVES):
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self._play(random.Random(seed), settles=True)
                savepoint.rollback()
                self.env.invalidate_all()

    def _play(self, dice, settles=False):
        self.settles = settles
        start = self.today.replace(day=dice.choice((1, 15, 26)))
        terms = {
            f"Fee {number}": self._random_terms(dice, start)
            for number in range(dice.choice((1, 1, 2)))
        }
        lines = [Command.create(self._prepare(*item)) for item in terms.items()]
        contract = self._create_running(date_start=start, line_ids=lines)
        life = Life(start, contract.date_end, terms)
        self._check(contract, life, start)
        day = start
        for _round in range(4):
            day += timedelta(days=dice.randrange(5, 60))
            with freeze_time(day):
                self._follow_time(contract, life)
                if dice.random() < 0.6:
                    self._bill_life(contract, life, day)
                self._amend_at_random(dice, contract, life, day)
                self._check(contract, life, day)
            if dice.random() < 0.15:
                day = self._suspend(dice, contract, life, day)
        day = max(day, *(begins for begins, _changes, _end in life.texts), start)
        with freeze_time(day):
            self._follow_time(contract, life)
            self._check(contract, life, day)

    def _random_terms(self, dice, start):
        unit = dice.choice(UNITS)
        steps = []
        if dice.random() < 0.3:
            day = start + timedelta(days=dice.randrange(30, 300))
            steps = [(day, 1, dice.choice((50, 120)))]
        return {
            "unit": unit,
            "interval": dice.choice((7, 10)) if unit == "day" else 1,
            "price": dice.choice((30, 100, 999.99)),
            "quantity": dice.choice((1, 3)),
            "discount": dice.choice((0, 10)),
            "prorate": dice.random() < 0.7 or self.settles,
            "free": dice.choice((0, 0, 2)) if unit != "year" else 0,
            "anchor": start.replace(day=1) if dice.random() < 0.3 else None,
            "arrears": dice.random() < 0.3,
            "steps": steps,
        }

    def _prepare(self, key, terms):
        return self._prepare_line_vals(
            name=key,
            tax_ids=False,
            is_recurring=True,
            recurrence_unit=terms["unit"],
            recurrence_interval=terms["interval"],
            price_unit=terms["price"],
            quantity=terms["quantity"],
            discount=terms["discount"],
            prorate=terms["prorate"],
            free_periods=terms["free"],
            date_anchor=terms["anchor"],
            billed_in="arrears" if terms["arrears"] else "advance",
            step_ids=[
                Command.create(
                    {"date_from": day, "quantity": quantity, "price_unit": price}
                )
                for day, quantity, price in terms["steps"]
            ],
        )

    def _follow_time(self, contract, life):
        """Let amendments take effect, as the daily job does."""
        service = self.env["crm.contract.incorporation"]
        due = contract.sudo().amendment_ids.filtered_domain(
            self.env["crm.contract.incorporation"]._get_due_domain()
        )
        service._incorporate(due)
        for amendment in due.sorted(lambda row: (row.date_effective, row.id)):
            if amendment.billed_days == "settle":
                life.settle(amendment.date_effective, amendment.date_effective)
        contract.sudo()._recompute_as_of_today("amount_mrr")

    def _bill_life(self, contract, life, day):
        due = self._find_rows(contract).filtered(
            lambda row: row._is_open() and row.date_due <= day
        )
        expected = life.due(day)
        self.assertEqual(self._describe(due), _described(expected))
        if due:
            due.with_user(self.accountant)._create_invoices()
            life.bill(expected, day)

    def _suspend(self, dice, contract, life, day):
        day += timedelta(days=dice.randrange(1, 9))
        until = day + timedelta(days=dice.randrange(1, 40))
        with freeze_time(day):
            self._follow_time(contract, life)
            # Each step is a transaction of its own outside of tests.
            self.env.flush_all()
            contract.action_suspend()
        with freeze_time(until):
            contract.action_resume()
            life.pauses.append((day, until - timedelta(days=1)))
            self._follow_time(contract, life)
            self._check(contract, life, until)
        return until

    def _amend_at_random(self, dice, contract, life, day):
        begins = max(life.start, day + timedelta(days=dice.randrange(-70, 60)))
        if begins >= contract.date_end:
            return
        amendment = self._draft(contract, (begins - self.today).days)
        changes = self._change_at_random(dice, amendment, life)
        end = None
        if dice.random() < 0.2:
            end = amendment.date_end + relativedelta(months=1)
            amendment.write({"duration": 0, "date_end": end})
        if not self.env["crm.contract.changes"]._get_differences(amendment):
            amendment.unlink()
            return
        if self.settles and dice.random() < 0.6:
            amendment.billed_days = "settle"
        self._sign(amendment)
        life.sign(begins, changes, end)
        if amendment.state == "in_force" and amendment.billed_days == "settle":
            life.settle(begins, day)
        pending = contract.amendment_ids.filtered(lambda row: row.state == "signed")
        self.assertEqual(amendment in pending, begins > day)
        if not pending:
            self.assertAlmostEqual(amendment.amount_total, contract.amount_total, 2)

    def _change_at_random(self, dice, amendment, life):
        """Change a line; return what changes, as `Life.sign` takes it."""
        line = dice.choice(amendment.line_ids)
        key, terms = line.name, life.agreed(line.name)
        change = dice.choice(("price", "quantity", "rhythm", "words", "remove", "add"))
        if change == "price":
            line.price_unit = terms["price"] + 11
            return {key: {"price": terms["price"] + 11}}
        if change == "quantity":
            line.quantity = terms["quantity"] + 2
            return {key: {"quantity": terms["quantity"] + 2}}
        if change == "rhythm":
            line.write({"recurrence_unit": "month", "recurrence_interval": 2})
            new = {"unit": "month", "interval": 2}
            return {key: {name: v for name, v in new.items() if terms[name] != v}}
        if change == "words":
            line.service_standard = f"{line.service_standard or ''} again"
            return {}
        if change == "remove" and len(amendment.line_ids) > 1:
            line.unlink()
            return {key: None}
        key = f"Fee {len(life.names())}"
        terms = self._random_terms(dice, life.start)
        amendment.line_ids = [Command.create(self._prepare(key, terms))]
        return {key: terms}

    def _check(self, contract, life, day):
        rows = self._find_rows(contract)
        waiting = rows.filtered(lambda row: row._is_open())
        self.assertEqual(self._describe(waiting), _described(life.open_rows(day)))
        self.assertEqual(
            self._describe(rows - waiting),
            _described([row for row, _terms in life.billed]),
        )
        # The horizon reaches beyond the term: the ledger holds all of it.
        settled = self._check_differences(contract, life)
        value = life.value(day) + settled
        self.assertAlmostEqual(contract.amount_recurring, value, 2)
        self.assertAlmostEqual(contract.amount_mrr, life.monthly(day), 1)
        self.assertFalse(self.env["crm.contract.verification"]._get_problems(contract))
        # Nothing is left to do, whoever asks.
        self.env["crm.contract.ledger"]._rebuild(contract, life.start)
        self.assertEqual(self._find_rows(contract), rows)

    def _check_differences(self, contract, life):
        rows = contract.sudo().installment_ids.filtered(
            lambda row: row.trigger == "true_up"
        )
        for key in life.names():
            # A row's line may be the one that was taken out, or the one that came.
            mine = rows.filtered(lambda row, key=key: row.line_id.name == key)
            total = sum(mine.mapped("amount"))
            cents = 0.01 + 0.01 * len(mine)
            self.assertAlmostEqual(total, life.differences(key), delta=cents)
        return sum(rows.mapped("amount"))

    def _find_rows(self, contract):
        return contract.sudo().installment_ids.filtered(
            lambda row: row.trigger == "period"
        )

    def _describe(self, rows):
        return _described(
            Row(row.line_id.name, row.period_start, row.period_end, row.amount)
            for row in rows
        )


def _described(rows):
    """Return rows in one order, readable in the message of a failure."""
    return sorted(f"{row.key} {row.first} {row.last} {row.amount:.2f}" for row in rows)
