"""What a client names, it may read: nothing shows through dialogs, onchange or links."""

import pytest
from client import RpcError, refused

ACCESS = "odoo.exceptions.AccessError"


@pytest.fixture(scope="module")
def foreign(factory, people):
    """A contract that runs, of another salesperson."""
    return factory.signed(people["all"])


@pytest.fixture(scope="module")
def abroad(admin):
    """Records of a company that only the administrator knows: {field of a contract: id}."""
    found = admin.search("res.company", [("name", "=", "Abroad Ltd")])
    company = found[0] if found else admin.create("res.company", {"name": "Abroad Ltd"})
    admin.call("res.users", "write", [admin.uid], {"company_ids": [(4, company)]})
    there = {"allowed_company_ids": [company]}
    partner = admin.create(
        "res.partner",
        {
            "name": "Secret Customer",
            "is_company": True,
            "company_id": company,
            "company_registry": "SECRET 1",
            "legal_representative": "Secret Person",
        },
        **there,
    )
    signatory = admin.create(
        "res.partner",
        {"name": "Secret", "parent_id": partner, "company_id": company},
        **there,
    )
    bank = admin.create(
        "res.partner.bank",
        {"acc_number": f"SECRET {partner}", "partner_id": partner},
        **there,
    )
    source = admin.ref("crm_contract.crm_contract_type_service")
    code = "".join(chr(65 + int(digit)) for digit in str(partner))
    type_id = admin.call("crm.contract.type", "copy", [source], {"code": code})[0]
    admin.call("crm.contract.type", "write", [type_id], {"company_id": company})
    template = admin.create(
        "crm.contract.template",
        {
            "name": "Secret",
            "title": "Secret",
            "company_id": company,
            "type_id": type_id,
        },
        **there,
    )
    return {
        "company_id": company,
        "partner_id": partner,
        "partner_invoice_id": partner,
        "customer_signatory_id": signatory,
        "customer_bank_id": bank,
        "type_id": type_id,
        "template_id": template,
    }


def dialogs(admin):
    """Dialogs that name contracts: pairs of a model and of the field."""
    models = admin.call(
        "ir.model",
        "search_read",
        [("model", "=like", "crm.contract.%"), ("transient", "=", True)],
        ["model"],
    )
    found = admin.call(
        "ir.model.fields",
        "search_read",
        [
            ("model", "in", [row["model"] for row in models]),
            ("relation", "=", "crm.contract"),
            ("store", "=", True),
            ("readonly", "=", False),
        ],
        ["model", "name", "ttype"],
    )
    forms = admin.call(
        "ir.model.fields",
        "search_read",
        [
            ("model", "in", [row["model"] for row in models]),
            ("relation", "=", "crm.contract"),
            ("store", "=", True),
            ("name", "=", "contract_id"),
        ],
        ["model", "name", "ttype"],
    )
    return sorted({(r["model"], r["name"], r["ttype"]) for r in found + forms})


@pytest.mark.parametrize("role", ["own", "salesman", "portal"])
def test_dialogs(role, people, admin, foreign):
    user = people[role]
    known = dialogs(admin)
    assert len(known) > 10
    for model, name, kind in known:
        value = foreign if kind == "many2one" else [(6, 0, [foreign])]
        with refused(ACCESS):
            user.create(model, {name: value})
        try:
            fields = admin.call(model, "fields_get", [], ["type"])
            spec = {field: {} for field in fields}
            user.call(model, "onchange", [], {name: value}, [name], spec)
        except RpcError as error:
            assert error.kind == ACCESS, f"{model}: {error}"
        else:
            pytest.fail(f"{model}: its onchange told of a foreign contract")
        for context in (
            {"active_model": "crm.contract", "active_ids": [foreign]},
            {f"default_{name}": value},
        ):
            with refused(ACCESS):
                user.call(model, "onchange", [], {}, [], spec, context=context)


def test_contract_form(people, admin, abroad):
    """Neither proposed in a form nor stored: what a user can't read tells nothing."""
    user = people["own"]
    fields = user.call("crm.contract", "fields_get", [], ["type"])
    spec = {name: {} for name in fields}
    for name, value in abroad.items():
        with refused(ACCESS):
            user.call("crm.contract", "onchange", [], {name: value}, [name], spec)
        with refused(ACCESS):
            context = {f"default_{name}": value}
            user.call("crm.contract", "onchange", [], {}, [], spec, context=context)


def test_contract(people, factory, abroad):
    user = people["own"]
    contract = factory.draft(user)
    for name, value in abroad.items():
        with refused(ACCESS):
            user.call("crm.contract", "write", [contract], {name: value})
        with refused(ACCESS):
            user.create("crm.contract", {**factory.prepare(), name: value})


@pytest.mark.parametrize("role", ["own", "salesman"])
def test_orders(role, people, admin, factory, foreign):
    """An order belongs to a contract that its salesperson may read, or to none."""
    user = people[role]
    values = {"partner_id": factory.customer["id"]}
    order = user.create("sale.order", values)
    with refused(ACCESS):
        user.create("sale.order", {**values, "contract_id": foreign})
    with refused(ACCESS):
        user.create("sale.order", values, default_contract_id=foreign)
    with refused(ACCESS):
        user.call("sale.order", "write", [order], {"contract_id": foreign})
    told = user.call(
        "sale.order",
        "onchange",
        [order],
        {"contract_id": foreign, "partner_id": factory.customer["id"]},
        ["contract_id"],
        {"contract_id": {}, "contract_warning": {}},
    )
    assert not told.get("value", {}).get("contract_warning")
    assert not admin.read("sale.order", order, "contract_id")
    # Linked by somebody who may, its salesperson goes on with it.
    admin.call("sale.order", "write", [order], {"contract_id": foreign})
    user.call("sale.order", "write", [order], {"contract_id": foreign, "note": "Hello"})
