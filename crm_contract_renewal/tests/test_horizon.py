from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import BaseCase, tagged

from odoo.addons.crm_contract.tests.common_doctest import check_doctests

from ..tools import horizon
from .common import RenewalCommon

# A Wednesday; the week ends on the 15th.
TODAY = date(2026, 2, 11)
DEADLINES = {
    "overdue": date(2026, 2, 10),
    "week": date(2026, 2, 11),
    "month": date(2026, 2, 28),
    "quarter": date(2026, 3, 31),
    "later": date(2026, 4, 1),
}


class TestHorizon(RenewalCommon):
    """Deadlines in columns by how far off they are, though nothing of it is stored."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(TODAY))
        cls.env["res.lang"]._lang_get("en_US").week_start = "1"
        # Far apart from what other tests or demo data leave.
        cls.contracts = {
            key: cls.env["crm.contract"].create(
                cls._prepare_contract_vals(
                    name=key,
                    user_id=cls.user.id,
                    date_start=date(2025, 1, 1),
                    duration=0,
                    date_end=deadline,
                    notice_period=0,
                )
            )
            for key, deadline in reversed(DEADLINES.items())
        }
        cls.domain = [("id", "in", [c.id for c in cls.contracts.values()])]
        cls.model = cls.env["crm.contract"].with_user(cls.user)

    def _group(self, groupby, **kwargs):
        return self.model.formatted_read_group(
            self.domain, groupby, ["__count", "amount_total:sum"], **kwargs
        )

    def test_each_in_its_column(self):
        for key, contract in self.contracts.items():
            self.assertEqual(contract.with_user(self.user).deadline_horizon, key)
            self.assertEqual(
                self.model.search([*self.domain, ("deadline_horizon", "=", key)]),
                contract,
            )
        self.assertEqual(
            self.model.search_count(
                [*self.domain, ("deadline_horizon", "not in", ["overdue", "week"])]
            ),
            3,
        )

    def test_groups_in_the_order_of_time(self):
        groups = self._group(["deadline_horizon"])
        self.assertEqual(
            [group["deadline_horizon"] for group in groups], list(DEADLINES)
        )
        self.assertEqual([group["__count"] for group in groups], [1] * 5)
        backwards = self._group(["deadline_horizon"], order="deadline_horizon desc")
        self.assertEqual(backwards[0]["deadline_horizon"], "later")

    def test_opened_columns_hold_what_they_count(self):
        for group in self._group(["deadline_horizon"]):
            found = self.model.search(self.domain + group["__extra_domain"])
            self.assertEqual(found.name, group["deadline_horizon"])

    def test_kanban_shows_empty_columns(self):
        self.contracts["month"].date_end = DEADLINES["later"]
        # The context of the kanban
        model = self.model.with_context(read_group_expand=True)
        result = model.web_read_group(
            self.domain,
            ["deadline_horizon"],
            ["__count"],
            auto_unfold=True,
            unfold_read_specification={"name": {}},
        )
        self.assertEqual(
            [(g["deadline_horizon"], g["__count"]) for g in result["groups"]],
            [("overdue", 1), ("week", 1), ("month", 0), ("quarter", 1), ("later", 2)],
        )
        names = [
            {row["name"] for row in group["__records"]} for group in result["groups"]
        ]
        self.assertEqual(names[-1], {"later", "month"})

    def test_no_deadline_is_a_group_of_its_own(self):
        self.contracts["week"].write({"is_open_ended": True, "date_review": False})
        self.contracts["week"].date_review = False
        group = self._group(["deadline_horizon"])[-1]
        self.assertIs(group["deadline_horizon"], False)
        found = self.model.search(self.domain + group["__extra_domain"])
        self.assertEqual(found, self.contracts["week"])

    def test_pivot_and_second_level(self):
        groups = self._group(["user_id", "deadline_horizon"])
        self.assertEqual(
            [group["deadline_horizon"] for group in groups], list(DEADLINES)
        )
        sets = self.model.formatted_read_grouping_sets(
            self.domain, [[], ["deadline_horizon"]], ["__count"]
        )
        self.assertEqual(len(sets[1]), 5)
        description = self.model.fields_get(["deadline_horizon"])["deadline_horizon"]
        self.assertTrue(description["groupable"])
        self.assertFalse(description["store"])

    def test_through_a_relation(self):
        reminders = self.env["crm.contract.rung.fired"]
        reminders.create(
            [
                reminders._prepare_vals(contract, self.type.rung_ids[0], TODAY, "fired")
                for contract in self.contracts.values()
            ]
        )
        groups = reminders.formatted_read_group(
            [("contract_id", "in", [c.id for c in self.contracts.values()])],
            ["contract_id.deadline_horizon"],
            ["__count"],
        )
        self.assertEqual(
            [group["contract_id.deadline_horizon"] for group in groups],
            list(DEADLINES),
        )

    def test_weeks_as_in_the_language(self):
        """A Sunday belongs to the week that it begins, where weeks begin on Sundays."""
        self.contracts["week"].date_end = date(2026, 2, 15)
        self.assertEqual(self.contracts["week"].deadline_horizon, "week")
        self.env["res.lang"]._lang_get("en_US").week_start = "7"
        self.env.invalidate_all()
        self.assertEqual(self.contracts["week"].deadline_horizon, "month")
        groups = self._group(["deadline_horizon"])
        self.assertNotIn("week", [group["deadline_horizon"] for group in groups])

    def test_today_moves_on(self):
        with freeze_time(date(2026, 4, 2)):
            self.env.invalidate_all()
            [group] = self._group(["deadline_horizon"])
            self.assertEqual(group["deadline_horizon"], "overdue")

    def test_labels_are_translated(self):
        field = self.env["ir.model.fields"]._get("crm.contract", "deadline_horizon")
        row = field.selection_ids.filtered(lambda value: value.value == "later")
        row.update_field_translations("name", {"zh_CN": "以后"})
        chinese = self.model.with_context(lang="zh_CN")
        selection = chinese.fields_get(["deadline_horizon"])["deadline_horizon"]
        self.assertIn(("later", "以后"), selection["selection"])

    def test_nothing_to_group_without_rights(self):
        with self.assertRaises(AccessError):
            self.env["crm.contract"].with_user(self.portal).formatted_read_group(
                [], ["deadline_horizon"], ["__count"]
            )


@tagged("post_install", "-at_install")
class TestHorizonTool(BaseCase):
    def test_doctests(self):
        check_doctests(self, horizon)
