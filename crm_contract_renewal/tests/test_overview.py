from freezegun import freeze_time

from odoo.fields import Command

from .common import RenewalCommon


class TestOverview(RenewalCommon):
    """Deadlines and amendments on the first page of a contract."""

    def _get(self, contract):
        overviews = self.env["crm.contract.overview"].with_user(self.user)
        [overview] = overviews.get_overviews(contract.ids)
        return overview

    def _get_days(self, contract, key):
        events = self._get(contract)["events"]
        return [
            (event["day"], event["state"]) for event in events if event["key"] == key
        ]

    def _get_reasons(self, contract):
        return [duty["why"] for duty in self._get(contract)["duties"]]

    def test_deadline(self):
        contract = self._create_running()
        why = "Decide on what follows the term"
        day = str(contract.date_deadline)
        self.assertEqual(self._get_days(contract, "deadline"), [(day, "ahead")])
        self.assertFalse(self._get_days(contract, "notice"))
        self.assertNotIn(why, self._get_reasons(contract))
        with freeze_time(self._days(self._days_before(contract, 30))):
            self.assertIn(why, self._get_reasons(contract))
        with freeze_time(self._days(self._days_before(contract, -1))):
            self.assertEqual(self._get_days(contract, "deadline"), [(day, "late")])
            contract.action_decide_renewal("renew")
            self.assertEqual(self._get_days(contract, "deadline"), [(day, "done")])
            self.assertNotIn(why, self._get_reasons(contract))
            self.assertIn(
                "Draft the renewal, and have it signed before the end",
                self._get_reasons(contract),
            )

    def test_amendment(self):
        contract = self._create_running()
        amendment = contract.action_amend(
            date_effective=str(self._days(40)), reason="More", requested_by="us"
        )
        amendment.line_ids.write({"price_unit": 110})
        overview = self._get(amendment)
        figures = {row["key"]: row["amount"] for row in overview["figures"]}
        self.assertEqual(figures["base"], 1200)
        self.assertAlmostEqual(figures["effect"], figures["value"] - 1200)
        day = str(amendment.date_effective)
        self.assertEqual(self._get_days(amendment, "amendment"), [(day, "ahead")])
        self.assertFalse(self._get_days(amendment, "start"))
        self.assertEqual(self._get_days(contract, "amendment"), [(day, "ahead")])
        amendment.action_cancel()
        self.assertFalse(self._get_days(contract, "amendment"))

    def test_calendar(self):
        contract = self._create_running()
        milestone = Command.create({"name": "Hand-over"})
        self._create_running(milestone_ids=[milestone])
        days = self.env["crm.contract.day"].with_user(self.user)
        domain = [("contract_id", "=", contract.id), ("kind", "=", "deadline")]
        self.env.flush_all()
        self.assertEqual(days.search(domain).date, contract.date_deadline)
        contract.action_decide_renewal("renew")
        self.env.flush_all()
        self.assertFalse(days.search(domain))
