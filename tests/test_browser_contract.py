"""The way of a contract from the opportunity to the payment, clicked by a person."""

import io
import re

import pypdf
import pytest
from browser import choose, expect_state, field, press, save, turn_to
from playwright.sync_api import expect

TEMPLATES = {"en_US": "Service contract (English)", "zh_CN": "服务合同（中文）"}


@pytest.fixture
def opportunity(people, factory):
    user = people["founder"]
    return user.create(
        "crm.lead",
        {
            "name": "Production line of Nordlicht",
            "type": "opportunity",
            "partner_id": factory.customer["id"],
            "user_id": user.uid,
        },
    )


def new_contract(page, user, opportunity, lang):
    """From the opportunity to a saved draft with the content of the template."""
    page.goto(f"{user.url}/odoo/crm.lead/{opportunity}")
    press(page, "action_new_contract")
    expect(field(page, "template_id")).to_be_visible()
    choose(page, "template_id", TEMPLATES[lang])
    turn_to(page, "terms")
    choose(page, "customer_signatory_id", "Okke Janssen")
    choose(page, "company_signatory_id", "Founder")
    save(page)


def set_prices(page, price):
    turn_to(page, "content")
    lines = page.locator("[name=line_ids] tr.o_data_row:not(.o_is_line_section)")
    lines = lines.filter(has=page.locator("td[name=quantity]"))
    expect(lines.first).to_be_visible()
    for number in range(lines.count()):
        cell = lines.nth(number).locator("td[name=price_unit]")
        if not cell.count() or not cell.inner_text().strip():
            continue
        cell.click()
        box = cell.locator("input")
        box.fill(price)
        box.press("Tab")
    save(page)


def print_contract(page, words):
    """The PDF that the button of the menu hands over."""
    page.locator(".o_cp_action_menus button").first.click()
    page.locator(".o-dropdown--menu .dropdown-toggle", has_text=words["print"]).click()
    with page.expect_download() as download:
        page.locator(".o-dropdown--menu .dropdown-item").get_by_text(
            words["contract"], exact=True
        ).last.click()
    with open(download.value.path(), "rb") as file:
        return pypdf.PdfReader(io.BytesIO(file.read()))


def test_from_opportunity_to_payment(page, people, admin, opportunity):
    user = people["founder"]
    new_contract(page, user, opportunity, "en_US")
    set_prices(page, "1000")
    expect(field(page, "amount_total")).to_contain_text("32,200.00")

    press(page, "action_open_submission")
    expect_state(page, "to_sign")
    number = field(page, "number").inner_text()
    assert re.fullmatch(r"SVC/\d{4}/\d{5}", number)

    printed = print_contract(page, {"print": "Print", "contract": "Contract"})
    assert len(printed.pages) >= 3
    assert number in printed.pages[0].extract_text()

    press(page, "action_send")
    dialog = page.locator(
        ".modal .o_mail_composer_form_view, .modal .o_form_view"
    ).first
    expect(dialog).to_be_visible()
    expect(page.locator(".modal")).to_contain_text("Nordlicht")
    page.locator(".modal .btn-close").first.click()
    expect(page.locator(".modal")).to_have_count(0)

    page.locator("button:visible", has_text="Register signatures").first.click()
    date = page.locator(".modal .o_field_widget[name=date]")
    date.locator("button, input").first.click()
    date.locator("input").fill("01/02/2026")
    date.locator("input").press("Enter")
    for name in ("signed_by_customer", "signed_by_company"):
        box = page.locator(f".modal .o_field_widget[name={name}] input")
        assert box.input_value(), "the names of the signatories are proposed"
    press(page, "action_sign", ".modal")
    expect_state(page, "running")

    turn_to(page, "money")
    press(page, "action_create_invoice", "[name=plan_ids] tr.o_data_row")
    expect(page.locator("button[name=action_post]:visible").first).to_be_visible()
    press(page, "action_post")
    expect_state(page, "posted")
    press(page, "action_register_payment")
    press(page, "action_create_payments", ".modal")
    expect(page.locator(".ribbon:visible", has_text="Paid").first).to_be_visible()

    press(page, "action_view_contract")
    expect_state(page, "running")
    turn_to(page, "overview")
    paid = page.locator(".o_contract_figure_paid")
    expect(paid).to_contain_text("1,380.00")
    turn_to(page, "money")
    first = page.locator("[name=plan_ids] tr.o_data_row").first
    expect(first.locator("td[name=state]")).to_contain_text("Paid")

    found = user.search("crm.contract", [("opportunity_id", "=", opportunity)])
    assert len(found) == 1
    contract = user.read("crm.contract", found[0], "amount_paid", "amount_invoiced")
    assert contract["amount_paid"] == contract["amount_invoiced"] == 1380.0
    assert admin.read("crm.lead", opportunity, "won_status") == "won"


def test_what_is_missing_is_told(page, people, opportunity):
    """Submitting too early shows all that is missing, and nothing happens."""
    user = people["founder"]
    new_contract(page, user, opportunity, "en_US")
    press(page, "action_open_submission")
    dialog = page.locator(".modal")
    expect(dialog).to_contain_text("zero")
    page.locator(".modal .btn-primary").first.click()
    expect(dialog).to_have_count(0)
    expect_state(page, "draft")


def test_in_chinese(page, people, admin, opportunity):
    """The shorter way in Chinese: opportunity, contract, submission, print."""
    user = people["founder"]
    admin.call("res.users", "write", [user.uid], {"lang": "zh_CN"})
    try:
        new_contract(page, user, opportunity, "zh_CN")
        set_prices(page, "1000")
        press(page, "action_open_submission")
        expect_state(page, "to_sign")
        current = page.locator(".o_field_statusbar .o_arrow_button_current")
        expect(current).to_have_text(re.compile("签"))
        # No English is left on the buttons of the form.
        for button in page.locator(".o_statusbar_buttons button:visible").all():
            assert not re.search("[A-Za-z]{3}", button.inner_text()), button
        for tab in page.locator(".o_notebook a.nav-link").all():
            assert not re.search("[A-Za-z]{3}", tab.inner_text()), tab
        printed = print_contract(page, {"print": "打印", "contract": "合同"})
        assert len(printed.pages) >= 3
    finally:
        admin.call("res.users", "write", [user.uid], {"lang": "en_US"})


def test_the_eye_shows_and_forgets(page, people, admin):
    """A mask, the value for who asked to see it, one look on record, and no trace."""
    user, number = people["founder"], "11010519491231002X"
    admin.call(
        "res.users",
        "write",
        [user.uid],
        {"group_ids": [(4, admin.ref("crm_contract.crm_contract_group_reveal"))]},
    )
    person = admin.create(
        "res.partner", {"name": "Has a number", "contract_id_number": number}
    )
    looks = [("res_model", "=", "res.partner"), ("res_id", "=", person)]
    secret = page.locator("[name=contract_id_number]").locator("visible=true")
    page.goto(f"{user.url}/odoo/res.partner/{person}")
    expect(secret).to_contain_text("••••002X")
    assert number not in page.content()
    assert not admin.call("crm.contract.access", "search_count", looks)
    secret.locator(".fa-eye").click()
    expect(secret).to_contain_text(number)
    [look] = admin.call(
        "crm.contract.access", "search_read", looks, ["kind", "user_id"]
    )
    assert (look["kind"], look["user_id"][0]) == ("revealed", user.uid)
    # By its own button, and by leaving.
    secret.locator(".fa-eye-slash").click()
    expect(secret).to_contain_text("••••002X")
    secret.locator(".fa-eye").click()
    expect(secret).to_contain_text(number)
    page.locator(".o_form_button_create").locator("visible=true").first.click()
    expect(field(page, "name").locator("input, textarea").first).to_have_value("")
    assert number not in page.content()
    page.go_back()
    expect(secret).to_contain_text("••••002X")
    assert number not in page.content()
