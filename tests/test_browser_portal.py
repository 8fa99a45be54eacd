"""What customers do on the portal, in a real browser: on a desk and on a phone."""

import uuid

import pytest
from browser import chromium  # noqa: F401 (fixture)
from conftest import Factory
from playwright.sync_api import expect
from portal import PASSWORD, Signing, make_customer, make_portal_user

SECONDS = 60
DESK, PHONE = (1440, 900), (390, 844)


@pytest.fixture(scope="module")
def ours(admin, company):
    name = f"Nordwind {uuid.uuid4().hex[:8]}"
    customer = make_customer(admin, name, ["Anna Albers", "Berta Behn"])
    return Factory(admin, company, customer)


@pytest.fixture
def open_browser(chromium, admin):  # noqa: F811 (fixture)
    """A function that makes a page of a size and language; no error on its console."""
    contexts, errors = [], []

    def make(size, locale="en-US"):
        width, height = size
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            base_url=admin.url,
        )
        context.set_default_timeout(SECONDS * 1000)
        expect.set_options(timeout=SECONDS * 1000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: message.type == "error" and errors.append(message.text),
        )
        return page

    yield make
    for context in contexts:
        context.close()
    assert not errors


def fits(page):
    """Whether nothing of the page is beyond its right edge."""
    return page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


def log_in(page, login):
    page.goto("/web/login")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click("form.oe_login_form button[type=submit]")
    page.wait_for_url("**/my**")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_customer_reads_and_asks(open_browser, admin, ours, company, size):
    """From the account over the list to the contract, a question, and its files."""
    contract_id = ours.signed()
    number = admin.read("crm.contract", contract_id, "number")
    person = ours.customer["people"][0 if size == DESK else 1]
    login = f"reader_{uuid.uuid4().hex[:8]}"
    make_portal_user(admin, login, person, company)
    page = open_browser(size)
    log_in(page, login)
    expect(page.locator("a[href='/my/contracts']").first).to_be_visible()
    page.goto("/my/contracts")
    assert fits(page)
    page.click(f"text={number}")
    expect(page.locator("#contract_content h2").first).to_be_visible()
    assert fits(page)
    page.fill("textarea[name=text]", "When do you begin?")
    page.select_option("select[name=kind]", "change")
    plan = {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
    page.set_input_files("input[name=files]", [plan])
    page.click("section[name=messages] button[type=submit]")
    expect(page.locator("section[name=messages]")).to_contain_text("When do you begin?")
    expect(
        page.locator("section[name=messages] a", has_text="plan.pdf")
    ).to_be_visible()
    assert fits(page)
    summary = f"Request a change of {admin.read('res.partner', person, 'name')}"
    found = admin.search(
        "mail.activity", [("res_id", "=", contract_id), ("summary", "=", summary)]
    )
    assert len(found) == 1


@pytest.mark.parametrize(
    ("size", "locale"), [(DESK, "en-US"), (PHONE, "en-US"), (PHONE, "zh-CN")]
)
def test_signatory_reads_and_signs(open_browser, admin, database, ours, size, locale):
    """Read is what was scrolled to; a wrong code signs nothing, the right one does."""
    people = ours.customer["people"]
    asked = Signing(
        admin,
        database,
        ours.submitted(),
        [
            {"side": "customer", "partner_id": people[0], "needs_code": True},
            {"side": "company", "user_id": admin.uid, "sequence": 20},
        ],
    )
    page = open_browser(size, locale)
    with page.expect_response("**/opened"):
        page.goto(asked.path(0))
    assert asked.state(0) == "opened"
    assert not admin.read("crm.contract.signatory", asked.ids[0], "date_read")
    assert fits(page)
    with page.expect_response("**/read"):
        page.locator("button[name=start]").scroll_into_view_if_needed()
    assert admin.read("crm.contract.signatory", asked.ids[0], "date_read")
    page.click("button[name=start]")
    sign = page.locator("button[name=sign]")
    expect(sign).to_be_disabled()
    with page.expect_response("**/code"):
        page.click("button[name=send_code]")
    page.check("#contract_consent")
    page.fill("#contract_code", "12")
    expect(sign).to_be_enabled()
    sign.click()
    expect(page.locator("div[name=error]")).to_be_visible()
    assert asked.state(0) == "opened"
    assert fits(page)
    [(code,)] = database.rows(
        "SELECT code FROM crm_contract_signatory WHERE id = %s", asked.ids[0]
    )
    page.fill("#contract_code", code)
    sign.click()
    expect(page.locator("div[name=signed]")).to_be_visible()
    assert asked.state(0) == "signed"
    values = admin.read(
        "crm.contract.signatory", asked.ids[0], "identified_by", "signature_sha256"
    )
    assert values["identified_by"] == "code"
    assert values["signature_sha256"]


def test_signatory_declines(open_browser, admin, database, ours):
    people = ours.customer["people"]
    rows = [
        {"side": "customer", "partner_id": people[0]},
        {"side": "company", "user_id": admin.uid, "sequence": 20},
    ]
    asked = Signing(admin, database, ours.submitted(), rows)
    page = open_browser(PHONE)
    page.goto(asked.path(0))
    page.click("button[data-bs-target='#contract_decline']")
    page.fill("#contract_reason", "The price is too high.")
    page.click("#contract_decline button[type=submit]")
    expect(page.locator("div[name=refusal]")).to_be_visible()
    assert asked.state(0) == "declined"
    assert fits(page)
