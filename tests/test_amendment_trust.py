"""Amendments over RPC: nothing but a signed amendment changes a signed contract."""

import datetime

import pytest
from client import REFUSALS, RpcError

TODAY = datetime.date.today()


@pytest.fixture(scope="module")
def user(people):
    return people["founder"]


@pytest.fixture(scope="module")
def contract_id(factory, user):
    return factory.signed(user)


@pytest.fixture
def amendment_id(user, contract_id):
    wizard = user.create(
        "crm.contract.amend", {"contract_id": contract_id, "reason": "More"}
    )
    return user.call("crm.contract.amend", "action_amend", [wizard])["res_id"]


def refused(call, *args, **kwargs):
    with pytest.raises(RpcError) as caught:
        call(*args, **kwargs)
    assert caught.value.kind in REFUSALS
    return caught.value.message


@pytest.mark.parametrize(
    "method",
    [
        "_amend",
        "_incorporate",
        "_take_content",
        "_content_unlocked",
        "_on_amendment_signed",
        "_rebase",
    ],
)
def test_private_methods(user, contract_id, method):
    refused(user.call, "crm.contract", method, [contract_id])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "amendment"),
        ("origin_id", 1),
        ("base_version_id", 1),
        ("version_id", 1),
        ("amount_base", 1.0),
        ("amount_effect", 1.0),
        ("amount_signed", 1.0),
        ("conflicts", "none"),
        ("end_reason", "incorporated"),
    ],
)
def test_owned_fields(people, amendment_id, name, value):
    for role in ("founder", "manager", "administrator"):
        refused(
            people[role].call, "crm.contract", "write", [amendment_id], {name: value}
        )


def test_kind_by_creation(user, factory, contract_id):
    values = factory.prepare(kind="amendment", origin_id=contract_id)
    refused(user.create, "crm.contract", {**values, "date_effective": str(TODAY)})
    draft = user.create(
        "crm.contract",
        factory.prepare(),
        default_kind="amendment",
        default_origin_id=contract_id,
    )
    assert user.read("crm.contract", draft, "kind", "origin_id") == {
        "id": draft,
        "kind": "contract",
        "origin_id": False,
    }


def test_versions_of_lines_are_closed(user, amendment_id):
    [line, *_rest] = user.read("crm.contract", amendment_id, "line_ids")
    for name in ("valid_from", "valid_until", "content_key"):
        refused(user.call, "crm.contract.line", "write", [line], {name: str(TODAY)})


def test_rows_of_an_amendment_are_not_billed(user, factory, contract_id, amendment_id):
    user.call("crm.contract", "write", [amendment_id], {"name": "Signed title"})
    later = str(TODAY + datetime.timedelta(days=5))
    user.call("crm.contract", "write", [amendment_id], {"date_effective": later})
    user.call("crm.contract", "action_submit", [amendment_id])
    factory.sign(amendment_id, user)
    assert factory.state(amendment_id) == "signed"
    rows = user.read("crm.contract", amendment_id, "installment_ids")
    assert rows
    message = refused(
        user.call, "crm.contract.installment", "action_create_invoice", rows
    )
    assert "billed by the contract" in message
    assert user.read("crm.contract", amendment_id, "amount_remaining") == 0
    # Signed, it is as locked as any contract.
    refused(user.call, "crm.contract", "write", [amendment_id], {"name": "Other"})
    for field in ("date_effective", "amendment_reason"):
        refused(
            user.call, "crm.contract", "write", [amendment_id], {field: later[:9] + "9"}
        )
    for method in ("action_resume", "action_suspend", "action_cancel"):
        refused(user.call, "crm.contract", method, [amendment_id])
    assert factory.state(contract_id) in ("signed", "running")


@pytest.mark.parametrize("role", ["reader", "accountant", "salesman", "portal"])
def test_who_may_not_amend(people, factory, contract_id, role):
    client = people[role]
    with pytest.raises(RpcError) as caught:
        wizard = client.create(
            "crm.contract.amend", {"contract_id": contract_id, "reason": "x"}
        )
        client.call("crm.contract.amend", "action_amend", [wizard])
    assert caught.value.kind in REFUSALS


def test_context_opens_nothing(user, contract_id):
    context = {
        "crm_contract.unlocked": [contract_id],
        "unlocked": True,
        "amending": True,
    }
    with pytest.raises(RpcError):
        user.call(
            "crm.contract", "write", [contract_id], {"name": "x"}, context=context
        )
