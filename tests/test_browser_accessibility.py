"""Pages of contracts break no rule of accessibility that Odoo's own pages keep.

axe-core judges; what Odoo's own forms and lists break is not ours to mend. Our own
widgets break none at all, but for the grey of Odoo's muted text.
"""

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import turn_to
from playwright.sync_api import expect

# Forms and lists that everybody knows, with fields of every kind.
FORMS_OF_ODOO = ("sale.order", "res.partner")
LISTS_OF_ODOO = ("sale.action_orders", "crm.crm_lead_action_pipeline")
PAGES_OF_RUNNING = ("overview", "money", "documents", "history")
PAGES_OF_DRAFT = ("content", "terms")
LISTS = ("contracts", "contracts?view_type=list", "contract-calendar")
WIDGETS = (".o_contract_overview", ".o_contract_checklist")
GREY = "color-contrast"
VIOLATIONS = {"resultTypes": ["violations"]}
# Odoo's own, and drawn when it likes: its lists of what changed break a rule.
BUT_CHATTER = {"exclude": [[".o-mail-ChatterContainer"]]}


@pytest.fixture(scope="module")
def user(people):
    return people["founder"]


@pytest.fixture(scope="module")
def draft(factory, user):
    """A draft that lacks something, so that the list of it is there."""
    return factory.draft(user, dispute_method=False)


@pytest.fixture(scope="module")
def running(factory, user):
    return factory.signed(user)


@pytest.fixture
def visit(page, user):
    """A function that opens a page and waits until it is drawn."""

    def go(path):
        page.goto(f"{user.url}/odoo/{path}", timeout=120_000)
        expect(page.locator(".o_view_controller").first).to_be_visible()
        # The web client is never idle; what widgets ask for comes a little later.
        page.wait_for_timeout(1500)

    return go


def judge(page, context=BUT_CHATTER):
    """What breaks a rule: {rule: the first elements, as they stand in the page}."""
    found = Axe().run(page, context=context, options=VIOLATIONS)
    return {
        each["id"]: [node["html"][:150] for node in each["nodes"][:3]]
        for each in found.response["violations"]
    }


def rules_of_odoo(page, visit, admin, user):
    """The rules that pages of Odoo itself break (set of names)."""
    rules = set()
    for model in FORMS_OF_ODOO:
        [record] = user.search(model, [], limit=1)
        visit(f"{model}/{record}")
        rules |= set(judge(page, None))
    for name in LISTS_OF_ODOO:
        visit(f"action-{admin.ref(name)}")
        rules |= set(judge(page, None))
    assert rules, "axe-core found nothing to say about Odoo: it did not run"
    return rules


def test_no_rule_that_odoo_keeps(page, visit, admin, user, draft, running):
    known = rules_of_odoo(page, visit, admin, user)
    problems = []

    def check(name):
        found = judge(page)
        problems.extend(
            f"{name}: {rule}: {found[rule]}" for rule in found.keys() - known
        )

    for contract, pages in ((running, PAGES_OF_RUNNING), (draft, PAGES_OF_DRAFT)):
        visit(f"contracts/{contract}")
        for name in pages:
            turn_to(page, name)
            page.wait_for_timeout(500)
            check(f"{name} of {contract}")
    for path in LISTS:
        visit(path)
        check(path)
    assert not problems, "\n".join(problems)


def test_our_widgets_break_none(page, visit, draft, running):
    for contract, widget in ((running, WIDGETS[0]), (draft, WIDGETS[1])):
        visit(f"contracts/{contract}")
        expect(page.locator(widget)).to_be_visible()
        found = judge(page, widget)
        found.pop(GREY, None)
        assert not found
