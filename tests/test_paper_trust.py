"""Paper over RPC: the seal, scans, the archive, loans and destruction, by whose hand."""

import base64
import uuid

import pytest
from client import REFUSALS, RpcError, refused, together
from conftest import make_user

SEALING, ARCHIVE = "crm.contract.sealing", "crm.contract.archive"
LOAN = "crm.contract.archive.loan"


@pytest.fixture(scope="module")
def keepers(admin, company):
    """Two users who have nothing to do with contracts, and keep a seal."""
    return [
        make_user(admin, role, ["base.group_user"], company)
        for role in ("keeper", "deputy")
    ]


@pytest.fixture(scope="module")
def archivist(admin, company):
    groups = ["crm_contract.crm_contract_group_archivist"]
    return make_user(admin, "archivist", groups, company)


@pytest.fixture
def stamp(admin, company, keepers):
    keeper, deputy = keepers
    return admin.create(
        "crm.contract.stamp",
        {
            "name": f"Seal {uuid.uuid4().hex[:8]}",
            "company_id": company,
            "keeper_id": keeper.uid,
            "deputy_ids": [(6, 0, [deputy.uid])],
        },
    )


@pytest.fixture
def apply(people, stamp):
    """A function that asks for the seal, for a contract; the row in the register."""

    def ask(contract_id, user=None, **values):
        vals = {"contract_id": contract_id, "stamp_id": stamp, "purpose": "Originals",
                "copies": 2, **values}  # fmt: skip
        return (user or people["own"]).create(SEALING, vals)

    return ask


@pytest.fixture
def filed(admin, factory, people, archivist):
    """A signed contract whose two originals are filed; (contract, archive file)."""
    contract_id = factory.signed(people["own"])
    [archive] = admin.search(ARCHIVE, [("contract_id", "=", contract_id)])
    archivist.call(ARCHIVE, "write", [archive], {"originals": 2, "place": "Room 1"})
    archivist.call(ARCHIVE, "action_file", [archive])
    return contract_id, archive


def kinds_of(database, contract_id):
    rows = database.rows(
        "SELECT kind FROM crm_contract_event WHERE contract_id = %s ORDER BY number",
        contract_id,
    )
    return [kind for (kind,) in rows]


def lend(user, archive, partner_id, **values):
    return user.create(
        LOAN,
        {"archive_id": archive, "partner_id": partner_id, "purpose": "Court",
         "date_due": "2199-01-01", **values},
    )  # fmt: skip


def test_seal_is_for_approved_texts(factory, people, apply, keepers, admin):
    own, keeper = people["own"], keepers[0]
    contract_id = factory.draft(own)
    with refused():
        apply(contract_id)
    own.call("crm.contract", "action_submit", [contract_id])
    row = apply(contract_id)
    own.call("crm.contract", "action_withdraw", [contract_id])
    assert admin.read(SEALING, row, "state") == "void"
    with refused():
        keeper.call(SEALING, "action_hand_out", [row])


def test_only_keepers_decide(factory, people, apply, keepers, database, admin):
    """Nobody else hands it out, whatever his rights, and nobody writes the register."""
    contract_id = factory.submitted(people["own"])
    row = apply(contract_id)
    for role in ("own", "all", "manager", "administrator", "reader"):
        user = people[role]
        for method in ("action_hand_out", "action_seal", "action_return"):
            with refused():
                user.call(SEALING, method, [row])
        with refused():
            user.call(SEALING, "action_refuse", [row], "No")
        for values in ({"state": "out"}, {"keeper_id": user.uid}, {"copies_sealed": 9}):
            with refused():
                user.call(SEALING, "write", [row], values)
        with pytest.raises(RpcError):
            user.call(SEALING, "_move", [row], "hand_out")
    with refused():
        people["portal"].read(SEALING, row, "state")
    keeper, _deputy = keepers
    # He sees what he seals, and nothing of the contract.
    assert keeper.read(SEALING, row, "purpose") == "Originals"
    with refused():
        keeper.read("crm.contract", contract_id, "name")
    keeper.call(SEALING, "action_hand_out", [row])
    keeper.call(SEALING, "action_return", [row], 1)
    assert admin.read(SEALING, row, "copies_sealed") == 1
    assert kinds_of(database, contract_id)[-3:] == [
        "stamp_applied",
        "stamp_out",
        "stamp_returned",
    ]


def test_two_keepers_at_once(factory, people, apply, keepers, database, stamp, admin):
    """One application is decided once; one seal is with one person."""
    keeper, deputy = keepers
    contract_id = factory.submitted(people["own"])
    row = apply(contract_id)
    answers = together(
        lambda: keeper.call(SEALING, "action_hand_out", [row]),
        lambda: deputy.call(SEALING, "action_refuse", [row], "No"),
        lambda: deputy.again().call(SEALING, "action_hand_out", [row]),
    )
    errors = [answer for answer in answers if isinstance(answer, RpcError)]
    assert len(errors) == 2, answers
    assert all(error.kind in REFUSALS for error in errors), errors
    told = kinds_of(database, contract_id)
    state = admin.read(SEALING, row, "state")
    assert told.count("stamp_out") == (state == "out")
    if state == "out":
        keeper.call(SEALING, "action_return", [row])
    # Two applications of two people for the same seal
    others = factory.submitted(people["own"]), factory.submitted(people["all"])
    first = apply(others[0])
    second = apply(others[1], people["all"])
    answers = together(
        lambda: keeper.call(SEALING, "action_hand_out", [first]),
        lambda: deputy.call(SEALING, "action_hand_out", [second]),
    )
    errors = [answer for answer in answers if isinstance(answer, RpcError)]
    assert len(errors) == 1, answers
    assert errors[0].kind in REFUSALS
    out = [i for i in (first, second) if admin.read(SEALING, i, "state") == "out"]
    holder = admin.read("crm.contract.stamp", stamp, "holder_id")
    assert [admin.read(SEALING, i, "user_id") for i in out] == [holder]


def test_scans_are_kept_for_good(factory, people, database, admin):
    contract_id = factory.submitted(people["own"])
    own = people["own"]

    def add(user, data):
        wizard = user.create(
            "crm.contract.scan.upload",
            {"contract_id": contract_id, "side": "customer", "filename": "scan.pdf",
             "file": base64.b64encode(data).decode()},
        )  # fmt: skip
        action = user.call("crm.contract.scan.upload", "action_add", [wizard])
        return action["res_id"]

    scan = add(own, b"%PDF-1.4 what the customer sent")
    with refused():
        add(people["reader"], b"%PDF-1.4 what a reader sent")
    for user in (own, people["manager"], admin):
        with refused():
            user.call("crm.contract.scan", "write", [scan], {"side": "company"})
        with refused():
            user.call("crm.contract.scan", "unlink", [scan])
        with refused():
            user.create("crm.contract.scan", {"contract_id": contract_id})
    assert kinds_of(database, contract_id)[-1] == "scanned"


def test_loans_are_counted(filed, people, archivist, admin, database):
    """No more than there are, at the same moment neither; rows stay."""
    contract_id, archive = filed
    borrower = admin.partner_id
    with refused():
        lend(people["own"], archive, borrower)
    sessions = [archivist.again() for _number in range(4)]
    answers = together(
        *[lambda user=user: lend(user, archive, borrower) for user in sessions]
    )
    loans = [answer for answer in answers if isinstance(answer, int)]
    errors = [answer for answer in answers if isinstance(answer, RpcError)]
    assert len(loans) == 2, answers
    assert all(error.kind in REFUSALS for error in errors), errors
    assert admin.read(ARCHIVE, archive, "originals_out") == 2
    assert kinds_of(database, contract_id).count("lent") == 2
    with refused():
        archivist.call(LOAN, "write", loans, {"date_back": "2026-01-01"})
    with refused():
        archivist.call(LOAN, "unlink", loans)
    archivist.call(LOAN, "action_return", loans)
    with refused():
        archivist.call(LOAN, "action_return", loans)
    assert kinds_of(database, contract_id).count("returned") == 2


def test_copies_bear_the_name_of_the_borrower(filed, archivist, admin, people):
    _contract, archive = filed
    loan = lend(archivist, archive, admin.partner_id, kind="copy")
    copy = archivist.call(LOAN, "read", [loan], ["file", "filename"])[0]
    assert base64.b64decode(copy["file"]).startswith(b"%PDF-")
    with refused():
        people["portal"].read(LOAN, loan, "file")


def test_two_people_destroy(filed, people, archivist, admin, database, verify):
    """Not before its time, not by one alone; the record and its proofs stay."""
    contract_id, archive = filed
    manager = people["manager"]
    with refused():
        archivist.call(ARCHIVE, "action_propose", [archive])
    # As ten years and a day after the contract came to its end
    database.rows(
        "UPDATE crm_contract_installment SET state = 'paid', amount_open = 0"
        " WHERE contract_id = %s",
        contract_id,
    )
    database.rows(
        "UPDATE crm_contract SET state = 'ended',"
        " date_ended = current_date - interval '10 years 2 days' WHERE id = %s",
        contract_id,
    )
    # What is still owed keeps them.
    with refused():
        manager.call(ARCHIVE, "action_propose", [archive])
    database.rows(
        "UPDATE crm_contract_obligation SET state = 'waived' WHERE contract_id = %s",
        contract_id,
    )
    listed = [("is_destroyable", "=", True), ("id", "=", archive)]
    assert archivist.search(ARCHIVE, listed) == [archive]
    for user in (people["own"], people["reader"], people["portal"]):
        with refused():
            user.call(ARCHIVE, "action_propose", [archive])
    manager.call(ARCHIVE, "action_propose", [archive])
    with refused():
        manager.call(ARCHIVE, "action_approve", [archive])
    manager.call(ARCHIVE, "action_keep", [archive])
    archivist.call(ARCHIVE, "action_propose", [archive])
    for user in (archivist, manager):
        with refused():
            user.call(ARCHIVE, "action_destroy", [archive])
    with refused():
        archivist.call(ARCHIVE, "write", [archive], {"approved_by_id": manager.uid})
    manager.call(ARCHIVE, "action_approve", [archive])
    archivist.call(ARCHIVE, "action_destroy", [archive])
    assert admin.read(ARCHIVE, archive, "state") == "destroyed"
    assert kinds_of(database, contract_id)[-1] == "destroyed"
    with refused():
        admin.call(ARCHIVE, "unlink", [archive])
    [document] = admin.search(
        "crm.contract.document",
        [("contract_id", "=", contract_id), ("kind", "=", "text")],
    )
    assert admin.read("crm.contract.document", document, "file")


def test_paper_is_looked_up(factory, people, keepers, stamp, admin):
    """By RPC and by the page that a telephone shows; strangers learn nothing."""
    contract_id = factory.submitted(people["own"])
    digest = admin.read("crm.contract", contract_id, "content_hash")
    number = admin.read("crm.contract", contract_id, "number")
    keeper = keepers[0]
    public = keeper.get(f"/contract/verify/{digest[:32]}")
    assert f"/contract/paper/{digest[:32]}" in public.text
    page = keeper.get(f"/contract/paper/{digest[:32]}")
    assert "This is the approved version." in page.text
    assert keeper.call("crm.contract.paper", "look_up", digest)["answer"] == "approved"
    with refused():
        people["portal"].call("crm.contract.paper", "look_up", digest)
    assert number not in people["portal"].get(f"/contract/paper/{digest}").text
    people["own"].call("crm.contract", "action_withdraw", [contract_id])
    assert keeper.call("crm.contract.paper", "look_up", digest)["answer"] == "withdrawn"
