"""Every menu opens, in every view, with the first form of it and every tab of that.

What a view asks its records for is only known to the browser: no test of the server
sees a kanban card that reads a field which was not loaded.
"""

import re
from typing import NamedTuple

import pytest
from browser import new_page
from playwright.sync_api import Error

MODULES = ("crm_contract", "crm_contract_approval", "crm_contract_renewal")
MENUS = """
    SELECT menu.id, menu.name->>'en_US' AS name, action.id AS action_id,
           action.res_model, action.view_mode, action.target,
           (SELECT jsonb_object_agg(view_mode, view_id) FROM ir_act_window_view
             WHERE act_window_id = action.id) AS view_ids
      FROM ir_ui_menu menu
      JOIN ir_model_data data ON data.model = 'ir.ui.menu' AND data.res_id = menu.id
      JOIN ir_act_window action
        ON menu.action = 'ir.actions.act_window,' || action.id
     WHERE data.module IN %s AND menu.active
  ORDER BY menu.id
"""
# Each state shows other buttons and other banners; the drafts come first.
CONTRACTS = """
    SELECT min(id) FROM crm_contract WHERE create_date <= %s GROUP BY state, kind
  ORDER BY state != 'draft', min(id)
"""
PEOPLE = "SELECT name FROM res_partner WHERE name != '' ORDER BY length(name) DESC"
INSTALLED = "SELECT max(create_date) FROM ir_model_data WHERE module IN %s"
# Tells of each call that fails, and whether all that was asked for is there.
WATCH = """() => {
    const { rpcBus } = odoo.loader.modules.get("@web/core/network/rpc");
    const open = new Set();
    window.calls = { open, failed: [], last: performance.now() };
    rpcBus.addEventListener("RPC:REQUEST", ({ detail }) => {
        open.add(detail.data.id);
        window.calls.last = performance.now();
    });
    rpcBus.addEventListener("RPC:RESPONSE", ({ detail }) => {
        open.delete(detail.data.id);
        window.calls.last = performance.now();
        if (detail.error) {
            const { model, method } = detail.data.params;
            const { message, data } = detail.error;
            window.calls.failed.push(`${model}.${method}: ${data?.message || message}`);
        }
    });
}"""
SETTLED = """() => !window.calls.open.size
    && performance.now() - window.calls.last > 80
    && !document.querySelector(".o_blockUI, .o_view_sample_data .o_loading")"""
OPEN_MENU = "id => odoo.__WOWL_DEBUG__.root.env.services.menu.selectMenu(id)"
OPEN_FORM = """id => odoo.__WOWL_DEBUG__.root.env.services.action.switchView(
    "form", { resId: id })"""
CURRENT = """() => {
    const current = odoo.__WOWL_DEBUG__.root.env.services.action.currentController;
    return [current?.action.id, current?.view?.type];
}"""
# A view that nobody opened yet waits for its code first.
SHOWN = f"""([id, type]) => {{
    const current = ({CURRENT})();
    return current[0] === id && current[1] === type
        && document.querySelector(`.o_action_manager .o_${{type}}_view`)
        && ({SETTLED})();
}}"""
ENGLISH = re.compile(r"[A-Za-z]{3}")
# Names and numbers of records, and a method that has no other name.
NAMES = r"“[^”]*”|SHA-256|[A-Z]+(?:/\d+)+"
# What a page says by itself; titles of groups, tags, activities and people are data.
TEXTS = """() => [...document.querySelectorAll(`.o_action_manager, .modal`)].flatMap(
    part => [...part.querySelectorAll(
        "button, label, thead th, .nav-link, .o_horizontal_separator, .o_facet_value,"
        + " legend, .alert, .badge:not(.o_tag), .o_view_nocontent, .o_cell > span"
    )]
).filter(
    each => each.checkVisibility()
        && !each.closest(`.o_calendar_sidebar, .o-mail-ActivityButton,
            .o_search_panel_category_value, .o_search_panel_filter_value`)
).map(each => each.innerText.trim())"""
CLOSE = "() => odoo.__WOWL_DEBUG__.root.env.services.dialog.closeAll()"


class Menu(NamedTuple):
    id: int
    name: str
    action_id: int
    model: str
    view_mode: str
    target: str
    view_ids: dict

    @property
    def views(self):
        """The views that show many records; that of a dialog."""
        types = self.view_mode.split(",")
        return [each for each in types if each != "form"] or types

    @property
    def has_form(self):
        return "form" in self.view_mode.split(",")[1:] and self.target != "new"

    def key(self, view_type):
        """What tells this view from others (tuple)."""
        return self.model, view_type, (self.view_ids or {}).get(view_type)


class Walk:
    """Somebody who opens one thing after the other and writes down what fails."""

    def __init__(self, page, url):
        self.page = page
        self.problems = []
        self.opened = set()
        self.texts = {}
        self.place = "start"
        page.on("pageerror", lambda error: self.note(str(error)))
        page.on(
            "console",
            lambda message: message.type == "error" and self.note(message.text),
        )
        page.goto(f"{url}/odoo/contracts", timeout=120_000)
        page.locator(".o_view_controller").first.wait_for()
        page.evaluate(WATCH)

    def note(self, text):
        self.problems.append(f"{self.place}: {text[:600]}")

    def do(self, place, deed, *arguments):
        """Do something on the page, wait for what it asks for, and look."""
        self.place = place
        try:
            deed(*arguments)
            self.page.wait_for_function(SETTLED)
        except Error as error:
            self.note(str(error))
        for text in self.page.evaluate("() => window.calls.failed.splice(0)"):
            self.note(text)
        for text in self.page.evaluate(TEXTS):
            self.texts.setdefault(text, self.place)
        dialog = self.page.locator(".o_error_dialog")
        if dialog.count():
            self.note(dialog.first.inner_text())
            self.page.evaluate(CLOSE)

    def menu(self, menu, view_types):
        """Open a menu and switch to the views, of which the first is there."""
        self.do(menu.name, self.page.evaluate, OPEN_MENU, menu.id)
        if menu.target == "new":
            self.dialog(menu)
            return
        for view_type in view_types:
            self.do(f"{menu.name}, {view_type}", self.view, menu, view_type)

    def view(self, menu, view_type):
        if self.page.evaluate(CURRENT)[1] != view_type:
            self.page.click(f".o_cp_switch_buttons button.o_{view_type}")
        self.page.wait_for_function(SHOWN, arg=[menu.action_id, view_type])
        self.opened.add((menu.id, view_type))

    def dialog(self, menu):
        if self.page.locator(".modal .o_form_view:visible").count():
            self.opened.add((menu.id, "form"))
        self.tabs(".modal")
        self.page.evaluate(CLOSE)

    def form(self, menu, record_id):
        """The form of a record with every tab of it, from the menu's action."""
        self.do(menu.name, self.page.evaluate, OPEN_MENU, menu.id)
        place = f"{menu.name}, {menu.model} {record_id}"
        self.do(place, self.show, menu, record_id)
        self.tabs(".o_form_view")

    def show(self, menu, record_id):
        self.page.evaluate(OPEN_FORM, record_id)
        self.page.wait_for_function(SHOWN, arg=[menu.action_id, "form"])
        self.opened.add((menu.model, record_id))

    def tabs(self, within):
        tabs = self.page.locator(f"{within} .o_notebook_headers a.nav-link:visible")
        for number in range(tabs.count()):
            name = tabs.nth(number).inner_text()
            self.do(f"{self.place}, {name}", tabs.nth(number).click)


@pytest.fixture
def walk_in(chromium, admin):
    """A function that starts a walk in a language."""
    pages = []

    def start(lang):
        admin.call("res.users", "write", [admin.uid], {"lang": lang})
        # Of its own: the session remembers the language.
        pages.append(new_page(chromium, admin.again()))
        return Walk(pages[-1], admin.url)

    yield start
    for page in pages:
        page.context.close()
    admin.call("res.users", "write", [admin.uid], {"lang": "en_US"})


@pytest.fixture
def menus(database):
    """What the database says that there is to open (list of Menu)."""
    menus = [Menu(*row) for row in database.rows(MENUS, MODULES)]
    assert len(menus) > 40, "the database has no menus of ours"
    return menus


def first_records(menus, admin, database):
    """A record for each form that a menu leads to, and many contracts: [(menu, id)].

    Those of the demo data: other tests leave what they like.
    Where there is none, the id is False: the form of a new one, if one can be made.
    """
    forms = {}
    for menu in menus:
        if menu.has_form:
            forms.setdefault(menu.key("form"), menu)
    [(installed,)] = database.rows(INSTALLED, MODULES)
    records = []
    for menu in forms.values():
        if menu.model == "crm.contract":
            rows = database.rows(CONTRACTS, installed)
            found = [record_id for (record_id,) in rows]
        else:
            of_demo = [("create_date", "<=", f"{installed:%Y-%m-%d %H:%M:%S}")]
            if not admin.call(menu.model, "fields_get", ["create_date"]):
                of_demo = []
            found = admin.search(menu.model, of_demo, order="id", limit=1)
            if not found and admin.call(menu.model, "has_access", [], "create"):
                found = [False]
        records += [(menu, record_id) for record_id in found]
    return records


@pytest.fixture
def look_for_english(database):
    """A function that fails for words that a walk in Chinese found untranslated."""

    def look(walk):
        people = database.rows(PEOPLE)
        names = re.compile("|".join([NAMES, *(re.escape(name) for (name,) in people)]))
        english = [
            f"{place}: {text}"
            for text, place in walk.texts.items()
            if ENGLISH.search(names.sub("", text))
        ]
        assert not english, "\n".join(english)

    return look


def test_every_menu_and_every_view(walk_in, menus, look_for_english):
    """Each menu with its first view, and each view of a model once (Chinese)."""
    walk = walk_in("zh_CN")
    seen = set()
    expected = set()
    for menu in menus:
        first, *others = menu.views
        view_types = [first, *(each for each in others if menu.key(each) not in seen)]
        seen |= {menu.key(each) for each in view_types}
        expected |= {(menu.id, each) for each in view_types}
        walk.menu(menu, view_types)
    assert not walk.problems, "\n".join(walk.problems)
    assert walk.opened == expected
    assert "合同金额" in walk.texts
    look_for_english(walk)


def test_every_form_and_every_tab(walk_in, menus, admin, database, look_for_english):
    walk = walk_in("zh_CN")
    records = first_records(menus, admin, database)
    for menu, record_id in records:
        walk.form(menu, record_id)
    assert not walk.problems, "\n".join(walk.problems)
    assert walk.opened == {(menu.model, record_id) for menu, record_id in records}
    assert "付款计划" in walk.texts
    look_for_english(walk)
