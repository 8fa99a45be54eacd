import json

from odoo.tests import tagged

from odoo.addons.spreadsheet.utils.validate_data import (
    fields_in_spreadsheet,
    menus_xml_ids_in_spreadsheet,
)

from .common import ContractCommon


@tagged("post_install", "-at_install")
class TestDashboards(ContractCommon):
    """Dashboards of all add-ons name what exists, and open for those they are for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        group = cls.env.ref("crm_contract.spreadsheet_dashboard_group_contract")
        cls.dashboards = group.dashboard_ids
        cls.opened = set()

    def _get_content(self, dashboard):
        return json.loads(dashboard.spreadsheet_data)

    def test_fields_and_menus_exist(self):
        self.assertGreaterEqual(len(self.dashboards), 4)
        for dashboard in self.dashboards:
            content = self._get_content(dashboard)
            for model, names in fields_in_spreadsheet(content).items():
                for name in names:
                    self._check_path(dashboard, model, name)
            for xmlid in menus_xml_ids_in_spreadsheet(content):
                self.assertTrue(self.env.ref(xmlid).action, (dashboard.name, xmlid))

    def _check_path(self, dashboard, model, path):
        for name in path.split(":")[0].split("."):
            field = self.env[model]._fields.get(name)
            self.assertTrue(field, (dashboard.name, model, path))
            model = field.comodel_name or model

    def test_filters_reach_every_part(self):
        """Each pivot, list and chart follows company, type, team, person, customer."""
        for dashboard in self.dashboards:
            content = self._get_content(dashboard)
            filters = {each["id"] for each in content["globalFilters"]}
            relations = {
                each["id"]
                for each in content["globalFilters"]
                if each["type"] == "relation"
            }
            self.assertEqual((len(filters), len(relations)), (6, 5))
            charts = [
                figure["data"]
                for figure in content["sheets"][0]["figures"]
                if figure["data"]["type"].startswith("odoo_")
            ]
            for part in [
                *charts,
                *content["pivots"].values(),
                *content["lists"].values(),
            ]:
                matched = set(part["fieldMatching"])
                self.assertTrue(relations <= matched <= filters, dashboard.name)
                model = part.get("model") or part["metaData"]["resModel"]
                for matching in part["fieldMatching"].values():
                    self._check_path(dashboard, model, matching["chain"])

    def test_data_can_be_asked_for(self):
        """What the page asks for is answered, to somebody with each group of it."""
        for dashboard in self.dashboards:
            content = self._get_content(dashboard)
            for group in dashboard.group_ids:
                user = self._create_user(f"d{dashboard.id}_{group.id}")
                user.group_ids |= group
                self.assertTrue(dashboard.with_user(user).has_access("read"))
                self._ask(content, user)

    def test_every_number_opens_its_records(self):
        """Numbers, charts, cards and links, for somebody with each group of the page."""
        self._create_contract()
        self._submit(self._create_contract())
        for dashboard in self.dashboards:
            content = self._get_content(dashboard)
            self._check_cards(dashboard, content)
            links = self._get_links(content)
            names = " ".join(name for name, _action in links)
            for one_click in ("What ends", "What waits", "What is owed"):
                self.assertIn(one_click, names, dashboard.name)
            for group in dashboard.group_ids:
                user = self._create_user(f"o{dashboard.id}_{group.id}")
                user.group_ids |= group
                self._check_menus(content, user)
                for model, domain in self._get_counted(content):
                    self._check_records(model, domain, user)
                for _name, action in links:
                    self._check_records(action["modelName"], action["domain"], user)

    def _check_cards(self, dashboard, content):
        """A card shows a cell with a number, and a click on it leads somewhere."""
        sheet = content["sheets"][0]
        cards = [
            figure
            for figure in sheet["figures"]
            if figure["data"]["type"] == "scorecard"
        ]
        self.assertTrue(cards)
        for card in cards:
            title = (dashboard.name, card["data"]["title"]["text"])
            cell = card["data"]["keyValue"].removeprefix("Dashboard!")
            self.assertTrue(sheet["cells"][cell].startswith("=PIVOT.VALUE("), title)
            self.assertIn(card["id"], content["chartOdooMenusReferences"], title)

    def _get_links(self, content):
        """Return the links of a page: pairs of words and action (dict)."""
        links = []
        for cell in content["sheets"][0]["cells"].values():
            name, _colon, target = cell.partition("](odoo://view/")
            if target:
                links.append((name[1:], json.loads(target[:-1])["action"]))
        return links

    def _check_menus(self, content, user):
        visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
        for xmlid in content["chartOdooMenusReferences"].values():
            self.assertIn(self.env.ref(xmlid).id, visible, (user.login, xmlid))

    def _get_counted(self, content):
        """Return what is counted: pairs of model and domain."""
        charts = [figure["data"] for figure in content["sheets"][0]["figures"]]
        return [
            *((one["model"], one["domain"]) for one in content["pivots"].values()),
            *((one["model"], one["domain"]) for one in content["lists"].values()),
            *(
                (one["metaData"]["resModel"], one["searchParams"]["domain"])
                for one in charts
                if one["type"].startswith("odoo_")
            ),
        ]

    def _check_records(self, model, domain, user):
        """What is counted is what a click opens, as a list with a search view."""
        records = self.env[model].with_user(user)
        [counted] = records.formatted_read_group(domain, [], ["__count"])
        opened = records.web_search_read(domain, {"display_name": {}}, limit=1)
        self.assertEqual(counted["__count"], opened["length"], (model, domain))
        if (model, user) not in self.opened:
            records.get_views([(False, "list"), (False, "search")])
            self.opened.add((model, user))

    def _ask(self, content, user):
        for pivot in content["pivots"].values():
            measures = [measure["id"] for measure in pivot["measures"]]
            self.env[pivot["model"]].with_user(user).formatted_read_group(
                pivot["domain"], [], measures
            )
        for part in content["lists"].values():
            order = ", ".join(
                f"{by['name']} {'asc' if by['asc'] else 'desc'}"
                for by in part["orderBy"]
            )
            self.env[part["model"]].with_user(user).search_read(
                part["domain"], part["columns"], order=order, limit=10
            )
        for figure in content["sheets"][0]["figures"]:
            if not figure["data"]["type"].startswith("odoo_"):
                continue
            said = figure["data"]["metaData"]
            measure = said["measure"]
            self.env[said["resModel"]].with_user(user).formatted_read_group(
                figure["data"]["searchParams"]["domain"],
                said["groupBy"],
                [measure if measure == "__count" else f"{measure}:sum"],
            )

    def test_sample(self):
        """Without data there is a sample, without any formula that asks for data."""
        for dashboard in self.dashboards:
            sample = dashboard._get_sample_dashboard()
            self.assertTrue(sample, dashboard.name)
            text = json.dumps(sample)
            for word in ("PIVOT", "ODOO.LIST", "odoo_bar", "odoo_pie", "odoo://"):
                self.assertNotIn(word, text)

    def test_for_whom(self):
        for user, names in (
            (self.user, {"My contracts", "Execution of contracts"}),
            (self.reader, {"Contracts overview", "Contract finance"}),
            (self.accountant, {"Contract finance"}),
        ):
            seen = self.dashboards.with_user(user)._filtered_access("read")
            self.assertLessEqual(names, set(seen.mapped("name")), user.login)
        seen = self.dashboards.with_user(self.user)._filtered_access("read")
        self.assertNotIn("Contracts overview", seen.mapped("name"))
        for user in (self.salesman, self.portal):
            self.assertFalse(self.dashboards.with_user(user)._filtered_access("read"))
