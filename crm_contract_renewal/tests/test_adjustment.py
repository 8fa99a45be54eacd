from datetime import date
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import Form

from .common import RenewalCommon


class TestAdjustment(RenewalCommon):
    """What is agreed on prices of renewals: in the type, the contract, the renewal."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.index = cls.env["crm.contract.index"].create({"name": "Consumer prices"})

    def _agree(self, **vals):
        """Return values of an agreed adjustment with short names."""
        return {
            "adjustment" if name == "kind" else f"adjustment_{name}": value
            for name, value in vals.items()
        }

    def _percent(self, percent=5, **vals):
        return self._agree(kind="percent", percent=percent, **vals)

    def _follow(self, **vals):
        return self._agree(kind="index", index_id=self.index.id, **vals)

    def _set_value(self, day, value):
        self.index.value_ids = [Command.create({"date": day, "value": value})]

    def _open(self, *contracts):
        ids = [contract.id for contract in contracts]
        return Form(
            self.env["crm.contract.renew"]
            .with_user(self.user)
            .with_context(active_model="crm.contract", active_ids=ids)
        )

    # The agreement

    def test_from_the_type(self):
        self.type.write(self._follow(use_cap=True, cap=4, rounding=0.5))
        contract = self._create_contract()
        self.assertEqual(contract.adjustment, "index")
        self.assertEqual(contract.adjustment_index_id, self.index)
        self.assertEqual(contract.adjustment_months, 3)
        self.assertEqual(contract.adjustment_cap, 4)
        # A change of the type changes nothing that is agreed.
        self.type.adjustment_cap = 10
        self.assertEqual(contract.adjustment_cap, 4)

    def test_own_one_stays(self):
        contract = self._create_contract(**self._percent(7))
        self.assertEqual(contract.adjustment_rounding, 0.01)
        contract.type_id = self.type.copy({"code": "OTHER"})
        self.assertEqual(contract.adjustment_percent, 7)
        self.type.write(self._percent(2))
        free = self._create_contract(adjustment=False)
        self.assertFalse(free.adjustment)

    def test_is_content(self):
        contract = self._create_contract(**self._percent())
        fields = contract._get_content()["fields"]
        self.assertEqual(fields["adjustment_percent"], 5)
        self.assertIsNone(fields["adjustment_cap"], "no limit is agreed")
        self._submit(contract)
        with self._refused("locked"):
            contract.adjustment_percent = 1
        self.assertFalse(self.env["crm.contract.verification"]._get_problems(contract))

    def test_printed(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        contract = self._create_contract(
            **self._follow(use_cap=True, cap=4, use_floor=True, floor=1, months=3)
        )
        html = self.env["ir.qweb"]._render(
            "crm_contract.report_contract_term",
            {
                "doc": contract,
                "number": 1,
                "long_date": {"widget": "date", "format": "long"},
                "printer": self.env["crm.contract.print"],
            },
        )
        for text in (
            "Consumer prices",
            "3 months before",
            "4 % at most",
            "1 % at least",
            "multiples of 0.01",
        ):
            self.assertIn(text, html)
        self.assertIn("rise by 5 %", self._describe(self._percent()))
        self.assertIn("in which a term begins", self._describe(self._follow(months=0)))
        self.assertFalse(self._describe({}))

    def _describe(self, vals):
        return self.env["crm.contract"].new(
            {"adjustment_rounding": 0.01, **vals}
        )._get_adjustment_text()  # fmt: skip

    def test_bad_input(self):
        for vals, word in (
            (self._agree(kind="index"), "Choose the index"),
            (self._follow(use_cap=True, cap=1, use_floor=True, floor=2), "least rise"),
            (self._follow(months=-1), "negative|a number from 0"),
            (self._percent(rounding=0), "rounding"),
            (self._percent(-100), "all of them"),
        ):
            with self.subTest(word):
                with self._refused(word, ValidationError):
                    self._create_contract(**{"adjustment_rounding": 0.01, **vals})
                with self._refused(word, ValidationError):
                    self.type.write(vals)
        # Limits that are not used don't count.
        self._create_contract(**self._follow(use_cap=True, cap=1, floor=2))

    # The dialog

    def test_proposed_when_all_agree(self):
        contracts = [self._create_running(**self._percent(3.5)) for _number in range(2)]
        form = self._open(*contracts)
        self.assertEqual((form.uplift, form.percent), ("percent", 3.5))
        form.save().action_renew()
        for contract in contracts:
            self.assertEqual(contract.renewal_ids.line_ids.price_unit, 103.5)
            self.assertEqual(contract.renewal_ids.adjustment_percent, 3.5)

    def test_proposed_index(self):
        contract = self._create_running(
            date_start=date(2026, 2, 1),
            **self._follow(months=2, use_floor=True, floor=1, rounding=0.1),
        )
        self._set_value(date(2025, 12, 1), 100)
        self._set_value(date(2026, 12, 1), 103.33)
        form = self._open(contract)
        self.assertEqual(form.uplift, "index")
        self.assertEqual((form.floor, form.rounding), (1, 0.1))
        form.save().action_renew()
        successor = contract.renewal_ids
        self.assertEqual(successor.line_ids.price_unit, 103.3)
        self.assertIn("2025-12", successor.uplift_note)
        self.assertIn("2026-12", successor.uplift_note)

    def test_each_as_agreed(self):
        risen = self._create_running(**self._percent(10))
        other = self._create_running(**self._percent(20))
        free = self._create_running()
        form = self._open(risen, other, free)
        self.assertEqual(form.uplift, "agreed")
        form.save().action_renew()
        prices = [c.renewal_ids.line_ids.price_unit for c in (risen, other, free)]
        self.assertEqual(prices, [110, 120, 100])
        self.assertFalse(free.renewal_ids.uplift_note)

    def test_nothing_agreed(self):
        self.assertEqual(self._open(self._create_running()).uplift, "none")

    def test_as_agreed_without_value(self):
        contract = self._create_running(**self._follow(months=3))
        wizard = self._open_renew(contract, uplift="agreed")
        self.assertIn("no value", wizard.line_ids.problem)
        with self._refused("no value"):
            wizard.action_renew()

    # The daily job

    def _renew_on_deadline(self, contract, later=1):
        self._run("renew", (contract.date_deadline - self.today).days + later)
        return contract.renewal_ids

    def test_automatic(self):
        contract = self._create_running(renewal_mode="automatic", **self._percent(4))
        successor = self._renew_on_deadline(contract)
        self.assertEqual(successor.line_ids.price_unit, 104)
        self.assertIn("4 %", successor.uplift_note)
        # Nobody is asked here, whatever add-ons are installed.
        has_approval = "crm.contract.approval.task" in self.env
        self.assertEqual(successor.state, "to_sign" if has_approval else "signed")

    def test_automatic_without_agreement(self):
        """Prices stay to their last decimal."""
        line = self._prepare_line_vals(
            price_unit=0.0125, quantity=1000, is_recurring=True
        )
        contract = self._create_running(
            renewal_mode="automatic", line_ids=[Command.create(line)]
        )
        successor = self._renew_on_deadline(contract)
        self.assertAlmostEqual(successor.line_ids.price_unit, 0.0125, 6)

    def test_automatic_waits_for_the_index(self):
        contract = self._create_running(
            renewal_mode="automatic", **self._follow(months=3)
        )
        for later in (1, 2):
            self.assertFalse(self._renew_on_deadline(contract, later))
            [activity] = contract.activity_ids
            self.assertIn("Set aside", activity.summary)
            self.assertIn("Consumer prices has no value", activity.note)
        for start, value in (
            (contract.date_start, 200),
            (contract.date_end + relativedelta(days=1), 210),
        ):
            self._set_value(start - relativedelta(months=3), value)
        successor = self._renew_on_deadline(contract, 3)
        self.assertEqual(successor.line_ids.price_unit, 105)
        self.assertNotIn("failed", contract.activity_ids.mapped("summary"))

    # Approval

    def _with_approval(self, is_missed=True):
        """Let it be as with an approval add-on that asked nobody, or somebody."""
        return patch.object(
            self.env.registry["crm.contract"],
            "_get_unreviewed",
            lambda contracts: contracts if is_missed else contracts.browse(),
        )

    def test_unreviewed_uplift_waits_for_a_person(self):
        contract = self._create_running(renewal_mode="automatic", **self._percent(4))
        with self._with_approval():
            successor = self._renew_on_deadline(contract)
            self.assertEqual(successor.state, "to_sign")
            [activity] = successor.activity_ids
            self.assertIn("waits to be signed", activity.summary)
            self.assertEqual(activity.user_id, self.user)
            self._renew_on_deadline(contract, 2)
            self.assertEqual(successor.state, "to_sign")
            self.assertEqual(len(successor.activity_ids), 1)
        # The person signs as usual.
        wizard = self._open_sign(
            successor.with_user(self.user),
            signed_by_customer="Sam",
            signed_by_company="Max",
        )
        wizard.action_sign()
        self.assertEqual(successor.state, "signed")

    def test_goes_through_otherwise(self):
        agreed = self._percent(4)
        for is_missed, vals in ((True, {}), (False, agreed)):
            contract = self._create_running(renewal_mode="automatic", **vals)
            with self._with_approval(is_missed):
                self.assertEqual(self._renew_on_deadline(contract).state, "signed")

    def test_what_went_back_to_draft_needs_a_signature(self):
        """Somebody could have changed it."""
        contract = self._create_running(renewal_mode="automatic", **self._percent(4))
        with patch.object(
            self.env.registry["crm.contract.renewal.automatic"],
            "_sign",
            lambda self, renewal: None,
        ):
            successor = self._renew_on_deadline(contract)
        self.assertTrue(successor.is_automatic_renewal)
        with freeze_time(contract.date_deadline):
            successor.action_withdraw()
            successor.line_ids.price_unit = 500
            self._submit(successor)
        self._renew_on_deadline(contract, 2)
        self.assertEqual(successor.state, "to_sign")

    def test_what_is_agreed_moves_the_hash(self):
        contract = self._create_running(**self._percent(4)).sudo()
        hashes = {self._hash(contract)}
        self._tamper(contract, adjustment_percent=5)
        hashes.add(self._hash(contract))
        self._tamper(contract, adjustment_rounding=1)
        hashes.add(self._hash(contract))
        index = self.env["crm.contract.index"].create({"name": "Prices"})
        self._tamper(contract, adjustment="index", adjustment_index_id=index.id)
        hashes.add(self._hash(contract))
        for name in ("months", "use_cap", "cap", "use_floor", "floor"):
            value = True if name.startswith("use") else 7
            self._tamper(contract, **{f"adjustment_{name}": value})
            hashes.add(self._hash(contract))
        self.assertEqual(len(hashes), 9)
