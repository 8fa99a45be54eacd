"""Nothing goes around an approval: real users over RPC and HTTP."""

import base64
import io

import pytest
import requests
from approvals import (
    DELEGATION,
    ROLES,
    TASK,
    WIZARD,
    decide,
    delegate,
    forget,
    ids,
    make_approvers,
    open_dialog,
    task_of,
)
from client import REFUSALS, RpcError, changes, refused, together
from conftest import make_user
from pypdf import PdfReader

REVIEW = "crm.contract.approval.review"
CONDITION = "crm.contract.approval.condition"
HASH = "0" * 64
OWNED = {
    "state": "to_sign",
    "content_hash": HASH,
    "submitted_by_id": 1,
    "approval_round": 9,
    "approval_task_id": False,
    "approval_step_id": 1,
    "approval_deadline": "2099-01-01",
    "approval_user_ids": [(6, 0, [])],
    "editor_ids": [(6, 0, [])],
    "approval_task_ids": [(0, 0, {"name": "Mine", "state": "approved"})],
    "review_ids": [(0, 0, {"decision": "approve"})],
    "condition_ids": [(0, 0, {"name": "Mine", "is_met": True})],
}
SWITCHES = dict.fromkeys(("skip_approval", "force", "bypass", "no_check", "skip_validation_check", "install_mode", "import_file", "sudo", "su", "tracking_disable", "mail_notrack", "mail_activity_automation_skip", "is_approved", "approved", "from_wizard"), True)  # fmt: skip


@pytest.fixture(scope="module")
def approvers(admin, company, people):
    """Sessions of those who approve, and of two who may not."""
    return make_approvers(admin, company) | people


@pytest.fixture(scope="module")
def policy(admin, approvers):
    """A policy for contracts of a type of its own; other tests never meet it."""
    source = admin.ref("crm_contract.crm_contract_type_service")
    type_id = admin.call(
        "crm.contract.type", "copy", [source], {"code": "APPR", "sequence": 999}
    )[0]
    policy_id = admin.create(
        "crm.contract.approval.policy",
        {
            "name": "Black box",
            "hand_over_to": "any",
            "type_ids": [(6, 0, [type_id])],
            "step_ids": [
                (0, 0, {"name": "Legal", "user_ids": [(6, 0, ids(approvers, "lawyer", "lawyer2"))]}),
                (0, 0, {"name": "Executive", "user_ids": [(6, 0, ids(approvers, "executive"))]}),
            ],
        },
    )  # fmt: skip
    yield {"id": policy_id, "type_id": type_id}
    admin.call("crm.contract.approval.policy", "action_archive", [policy_id])
    admin.call("crm.contract.type", "action_archive", [type_id])


@pytest.fixture(scope="module")
def send(factory, approvers, policy):
    """A function that makes a contract and submits it for approval."""

    def make(user=None, edit=None):
        user = user or approvers["own"]
        contract_id = factory.draft(user, type_id=policy["type_id"])
        if edit:
            edit(contract_id)
        user.call("crm.contract", "action_submit", [contract_id])
        assert factory.state(contract_id) == "review"
        return contract_id

    return make


@pytest.fixture(scope="module")
def waiting(send):
    """A contract that stays in review while everybody tries to get it out."""
    return send()


def approvals(database, contract_id):
    """All that is stored of the approval, to be compared with itself later."""
    stored = database.contract(contract_id)
    for table in ("task", "review", "condition"):
        name = f"crm_contract_approval_{table}"
        for row_id, row in database.rows(
            f"SELECT id, to_jsonb(t) FROM {name} t WHERE contract_id = %s", contract_id
        ):
            stored[f"{name}({row_id})"] = row
    for name in ("waiting", "decided", "approver"):
        rel = f"crm_contract_approval_task_{name}_rel"
        stored[rel] = database.rows(
            f"SELECT * FROM {rel} WHERE crm_contract_approval_task_id IN"
            " (SELECT id FROM crm_contract_approval_task WHERE contract_id = %s)"
            " ORDER BY 1, 2",
            contract_id,
        )
    return stored


@pytest.fixture
def untouched(database, waiting):
    before = approvals(database, waiting)
    yield
    assert not changes(before, approvals(database, waiting))


WRITERS = ("own", "all", "manager", "approval_manager", "administrator", "lawyer")


# a) Fields that the approval owns


@pytest.mark.parametrize("role", WRITERS)
def test_owned_fields(role, approvers, waiting, untouched):
    user = approvers[role]
    for name, value in OWNED.items():
        for method, arguments in (
            ("write", ([waiting], {name: value})),
            ("web_save", ([waiting], {name: value}, {})),
            ("copy", ([waiting], {name: value})),
        ):
            with refused():
                user.call("crm.contract", method, *arguments)


@pytest.mark.parametrize("role", ("own", "manager", "administrator"))
def test_owned_fields_on_create_and_import(role, approvers, factory, policy, database):
    user = approvers[role]
    last = database.value("SELECT max(id) FROM crm_contract")
    values = factory.prepare(user_id=user.uid, type_id=policy["type_id"])
    for name, value in OWNED.items():
        with refused():
            user.call("crm.contract", "create", [{**values, name: value}])
        context = {f"default_{name}": value}
        try:
            user.call("crm.contract", "create", [values], context=context)
        except RpcError as error:
            assert error.kind in REFUSALS, error
        if not isinstance(value, list):
            result = user.call(
                "crm.contract",
                "load",
                [
                    "name",
                    "partner_id/.id",
                    f"{name}/.id" if name.endswith("_id") else name,
                ],
                [["Import", str(factory.customer["id"]), str(value)]],
            )
            assert not result["ids"] and result["messages"], name
    made = database.rows(
        "SELECT state, approval_round, approval_task_id, version_id, submitted_by_id"
        " FROM crm_contract WHERE id > %s",
        last,
    )
    assert made
    assert {row[0] for row in made} == {"draft"}
    assert not any(value for row in made for value in row[1:])


# b) The log and the steps


@pytest.mark.parametrize("role", WRITERS)
@pytest.mark.parametrize("model", (TASK, REVIEW, CONDITION))
def test_rows_are_written_by_code_alone(
    model, role, approvers, admin, waiting, untouched
):
    user = approvers[role]
    values = {
        TASK: {"name": "Mine", "state": "approved", "waiting_ids": [(5, 0, 0)]},
        REVIEW: {"decision": "approve", "user_id": approvers["lawyer"].uid},
        CONDITION: {"name": "Mine", "is_met": True},
    }[model]
    rows = admin.search(model, [("contract_id", "=", waiting)])
    company_id = admin.read("crm.contract", waiting, "company_id")
    needed = {"contract_id": waiting, "company_id": company_id, "round": 1}
    for call in (
        ("write", rows, values),
        ("web_save", rows, values, {}),
        ("unlink", rows),
        ("create", [{**needed, **values}]),
        ("copy", rows),
    ):
        if rows or call[0] == "create":
            with refused():
                user.call(model, *call)
    result = None
    try:
        result = user.call(model, "load", ["contract_id/.id"], [[str(waiting)]])
    except RpcError as error:
        assert error.kind in REFUSALS, error
    assert not result or not result["ids"]


def test_actor_is_who_is_logged_in(approvers, admin, send, database):
    contract_id = send()
    lawyer = approvers["lawyer"]
    dialog = open_dialog(lawyer, contract_id, admin, user_id=approvers["executive"].uid)
    lawyer.call(WIZARD, "action_decide", [dialog], context={"uid": 1, "user_id": 1})
    actor = database.value(
        "SELECT user_id FROM crm_contract_approval_review"
        " WHERE contract_id = %s AND decision = 'approve'",
        contract_id,
    )
    assert actor == lawyer.uid


@pytest.mark.parametrize(
    "role", ("own", "manager", "approval_manager", "administrator")
)
def test_contract_with_reviews_stays(role, approvers, waiting, untouched):
    with refused():
        approvers[role].call("crm.contract", "unlink", [waiting])


# c) Context keys


def test_context_switches_nothing(approvers, admin, waiting, untouched):
    for role in ("own", "manager", "executive", "administrator"):
        user = approvers[role]
        for model, method, arguments in (
            ("crm.contract", "write", ([waiting], {"name": "Other"})),
            ("crm.contract", "write", ([waiting], {"state": "to_sign"})),
            ("crm.contract", "action_submit", ([waiting],)),
            (TASK, "write", ([task_of(admin, waiting)], {"state": "approved"})),
        ):
            with refused():
                user.call(model, method, *arguments, context=SWITCHES)
        with refused():
            dialog = user.create(
                WIZARD,
                {"decision": "approve"},
                active_model="crm.contract",
                active_ids=[waiting],
                shown_hash=admin.read("crm.contract", waiting, "content_hash"),
                **SWITCHES,
            )
            user.call(WIZARD, "action_decide", [dialog], context=SWITCHES)


# d) The dialog


def test_dialog_out_of_turn_or_foreign(approvers, admin, waiting, untouched):
    shown = admin.read("crm.contract", waiting, "content_hash")
    rows = admin.search(TASK, [("contract_id", "=", waiting)], order="sequence")
    for role, task_id in (
        ("executive", rows[1]),  # not his turn
        ("executive", rows[0]),  # not his step
        ("own", rows[0]),
        ("manager", rows[0]),
        ("approval_manager", rows[0]),
        ("administrator", rows[0]),
    ):
        user = approvers[role]
        for decision in ("approve", "reject", "question"):
            with refused():
                dialog = user.create(
                    WIZARD,
                    {
                        "decision": decision,
                        "comment": "Because",
                        "line_ids": [
                            (0, 0, {"task_id": task_id, "content_hash": shown})
                        ],
                    },
                )
                user.call(WIZARD, "action_decide", [dialog])


def test_dialog_empty_or_of_somebody_else(approvers, admin, waiting, untouched):
    lawyer, lawyer2 = approvers["lawyer"], approvers["lawyer2"]
    with refused():
        lawyer.call(WIZARD, "action_decide", [lawyer.create(WIZARD, {})])
    with refused():
        lawyer.call(WIZARD, "action_decide", [])
    dialog = open_dialog(lawyer, waiting, admin)
    for user in (lawyer2, approvers["own"], approvers["administrator"]):
        with refused():
            user.call(WIZARD, "action_decide", [dialog])
        with refused():
            user.call(WIZARD, "write", [dialog], {"comment": "Mine"})
    with refused():
        lawyer.call("crm.contract.decide.line", "create", [{"wizard_id": dialog}])


def test_dialog_of_another_company(approvers, admin, send, database):
    contract_id = send()
    company_id = admin.create("res.company", {"name": f"Elsewhere {contract_id}"})
    lawyer = make_user(admin, "lawyer_elsewhere", ROLES["lawyer"], company_id)
    before = approvals(database, contract_id)
    with refused():
        decide(lawyer, contract_id, admin)
    with refused():
        lawyer.call("crm.contract", "read", [contract_id], ["name"])
    assert not changes(before, approvals(database, contract_id))


@pytest.mark.parametrize("role", ("own", "lawyer", "administrator"))
def test_private_methods(role, approvers, admin, waiting, untouched):
    user, task_id = approvers[role], task_of(admin, waiting)
    for name in (
        "_approve", "_reject", "_finish", "_begin", "_hand_over", "_add_approver",
        "_ask", "_answer", "_log", "_set_waiting", "_go_back", "_escalate",
    ):  # fmt: skip
        with refused():
            user.call(TASK, name, [task_id])
    for name in (
        "_action_approve", "_action_reject", "_transition", "_continue_review",
        "_open_round", "_start_review", "_close_round", "_begin_next", "_log_round",
    ):  # fmt: skip
        with refused():
            user.call("crm.contract", name, [waiting])


# e) Content after submission


@pytest.mark.parametrize("role", ("own", "manager", "administrator"))
def test_content_is_locked(role, approvers, admin, waiting, untouched):
    user = approvers[role]
    for field, values in (
        ("line_ids", {"price_unit": 1.0}),
        ("clause_ids", {"body": "<p>Nothing</p>"}),
        ("installment_ids", {"percentage": 1.0}),
        ("milestone_ids", {"name": "Nothing"}),
    ):
        model = user.call("crm.contract", "fields_get", [field], ["relation"])
        model = model[field]["relation"]
        [row_id, *_rest] = admin.search(model, [("contract_id", "=", waiting)])
        with refused():
            user.call(model, "write", [row_id], values)
        with refused():
            user.call(model, "unlink", [row_id])
        for command in ((1, row_id, values), (2, row_id, 0), (0, 0, {"name": "New"})):
            with refused():
                user.call("crm.contract", "web_save", [waiting], {field: [command]}, {})
        name = next(iter(values))
        result = user.call(
            model, "load", [".id", name], [[str(row_id), str(values[name])]]
        )
        assert not result["ids"], model
    with refused():
        user.create(
            "crm.contract.document",
            {
                "contract_id": waiting,
                "name": "annex.txt",
                "file": base64.b64encode(b"Annex").decode(),
            },
        )
    [text] = admin.search(
        "crm.contract.document", [("contract_id", "=", waiting), ("kind", "=", "text")]
    )
    for attachment in admin.search(
        "ir.attachment",
        [
            ("res_model", "=", "crm.contract.document"),
            ("res_id", "=", text),
            ("res_field", "!=", False),
        ],
    ):
        with refused():
            user.call("ir.attachment", "write", [attachment], {"datas": "YQ=="})
        with refused():
            user.call("ir.attachment", "unlink", [attachment])


def test_changed_behind_the_back(approvers, admin, send, database):
    contract_id = send()
    database.rows(
        "UPDATE crm_contract_line SET price_unit = 1"
        " WHERE contract_id = %s AND display_type IS NULL",
        contract_id,
    )
    before = approvals(database, contract_id)
    with refused() as _:
        decide(approvers["lawyer"], contract_id, admin)
    assert not changes(before, approvals(database, contract_id))


def test_stale_hash(approvers, admin, send, factory):
    contract_id = send()
    lawyer, user = approvers["lawyer"], approvers["own"]
    shown = admin.read("crm.contract", contract_id, "content_hash")
    opened = open_dialog(lawyer, contract_id, admin)
    user.call("crm.contract", "action_recall", [contract_id])
    user.call("crm.contract", "write", [contract_id], {"name": "Another content"})
    user.call("crm.contract", "action_submit", [contract_id])
    with refused():
        lawyer.call(WIZARD, "action_decide", [opened])
    with pytest.raises(RpcError, match="changed since you opened"):
        decide(lawyer, contract_id, admin, shown=shown)
    assert factory.state(contract_id) == "review"
    decide(lawyer, contract_id, admin)


# f) Who wrote or submitted


def test_authors_and_their_deputies(approvers, admin, factory, policy):
    admin.call(
        "crm.contract.approval.step",
        "write",
        admin.read("crm.contract.approval.policy", policy["id"], "step_ids")[:1],
        {"user_ids": [(4, approvers["all"].uid), (4, approvers["manager"].uid)]},
    )
    try:
        user = approvers["own"]
        contract_id = factory.draft(user, type_id=policy["type_id"])
        admin.call("crm.contract", "write", [contract_id], {"user_id": user.uid})
        [line, *_rest] = admin.search(
            "crm.contract.line",
            [("contract_id", "=", contract_id), ("display_type", "=", False)],
        )
        approvers["all"].call("crm.contract.line", "write", [line], {"scope": "Edited"})
        approvers["manager"].call(
            "crm.contract.clause",
            "load",
            [".id", "name"],
            [[str(admin.search("crm.contract.clause", [("contract_id", "=", contract_id)])[0]), "Edited"]],
        )  # fmt: skip
        user.call("crm.contract", "action_submit", [contract_id])
        task = admin.read(TASK, task_of(admin, contract_id), "approver_ids")
        assert set(task) == set(ids(approvers, "lawyer", "lawyer2"))
        for role in ("own", "all", "manager", "administrator"):
            with refused():
                decide(approvers[role], contract_id, admin)
        with refused():
            decide(
                approvers["lawyer"],
                contract_id,
                admin,
                "hand_over",
                user_id=approvers["all"].uid,
            )
    finally:
        admin.call(
            "crm.contract.approval.step",
            "write",
            admin.read("crm.contract.approval.policy", policy["id"], "step_ids")[:1],
            {"user_ids": [(6, 0, ids(approvers, "lawyer", "lawyer2"))]},
        )


def test_delegation_needs_its_deputy(approvers, admin, send, database):
    """Nobody keeps an approver from his contract by naming him his deputy."""
    today = database.value("SELECT current_date::text")
    made = [
        delegate(approvers, "own", "lawyer", today),
        delegate(approvers, "lawyer", "executive", today),
    ]
    try:
        contract_id = send()
        for role in ("own", "executive", "approval_manager", "manager"):
            with refused():
                approvers[role].call(DELEGATION, "action_accept", made[:1])
        for role in ("own", "lawyer", "approval_manager"):
            for values in (
                {"answer": "accepted"},
                {"answer": "set", "set_by_id": approvers["approval_manager"].uid},
                {"effect": "begun"},
            ):
                with refused():
                    approvers[role].call(DELEGATION, "write", made[:1], values)
        with refused():
            approvers["own"].create(
                DELEGATION,
                {
                    "deputy_id": approvers["lawyer2"].uid,
                    "date_from": today,
                    "date_to": today,
                    "answer": "accepted",
                },
            )
        # What the context proposes is refused, or not taken.
        try:
            made.append(
                approvers["own"].create(
                    DELEGATION,
                    {
                        "deputy_id": approvers["lawyer2"].uid,
                        "date_from": today,
                        "date_to": today,
                    },
                    default_answer="accepted",
                )
            )
        except RpcError as error:
            assert error.kind in REFUSALS, error
        assert not database.value(
            "SELECT count(*) FROM crm_contract_approval_delegation"
            " WHERE user_id = %s AND answer = 'accepted'",
            approvers["own"].uid,
        )
        with refused():
            decide(approvers["executive"], contract_id, admin)
        decide(approvers["lawyer"], contract_id, admin)
    finally:
        forget(approvers, database, made)


def test_administrator_gains_nothing(approvers, admin, send, database):
    """He hands over and delegates between others; each is told, and it is logged."""
    today = database.value("SELECT current_date::text")
    contract_id, administrator = send(), approvers["approval_manager"]
    before = approvals(database, contract_id)
    with refused():
        decide(
            administrator, contract_id, admin, "hand_over", user_id=administrator.uid
        )
    for principal, deputy in (("lawyer", "approval_manager"),):
        with refused():
            delegate(approvers, principal, deputy, today, by="approval_manager")
    assert not changes(before, approvals(database, contract_id))
    made = [delegate(approvers, "lawyer", "lawyer2", today, by="approval_manager")]
    try:
        told = database.rows(
            "SELECT p.res_partner_id FROM mail_message m"
            " JOIN mail_message_res_partner_rel p ON p.mail_message_id = m.id"
            " WHERE m.subject LIKE '%%stand in for%%'"
        )
        partners = {
            admin.read("res.users", approvers[role].uid, "partner_id")
            for role in ("lawyer", "lawyer2")
        }
        assert partners <= {row[0] for row in told}
        other = delegate(approvers, "lawyer2", "approval_manager", today)
        made.append(other)
        with refused():
            administrator.call(DELEGATION, "action_accept", [other])
    finally:
        forget(approvers, database, made)


def test_inbox_of_an_approver(approvers, admin, waiting, database):
    """Nobody but he, or a decision, closes what he is asked, by whatever method."""
    [activity] = admin.call(
        "mail.activity",
        "search",
        [
            ("res_model", "=", "crm.contract"),
            ("res_id", "=", waiting),
            ("user_id", "=", approvers["lawyer"].uid),
        ],
    )
    row = "SELECT to_jsonb(a) FROM mail_activity a WHERE id = %s"
    before = database.value(row, activity)
    asked = "crm_contract_approval.mail_activity_type_approval"
    for role in ("own", "all", "manager", "lawyer2", "approval_manager"):
        user = approvers[role]
        for method, *values in (
            ("unlink",),
            ("action_done",),
            ("action_cancel",),
            ("action_feedback",),
            ("action_feedback_schedule_next",),
            ("action_reschedule_nextweek",),
            ("action_archive",),
            ("write", {"user_id": user.uid}),
            ("write", {"res_id": 1}),
            ("write", {"date_deadline": "2099-01-01"}),
        ):
            with refused():
                user.call("mail.activity", method, [activity], *values)
            assert database.value(row, activity) == before, (role, method)
        for method in ("activity_unlink", "activity_feedback", "activity_reschedule"):
            values = [[asked]]
            if method == "activity_reschedule":
                values += [False, "2099-01-01"]
            try:
                user.call("crm.contract", method, [waiting], *values)
            except RpcError as error:
                assert error.kind in REFUSALS, error
            assert database.value(row, activity) == before, (role, method)


def test_chain_of_delegations(approvers, admin, send, database):
    contract_id = send()
    today = database.value("SELECT current_date::text")
    made = []
    for principal, deputy in (("lawyer", "own"), ("own", "approval_manager")):
        made.append(delegate(approvers, principal, deputy, today))
        approvers[deputy].call(DELEGATION, "action_accept", made[-1:])
    try:
        with refused():
            approvers["executive"].create(
                "crm.contract.approval.delegation",
                {
                    "user_id": approvers["lawyer"].uid,
                    "deputy_id": approvers["executive"].uid,
                    "date_from": today,
                    "date_to": today,
                },
            )
        with refused():
            approvers["approval_manager"].create(
                "crm.contract.approval.delegation",
                {
                    "user_id": approvers["approval_manager"].uid,
                    "deputy_id": approvers["lawyer"].uid,
                    "date_from": today,
                    "date_to": today,
                },
            )
        for role in ("own", "approval_manager"):
            with refused():
                decide(approvers[role], contract_id, admin)
    finally:
        database.rows(
            "DELETE FROM crm_contract_approval_delegation WHERE id = ANY(%s)", made
        )
        # The server keeps delegations in its memory until one changes.
        row = approvers["lawyer2"].create(
            "crm.contract.approval.delegation",
            {
                "deputy_id": approvers["lawyer"].uid,
                "date_from": "2099-01-01",
                "date_to": "2099-01-01",
            },
        )
        approvers["lawyer2"].call("crm.contract.approval.delegation", "unlink", [row])
    decide(approvers["lawyer"], contract_id, admin)


# g) At once


def outcome(results):
    errors = [result for result in results if isinstance(result, Exception)]
    for error in errors:
        assert isinstance(error, RpcError) and error.kind in REFUSALS, error
        assert "psycopg" not in error.message
    return len(results) - len(errors)


def dialogs(users, contract_id, admin):
    opened = [(user, open_dialog(user, contract_id, admin)) for user in users]
    return [
        lambda user=user, row=row: user.call(WIZARD, "action_decide", [row])
        for user, row in opened
    ]


def test_two_approvers_at_once(approvers, admin, send, database):
    for _round in range(4):
        contract_id = send()
        users = [approvers["lawyer"].again(), approvers["lawyer2"].again()]
        results = together(*dialogs(users, contract_id, admin))
        assert outcome(results) == 1, results
        given = database.value(
            "SELECT count(*) FROM crm_contract_approval_review"
            " WHERE contract_id = %s AND decision = 'approve'",
            contract_id,
        )
        assert given == 1


def test_all_of_them_at_once(approvers, admin, send, policy):
    step = admin.read("crm.contract.approval.policy", policy["id"], "step_ids")[:1]
    admin.call("crm.contract.approval.step", "write", step, {"mode": "all"})
    try:
        for _round in range(4):
            contract_id = send()
            first = task_of(admin, contract_id)
            users = [approvers["lawyer"].again(), approvers["lawyer2"].again()]
            results = together(*dialogs(users, contract_id, admin))
            assert outcome(results) == 2, results
            assert admin.read(TASK, first, "state") == "approved"
            assert task_of(admin, contract_id) != first
    finally:
        admin.call("crm.contract.approval.step", "write", step, {"mode": "any"})


def test_approval_and_recall_at_once(approvers, admin, send, factory):
    for _round in range(4):
        contract_id = send()
        decide(approvers["lawyer"], contract_id, admin)
        executive, user = approvers["executive"].again(), approvers["own"].again()
        approve = dialogs([executive], contract_id, admin)
        results = together(
            *approve,
            lambda row=contract_id, user=user: user.call(
                "crm.contract", "action_recall", [row]
            ),
        )
        assert outcome(results) == 1, results
        assert factory.state(contract_id) in ("draft", "to_sign")


def test_policy_and_approvers_change_meanwhile(approvers, admin, send, policy, factory):
    contract_id = send()
    steps = admin.read("crm.contract.approval.policy", policy["id"], "step_ids")
    admin.call("crm.contract.approval.step", "write", steps[:1], {"name": "Changed"})
    people = ids(approvers, "lawyer", "lawyer2")
    admin.call("res.users", "write", people, {"active": False})
    try:
        manager = approvers["approval_manager"]
        assert admin.read(TASK, task_of(admin, contract_id), "name") == "Legal"
        decide(
            manager, contract_id, admin, "hand_over", user_id=approvers["manager"].uid
        )
        decide(approvers["manager"], contract_id, admin)
        decide(approvers["executive"], contract_id, admin)
        assert factory.state(contract_id) == "to_sign"
    finally:
        admin.call("res.users", "write", people, {"active": True})
        admin.call("crm.contract.approval.step", "write", steps[:1], {"name": "Legal"})


# h) The customer


def test_customer_sees_nothing(approvers, admin, send, factory):
    portal = approvers["portal"]
    contract_id = send()
    partner_id = admin.read("res.users", portal.uid, "partner_id")
    admin.call("crm.contract", "message_subscribe", [contract_id], [partner_id])
    decide(approvers["lawyer"], contract_id, admin, comment="Secret opinion")
    decide(approvers["executive"], contract_id, admin, comment="Secret as well")
    for model in (TASK, REVIEW, CONDITION, WIZARD, "crm.contract.approval.policy"):
        with refused():
            portal.call(model, "search_read", [], ["display_name"])
    for model in ("mail.message", "mail.notification"):
        try:
            found = portal.call(model, "search_read", [], ["display_name"])
        except RpcError as error:
            assert error.kind in REFUSALS
            found = []
        assert "Secret" not in str(found)
    told = admin.call(
        "mail.message",
        "search_read",
        [("model", "=", "crm.contract"), ("res_id", "=", contract_id)],
        ["body", "is_internal", "partner_ids", "notified_partner_ids"],
    )
    for message in told:
        assert partner_id not in message["notified_partner_ids"], message
        assert partner_id not in message["partner_ids"], message
    mails = admin.call(
        "mail.mail", "search_read", [("recipient_ids", "in", [partner_id])], ["body"]
    )
    assert "Secret" not in str(mails)
    for path in (
        "/my",
        f"/odoo/contract-approvals/{contract_id}",
        f"/web/content/{contract_id}",
    ):
        assert "Secret" not in portal.get(path).text


# i) Reading decides nothing


def test_get_decides_nothing(approvers, admin, waiting, untouched):
    lawyer, task_id = approvers["lawyer"], task_of(admin, waiting)
    for path in (
        f"/odoo/contract-approvals/{task_id}",
        f"/odoo/{TASK}/{task_id}",
        f"/odoo/crm.contract/{waiting}",
        f"/mail/view?model=crm.contract&res_id={waiting}",
        f"/mail/view?model={TASK}&res_id={task_id}",
        f"/web/dataset/call_kw/{WIZARD}/action_decide?args=[[1]]",
        f"/odoo/contract-approvals/{task_id}?decision=approve",
    ):
        lawyer.get(path)
    for method in ("approve", "action_approve", "action_decide"):
        answer = lawyer.get(f"/web/dataset/call_button/{TASK}/{method}")
        assert answer.status_code >= 400


def test_link_needs_a_login(admin, waiting, untouched):
    anonymous = requests.Session()
    anonymous.trust_env = False
    path = f"{admin.url}/odoo/contract-approvals/{task_of(admin, waiting)}"
    answer = anonymous.get(path, timeout=60)
    assert "/web/login" in answer.url
    assert admin.read("crm.contract", waiting, "number") not in answer.text
    answer = anonymous.post(
        f"{admin.url}/web/dataset/call_kw/{WIZARD}/action_decide",
        json={
            "jsonrpc": "2.0",
            "params": {
                "model": WIZARD,
                "method": "action_decide",
                "args": [[1]],
                "kwargs": {},
            },
        },
        timeout=60,
    )
    assert "error" in answer.json()


# The certificate


def test_certificate_is_the_last_page(approvers, admin, send):
    contract_id = send()
    decide(approvers["lawyer"], contract_id, admin, comment="Read by the lawyer")
    decide(approvers["executive"], contract_id, admin)
    user = approvers["own"]
    pages = {}
    for name in (
        "crm_contract.report_contract",
        "crm_contract_approval.report_certificate",
        "crm_contract_approval.report_certified",
    ):
        answer = user.get(f"/report/pdf/{name}/{contract_id}")
        assert answer.headers["content-type"] == "application/pdf", answer.text[:200]
        pages[name] = [
            page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages
        ]
    contract, certificate, certified = pages.values()
    assert len(certified) == len(contract) + len(certificate)
    assert "Read by the lawyer" in certified[-1]
    assert "Read by the lawyer" not in "".join(contract)
    shown = admin.read("crm.contract", contract_id, "content_hash")
    assert shown in certified[-1].replace("\n", "")


def test_amendment_is_approved_like_a_contract(approvers, admin, send, factory):
    """The policy catches it, who decides sees what changes, the contract waits."""
    contract_id, owner = send(), approvers["own"]
    for role in ("lawyer", "executive"):
        decide(approvers[role], contract_id, admin)
    factory.sign(contract_id, owner)
    wizard = owner.create(
        "crm.contract.amend", {"contract_id": contract_id, "reason": "Other title"}
    )
    action = owner.call("crm.contract.amend", "action_amend", [wizard])
    amendment_id = action["res_id"]
    owner.call("crm.contract", "write", [amendment_id], {"name": "Amended title"})
    owner.call("crm.contract", "action_submit", [amendment_id])
    assert factory.state(amendment_id) == "review"
    with refused():
        owner.call("crm.contract.sign", "action_sign", [
            owner.create("crm.contract.sign", {"contract_id": amendment_id})])  # fmt: skip
    for role in ("lawyer", "executive"):
        seen = approvers[role].read(
            TASK, task_of(admin, amendment_id), "agreed_changes"
        )
        assert "<ins>Amended</ins>" in seen
        decide(approvers[role], amendment_id, admin)
    assert owner.read("crm.contract", contract_id, "name") != "Amended title"
    factory.sign(amendment_id, owner)
    assert owner.read("crm.contract", contract_id, "name") == "Amended title"
    assert factory.state(contract_id) == "running"
