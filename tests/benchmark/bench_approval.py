"""What approvals cost: queries of forms, lists, edits, submissions and decisions.

Submission and decision are compared with the same contracts without a policy, so that
the transition itself counts on neither side.
"""

import functools
from unittest.mock import patch

import bench_contract
import measure
from measure import Figure, Side
from web_client import Views

from odoo.fields import Command
from odoo.tests import new_test_user

NUMBER = 100
STEPS = 3
# A full page of 80 takes one more query, to count what is beyond.
FEW, MANY = 20, 75
PDF = b"%PDF-1.4 a text"
TITLES = {
    "approval.form_queries": "queries that a form in review takes more",
    "approval.list_growth": "queries that a longer list takes more",
    "approval.write_queries": "queries that writing 100 contracts takes more",
    "approval.submit_queries": "queries a contract, of submitting",
    "approval.decide_queries": "queries a contract, of deciding in mass",
    "approval.last_decision_queries": "queries a contract, of the last decision",
}


def run(rounds):
    """Return the figures of this benchmark."""
    with measure.environment() as env, _without_printing(env):
        fixture = bench_contract.prepare(env)
        users = prepare(env, fixture)
        return [
            _measure_form(env, fixture, users),
            _measure_list(env, fixture, users),
            _measure_write(env, fixture),
            *_measure_flow(env, fixture, users, rounds),
        ]


def _without_printing(env):
    # Printing is measured elsewhere, and would hide everything else.
    return patch.object(env.registry["crm.contract"], "_render_text", lambda c: PDF)


def prepare(env, fixture):
    """Make a policy of three steps and its approvers; return the users."""
    groups = "crm_contract_approval.crm_contract_approval_group_approver"
    users = env["res.users"]
    for step in range(STEPS):
        users |= new_test_user(env, login=f"approver_{step}", groups=groups)
    users |= new_test_user(
        env, login="drafter", groups="crm_contract.crm_contract_group_user_all"
    )
    env["crm.contract.approval.policy"].create(
        {
            "name": "Benchmark",
            "type_ids": [Command.set(fixture.type.ids)],
            "step_ids": [
                Command.create(
                    {
                        "name": f"Step {step}",
                        "user_ids": [Command.set(users[step].ids)],
                        "condition_mode": "any",
                        "amount_from": 1,
                        "clause_condition": "both",
                    }
                )
                for step in range(STEPS)
            ],
        }
    )
    env.cr.flush()
    return users


def create(env, fixture, users, number):
    """Return drafts of the drafter."""
    drafts = bench_contract.create_contracts(env(user=users[-1].id), fixture, number)
    env.cr.flush()
    return drafts


def _measure_form(env, fixture, users):
    contract = create(env, fixture, users, 1)
    contract.action_submit()
    # As the approver: whether he may decide costs most.
    contract, env = contract.with_user(users[0]), env(user=users[0].id)
    views = Views(env, "crm.contract", "form")
    ours = measure.count_queries(env, lambda: views.open_form(contract))
    views.leave_out(env, "crm_contract_approval")
    other = measure.count_queries(env, lambda: views.open_form(contract))
    return Figure(
        "approval.form_queries",
        ours - other,
        6,
        Side("form in review", queries=ours),
        Side("the same without approval", queries=other),
    )


def _measure_list(env, fixture, users):
    views = Views(env, "crm.contract", "list")
    counts = {}
    for number in (FEW, MANY):
        with measure.undone(env):
            create(env, fixture, users, number).action_submit()
            env.cr.flush()
            counts[number] = measure.count_queries(env, lambda: views.open_list(env))
    return Figure(
        "approval.list_growth",
        counts[MANY] - counts[FEW],
        0,
        Side(f"list of {MANY} in review", queries=counts[MANY]),
        Side(f"list of {FEW} in review", queries=counts[FEW]),
    )


def _measure_write(env, fixture):
    drafts = bench_contract.create_contracts(env, fixture, NUMBER)
    model = env.registry["crm.contract"]
    [plain] = [
        cls for cls in model.__mro__
        if cls.__dict__.get("_check_content_editable")
        and cls.__module__.startswith("odoo.addons.crm_contract.models.")
        and "mixin" not in cls.__module__
    ]  # fmt: skip

    def write():
        drafts.write({"dispute_place": "Bremen"})

    # The first edit of somebody, which is remembered for each contract.
    ours = measure.once(env, write)[1]
    with patch.object(
        model, "_check_content_editable", plain.__dict__["_check_content_editable"]
    ):
        other = measure.once(env, write)[1]
    return Figure(
        "approval.write_queries",
        ours - other,
        5,
        Side(f"{NUMBER} contracts written", queries=ours),
        Side("the same without approval", queries=other),
    )


def _measure_flow(env, fixture, users, rounds):
    drafts = create(env, fixture, users, NUMBER)
    policy = env["crm.contract.approval.policy"].search([], limit=1, order="id desc")

    def submit(active):
        policy.active = active
        env.cr.flush()
        drafts.action_submit()

    sides = measure.compare(
        env,
        rounds,
        {
            "submitted for approval": functools.partial(submit, True),
            "submitted without policy": functools.partial(submit, False),
        },
    )
    ours, plain = sides.values()
    with measure.undone(env):
        drafts.action_submit()
        env.cr.flush()
        tasks = drafts.with_env(env).approval_task_id
        decisions = measure.compare(
            env, rounds, {"decided at once": lambda: _decide(env, users[0], tasks)}
        )["decided at once"]
        for user in users[: STEPS - 1]:
            _decide(env, user, drafts.with_env(env).approval_task_id)
            env.invalidate_all()
        last = drafts.with_env(env).approval_task_id
        final = measure.compare(
            env,
            rounds,
            {
                "last decision": lambda: _decide(env, users[STEPS - 1], last),
                "transition alone": lambda: _approve_alone(env, drafts),
            },
        )
    return [
        _per_contract("approval.submit_queries", 3, ours, plain),
        _per_contract("approval.decide_queries", 4, decisions, Side("", queries=0)),
        _per_contract(
            "approval.last_decision_queries",
            4,
            final["last decision"],
            final["transition alone"],
        ),
    ]


def _per_contract(name, bar, ours, other):
    return Figure(name, (ours.queries - other.queries) / NUMBER, bar, ours, other)


def _decide(env, user, tasks):
    wizard = (
        env["crm.contract.decide"]
        .with_user(user)
        .with_context(active_model=tasks._name, active_ids=tasks.ids)
        .create({"decision": "approve"})
    )
    wizard.action_decide()
    failed = wizard.line_ids.filtered(lambda line: not line.is_done)
    if failed:
        raise AssertionError(failed[0].result)


def _approve_alone(env, drafts):
    """Move the contracts over the transition, as without the add-on."""
    contracts = drafts.with_env(env).sudo()
    core = "odoo.addons.crm_contract.models.contract.crm_contract_lifecycle"
    [plain] = [
        cls for cls in type(contracts).__mro__
        if cls.__module__ == core and "_transition" in cls.__dict__
    ]  # fmt: skip
    with patch.object(type(contracts), "_transition", plain.__dict__["_transition"]):
        contracts._action_approve()
