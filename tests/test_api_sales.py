"""Salespeople who have no right on contracts use everything else as ever.

What the add-ons show in opportunities, quotations, invoices and customers is hidden from
them or can be read, searched, grouped and exported.
"""

import ast
import html
import re

import pytest
from client import RpcError
from conftest import make_user

MODELS = ("sale.order", "crm.lead", "account.move", "res.partner")
LINES = ("account.move.line",)
GROUPS = {
    "salesman": ["sales_team.group_sale_salesman"],
    "billing salesman": [
        "sales_team.group_sale_salesman_all_leads",
        "account.group_account_invoice",
    ],
    "sales manager": ["sales_team.group_sale_manager"],
}


@pytest.fixture(scope="module", params=GROUPS)
def seller(request, admin, company):
    """Somebody who sells, in groups that know nothing of contracts.

    Accountants may read contracts; that they sell as well changes nothing.
    """
    more = ["base.group_partner_manager", "base.group_allow_export"]
    groups = [*GROUPS[request.param], *more]
    return make_user(admin, f"api_{request.param.replace(' ', '_')}", groups, company)


@pytest.fixture(scope="module")
def things(admin, seller, factory, people):
    """Records of the seller that have to do with a contract which it can't see."""
    partner_id = factory.customer["id"]
    lead = admin.create(
        "crm.lead",
        {
            "name": "Linked lead",
            "type": "opportunity",
            "partner_id": partner_id,
            "user_id": seller.uid,
        },
    )
    contract = factory.draft(opportunity_id=lead)
    admin.call("crm.contract", "action_submit", [contract])
    factory.sign(contract)
    billed = admin.call(
        "crm.contract", "action_bill", [contract], date_until="2199-12-31"
    )
    invoice = billed[0]
    admin.call("account.move", "write", [invoice], {"invoice_user_id": seller.uid})
    order = admin.create(
        "sale.order",
        {
            "partner_id": partner_id,
            "user_id": seller.uid,
            "opportunity_id": lead,
            "order_line": [(0, 0, {"product_id": product(admin)})],
            "contract_id": contract,
        },
    )
    return {
        "sale.order": order,
        "crm.lead": lead,
        "account.move": invoice,
        "res.partner": partner_id,
    }


def product(admin):
    domain = [("sale_ok", "=", True), ("type", "=", "service")]
    found = admin.search("product.product", domain, limit=1)
    if found:
        return found[0]
    values = {"name": "Hours", "type": "service", "invoice_policy": "order"}
    return admin.create("product.product", values)


def added_fields(admin, model):
    """The names of the fields that the add-ons add to a model."""
    rows = admin.call(
        "ir.model.fields", "search_read", [("model", "=", model)], ["name", "modules"]
    )
    names = {row["name"] for row in rows if "crm_contract" in row["modules"]}
    # Odoo's own; a mixin of ours has them, too.
    return names - {"id", "display_name"}


@pytest.mark.parametrize("model", [*MODELS, *LINES])
def test_fields(model, seller, admin, things):
    """Read, search, group and export by each field that is not hidden."""
    added = added_fields(admin, model)
    assert added, f"the add-ons add nothing to {model}: is the test of use?"
    visible = seller.call(
        model, "fields_get", [], ["type", "searchable", "groupable", "exportable"]
    )
    names = sorted(added & visible.keys())
    records = [things[model]] if model in things else seller.search(model, [], limit=3)
    if names and records:
        seller.call(model, "read", records, names)
        offered = [n for n in names if visible[n].get("exportable", True)]
        seller.call(model, "export_data", records, offered)
        seller.call(model, "web_read", records, {name: {} for name in names})
    for name in names:
        if visible[name].get("searchable"):
            for domain in ([(name, "!=", False)], [(name, "=", False)]):
                seller.search(model, domain, limit=5)
        if visible[name].get("groupable"):
            seller.call(model, "formatted_read_group", [], [name], ["__count"])


@pytest.mark.parametrize("model", MODELS)
def test_views(model, seller, admin, things):
    """Every view opens; what the add-ons show in it can be read and searched."""
    kinds = ["form", "list", "kanban", "search"]
    views = seller.call(model, "get_views", [[False, kind] for kind in kinds])["views"]
    added = added_fields(admin, model)
    for kind in ("form", "list", "kanban"):
        shown = set(re.findall(r"<field name=\"(\w+)\"", views[kind]["arch"])) & added
        seller.call(model, "web_read", [things[model]], {name: {} for name in shown})
    search = views["search"]["arch"]
    for name in set(re.findall(r"<field name=\"(\w+)\"", search)) & added:
        seller.search(model, [(name, "!=", False)], limit=5)
    for domain in re.findall(r"<filter[^>]*domain=\"([^\"]+)\"", search):
        plain = html.unescape(domain)
        if any(f"'{name}'" in plain for name in added):
            seller.search(model, ast.literal_eval(plain), limit=5)
    for name in re.findall(r"group_by'?: *'(\w+)", html.unescape(search)):
        if name in added:
            seller.call(model, "formatted_read_group", [], [name], ["__count"])


def test_sells_and_bills(seller, admin, factory):
    """From an opportunity to an invoice, as before the add-ons came."""
    partner_id = seller.create("res.partner", {"name": "Walk-in", "street": "Way 1"})
    lead = seller.create(
        "crm.lead",
        {"name": "Sale", "type": "opportunity", "partner_id": partner_id},
    )
    order = seller.create(
        "sale.order",
        {
            "partner_id": partner_id,
            "opportunity_id": lead,
            "order_line": [(0, 0, {"product_id": product(admin), "price_unit": 50.0})],
        },
    )
    seller.call("sale.order", "onchange", [order], {"partner_id": partner_id}, ["partner_id"], {"partner_id": {}, "amount_total": {}})  # fmt: skip
    seller.call("sale.order", "action_confirm", [order])
    wizard = seller.create(
        "sale.advance.payment.inv",
        {"advance_payment_method": "fixed", "fixed_amount": 10.0},
        active_ids=[order],
        active_id=order,
        active_model="sale.order",
    )
    seller.call("sale.advance.payment.inv", "create_invoices", [wizard])
    invoices = admin.read("sale.order", order, "invoice_ids")
    assert len(invoices) == 1
    seller.call("crm.lead", "action_set_won", [lead])
    seller.call("sale.order", "copy", [order])
    seller.call("crm.lead", "copy", [lead])
    for model, record in (("sale.order", order), ("crm.lead", lead)):
        action = {"sale.order": "action_view_contract"}.get(
            model, "action_view_contracts"
        )
        try:
            seller.call(model, action, [record])
        except RpcError as error:
            assert error.kind == "odoo.exceptions.AccessError"
