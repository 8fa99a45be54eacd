"""Contracts on every step of their approval."""

import seed_renewal
from world import TODAY, at, day

from odoo.fields import Command

GROUP = "crm_contract_approval.crm_contract_approval_group_"
PEOPLE = {
    "lawyer": f"{GROUP}legal",
    "lawyer2": f"{GROUP}legal",
    "boss": f"{GROUP}executive",
    "deputy": f"{GROUP}approver",
    "approvals": f"{GROUP}manager",
}


def make_reviewed(world):
    """A policy of two steps, and contracts that wait, are approved, or were rejected."""
    for login, groups in PEOPLE.items():
        world.make_user(login, groups)
    with at("2026-05-04"):
        _make_policies(world)
        _make_delegations(world)
    with at("2026-10-12"):
        _make_approved(world)
    with at("2026-11-11"):
        _make_open(world)
        _make_closed(world)
    _make_resubmitted(world)
    _make_reviewed_amendments(world)


def ask_today(world):
    """What came in on the day of the dump, and has not been notified of."""
    world.submit(_draft(world, "In review since today"))


def _make_policies(world):
    users = world.users
    world.reviewed_type = world.type.copy(
        {"name": "Reviewed", "code": "RVW", "sequence": 2}
    )
    steps = [
        {
            "name": "Legal",
            "user_ids": [Command.set((users["lawyer"] | users["lawyer2"]).ids)],
            "mode": "all",
            "reapproval": "changed",
            "concern_amount": False,
            "concern_lines": False,
            "instruction": "Look at the liability.",
        },
        {
            "name": "Executive",
            "user_ids": [Command.set(users["boss"].ids)],
            "days": 5,
            "escalation_user_id": users["lawyer2"].id,
        },
    ]
    policies = world.as_user(
        world.env["crm.contract.approval.policy"], "approvals"
    ).sudo()
    policies.create(
        {
            "name": "Reviewed contracts",
            "company_id": world.company.id,
            "type_ids": [Command.set(world.reviewed_type.ids)],
            "domain": "[('amount_total', '>', 10)]",
            "step_ids": [Command.create(values) for values in steps],
        }
    )
    policies.create(
        {
            "name": "Archived policy",
            "active": False,
            "kind": "renewal",
            "step_ids": [Command.create(steps[1])],
        }
    )


def _make_delegations(world):
    rows = (
        ("lawyer", "deputy", "2026-05-04", "2026-05-20"),
        ("boss", "deputy", "2026-10-10", "2026-10-20"),
        ("lawyer2", "deputy", TODAY, day(3)),
        ("boss", "lawyer", day(20), day(30)),
    )
    for user, deputy, begin, end in rows:
        world.as_user(world.env["crm.contract.approval.delegation"], user).create(
            {
                "user_id": world.users[user].id,
                "deputy_id": world.users[deputy].id,
                "date_from": begin,
                "date_to": end,
            }
        )


def _draft(world, title, **values):
    return world.make(title, type_id=world.reviewed_type.id, **values)


def decide(world, contract, login, decision="approve", **values):
    """Decide in the dialog, as it opens from the form of the contract."""
    world.as_user(world.env["crm.contract.decide"], login).with_context(
        active_model="crm.contract",
        active_ids=contract.ids,
        shown_hash=contract.sudo().content_hash,
    ).create({"decision": decision, **values}).action_decide()
    return contract


def _through_legal(world, contract):
    decide(world, contract, "lawyer", comment="Read it")
    return decide(world, contract, "lawyer2")


def _send(world, title, **values):
    return world.submit(_draft(world, title, **values))


def _make_approved(world):
    for title, by in (
        ("To sign, approved", "boss"),
        ("To sign, by a deputy", "deputy"),
    ):
        decide(world, _through_legal(world, _send(world, title)), by)
    running = decide(
        world, _through_legal(world, _send(world, "Running, approved")), "boss"
    )
    world.sign(running)
    conditional = _send(world, "To sign, its condition met")
    decide(world, conditional, "lawyer", "condition", condition="A cap of 10 %")
    decide(world, conditional, "lawyer2")
    decide(world, conditional, "boss")
    world.as_user(conditional.sudo().condition_ids, "lawyer").action_met()
    assert conditional.state == "to_sign"
    undone = _send(world, "In review, its decision undone")
    decide(world, undone, "lawyer")
    world.as_user(undone.sudo().approval_task_id, "lawyer").action_undo()


def _make_open(world):
    _send(world, "In review, asked")
    _send(world, "在审合同", customer="gamma")
    annexed = _draft(world, "In review, with annex and another clause")
    world.attach(annexed, "Prices.txt", b"1 day: 1000")
    annexed.clause_ids.body = "<p>{{ object.customer_legal_name }} is not liable.</p>"
    world.submit(annexed)
    decide(world, _send(world, "In review, one lawyer decided"), "lawyer")
    _through_legal(world, _send(world, "In review, executive asked"))
    question = _send(world, "In review, a question open")
    decide(world, question, "lawyer", "question", comment="Who insures?")
    answered = _send(world, "In review, a question answered")
    decide(world, answered, "lawyer", "question", comment="Who insures?")
    answered.env["crm.contract.answer"].create(
        {"contract_id": answered.id, "answer": "We do"}
    ).action_answer()
    conditional = _send(world, "In review, a condition open")
    decide(world, conditional, "lawyer", "condition", condition="A cap of 10 %")
    decide(world, conditional, "lawyer2")
    decide(world, conditional, "boss")
    early = _send(world, "In review, a condition and a step open")
    decide(world, early, "lawyer", "condition", condition="A cap of 20 %")
    added = _send(world, "In review, an approver added")
    decide(world, added, "lawyer", "after", user_id=world.users["approvals"].id)
    handed = _send(world, "In review, handed over")
    decide(
        world,
        handed,
        "lawyer",
        "hand_over",
        user_id=world.users["deputy"].id,
        comment="Away",
    )
    back = _through_legal(world, _send(world, "In review, back at legal"))
    legal = back.sudo().approval_task_ids.sorted("sequence")[0]
    decide(world, back, "boss", "reject", comment="The cap?", back_to_id=legal.id)


def _make_closed(world):
    _send(world, "Draft, recalled").action_recall()
    reason = world.env.ref("crm_contract_approval.reason_liability")
    decide(
        world,
        _send(world, "Draft, rejected"),
        "lawyer",
        "reject",
        comment="No cap",
        reason_id=reason.id,
    )
    _send(world, "Cancelled in review").action_cancel()
    _draft(world, "Draft to be reviewed")


def _make_resubmitted(world):
    """Legal's decision was kept: only the price changed, which it does not care for."""
    with at("2026-11-11"):
        kept = _through_legal(world, _send(world, "In review, legal kept"))
    with at("2026-11-13"):
        kept.action_recall()
        kept.line_ids.price_unit = 1200
        world.submit(kept)
        withdrawn = _through_legal(world, _send(world, "Draft, approved and withdrawn"))
        decide(world, withdrawn, "boss").action_withdraw()


def _make_reviewed_amendments(world):
    """Amendments and a renewal on their way through the same policy."""
    with at("2026-10-12"):
        contracts = [
            _draft(world, title, lines=[seed_renewal.fee(world)], plan=[])
            for title in (
                "Amendment in review", "Amendment approved", "Amendment approved ahead",
                "Amendment rejected", "Renewal in review",
            )
        ]  # fmt: skip
        for contract in contracts:
            world.submit(contract)
            world.sign(decide(world, _through_legal(world, contract), "boss"))
    *amended, renewed = contracts
    with at("2026-11-11"):
        review, approved, ahead, rejected = (
            world.submit(
                seed_renewal.reprice(seed_renewal.amend(contract, day(10)), 150)
            )
            for contract in amended
        )
        decide(world, review, "lawyer")
        for amendment in (approved, ahead):
            decide(world, _through_legal(world, amendment), "boss")
        world.sign(ahead)
        decide(world, rejected, "lawyer2", "reject", comment="Too much")
        world.submit(seed_renewal.renew(renewed))
