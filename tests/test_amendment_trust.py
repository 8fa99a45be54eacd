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


@pytest.fixture(scope="module")
def secret(admin, customer):
    """An activity of the administrator's that is nobody else's business."""
    [model_id] = admin.search("ir.model", [("model", "=", "res.partner")])
    return admin.create(
        "mail.activity",
        {
            "res_model_id": model_id,
            "res_id": customer["id"],
            "summary": "Secret",
            "user_id": admin.uid,
        },
    )


def sign_amendment(client, factory):
    """A signed amendment of a contract of the client's own."""
    wizard = client.create(
        "crm.contract.amend", {"contract_id": factory.signed(client), "reason": "More"}
    )
    action = client.call("crm.contract.amend", "action_amend", [wizard])
    amendment_id = action["res_id"]
    later = str(TODAY + datetime.timedelta(days=5))
    values = {"name": "Changed title", "date_effective": later}
    client.call("crm.contract", "write", [amendment_id], values)
    client.call("crm.contract", "action_submit", [amendment_id])
    factory.sign(amendment_id, client)
    return amendment_id


@pytest.fixture(scope="module")
def own_amendment(people, factory):
    return sign_amendment(people["own"], factory)


@pytest.fixture
def own_task(people, own_amendment):
    return people["own"].create(
        "crm.contract.change.task", {"amendment_id": own_amendment, "name": "Tell"}
    )


def untouched(admin, secret):
    [row] = admin.call(
        "mail.activity",
        "search_read",
        [("id", "=", secret)],
        ["summary", "user_id", "res_model"],
        load=None,
    )
    return (row["summary"], row["user_id"], row["res_model"]) == (
        "Secret",
        admin.uid,
        "res.partner",
    )


@pytest.mark.parametrize("role", ["own", "all", "manager", "administrator"])
def test_tasks_reach_no_other_activity(
    people, admin, own_amendment, own_task, secret, role
):
    client, model = people[role], "crm.contract.change.task"
    values = {"amendment_id": own_amendment, "name": "x", "activity_id": secret}
    refused(client.call, model, "write", [own_task], {"activity_id": secret})
    refused(client.call, model, "web_save", [own_task], {"activity_id": secret}, {})
    refused(client.call, model, "copy", [own_task], {"activity_id": secret})
    refused(client.create, model, values)
    refused(
        client.call,
        "crm.contract",
        "write",
        [own_amendment],
        {"task_ids": [(0, 0, {"name": "x", "activity_id": secret})]},
    )
    result = client.call(
        model, "load", [".id", "activity_id/.id"], [[str(own_task), str(secret)]]
    )
    assert not result["ids"]
    del values["activity_id"]
    refused(client.create, model, values, default_activity_id=secret)
    task = client.create(model, values)
    assert admin.read(model, task, "activity_id") != secret
    client.call(model, "write", [task], {"name": "Other"})
    client.call(model, "action_done", [task])
    client.call(model, "unlink", [task])
    assert untouched(admin, secret)


def test_tasks_ignore_defaults_of_their_user(people, admin, own_amendment, secret):
    client, model = people["own"], "crm.contract.change.task"
    client.call(
        "ir.default", "set", model, "activity_id", secret, client.uid
    )  # a personal default
    task = client.create(model, {"amendment_id": own_amendment, "name": "x"})
    assert admin.read(model, task, "activity_id") != secret
    client.call(model, "unlink", [task])
    assert untouched(admin, secret)


@pytest.mark.parametrize("name", ["contract_id", "company_id", "date_deadline"])
def test_tasks_keep_what_follows(people, contract_id, own_task, name):
    value = str(TODAY) if name == "date_deadline" else contract_id
    for role in ("own", "manager", "administrator"):
        refused(
            people[role].call,
            "crm.contract.change.task",
            "write",
            [own_task],
            {name: value},
        )


def test_tasks_stay_with_their_amendment(people, own_task, amendment_id):
    for role in ("own", "manager", "administrator"):
        refused(
            people[role].call,
            "crm.contract.change.task",
            "write",
            [own_task],
            {"amendment_id": amendment_id},
        )


def test_no_tasks_on_contracts_of_others(people, factory, admin, user):
    foreign, client = sign_amendment(user, factory), people["own"]
    contract = admin.read("crm.contract", foreign, "origin_id")
    before = admin.read("crm.contract", contract, "activity_ids")
    for owner in (client.uid, admin.uid):
        refused(
            client.create,
            "crm.contract.change.task",
            {"amendment_id": foreign, "name": "Intrusion", "user_id": owner},
        )
    assert admin.read("crm.contract", contract, "activity_ids") == before
    task = user.create(
        "crm.contract.change.task",
        {"amendment_id": foreign, "name": "Theirs", "user_id": client.uid},
    )
    for method, *values in (("write", {"name": "Mine"}), ("unlink",)):
        refused(client.call, "crm.contract.change.task", method, [task], *values)
    # Its owner may say that it is done, no more.
    client.call("crm.contract.change.task", "action_done", [task])
    assert user.read("crm.contract.change.task", task, "date_done")
