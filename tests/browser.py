"""A browser for tests: fixtures, and what people do on pages of the web client."""

import shutil

import pytest
from playwright.sync_api import Error, expect, sync_playwright

SECONDS = 30


@pytest.fixture(scope="module")
def chromium():
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    assert path, "no Chromium is installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def new_page(chromium, user):
    """A page of the user, in a browser of its own; its `context` is to be closed."""
    context = chromium.new_context(
        viewport={"width": 1500, "height": 1000}, accept_downloads=True
    )
    context.set_default_timeout(SECONDS * 1000)
    expect.set_options(timeout=SECONDS * 1000)
    for cookie in user.session.cookies:
        context.add_cookies(
            [{"name": cookie.name, "value": cookie.value, "url": user.url}]
        )
    return context.new_page()


@pytest.fixture
def page(chromium, people):
    """A page of the founder; the test fails when its console tells of an error."""
    page = new_page(chromium, people["founder"])
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda message: message.type == "error" and errors.append(message.text),
    )
    yield page
    page.context.close()
    assert not errors


def field(page, name):
    return page.locator(f".o_field_widget[name={name}]").locator("visible=true").first


def press(page, name, within=""):
    page.locator(f"{within} button[name='{name}']").locator(
        "visible=true"
    ).first.click()


def choose(page, name, text):
    """Type into a many2one and take the first suggestion."""
    box = field(page, name).locator("input").first
    suggestion = page.locator(".o-autocomplete--dropdown-item", has_text=text).first
    for _attempt in range(3):
        box.click()
        box.fill("")
        box.press_sequentially(text)
        try:
            suggestion.click(timeout=8000)
            return
        except Error:
            # A form that is still loading may have emptied the box.
            continue
    pytest.fail(f"{name}: {text} is not suggested")


def turn_to(page, name):
    page.locator(f".o_notebook a.nav-link[name={name}]").first.click()


def save(page):
    page.locator(".o_form_button_save").first.click()
    expect(page.locator(".o_form_saved").first).to_be_visible()


def expect_state(page, state):
    current = page.locator(".o_field_statusbar .o_arrow_button_current")
    expect(current).to_have_attribute("data-value", state)
