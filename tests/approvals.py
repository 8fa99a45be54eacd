"""What the tests of approvals share: who decides, and the door to a decision."""

from conftest import make_user

APPROVER = "crm_contract_approval.crm_contract_approval_group_"
TASK = "crm.contract.approval.task"
WIZARD = "crm.contract.decide"
DELEGATION = "crm.contract.approval.delegation"
ROLES = {
    "lawyer": [f"{APPROVER}legal"],
    "lawyer2": [f"{APPROVER}legal"],
    "executive": [f"{APPROVER}executive"],
    "approval_manager": [f"{APPROVER}manager"],
}


def make_approvers(admin, company):
    """Sessions of those who approve, by role."""
    return {
        role: make_user(admin, role, groups, company) for role, groups in ROLES.items()
    }


def ids(users, *roles):
    return [users[role].uid for role in roles]


def task_of(admin, contract_id):
    return admin.read("crm.contract", contract_id, "approval_task_id")


def open_dialog(user, contract_id, admin, decision="approve", **values):
    shown = values.pop("shown", None) or admin.read(
        "crm.contract", contract_id, "content_hash"
    )
    return user.create(
        WIZARD,
        {"decision": decision, **values},
        active_model="crm.contract",
        active_ids=[contract_id],
        shown_hash=shown,
    )


def decide(user, contract_id, admin, decision="approve", **values):
    dialog = open_dialog(user, contract_id, admin, decision, **values)
    return user.call(WIZARD, "action_decide", [dialog])


def delegate(approvers, principal, deputy, day, by=None):
    return approvers[by or principal].create(
        DELEGATION,
        {
            "user_id": approvers[principal].uid,
            "deputy_id": approvers[deputy].uid,
            "date_from": day,
            "date_to": day,
        },
    )


def forget(approvers, database, made):
    """Remove delegations, and what the server keeps of them in its memory."""
    database.rows(
        "DELETE FROM crm_contract_approval_delegation WHERE id = ANY(%s)", made
    )
    row = delegate(approvers, "lawyer2", "lawyer", "2099-01-01")
    approvers["lawyer2"].call(DELEGATION, "unlink", [row])
