"""What people look for is a few clicks away: each way is clicked, and counted.

The number of clicks is a promise (`MOST`); the seconds are told, not judged.
"""

import base64
import datetime
import time

import pytest
from browser import expect_state, field
from playwright.sync_api import expect

MOST = 5
LANGUAGES = ("en_US", "zh_CN")
TODAY = datetime.date.today()
PDF = base64.b64encode(b"%PDF-1.4 signed by both").decode()
WORDS = {
    "en_US": {
        "quarter": "Ends this quarter",
        "week": "Due by the end of this week",
    },
    "zh_CN": {"quarter": "本季度到期", "week": "本周内到期"},
}


class Way:
    """A person at the page of all contracts, whose clicks are counted."""

    def __init__(self, page, user, lang):
        self.page = page
        self.words = WORDS[lang]
        self.clicks = 0
        # The first page of a server waits for its assets.
        page.goto(f"{user.url}/odoo/contracts?view_type=list", timeout=120_000)
        expect(page.locator(".o_list_view")).to_be_visible()
        self.start = time.monotonic()

    def click(self, selector, **options):
        target = self.page.locator(selector, **options).locator("visible=true")
        target.first.click()
        self.clicks += 1

    def menu(self, *names, path):
        for name in names:
            self.click(f"[data-menu-xmlid='{name}']")
        self.page.wait_for_url(f"**/odoo/{path}*")
        expect(self.page.locator(".o_list_view")).to_be_visible()

    def filter(self, *words):
        self.open_filters()
        for word in words:
            self.click(".o_search_bar_menu .o_menu_item", has_text=self.words[word])
        self.page.keyboard.press("Escape")

    def open_filters(self):
        """One click; another one if the page was replaced beneath it."""
        toggle = self.page.locator(".o_searchview_dropdown_toggler:visible").first
        for _attempt in range(3):
            toggle.click()
            try:
                menu = self.page.locator(".o_search_bar_menu")
                expect(menu).to_be_visible(timeout=5000)
                break
            except AssertionError:
                continue
        self.clicks += 1

    def open(self, name):
        self.click(".o_data_row td[name=name]", has_text=name)
        expect(self.page.locator(".o_contract_overview")).to_be_visible()

    def arrive(self, name, lang):
        seconds = time.monotonic() - self.start
        print(f"{name} ({lang}): {self.clicks} clicks, {seconds:.1f} s")  # noqa: T201
        assert self.clicks <= MOST


@pytest.fixture(params=LANGUAGES)
def lang(request, admin, people):
    user = people["founder"]
    admin.call("res.users", "write", [user.uid], {"lang": request.param})
    yield request.param
    admin.call("res.users", "write", [user.uid], {"lang": "en_US"})


@pytest.fixture
def way(page, people, lang):
    return Way(page, people["founder"], lang)


@pytest.fixture(scope="module")
def user(people):
    return people["founder"]


@pytest.fixture(scope="module")
def signed(factory, user):
    """A running contract that ends this quarter, with its signed copy."""
    month = 3 * ((TODAY.month - 1) // 3) + 3
    last = (TODAY.replace(month=month, day=28) + datetime.timedelta(4)).replace(day=1)
    last -= datetime.timedelta(1)
    contract_id = factory.submitted(
        user,
        name="Ends with the quarter",
        date_start=str(TODAY.replace(day=1)),
        date_end=str(last),
    )
    factory.sign(contract_id, user, file=PDF, filename="signed.pdf")
    return contract_id


@pytest.fixture(scope="module")
def overdue(factory, user, admin):
    """What the customer owes: the invoice of a contract, a month late (float)."""
    contract_id = factory.signed(user, name="Owes us something")
    [row] = admin.search(
        "crm.contract.installment",
        [("contract_id", "=", contract_id), ("trigger", "=", "signature")],
    )
    user.call("crm.contract.installment", "action_create_invoice", [row])
    [invoice] = admin.search("account.move", [("contract_id", "=", contract_id)])
    past = str(TODAY - datetime.timedelta(60))
    vals = {"invoice_date": past, "invoice_date_due": past}
    admin.call("account.move", "write", [invoice], vals)
    admin.call("account.move", "action_post", [invoice])
    owed = admin.search(
        "account.move",
        [
            ("contract_id", "!=", False),
            ("state", "=", "posted"),
            ("commercial_partner_id", "=", factory.customer["id"]),
            ("invoice_date_due", "<", str(TODAY)),
        ],
    )
    return sum(admin.read("account.move", each, "amount_residual") for each in owed)


@pytest.fixture(scope="module")
def waiting(factory, user, admin):
    """A contract that waits for the administrator's approval."""
    source = admin.ref("crm_contract.crm_contract_type_service")
    vals = {"code": "WAYS", "sequence": 999}
    [type_id] = admin.call("crm.contract.type", "copy", [source], vals)
    policy_id = admin.create(
        "crm.contract.approval.policy",
        {
            "name": "Ways",
            "type_ids": [(6, 0, [type_id])],
            "step_ids": [
                (0, 0, {"name": "Second look", "user_ids": [(6, 0, [admin.uid])]})
            ],
        },
    )
    contract_id = factory.draft(user, name="Waits for a second look", type_id=type_id)
    user.call("crm.contract", "action_submit", [contract_id])
    assert factory.state(contract_id) == "review"
    yield contract_id
    admin.call("crm.contract.approval.policy", "action_archive", [policy_id])


@pytest.fixture(scope="module")
def obligation(factory, user):
    """An obligation of the user that is due today, and one of another day."""
    contract_id = factory.draft(user, name="Has obligations")
    for name, day in (
        ("Hand over the plans", TODAY),
        ("Some other day", TODAY + datetime.timedelta(40)),
    ):
        vals = {"name": name, "date_deadline": str(day), "user_id": user.uid}
        user.create("crm.contract.milestone", {"contract_id": contract_id, **vals})
    user.call("crm.contract", "action_submit", [contract_id])
    factory.sign(contract_id, user)
    return contract_id


def test_what_ends_this_quarter(way, lang, page, signed, obligation):
    way.menu(
        "crm_contract.crm_contract_menu_contracts",
        "crm_contract.crm_contract_menu_in_force",
        path="contracts-in-force",
    )
    others = page.locator(".o_data_row", has_text="Has obligations")
    expect(others).to_have_count(1)
    way.filter("quarter")
    # Only then is the list the one of the filter.
    expect(others).to_have_count(0)
    expect(
        page.locator(".o_data_row", has_text="Ends with the quarter")
    ).to_be_visible()
    way.arrive("What ends this quarter", lang)


def test_what_a_customer_owes(way, lang, page, overdue):
    way.menu(
        "crm_contract.crm_contract_menu_reporting",
        "crm_contract.crm_contract_ageing_menu_debtors",
        path="contract-debtors",
    )
    group = page.locator(".o_group_header", has_text="Nordlicht").first
    expect(group).to_contain_text(f"{overdue:,.2f}")
    way.arrive("What a customer owes", lang)


def test_what_a_customer_owes_on_the_customer(way, lang, page, overdue):
    way.open("Owes us something")
    way.click(".o_field_widget[name=partner_id] a")
    owed = page.locator("button[name=action_view_contracts_owed]")
    expect(owed.first).to_contain_text(f"{overdue:,.2f}")
    way.click("button[name=action_view_contracts_owed]")
    expect(page.locator(".o_list_footer, .o_list_view").first).to_contain_text(
        f"{overdue:,.2f}"
    )
    way.arrive("What a customer owes, on the customer", lang)


def test_why_it_waits_and_for_whom(way, lang, page, waiting, admin):
    way.open("Waits for a second look")
    duty = page.locator(".o_contract_duties li").first
    expect(duty).to_contain_text("Second look")
    name = admin.read("res.users", admin.uid, "name")
    expect(duty).to_contain_text(name)
    way.arrive("Why it waits and for whom", lang)


def test_the_signed_copy(way, lang, page, signed):
    way.open("Ends with the quarter")
    with page.context.expect_page() as opened:
        way.click(".o_contract_signed_copy")
    url = opened.value.url
    way.arrive("The signed PDF", lang)
    answer = page.request.get(
        page.locator(".o_contract_signed_copy").evaluate("link => link.href")
    )
    assert answer.body() == base64.b64decode(PDF), url


def test_change_a_price_from_next_month(way, lang, page, signed, user, admin):
    way.open("Ends with the quarter")
    action = admin.ref("crm_contract_renewal.crm_contract_change_price_action")
    way.click(f"button[name='{action}']")
    following = (TODAY.replace(day=28) + datetime.timedelta(4)).replace(day=1)
    box = ".modal .o_field_widget[name=date_effective]"
    way.click(box)
    text = following.strftime("%m/%d/%Y" if lang == "en_US" else "%Y/%m/%d")
    page.locator(f"{box} input").fill(text)
    page.keyboard.press("Tab")
    # From field to field by the keyboard.
    page.locator(".modal .o_field_widget[name=percentage] input").fill("5")
    page.keyboard.press("Tab")
    page.locator(".modal .o_field_widget[name=reason]").locator(
        "input, textarea"
    ).first.fill("Yearly adjustment")
    way.click(".modal button[name=action_draft]")
    expect_state(page, "draft")
    effective = field(page, "date_effective")
    expect(effective).to_be_visible()
    way.arrive("Change a price from next month", lang)
    [amendment] = user.search(
        "crm.contract", [("origin_id", "=", signed), ("state", "=", "draft")]
    )
    day = user.read("crm.contract", amendment, "date_effective")
    assert day == str(following)
    user.call("crm.contract", "action_cancel", [amendment])


def test_my_obligations_this_week(way, lang, page, obligation):
    way.menu(
        "crm_contract.menu_execution",
        "crm_contract.crm_contract_obligation_menu_mine",
        path="my-contract-obligations",
    )
    way.filter("week")
    expect(page.locator(".o_data_row", has_text="Some other day")).to_have_count(0)
    row = page.locator(".o_data_row", has_text="Hand over the plans")
    expect(row.first).to_be_visible()
    way.arrive("My obligations this week", lang)


def test_all_is_on_screen(page, people, lang, signed):
    """On a usual screen, with the chatter beside: buttons in one row, all pages."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{people['founder'].url}/odoo/contracts/{signed}", timeout=120_000)
    expect(page.locator(".o_contract_overview")).to_be_visible()
    buttons = page.locator(".o_statusbar_buttons button:visible")
    rows = {round(each.bounding_box()["y"]) for each in buttons.all()}
    assert len(rows) == 1, buttons.all_inner_texts()
    tabs = page.locator(".o_form_sheet .o_notebook_headers .nav-link")
    rows = {round(each.bounding_box()["y"]) for each in tabs.all()}
    assert len(rows) == 1, tabs.all_inner_texts()
    sheet = page.locator(".o_form_sheet").first.bounding_box()
    last = tabs.last.bounding_box()
    assert last["x"] + last["width"] <= sheet["x"] + sheet["width"]
