from datetime import date

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import Form

from .common_end import TODAY, EndCommon

APRIL = date(2026, 4, 1)


@freeze_time(TODAY)
class TestChangeEffect(EndCommon):
    """What the dialog says of a fee of 310 a month, in 2026, that becomes 10 % dearer.

    That is 31 more a month, and 35.65 with a tax of 15 %. What it says of the term is
    what the draft changes of the value.
    """

    def _create(self, **line):
        taxed = {"tax_ids": [Command.set(self.tax.ids)], **line}
        vals = taxed.pop("vals", {})
        return self._create_fee(line=taxed, **vals)

    def _open(self, contract, day=APRIL, subject="price", **vals):
        model = self.env["crm.contract.change.price"].with_user(self.user)
        form = Form(
            model.with_context(default_contract_id=contract.id, default_subject=subject)
        )
        form.reason = "Yearly adjustment"
        form.date_effective = day
        for name, value in {"percentage": 10, **vals}.items():
            form[name] = value
        return form

    def _check(self, form, period, term, text="to the end on 12/31/2026", draft=True):
        """Compare (untaxed, with taxes) of a period, and of the term."""
        self.assertEqual(
            (form.effect_period_untaxed, form.effect_period), period, "each period"
        )
        found = (form.effect_rest_untaxed, form.effect_rest)
        self.assertEqual(tuple(round(amount, 2) for amount in found), term, "term")
        self.assertIn(text, form.rest_text)
        if draft:
            action = form.save().action_draft()
            amendment = self.env["crm.contract"].browse(action["res_id"])
            said = form.effect_one_off + form.effect_rest
            self.assertAlmostEqual(amendment.amount_effect, said)

    def test_nine_months(self):
        form = self._open(self._create())
        self.assertEqual(form.period_text, "per month")
        self._check(form, (31, 35.65), (279, 320.85))

    def test_inside_a_month(self):
        """Half of April, 15.50 and 17.83, and eight months."""
        form = self._open(self._create(), date(2026, 4, 16))
        self._check(form, (31, 35.65), (263.5, 303.03))

    def test_quantity(self):
        contract = self._create()
        form = self._open(contract, subject="quantity", percentage=0)
        with form.line_ids.edit(0) as line:
            line.new_quantity = 3
        self._check(form, (620, 713), (9 * 620, 9 * 713))

    def test_less(self):
        form = self._open(self._create(), percentage=-10)
        self._check(form, (-31, -35.65), (-279, -320.85))

    def test_billed_already(self):
        """April and May stay as they were billed, or are settled, as the type says."""
        contract = self._create()
        self._bill(self._row_of(contract, 4) | self._row_of(contract, 5))
        form = self._open(contract)
        text = "less what is billed already"
        self._check(form, (31, 35.65), (217, 249.55), text)
        self.type.billed_days = "settle"
        form = self._open(contract)
        self.assertNotIn(text, form.rest_text)
        self._check(form, (31, 35.65), (279, 320.85))

    def test_open_ended(self):
        contract = self._create(vals={"is_open_ended": True})
        form = self._open(contract)
        self._check(form, (31, 35.65), (372, 427.8), "twelve months from", draft=False)
        self.assertIn("no end", form.rest_text)

    def test_line_that_ends_before(self):
        contract = self._create(date_end=date(2026, 6, 30))
        self._check(self._open(contract), (31, 35.65), (93, 106.95))

    def test_other_rhythms(self):
        contract = self._create(recurrence_unit="quarter", price_unit=930)
        form = self._open(contract)
        self.assertEqual(form.period_text, "per quarter")
        self._check(form, (93, 106.95), (279, 320.85))
        lines = [
            {"name": "Fee", "price_unit": 310},
            {"name": "Insurance", "price_unit": 1200, "recurrence_unit": "year"},
            {"name": "Parking", "price_unit": 50},
        ]
        contract = self._create_fee(
            line_ids=[
                Command.create(
                    self._prepare_line_vals(is_recurring=True, tax_ids=False, **line)
                )
                for line in lines
            ]
        )
        form = self._open(contract)
        self.assertFalse(form.period_text)
        with form.line_ids.edit(1) as line:
            self.assertEqual((line.effect_period, line.period_text), (120, "per year"))
            # 275 of 365 days; nothing stands against it in the first year.
            self.assertAlmostEqual(line.effect_rest, 90.41)
            line.new_price = 1200
        # Of those that change, both are monthly.
        self.assertEqual(form.period_text, "per month")
        self._check(form, (36, 36), (324, 324))

    def test_in_full_periods(self):
        """What is charged as a whole goes on until its period is over."""
        contract = self._create(prorate=False)
        self._check(self._open(contract, date(2026, 4, 16)), (31, 35.65), (248, 285.2))

    def test_steps(self):
        """From July on it is 400; a percentage for all is one of that, too."""
        steps = [Command.create({"date_from": date(2026, 7, 1), "price_unit": 400})]
        contract = self._create(step_ids=steps)
        form = self._open(contract)
        self._check(form, (31, 35.65), (3 * 31 + 6 * 40, 3 * 35.65 + 6 * 46))
        form = self._open(contract, percentage=0)
        with form.line_ids.edit(0) as line:
            line.new_price = 341
        self._check(form, (31, 35.65), (93, 106.95))

    def test_free_periods(self):
        contract = self._create(free_periods=5)
        self._check(self._open(contract), (31, 35.65), (217, 249.55))

    def test_suspended(self):
        """As if it was resumed by then: nobody knows when that is."""
        contract = self._create()
        contract.action_suspend()
        self._check(self._open(contract), (31, 35.65), (279, 320.85), draft=False)

    def test_once(self):
        contract = self._create_with_plan()
        form = self._open(contract)
        self.assertEqual((form.effect_one_off_untaxed, form.effect_one_off), (100, 100))
        self._check(form, (31, 31), (279, 279))

    def test_builds_on_what_is_signed(self):
        """An amendment to come made the term longer, and the fee 620 from June on."""
        contract = self._create()
        amendment = contract.with_user(self.user)._amend(date(2026, 6, 1), "Longer")
        amendment.line_ids.price_unit = 620
        amendment.write({"duration": 0, "date_end": date(2027, 3, 31)})
        self._sign(amendment)
        form = self._open(contract, date(2026, 7, 1))
        self._check(form, (62, 71.3), (9 * 62, 641.7), "03/31/2027")

    def test_nothing_to_say(self):
        form = self._open(self._create(), percentage=0)
        self.assertFalse(form.period_text)
        self.assertFalse(form.has_recurring)
        self.assertEqual(form.effect_rest, 0)
