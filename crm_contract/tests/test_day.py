from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .common import ContractCommon


@tagged("post_install", "-at_install")
class TestDay(ContractCommon):
    """The rows of the calendar."""

    def _get_days(self, contract, user=None):
        days = self.env["crm.contract.day"].with_user(user or self.user)
        rows = days.search([("contract_id", "=", contract.id)], order="date, kind")
        return [(row.kind, row.date, row.name) for row in rows]

    def _create_with_milestones(self, **vals):
        milestones = [
            Command.create({"name": "Open", "date_deadline": self._days(9)}),
            Command.create({"name": "Some day"}),
            Command.create({"name": "Done", "date_deadline": self._days(8)}),
        ]
        contract = self._create_signed(milestone_ids=milestones, **vals)
        contract.milestone_ids.filtered(lambda m: m.name == "Done").action_done()
        self.env.flush_all()
        return contract

    def test_days(self):
        contract = self._create_with_milestones()
        days = [day for day in self._get_days(contract) if day[0] != "deadline"]
        self.assertEqual(
            days,
            [
                ("start", self.today, False),
                ("milestone", self._days(9), "Open"),
                ("end", contract.date_end, False),
            ],
        )
        names = self.env["crm.contract.day"].search(
            [("contract_id", "=", contract.id), ("kind", "in", ("start", "milestone"))]
        )
        self.assertEqual(
            names.mapped("display_name"),
            ["Start date – Customer Corp", "Open – Customer Corp"],
        )

    def test_drafts_and_ended_ones_have_none(self):
        self.assertFalse(self._get_days(self._create_contract()))
        self.assertFalse(self._get_days(self._in_state("ended")))

    def test_rights(self):
        contract = self._create_with_milestones(
            user=self.manager, user_id=self.manager.id
        )
        self.assertFalse(self._get_days(contract))
        self.assertTrue(self._get_days(contract, self.reader))
        with self.assertRaises(AccessError):
            self._get_days(contract, self.salesman)

    def test_ids_are_unique(self):
        self._create_with_milestones()
        ids = self.env["crm.contract.day"].search([]).ids
        self.assertEqual(len(ids), len(set(ids)))
