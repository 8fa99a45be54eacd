"""What is true of obligations, disputes and surveys on every day."""

from datetime import timedelta
from itertools import pairwise

from machine.duties import DISPUTE, OBLIGATION, SURVEY, WrongError

# Days before a limitation within which somebody was told; between two surveys
TOLD, GAP = 180, 45


def collect(world, lives):
    """Read what is there of the contracts of lives: {contract's id: records}, each."""
    world.env.flush_all()
    ids = [life.contract.id for life in lives]
    env = world.env(su=True)
    found = [
        env[model].search([("contract_id", "in", ids)])
        for model in (OBLIGATION, DISPUTE, SURVEY)
    ]
    by_id = [rows.grouped(lambda row: row.contract_id.id) for rows in found]
    activities = env["mail.activity"].search([("res_model", "=", DISPUTE)])
    return {
        id_: (
            *(
                rows.get(id_, none.browse())
                for rows, none in zip(by_id, found, strict=True)
            ),
            activities.grouped("res_id"),
        )
        for id_ in ids
    }


def check(life, found, after_jobs):
    obligations, disputes, surveys, activities = found
    check_evidence(obligations)
    check_occurrences(life, obligations)
    check_disputed(life, disputes)
    check_settled(disputes)
    check_asked(surveys)
    if after_jobs:
        check_told(life, disputes, activities)
        check_reminded(life, obligations)


def _expect(is_so, text):
    if not is_so:
        raise WrongError(text)


def check_evidence(obligations):
    """16: nothing is fulfilled without its evidence, nor accepted before it is."""
    for row in obligations.filtered(lambda one: one.state in ("done", "accepted")):
        has = {
            "file": row.evidence_ids,
            "note": (row.note or "").strip(),
            "confirmation": row.confirmed_by,
            False: True,
        }
        _expect(has[row.evidence], f"{row.name} is fulfilled without its evidence")
        if row.state == "accepted":
            _expect(
                row.accepted_by and row.date_accepted >= row.date_done,
                f"{row.name} was accepted by nobody, or too early",
            )


def check_occurrences(life, obligations):
    """17: what is owed on a day is there once, and nothing after the last day."""
    owed = obligations.filtered(lambda row: row.state != "cancelled")
    regular = owed.filtered(lambda row: row.milestone_id.recurrence_interval)
    days = regular.mapped(lambda row: (row.milestone_id.id, row.date_due))
    _expect(len(days) == len(set(days)), f"owed twice on a day: {sorted(days)}")
    ended = life.contract.sudo().date_ended
    late = regular.filtered(
        lambda row: ended and row.state in ("waiting", "open") and row.date_due > ended
    )
    _expect(not late, f"owed after {ended}: {late.mapped('display_name')}")


def check_disputed(life, disputes):
    """18: what is disputed is neither overdue nor dunned, and bears no interest."""
    held = disputes.filtered("is_open").installment_ids
    _expect(all(held.mapped("is_disputed")), f"not marked: {held.mapped('name')}")
    marked = life.contract.sudo().installment_ids.filtered("is_disputed")
    drafted = disputes.filtered("pay").installment_ids
    _expect(not marked - held - drafted, f"still marked: {marked.mapped('name')}")
    late = marked.filtered("is_overdue")
    _expect(not late, f"disputed and overdue: {late.mapped('name')}")
    moves = held.invoice_id.filtered(lambda move: move.state == "posted")
    whole = moves.filtered(lambda move: all(move.installment_ids.mapped("is_disputed")))
    dunned = whole.filtered(lambda move: not move.no_followup)
    _expect(not dunned, f"disputed and dunned: {dunned.mapped('name')}")
    told = life.contract.sudo().amount_overdue
    rows = life.contract.sudo().installment_ids.filtered("is_overdue")
    owed = sum(rows.mapped("amount_overdue"))
    _expect(abs(told - owed) < 0.005, f"{told} overdue, {owed} by the rows")


def check_settled(disputes):
    """19: a settlement is in the books once, with the amount that was agreed."""
    for row in disputes:
        moves = row.settlement_move_ids.filtered(lambda one: one.state != "cancel")
        booked = sum(moves.mapped("amount_total"))
        _expect(
            abs(booked - (row.amount_settled if row.pay else 0)) < 0.005,
            f"{row.display_name}: {booked} booked, {row.amount_settled} agreed",
        )


def check_asked(surveys):
    """20: nobody is asked again within the days that the type says."""
    asked = surveys.filtered(lambda row: row.state != "skipped")
    for rows in asked.grouped("email").values():
        for before, after in pairwise(sorted(rows.mapped("date_asked"))):
            gap = (after - before).days
            _expect(gap >= GAP, f"asked again after {gap} days")


def check_told(life, disputes, activities):
    """21: of what will be barred, somebody who is there knows."""
    for row in disputes.filtered("is_open"):
        due = row.date_reminder and row.date_reminder <= life.world.today
        _expect(not due, f"{row.display_name}: not told on {row.date_reminder}")
        last = row.date_limitation
        if last and last <= life.world.today + timedelta(days=TOLD):
            users = [one.user_id for one in activities.get(row.id, ())]
            _expect(
                any(user.active for user in users),
                f"nobody knows that {row.display_name} is barred after {last}",
            )
    for row in disputes.filtered(lambda one: not one.is_open):
        _expect(not activities.get(row.id), f"to be done for {row.display_name}")


def check_reminded(life, obligations):
    """22: of what is late, somebody was told."""
    if life.state not in ("signed", "running", "suspended"):
        return
    late = obligations.filtered(
        lambda row: row.state == "open" and row.date_due < life.world.today
    )
    silent = late.filtered(lambda row: not row.level)
    _expect(not silent, f"late, and nobody was told: {silent.mapped('display_name')}")
