from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import BaseCase, Form, tagged

from ..tools import bounds
from .common import ContractCommon
from .common_doctest import check_doctests

ADDONS = ("crm_contract", "crm_contract_approval", "crm_contract_renewal")


@tagged("post_install", "-at_install")
class TestToolsBounds(BaseCase):
    def test_doctests(self):
        check_doctests(self, bounds)


class TestBounds(ContractCommon):
    """Whatever a client sends is taken, or refused with words for people."""

    def setUp(self):
        super().setUp()
        self.contract = self._create_contract()

    def _refused(self, record, vals, text=""):
        with (
            self.subTest(record=record._name, vals=str(vals)[:80]),
            self.assertRaisesRegex(ValidationError, text),
            self.env.cr.savepoint(),
        ):
            record.write(vals)

    def test_each_model_has_them(self):
        """Each that somebody may write, the day it is written."""
        access = self.env["ir.model.access"].search(
            ["|", ("perm_write", "=", True), ("perm_create", "=", True)]
        )
        for name in set(access.model_id.mapped("model")):
            model = self.env[name]
            if model._original_module in ADDONS and model._auto:
                self.assertTrue(hasattr(model, "_check_bounds"), name)

    def test_numbers(self):
        line, row = self.contract.line_ids, self.contract.installment_ids[0]
        for record, name, value in (
            (line, "price_unit", float("nan")),
            (line, "price_unit", float("inf")),
            (line, "price_unit", "-inf"),
            (line, "price_unit", 1e300),
            (line, "price_unit", 1e14),
            (line, "price_unit", "abc"),
            (line, "quantity", float("nan")),
            (line, "discount", float("inf")),
            (line, "recurrence_interval", 2**31),
            (line, "recurrence_interval", 10**9),
            (line, "free_periods", 10**6),
            (line, "sequence", 2**63),
            (row, "days", 10**9),
            (row, "percentage", float("nan")),
            (row, "amount_fixed", float("inf")),
            (self.contract, "duration", 10**7),
            (self.contract, "duration", "x"),
            (self.contract, "notice_period", 2**40),
            (self.contract, "partner_id", 2**40),
            (self.contract, "partner_id", -1),
        ):
            self._refused(record, {name: value}, "number|record")

    def test_amounts_that_follow(self):
        line = self.contract.line_ids
        self._refused(
            line, {"price_unit": 1e12, "quantity": 1e12}, "at most is possible"
        )
        yen = self.env["res.currency"].create(
            {"name": "XTJ", "symbol": "Y", "rounding": 1}
        )
        contract = self._create_contract(currency_id=yen.id, installment_ids=[])
        contract.line_ids.write({"price_unit": 9e12, "quantity": 9})
        self.assertGreater(contract.amount_total, 8e13)

    def test_amounts_have_the_digits_of_the_currency(self):
        row = self.contract.installment_ids[0]
        row.write({"amount_type": "fixed", "amount_fixed": 10.0049})
        self.env.invalidate_all()
        self.assertEqual(row.amount_fixed, 10.0)

    def test_dates(self):
        line = self.contract.line_ids
        for record, name in (
            (self.contract, "date_start"),
            (self.contract, "date_end"),
            (line, "date_start"),
            (line, "date_end"),
            (line, "date_anchor"),
            (line, "billed_until"),
            (self.contract.installment_ids[1], "date"),
        ):
            for value in ("1969-12-31", "0001-01-01", "2201-01-01", "9999-12-31"):
                self._refused(record, {name: value}, "enter a day from")
            for value in ("10000-01-01", "2026-02-30", "tomorrow", 7, [1]):
                self._refused(record, {name: value}, "is not a date")
        vals = {"date_start": "1970-01-01", "date_end": "2200-12-31"}
        self.contract.write({**vals, "duration": 0})

    def test_terms_that_lead_beyond(self):
        for vals in (
            {"duration": 36525, "duration_unit": "year"},
            {"duration": 36525, "duration_unit": "day", "date_start": "2199-01-01"},
            {"duration": 300, "duration_unit": "year"},
            {"notice_period": 36525, "notice_unit": "year"},
        ):
            self._refused(self.contract, vals)
        for vals in ({"duration": 36525, "duration_unit": "year"},):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self._create_contract(**vals)

    def test_a_daily_line_of_ages(self):
        contract = self._create_contract(date_end="2200-12-31", installment_ids=[])
        line = contract.line_ids
        vals = {"is_recurring": True, "recurrence_unit": "day"}
        self._refused(line, vals, "would be billed 63,?... times|at most")
        line.write({**vals, "date_end": self._days(365)})
        self.assertGreater(contract.amount_total, 0)
        line.date_end = self._days(9000)
        self._refused(line, {"date_end": "2200-12-31"}, "at most 20000")

    def test_a_form_that_is_filled_in(self):
        """Nothing is computed of what could not be saved."""
        contracts = self.env["crm.contract"].with_user(self.user)
        spec = {"date_end": {}, "amount_total": {}}
        for values, name in (
            ({"date_start": "2026-01-01", "date_end": "9999-12-31"}, "date_end"),
            ({"duration": 10**7, "duration_unit": "year"}, "duration"),
            ({"line_ids": [[0, "virtual_1", {"date_end": "9999-12-31"}]]}, "line_ids"),
            (
                {"line_ids": [[0, "virtual_1", {"price_unit": float("nan")}]]},
                "line_ids",
            ),
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                contracts.onchange(values, [name], spec)
        form = Form(contracts)
        form.duration = 999
        form.duration_unit = "year"

    def test_defaults(self):
        contracts = self.env["crm.contract"].with_user(self.user)
        for name, value in (("date_start", "9999-12-31"), ("duration", 10**9)):
            model = contracts.with_context(**{f"default_{name}": value})
            with self.assertRaises(ValidationError):
                model.default_get(["date_start", "duration"])
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                vals = self._prepare_contract_vals()
                vals.pop("date_start")
                model.create(vals)

    def test_texts(self):
        line, clause = self.contract.line_ids, self.contract.clause_ids
        for record, name in (
            (self.contract, "name"),
            (self.contract, "preamble"),
            (self.contract, "dispute_place"),
            (line, "name"),
            (line, "scope"),
            (line, "service_standard"),
            (clause, "name"),
            (clause, "body"),
        ):
            for value in ("a\x00b", "a\ud800b", "a\x01b"):
                self._refused(record, {name: value}, "can't be stored")
            self._refused(record, {name: "Pay \u202e001"}, "reads|from being read")
            self._refused(record, {name: "a" * 5_000_001}, "at most")
        self.contract.name = "合同 – “Ärger” 😀"
        line.scope = "Line\nof\tfeed"

    def test_files(self):
        documents = self.env["crm.contract.document"].with_user(self.user)
        vals = {"contract_id": self.contract.id, "name": "A"}
        for value, text in (
            ("x", "base64"),
            (7, "base64"),
            ("A" * (90 * 2**20), "larger than 64 MB"),
        ):
            with self.assertRaisesRegex(ValidationError, text):
                documents.create({**vals, "file": value})

    def test_lists(self):
        for value in (
            [(9, 0, 0)],
            [(0, 0)],
            [(0, 0, "x")],
            [(1, 2**40, {})],
            [(4, 2**63)],
            [(6, 0, [2**40])],
            [()],
            [2**40],
        ):
            self._refused(self.contract, {"line_ids": value}, "no change of a list")
        self._refused(
            self.contract,
            {"line_ids": [Command.create({"price_unit": float("nan")})]},
            "not a number",
        )

    def test_chosen_by_a_client(self):
        for model in (
            "crm.contract.sign",
            "crm.contract.end",
            "crm.contract.take.over",
        ):
            for chosen in ("abc", ["abc"], [2**40], {"a": 1}, [None], [[1]], 1.5):
                wizard = self.env[model].with_user(self.manager).with_context(
                    active_model="crm.contract", active_ids=chosen
                )  # fmt: skip
                with self.subTest(model=model, chosen=chosen):
                    with self.assertRaises(UserError):
                        wizard.default_get(list(wizard._fields))
                    with self.assertRaises(UserError):
                        wizard.create({})

    def test_code_may_write(self):
        """What code writes after its checks costs nothing."""
        self.contract.sudo()._check_bounds({"date_start": "9999-12-31"})
