"""Lists, authorities and rules hold over RPC, whoever calls whatever beside the forms."""

import pytest
from client import REFUSALS, RpcError, refused

# Nobody of these keeps counterparty files or the playbook.
OTHERS = ("own", "all", "reader", "accountant", "salesman", "portal")
GRANTERS = ("manager", "administrator")
FORBIDDEN = "unlimited liability"


def load(user, model, names, *rows):
    """Import rows; return the ids that came of it, none if it was refused."""
    try:
        return user.call(model, "load", names, [list(row) for row in rows])["ids"] or []
    except RpcError as error:
        assert error.kind in REFUSALS, error
        return []


@pytest.fixture(scope="module")
def guarded(admin):
    """A type that asks for authority and refuses the black list, and a rule of it."""
    [type_id] = admin.call(
        "crm.contract.type",
        "copy",
        admin.search("crm.contract.type", [], limit=1),
        {
            "code": "GRD",
            "name": "Guarded",
            "needs_authority": True,
            "refuse_listed": True,
        },
    )
    admin.create(
        "crm.contract.playbook.rule",
        {
            "name": "No unlimited liability",
            "check": "absent",
            "words": FORBIDDEN,
            "severity": "refuse",
            "type_ids": [(6, 0, [type_id])],
        },
    )
    return type_id


@pytest.fixture(scope="module")
def listed(admin):
    partner_id = admin.create(
        "res.partner",
        {
            "name": "Listed Ltd",
            "is_company": True,
            "street": "1 Quay",
            "company_registry": "HRB 4712",
            "legal_representative": "Nobody",
        },
    )
    return partner_id, admin.create(
        "crm.contract.counterparty",
        {
            "partner_id": partner_id,
            "list_status": "black",
            "list_reason": "Never paid",
        },
    )


@pytest.mark.parametrize("role", OTHERS)
def test_black_list(role, people, admin, listed):
    user, (partner_id, file_id) = people[role], listed
    model, off = "crm.contract.counterparty", {"list_status": "none"}
    calls = (
        ("write", [[file_id], off]),
        ("web_save", [[file_id], off, {}]),
        ("write", [[file_id], {"active": False}]),
        ("write", [[file_id], {"partner_id": 1}]),
        ("unlink", [[file_id]]),
        ("action_archive", [[file_id]]),
        ("create", [[{"partner_id": partner_id}]]),
        ("copy", [[file_id], off]),
    )
    for method, arguments in calls:
        with refused():
            user.call(model, method, *arguments)
    assert not load(user, model, [".id", "list_status"], (str(file_id), "none"))
    [row] = admin.call(model, "read", [file_id], ["list_status", "active"])
    assert (row["list_status"], row["active"]) == ("black", True)


@pytest.mark.parametrize("role", GRANTERS)
def test_authority_granted_to_oneself(role, people, admin):
    user, model = people[role], "crm.contract.authority"
    partner_id = user.read("res.users", user.uid, "partner_id")
    for holder in ({"user_id": user.uid}, {"partner_id": partner_id}):
        vals = {"is_unlimited": True, **holder}
        for context in ({}, {"default_user_id": user.uid, "import_file": True}):
            with refused():
                user.call(model, "create", [vals], context=context)
        with refused():
            user.call(model, "web_save", [], vals, {})
    assert not load(user, model, ["user_id/.id", "is_unlimited"], (str(user.uid), "1"))
    # That of somebody else is no way to it.
    other = people["all"].uid
    row = user.create(model, {"user_id": other, "is_unlimited": True})
    for method, arguments in (
        ("write", [[row], {"user_id": user.uid}]),
        ("write", [[row], {"partner_id": partner_id, "user_id": False}]),
        ("web_save", [[row], {"user_id": user.uid}, {}]),
        ("copy", [[row], {"user_id": user.uid}]),
        ("write", [[row], {"granted_by_id": other}]),
        ("unlink", [[row]]),
    ):
        with refused():
            user.call(model, method, *arguments)
    domain = [("partner_id", "=", partner_id)]
    assert not admin.search(model, domain, context={"active_test": False})
    admin.call(model, "action_archive", [row])


@pytest.mark.parametrize("role", ["own", "manager"])
def test_rules_hold_beside_the_form(role, people, admin, factory, guarded):
    """A clause that comes by any door is found by each door that submits."""
    user = people[role]
    signer = people["all"].uid
    grant = admin.create(
        "crm.contract.authority",
        {
            "user_id": signer,
            "is_unlimited": True,
            "company_id": factory.company_id,
        },
    )
    contract_id = factory.draft(user, type_id=guarded, company_signatory_id=signer)
    clause_id = user.search("crm.contract.clause", [("contract_id", "=", contract_id)])[
        0
    ]
    body = f"<p>There is {FORBIDDEN} of ours.</p>"
    user.call("crm.contract.clause", "write", [clause_id], {"body": body})
    submissions = (
        lambda: user.call("crm.contract", "action_submit", [contract_id]),
        lambda: user.call(
            "crm.contract",
            "action_submit",
            [contract_id],
            context={"skip_playbook": True, "install_mode": True},
        ),
        lambda: user.call(
            "crm.contract.submit",
            "action_submit",
            user.call("crm.contract.submit", "create", [{"contract_id": contract_id}]),
        ),
    )
    for submit in submissions:
        with refused("odoo.exceptions.UserError"):
            submit()
    assert factory.state(contract_id) == "draft"
    if role == "own":
        [rule] = admin.search(
            "crm.contract.playbook.rule", [("type_ids", "in", [guarded])]
        )
        for method, arguments in (
            ("write", [[rule], {"severity": "warning"}]),
            ("unlink", [[rule]]),
        ):
            with refused():
                user.call("crm.contract.playbook.rule", method, *arguments)
        with refused():
            user.call("crm.contract.type", "write", [guarded], {"needs_authority": 0})
    user.call("crm.contract.clause", "write", [clause_id], {"body": "<p>Limited.</p>"})
    user.call("crm.contract", "action_submit", [contract_id])
    assert factory.state(contract_id) == "to_sign"
    # Nobody but who may signs, by the same doors.
    digest = user.read("crm.contract", contract_id, "content_hash")
    for name in ("Mallory", f"Mallory, {people['own'].uid}"):
        with refused("odoo.exceptions.UserError"):
            user.call(
                "crm.contract",
                "action_sign",
                [contract_id],
                content_hash=digest,
                signed_by_customer="Okke Janssen",
                signed_by_company=name,
            )
    assert factory.state(contract_id) == "to_sign"
    admin.call("crm.contract.authority", "action_archive", [grant])


def test_what_was_known_stays(people, admin, factory, listed):
    """Nobody writes or forges what was known on a submission."""
    partner_id, _file_id = listed
    user = people["own"]
    signatory = admin.create("res.partner", {"name": "Signs", "parent_id": partner_id})
    contract_id = factory.draft(
        user, partner_id=partner_id, customer_signatory_id=signatory
    )
    user.call("crm.contract", "action_submit", [contract_id])
    model = "crm.contract.finding"
    [found] = admin.search(model, [("contract_id", "=", contract_id)])
    vals = {"contract_id": contract_id, "message": "Nothing", "key": "x"}
    for who in (user, people["manager"], people["administrator"]):
        for method, arguments in (
            ("write", [[found], {"message": "Nothing"}]),
            ("unlink", [[found]]),
            ("create", [[vals]]),
        ):
            with refused():
                who.call(model, method, *arguments)
    assert "Never paid" in admin.read(model, found, "message")
