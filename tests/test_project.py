"""Obligations and tasks of Project: the app that these add-ons do without."""

import pytest
from client import RpcError, refused, together
from conftest import make_user

OBLIGATION, TASK = "crm.contract.obligation", "project.task"


@pytest.fixture(scope="module")
def planner(admin, company):
    groups = ("crm_contract.crm_contract_group_user", "project.group_project_user")
    return make_user(admin, "planner", groups, company)


@pytest.fixture(scope="module")
def project(admin):
    return admin.create(
        "project.project", {"name": "Roll-out", "privacy_visibility": "employees"}
    )


@pytest.fixture(scope="module")
def obligations(planner, factory):
    """The obligations of a signed contract."""
    rows = [
        (0, 0, {"name": name, "date_deadline": "2030-06-01"})
        for name in ("Plan", "Build", "Train", "Hand over")
    ]
    contract_id = factory.draft(planner)
    planner.call("crm.contract", "write", [contract_id], {"milestone_ids": rows})
    planner.call("crm.contract", "action_submit", [contract_id])
    factory.sign(contract_id, planner)
    return planner.search(
        OBLIGATION,
        [("contract_id", "=", contract_id), ("date_due", "=", "2030-06-01")],
        order="id",
    )


def test_one_task_of_two_who_ask(planner, obligations, project, admin):
    sessions = planner, planner.again()
    answers = together(
        *[
            lambda user=user: user.call(
                OBLIGATION, "action_create_task", obligations[:1], project
            )
            for user in sessions
        ]
    )
    made = {answer["res_id"] for answer in answers if not isinstance(answer, RpcError)}
    busy = [answer for answer in answers if isinstance(answer, RpcError)]
    assert all(error.kind == "odoo.exceptions.LockError" for error in busy), busy
    tasks = admin.search(TASK, [("project_id", "=", project), ("name", "=", "Plan")])
    assert len(tasks) == 1 and made == set(tasks)
    told = planner.read(OBLIGATION, obligations[0], "task_ref", "task_status")
    assert told["task_ref"] == f"{TASK},{tasks[0]}"
    assert "In Progress" in told["task_status"]


def test_who_may_not(people, obligations, project, planner):
    row = obligations[1:2]
    for role in ("own", "all", "manager", "reader", "salesman", "portal"):
        with refused():
            people[role].call(OBLIGATION, "action_create_task", row, project)
        with refused():
            people[role].call(OBLIGATION, "write", row, {"task_number": 1})
    assert not planner.read(OBLIGATION, row[0], "task_status")


def test_no_other_record(planner, obligations, admin):
    row = obligations[1]
    for value in ("res.users,1", "ir.config_parameter,1", f"{TASK},x", f"{TASK},1", 1):
        with refused():
            planner.call(OBLIGATION, "write", [row], {"task_ref": value})
    for value in ("res.users,1", "crm.contract,1", "x", ["project.task", 1]):
        with refused():
            vals = {"obligation_id": row, "target_ref": value}
            planner.create("crm.contract.obligation.task", vals)
    hidden = admin.create(
        "project.project", {"name": "Board", "privacy_visibility": "followers"}
    )
    secret = admin.create(TASK, {"name": "Secret", "project_id": hidden})
    with refused():
        planner.call(OBLIGATION, "action_link_task", [row], secret)
    with refused():
        planner.call(OBLIGATION, "action_create_task", [row], hidden)
    dialog = {"obligation_id": row, "target_ref": f"{TASK},{secret}"}
    with refused():
        planner.create("crm.contract.obligation.task", dialog)
    spec = {"target_ref": {"fields": {"display_name": {}}}}
    with refused():
        planner.call(
            "crm.contract.obligation.task", "onchange", [], dialog, ["target_ref"], spec
        )
    assert not planner.read(OBLIGATION, row, "task_status")


def test_task_that_is_gone(planner, obligations, project, admin):
    row = obligations[2]
    planner.call(OBLIGATION, "action_create_task", [row], project)
    [task] = admin.search(TASK, [("name", "=", "Train")])
    admin.call(TASK, "unlink", [task])
    spec = {"task_ref": {"fields": {"display_name": {}}}, "can_link_task": {}}
    [told] = planner.call(OBLIGATION, "web_read", [row], spec)
    assert not told["task_ref"] and told["can_link_task"]
    exported = admin.call(OBLIGATION, "export_data", [row], ["name", "task_ref"])
    assert exported["datas"] == [["Train", ""]]
