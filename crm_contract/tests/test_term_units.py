from odoo.tests import Form

from .common import ContractCommon


class TestTermUnits(ContractCommon):
    """Another type never makes months of days: a number and its unit go together."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.type.copy(
            {"name": "Other", "code": "OTH", "duration": 0, "notice_period": 0}
        )

    def _create_days(self, **vals):
        return self._create_contract(
            duration=30, duration_unit="day", notice_period=7, notice_unit="day", **vals
        )

    def _get_terms(self, contract):
        return (
            (contract.duration, contract.duration_unit),
            (contract.notice_period, contract.notice_unit),
        )

    def test_type_that_says_nothing(self):
        contract = self._create_days()
        end = contract.date_end
        contract.type_id = self.other
        self.assertEqual(self._get_terms(contract), ((30, "day"), (7, "day")))
        self.assertEqual(contract.date_end, end)

    def test_type_that_says_something(self):
        contract = self._create_days(type_id=self.other.id)
        contract.type_id = self.type
        self.assertEqual(self._get_terms(contract), ((12, "month"), (1, "month")))

    def test_new_contract(self):
        self.other.write({"duration_unit": "year", "notice_unit": "week"})
        contract = self._create_contract(
            type_id=self.other.id, duration=2, notice_period=3
        )
        self.assertEqual(self._get_terms(contract), ((2, "year"), (3, "week")))

    def test_told(self):
        contract = self._create_days()
        terms = ("duration", "duration_unit", "notice_period", "notice_unit")
        spec = {"type_id": {}, **{name: {} for name in terms}}
        values = {name: contract[name] for name in terms}
        third = self.type.copy({"name": "Third", "code": "THI"})
        result = contract.with_user(self.user).onchange(
            {**values, "type_id": third.id}, ["type_id"], spec
        )
        self.assertIn("30 days → 12 months", result["warning"]["message"])
        self.assertIn("7 days → 1 month", result["warning"]["message"])
        result = contract.onchange(
            {**values, "type_id": self.other.id}, ["type_id"], spec
        )
        self.assertNotIn("warning", result)

    def test_in_the_form(self):
        contract = self._create_days()
        with Form(contract) as form:
            form.type_id = self.other
            self.assertEqual((form.duration, form.duration_unit), (30, "day"))

    def test_interest(self):
        """The same holds for a rate by the year, and by the day."""
        contract = self._create_contract(late_rate=12, late_rate_unit="year")
        contract.type_id = self.other
        self.assertEqual((contract.late_rate, contract.late_rate_unit), (12, "year"))
        self.other.late_rate = 0.05
        contract.type_id = self.type
        contract.type_id = self.other
        self.assertEqual((contract.late_rate, contract.late_rate_unit), (0.05, "day"))
