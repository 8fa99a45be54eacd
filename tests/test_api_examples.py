"""The examples of `readme/API.md` run as they stand there, and webhooks arrive."""

import contextlib
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
from conftest import make_user
from test_trust_rpc import make_api_key

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```python( \w+)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE = 120


def examples(addon):
    """The examples of an add-on: pairs of what they are for and of code."""
    text = (ROOT / addon / "readme/API.md").read_text()
    return [(what.strip(), code) for what, code in BLOCK.findall(text)]


def run(addon, names, what=""):
    """Run the examples of an add-on in a namespace; return how many there were."""
    codes = [code for kind, code in examples(addon) if kind == what]
    for number, code in enumerate(codes, 1):
        exec(compile(code, f"{addon}/readme/API.md, example {number}", "exec"), names)
    return len(codes)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture(scope="module")
def names(admin, company, people):
    """What the examples are told: where, and with whose key."""
    user = people["founder"]
    admin.call(
        "res.users",
        "write",
        [user.uid],
        {"group_ids": [(4, admin.ref("base.group_partner_manager"))]},
    )
    return {
        "URL": admin.url,
        "DB": admin.database,
        "LOGIN": user.login,
        "KEY": make_api_key(user),
    }


@pytest.fixture(scope="module")
def calling(names):
    """The namespace with `call`, as the page defines it."""
    known = dict(names)
    exec(definition_of_call(), known)
    return known


def definition_of_call():
    """The code of the page that makes `call`."""
    return examples("crm_contract")[0][1]


def test_base(names, admin):
    known = dict(names)
    assert run("crm_contract", known) >= 7
    assert admin.read("crm.contract", known["contract"], "state") == "ended"
    assert admin.read("crm.contract", known["copied"], "state") == "cancelled"
    signed = admin.search(
        "crm.contract.document",
        [("contract_id", "=", known["contract"]), ("kind", "=", "signed")],
    )
    assert len(signed) == 1
    invoices = admin.call("account.move", "read", known["invoices"], ["contract_id"])
    assert {row["contract_id"][0] for row in invoices} == {known["contract"]}


def test_approval(calling, factory, admin, people, company):
    lawyer = make_user(
        admin, "api_lawyer", ["crm_contract_approval.crm_contract_approval_group_legal"], company
    )  # fmt: skip
    source = admin.ref("crm_contract.crm_contract_type_service")
    type_id = admin.call("crm.contract.type", "copy", [source], {"code": "API"})[0]
    admin.create(
        "crm.contract.approval.policy",
        {
            "name": "API",
            "type_ids": [(6, 0, [type_id])],
            "step_ids": [(0, 0, {"name": "Legal", "user_ids": [(6, 0, [lawyer.uid])]})],
        },
    )
    with_key = {**calling, "KEY": make_api_key(lawyer)}
    exec(definition_of_call(), with_key)
    contract = factory.draft(people["founder"], type_id=type_id)
    known = {**calling, "contract": contract, "call_approver": with_key["call"]}
    assert run("crm_contract_approval", known) == 1
    assert admin.read("crm.contract", contract, "state") == "to_sign"


def test_renewal(calling, factory, admin, people):
    contract = factory.signed(people["founder"])
    known = {**calling, "contract": contract}
    assert run("crm_contract_renewal", known) == 1
    assert admin.read("crm.contract", contract, "state") == "ended"
    for name in ("amendment", "renewal"):
        row = admin.read("crm.contract", known[name], "state", "origin_id")
        assert row["state"] == "cancelled" and row["origin_id"] == contract


@pytest.mark.parametrize(
    ("method", "arguments", "words"),
    [
        ("action_sign", {"content_hash": 7}, "content_hash"),
        ("action_sign", {"content_hash": "x", "date": "tomorrow"}, "2026-12-31"),
        ("action_sign", {"content_hash": "x", "date": "2999-01-01"}, "1970 to 2200"),
        ("action_sign", {"content_hash": "x", "signed_copy": "?"}, "base64"),
        ("action_sign", {}, "content_hash"),
        ("action_end", {}, "completed, terminated"),
        ("action_end", {"reason": "completed", "settle": "yes"}, "settle"),
        ("action_end", {"reason": "completed", "why": 1}, "why"),
        ("action_bill", {"date_until": [1]}, "date_until"),
        (
            "action_amend",
            {"reason": "x", "date_effective": "9999-12-31"},
            "1970 to 2200",
        ),
        ("action_amend", {"date_effective": "2027-01-01"}, "reason"),
        ("action_renew", {"uplift": "much"}, "percent"),
        ("action_renew", {"uplift": "percent", "percent": "much"}, "percent"),
        ("action_renew", {"uplift": "index", "index_id": 0}, "index_id"),
        ("action_renew", {"nonsense": 1}, "nonsense"),
        ("action_decide_renewal", {"decision": "maybe"}, "renegotiate"),
    ],
)
def test_refusals_are_sentences(method, arguments, words, calling, factory, people):
    known = {**calling, "contract": factory.submitted(people["founder"])}
    answer = requests.post(
        f"{known['URL']}/json/2/crm.contract/{method}",
        json={"ids": [known["contract"]], **arguments},
        headers={
            "Authorization": f"bearer {known['KEY']}",
            "X-Odoo-Database": known["DB"],
        },
        timeout=60,
    )
    assert 400 <= answer.status_code < 500, answer.text
    message = answer.json()["message"]
    assert words in message and "Traceback" not in message


@contextlib.contextmanager
def listener():
    """A program that is called: yields its address and what it was told."""
    told = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            size = int(self.headers["content-length"])
            told.append(json.loads(self.rfile.read(size)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            """Be quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/told", told
        server.shutdown()


@pytest.fixture
def prepared(admin, factory, people):
    """Two contracts to sign, and keys of the administrator and of who signs."""
    user = people["founder"]
    contracts = [factory.submitted(user) for _number in range(2)]
    return contracts, make_api_key(admin), make_api_key(user)


@pytest.fixture
def rules(admin):
    """Nothing that was automated is left for other tests."""
    yield
    rules = admin.search("base.automation", [("active", "in", (True, False))])
    admin.call("base.automation", "unlink", rules)


def wait_for(condition):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if condition():
                return
        time.sleep(0.2)
    pytest.fail(f"waited {PATIENCE} seconds in vain")


def test_webhook(admin, rules, prepared):
    (contract, other), admin_key, user_key = prepared
    with listener() as (hook, told):
        known = {"URL": admin.url, "DB": admin.database, "KEY": admin_key, "HOOK": hook}
        exec(definition_of_call(), known)
        assert run("crm_contract", known, "webhook") == 1
        known["KEY"] = user_key
        call = known["call"]
        call("crm.contract", "action_withdraw", ids=[other])
        names = ["content_hash", "number"]
        [row] = call("crm.contract", "read", ids=[contract], fields=names)
        call(
            "crm.contract",
            "action_sign",
            ids=[contract],
            content_hash=row["content_hash"],
        )
        wait_for(lambda: told)
        check_automation(known, admin_key, user_key, other)
    assert [(one["_model"], one["_id"]) for one in told] == [("crm.contract", contract)]
    assert told[0]["state"] == "running" and told[0]["number"] == row["number"]
    assert told[0]["date_signed"]


def refusal_of(known, model, method, **arguments):
    """What a call is refused with; it has to be."""
    answer = requests.post(
        f"{known['URL']}/json/2/{model}/{method}",
        json=arguments,
        headers={
            "Authorization": f"bearer {known['KEY']}",
            "X-Odoo-Database": known["DB"],
        },
        timeout=60,
    )
    assert 400 <= answer.status_code < 500, answer.text
    return answer.json()["message"]


def check_automation(known, admin_key, user_key, contract):
    """A rule is for administrators to make, and none of them goes around the life cycle.

    Odoo runs the actions of rules as superuser, whoever lets them run.
    """
    call = known["call"]
    known["KEY"] = admin_key
    [model] = call("ir.model", "search", domain=[["model", "=", "crm.contract"]])
    [state] = call(
        "ir.model.fields.selection",
        "search",
        domain=[
            ["field_id.model", "=", "crm.contract"],
            ["field_id.name", "=", "state"],
            ["value", "=", "cancelled"],
        ],
    )
    action = {
        "name": "Cancel",
        "model_id": model,
        "state": "object_write",
        "evaluation_type": "value",
        "update_path": "state",
        "selection_value": state,
    }
    rule = {"name": "Cancel", "model_id": model, "trigger": "on_write"}
    rule |= {"action_server_ids": [[0, 0, action]]}
    known["KEY"] = user_key
    refusal_of(known, "base.automation", "create", vals_list=[rule])
    known["KEY"] = admin_key
    [made] = call("base.automation", "create", vals_list=[rule])
    known["KEY"] = user_key
    message = refusal_of(
        known, "crm.contract", "write", ids=[contract], vals={"note": "Hello"}
    )
    assert "No automatic action writes" in message
    refusal_of(known, "base.automation", "write", ids=[made], vals={"active": False})
    known["KEY"] = admin_key
    call("base.automation", "write", ids=[made], vals={"active": False})
    names = ["state", "note"]
    [row] = call("crm.contract", "read", ids=[contract], fields=names)
    assert row["state"] == "draft" and not row["note"]
