"""What a draft lacks is listed on its page; each link leads to where it is filled in."""

import pytest
from browser import expect_state, press
from client import RpcError
from playwright.sync_api import expect

LANGUAGES = ("en_US", "zh_CN")


@pytest.fixture(params=LANGUAGES)
def lang(request, admin, people):
    user = people["founder"]
    admin.call("res.users", "write", [user.uid], {"lang": request.param})
    yield request.param
    admin.call("res.users", "write", [user.uid], {"lang": "en_US"})


@pytest.fixture
def half_known(admin):
    """A customer without the Company ID that the type of the contract asks for."""
    return admin.create(
        "res.partner",
        {
            "name": "Half known Ltd",
            "is_company": True,
            "street": "1 Quay",
            "city": "Emden",
            "legal_representative": "Somebody",
            "company_registry": False,
        },
    )


@pytest.fixture
def draft(people, factory, admin, half_known):
    signatory = admin.create("res.partner", {"name": "Signs", "parent_id": half_known})
    return factory.draft(
        people["founder"],
        partner_id=half_known,
        customer_signatory_id=signatory,
        dispute_method=False,
    )


def test_from_what_is_missing_to_the_submission(
    page, people, admin, draft, half_known, lang
):
    user = people["founder"]
    with pytest.raises(RpcError) as refusal:
        # The session may still speak the language of the page before.
        user.call("crm.contract", "action_submit", [draft], context={"lang": lang})
    sentences = [line[2:] for line in refusal.value.message.splitlines()[1:]]
    page.goto(f"{user.url}/odoo/crm.contract/{draft}")
    items = page.locator(".o_contract_checklist li")
    expect(items).to_have_count(2)
    assert len(sentences) == 2
    if lang == "en_US":
        for item, sentence in zip(items.all(), sentences, strict=True):
            expect(item).to_contain_text(sentence)

    # The customer's part opens over the draft, with the cursor in the field.
    items.nth(0).locator("button").click()
    box = page.locator(".modal .o_field_widget[name='company_registry'] input")
    expect(box).to_be_focused()
    box.fill("HRB 99")
    page.locator(".modal .o_form_button_save").click()
    expect(items).to_have_count(1)
    assert admin.read("res.partner", half_known, "company_registry") == "HRB 99"

    # What belongs to the contract is found on its page.
    items.nth(0).locator("button").click()
    method = page.locator(".o_field_widget[name='dispute_method'] :focus")
    expect(method).to_be_visible()
    admin.call("crm.contract", "write", [draft], {"dispute_method": "court"})
    page.reload()
    expect(page.locator(".o_field_statusbar").first).to_be_visible()
    expect(items).to_have_count(0)
    press(page, "action_open_submission")
    expect_state(page, "to_sign")
