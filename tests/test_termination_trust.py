"""Ends and renewal decisions over RPC: on record by their dialogs, and by nothing else."""

import datetime

import pytest
from client import REFUSALS, RpcError

TODAY = datetime.date.today()
LATER = str(TODAY + datetime.timedelta(days=30))
END = "crm.contract.termination"
DECISION = "crm.contract.renewal.decision"
WRITERS = ("own", "manager", "founder", "administrator")
# What a forger would like to say, of an end and of a decision.
OWNED = {
    END: {
        "contract_id": 1,
        "state": "taken_back",
        "end_reason": "completed",
        "date": str(TODAY),
        "terminated_by": "us",
        "date_notice_given": str(TODAY),
        "reason": "Forged",
        "user_id": 1,
        "date_recorded": "2020-01-01",
        "amount_penalty": 1.0,
        "penalty_owed_by": "us",
        "penalty_clause_id": False,
        "penalty_tax_ids": [(5, 0, 0)],
        "penalty_row_ids": [(5, 0, 0)],
        "penalty_refund_id": 1,
        "settlement_move_ids": [(5, 0, 0)],
        "date_taken_back": str(TODAY),
        "taken_back_by_id": 1,
        "taken_back_reason": "Forged",
    },
    DECISION: {
        "contract_id": 1,
        "decision": "renew",
        "reason": "Forged",
        "competitor": "Forged",
        "date_decided": "2020-01-01",
        "date_deadline": "2020-01-01",
        "user_id": 1,
        "date_taken_back": str(TODAY),
        "taken_back_by_id": 1,
    },
}
# The thin links of the contract, and what follows from them.
LINKS = {
    "termination_id": False,
    "date_termination": LATER,
    "renewal_decision_id": False,
    "renewal_decision": "renew",
}
PRIVATE = {
    END: (
        "_terminate",
        "_complete",
        "_record",
        "_reopen",
        "_take_back",
        "_take_effect",
        "_charge_penalty",
    ),
    DECISION: ("_decide", "_reopen", "_take_back"),
}


@pytest.fixture(scope="module")
def contract_id(factory, people):
    """A contract of one user, terminated to a day to come by that user."""
    user = people["own"]
    contract_id = factory.signed(user)
    wizard = user.create(
        "crm.contract.end",
        {
            "contract_id": contract_id,
            "reason": "terminated",
            "terminated_by": "mutual",
            "date": LATER,
            "note": "Both agree",
        },
    )
    user.call("crm.contract.end", "action_end", [wizard])
    return contract_id


@pytest.fixture(scope="module")
def records(admin, contract_id):
    """The record of each model that the termination made."""
    domain = [("contract_id", "=", contract_id)]
    return {model: admin.search(model, domain)[0] for model in OWNED}


@pytest.fixture
def unchanged(database, contract_id, records):
    """Fail if the test stores anything of the records, or a new one."""

    def snapshot():
        stored = {"contract": database.contract(contract_id)}
        for model, record_id in records.items():
            table = model.replace(".", "_")
            query = f"SELECT to_jsonb(t) FROM {table} t WHERE id = %s"
            stored[model] = database.value(query, record_id)
            stored[table] = database.value(f"SELECT count(*) FROM {table}")
        return stored

    before = snapshot()
    yield
    assert snapshot() == before


def refused(user, *call, **kwargs):
    with pytest.raises(RpcError) as caught:
        user.call(*call, **kwargs)
    assert caught.value.kind in REFUSALS, user.last_call
    return caught.value.message


@pytest.mark.parametrize("role", [*WRITERS, "reader", "accountant", "salesman"])
@pytest.mark.parametrize("model", OWNED)
def test_nobody_writes_them(model, role, people, contract_id, records, unchanged):
    user, record_id = people[role], records[model]
    for name, value in OWNED[model].items():
        refused(user, model, "write", [record_id], {name: value})
        refused(user, model, "web_save", [record_id], {name: value}, {})
    values = {**OWNED[model], "contract_id": contract_id}
    refused(user, model, "create", [values])
    refused(user, model, "web_save", [], values, {})
    refused(user, model, "copy", [record_id])
    refused(user, model, "unlink", [record_id])


@pytest.mark.parametrize("role", WRITERS)
def test_links_of_the_contract(role, people, factory, contract_id, unchanged):
    user = people[role]
    for name, value in LINKS.items():
        refused(user, "crm.contract", "write", [contract_id], {name: value})
        refused(user, "crm.contract", "web_save", [contract_id], {name: value}, {})
        if value:
            values = factory.prepare(user_id=user.uid, **{name: value})
            refused(user, "crm.contract", "create", [values])


@pytest.mark.parametrize("role", ["own", "administrator"])
def test_no_import(role, people, contract_id, records, unchanged):
    user = people[role]
    for model, record_id in records.items():
        columns = [".id", "contract_id/.id", "reason"]
        rows = [[str(record_id), str(contract_id), "Forged"]]
        try:
            result = user.call(model, "load", columns, rows)
        except RpcError as error:
            assert error.kind in REFUSALS
        else:
            assert not result["ids"] and result["messages"]


@pytest.mark.parametrize("role", ["manager", "administrator"])
def test_private_methods(role, people, records, unchanged):
    for model, methods in PRIVATE.items():
        for method in methods:
            refused(people[role], model, method, [records[model]])
    for model in ("crm.contract.renewal", "crm.contract.uplift", "crm.contract.offer"):
        for method in ("_renew", "_get_agreed", "_make_quotations"):
            refused(people[role], model, method, [])


def test_a_context_opens_nothing(people, contract_id, records, unchanged):
    context = {"su": True, "install_mode": True, "default_termination_id": False}
    for model, record_id in records.items():
        values = {"reason": "Forged"}
        refused(people["manager"], model, "write", [record_id], values, context=context)


@pytest.mark.parametrize("role", ["own", "all", "reader", "accountant"])
def test_only_managers_take_it_back(role, people, contract_id, unchanged):
    values = {"contract_id": contract_id, "reason": "Please"}
    user = people[role]
    with pytest.raises(RpcError) as caught:
        wizard = user.create("crm.contract.reopen", values)
        user.call("crm.contract.reopen", "action_reopen", [wizard])
    assert caught.value.kind == "odoo.exceptions.AccessError"
    message = refused(
        people["own"], "crm.contract", "action_reopen_decision", [contract_id]
    )
    assert "is terminated" in message


def test_taken_back_it_stays_on_record(people, contract_id, records, factory):
    user = people["manager"]
    values = {"contract_id": contract_id, "reason": "They stay"}
    wizard = user.create("crm.contract.reopen", values)
    user.call("crm.contract.reopen", "action_reopen", [wizard])
    assert factory.state(contract_id) == "running"
    end = user.read(END, records[END], "state", "reason", "taken_back_reason")
    assert (end["state"], end["reason"]) == ("taken_back", "Both agree")
    assert end["taken_back_reason"] == "They stay"
    assert user.read(DECISION, records[DECISION], "date_taken_back") == str(TODAY)
    links = user.read("crm.contract", contract_id, *LINKS)
    assert not any(links[name] for name in LINKS)
