"""What is true of every contract on every day, whatever was done to it."""

from datetime import timedelta

from ledger_matrix.oracle import cents

from machine import duties_invariants
from machine.life import LIVE, WrongError

DAY = timedelta(days=1)
GRACE = timedelta(days=30)
FILING = "crm_contract.mail_activity_type_filing"
UNITS_A_YEAR = {
    "day": 365,
    "week": 52,
    "month": 12,
    "quarter": 4,
    "half_year": 2,
    "year": 1,
}


def check(world, lives, after_jobs=False):
    """Raise WrongError for the first invariant that does not hold.

    :param after_jobs: whether the jobs of the day have run, and nothing was done since
    """
    failures = world.failures()
    if failures:
        raise WrongError(f"jobs failed: {failures[:3]}")
    booked = world.booked([life.customer for life in lives])
    activities = world.activities([life.contract for life in lives])
    owed = duties_invariants.collect(world, lives)
    for life in lives:
        try:
            duties_invariants.check(life, owed[life.contract.id], after_jobs)
            _check_life(life, booked[life.customer.id], after_jobs)
            check_people(life, activities.get(life.contract.id, []))
        except WrongError as error:
            raise WrongError(f"{world.today} {error}\n{life}") from None


def _check_life(life, booked, after_jobs):
    check_books(life, booked)
    check_paid(life)
    check_days(life)
    check_end(life)
    check_state(life)
    check_number(life)
    if after_jobs:
        check_terms(life)
        check_over(life)
        check_due(life)
        check_in_effect(life)
        check_recurring_revenue(life)


def _expect(is_so, text):
    if not is_so:
        raise WrongError(text)


def _chain(contract):
    """The contract with those that it renewed."""
    chain = contract
    while chain[-1].kind == "renewal":
        chain |= chain[-1].origin_id
    return chain


def check_books(life, booked):
    """1, 2: the books hold what was to be charged, and the figures say so."""
    booked, expected = cents(booked), life.total()
    _expect(booked == expected, f"booked {booked}, expected {expected}")
    # What a settlement adds is no part of what the contract is worth.
    chain = _chain(life.contract)
    told = cents(sum(chain.mapped("amount_invoiced") + chain.mapped("amount_extra")))
    _expect(told == booked, f"booked {booked}, said to be {told}")


def check_paid(life):
    """3: nothing counts as paid without money."""
    paid = cents(sum(_chain(life.contract).mapped("amount_paid")))
    _expect(paid <= life.received, f"paid {paid}, received {life.received}")


def check_days(life):
    """4: no day of a line is covered by two rows, whatever version of the line it is."""
    covered = set()
    for row in life.contract.sudo().installment_ids:
        if row.trigger == "period" and row.state != "cancelled":
            number = (row.period_end - row.period_start).days + 1
            days = {row.period_start + n * DAY for n in range(number)}
            _expect(not covered & days, f"days of {row.name} are covered twice")
            covered |= days


def check_end(life):
    """5: nothing is to be billed after the last day."""
    contract = life.contract.sudo()
    ends = (contract.date_ended, contract.date_termination, contract.date_end)
    last = min(filter(None, ends))
    late = contract.installment_ids.filtered(
        lambda row: (
            row.trigger == "period"
            and row.state in ("planned", "due")
            and row.period_start > last
        )
    )
    _expect(not late, f"to be billed after {last}: {late.mapped('name')}")


def check_state(life):
    """6: nothing changes a state but deeds and jobs, see `Life.note_state`."""
    state = life.contract.state
    _expect(state == life.state, f"{life.state} became {state} by itself")


def check_number(life):
    """7: a number that was given stays."""
    number = life.contract.number
    _expect(not life.number or number == life.number, f"{life.number} became {number}")
    _expect(number or life.state in ("draft", "cancelled"), "no number was given")
    life.number = number


def check_terms(life):
    """8: the contract shows what holds today, when the jobs of the day are through."""
    # While it is suspended, amendments wait.
    if life.state != "running":
        return
    today = life.world.today
    [line] = life.contract.line_ids.filtered(
        lambda line: line.is_recurring and not line.valid_until
    )
    shown = cents(line.price_unit) * cents(line.quantity)
    expected = life.oracle.price_on(max(today, life.oracle.start))
    _expect(shown == expected, f"{shown} is shown, {expected} was agreed")


def check_over(life):
    """15: what has a last day runs on it, and no longer.

    Unless its renewal is in hand: then for 30 days of grace.
    """
    contract, today = life.contract, life.world.today
    last = min(filter(None, (contract.date_termination, contract.date_end)))
    if life.renewal and not life.renewal.date_signed:
        last += GRACE
    if life.state in LIVE:
        _expect(today <= last, f"{life.state} after its last day, {last}")
    if life.state == "ended" and contract.end_reason == "expired":
        _expect(today > last, f"expired before its last day, {last}")


def check_due(life):
    """9: what fell due is billed."""
    # Penalties are billed when somebody asks for it.
    due = life.contract.installment_ids.filtered(
        lambda row: row.state == "due" and row.trigger != "delay"
    )
    _expect(not due, f"due and not billed: {due.mapped('name')}")


def check_in_effect(life):
    """10: what was signed is in force from its day on."""
    today = life.world.today
    for row in life.contract.amendment_ids:
        if row.state == "signed" and life.state == "running":
            _expect(row.date_effective > today, f"{row.number} is not in force")


def check_recurring_revenue(life):
    """11: the log of recurring revenue adds up to what recurs today."""
    oracle = life.oracle
    if life.state != "running" or life.renewal or oracle.pauses:
        return
    log = life.world.env["crm.contract.mrr.movement"].sudo()
    root = life.contract.root_id or life.contract
    rows = log.search([("root_id", "=", root.id), ("date", "<=", life.world.today)])
    count, unit = oracle.interval
    price = oracle.price_charged_on(max(life.world.today, oracle.start))
    expected = price * UNITS_A_YEAR[unit] / count / 12
    logged = sum(rows.mapped("amount_mrr"))
    tolerance = 0.01 * (len(rows) + 1)
    _expect(
        abs(float(expected) - logged) < tolerance,
        f"{logged} recurs a month by the log, {expected:.2f} was agreed",
    )


def check_people(life, activities):
    """12, 13: what is to be done has somebody, and ends with what it is about."""
    for activity in activities:
        user = activity.user_id
        _expect(
            user.active and user.has_group("base.group_user"),
            f"nobody is there for “{activity.summary}”",
        )
    filing = life.world.env.ref(FILING)
    unfiled = [each for each in activities if each.activity_type_id == filing]
    _expect(
        not unfiled or "to_file" in life.contract.archive_ids.mapped("state"),
        "somebody has to file what is filed",
    )
    # What is owed is to be paid, paper is to be filed, and who is not content is to be
    # asked why, whatever ended.
    ids = {
        activity.id: activity.summary
        for activity in activities
        if activity.activity_type_id != filing
        and not (activity.summary or "").startswith("Payment overdue")
        and "is not content" not in (activity.summary or "")
    }
    if life.contract.state in ("ended", "cancelled"):
        stale = [ids[id_] for id_ in ids.keys() & life.open_before.keys()]
        _expect(not stale, f"left on what is {life.contract.state}: {stale}")
    else:
        life.open_before = ids


def check_verified(life):
    """14: what was submitted can be proven."""
    contract = life.contract
    if contract.state in ("draft", "cancelled"):
        return
    answer = contract.action_verify()["params"]
    _expect(answer["type"] == "success", f"not verified: {answer['message']}")
