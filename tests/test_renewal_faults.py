"""Reminders and automatic renewals in jobs that are killed at any moment."""

import random
import time

import psycopg2
import pytest
from jobs import kill_at_random, make_in_shell, making, processes

REMIND = "crm_contract_renewal.ir_cron_ladder"
REMINDERS = (REMIND, "crm_contract_renewal.ir_cron_ladder_2")
RENEW = "crm_contract_renewal.ir_cron_renew"
KILLS, RUNS = 6, 10
# More chunks than kills can hit, so that most of them find the job at work.
DUE, REMIND_KILLS = 900, 10
SECONDS = 60
# Contracts that were signed elsewhere: the life cycle would print each of them.
MAKE = """
import datetime
from odoo.fields import Command
env = env(user=2, context={{"tracking_disable": True}})
today = datetime.date.today()
contract_type = env["crm.contract.type"].create({{
    "name": "{code}", "code": "{code}", "sequence": 999, "notice_period": 10,
    "notice_unit": "day", "rung_ids": [
        Command.create({{"name": "Soon", "days": 60}}),
        Command.create({{"name": "Now", "days": 30}}),
    ]}})
product = env["product.product"].search([("sale_ok", "=", True)], limit=1)
partner = env["res.partner"].create(
    {{"name": "{code}", "street": "1 Street", "city": "Town", "is_company": True}})
contracts = env["crm.contract"].create([
    {{
        "name": "Renewed %s" % number,
        "partner_id": partner.id,
        "type_id": contract_type.id,
        "renewal_mode": "{mode}" or False,
        "date_start": today - datetime.timedelta(days=300),
        "date_end": today + datetime.timedelta(days={days_left}),
        "clause_ids": [Command.clear()],
        "line_ids": [Command.create({{
            "name": "Fee", "product_id": product.id, "price_unit": 100,
            "is_recurring": True,
        }})],
    }}
    for number in range({count})
])
for contract in contracts.sudo():
    contract.write({{
        "state": "running", "number": "{code}/%s" % contract.id,
        "date_signed": today, "signed_by_customer": "A", "signed_by_company": "B",
    }})
env.cr.commit()
print("made", ",".join(map(str, contracts.ids)), flush=True)
"""


@pytest.fixture
def make(database):
    """A function that makes running contracts that end in so many days."""

    code = "R" + "".join(random.choices("ABCDEFGHIJKLMNOP", k=8))
    with making(database) as make_by:
        yield lambda count, days_left, mode="": make_by(
            MAKE.format(count=count, days_left=days_left, mode=mode, code=code)
        )


def count_due(database, contracts):
    return database.value(
        "SELECT count(*) FROM crm_contract WHERE id = ANY(%s)"
        " AND date_next_rung <= current_date",
        contracts,
    )


def check_reminded_once(database, contracts):
    """Each reminder has one row, each row that was sent its activity, and no other is."""
    assert count_due(database, contracts) == 0
    number = len(contracts)
    rows = database.rows(
        "SELECT r.name, f.outcome, count(*), count(DISTINCT f.contract_id)"
        " FROM crm_contract_rung_fired f JOIN crm_contract_rung r ON r.id = f.rung_id"
        " WHERE f.contract_id = ANY(%s) GROUP BY r.name->>'en_US', r.name, f.outcome"
        " ORDER BY f.outcome",
        contracts,
    )
    assert [row[1:] for row in rows] == [
        ("fired", number, number),
        ("missed", number, number),
    ]
    linked = database.rows(
        "SELECT f.contract_id, a.res_id FROM crm_contract_rung_fired f"
        " JOIN crm_contract_rung_fired_mail_activity_rel l"
        "   ON l.crm_contract_rung_fired_id = f.id"
        " JOIN mail_activity a ON a.id = l.mail_activity_id"
        " WHERE f.contract_id = ANY(%s) AND f.outcome = 'fired'",
        contracts,
    )
    assert len(linked) == number, "a row has no activity, or two"
    assert all(contract == reminded for contract, reminded in linked)
    notes = database.rows(
        "SELECT res_id, summary, note FROM mail_activity"
        " WHERE res_model = 'crm.contract' AND res_id = ANY(%s)",
        contracts,
    )
    assert len(notes) == number, "an activity has no row"
    assert len({contract for contract, _summary, _note in notes}) == number
    # The nearest reminder speaks for the one that was missed, and names it.
    assert {summary for _contract, summary, _note in notes} == {"Now"}
    assert all("Soon" in note for _contract, _summary, note in notes)


def test_reminders_are_sent_once(make, database):
    """Killed at random moments; both reminders are due, as after days without a server."""
    contracts = make(DUE, days_left=25)
    assert count_due(database, contracts) == DUE
    killed = kill_at_random(
        database,
        REMIND,
        REMIND_KILLS,
        (0.02, 0.6),
        lambda: count_due(database, contracts),
    )
    check_reminded_once(database, contracts)
    assert killed, "no kill hit the job at work: the test shows nothing"


def test_forty_days_without_a_server(make, database):
    """Of several reminders that were missed, one activity tells; a second run, nothing."""
    contracts = make(3, days_left=12)
    for _run in range(2):
        with processes(database, 1, REMIND) as wait_until:
            wait_until("done")
        check_reminded_once(database, contracts)


def wait_for_both(database):
    """Wait until two jobs have claimed contracts and stand before the closed table.

    :return: their transactions, which each commit what they claimed
    """
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        waiting = database.rows(
            "SELECT a.backend_xid::text FROM pg_locks l JOIN pg_stat_activity a"
            " USING (pid) WHERE NOT l.granted AND a.datname = %s"
            " AND l.relation = 'crm_contract_rung_fired'::regclass",
            database.name,
        )
        if len(waiting) == 2:
            return {transaction for (transaction,) in waiting}
        time.sleep(0.05)
    pytest.fail("the two jobs were not at work together")


def test_two_workers(make, database):
    """Two jobs at once share the reminders: each is sent once, and both send some."""
    contracts = make(500, days_left=25)
    gate = psycopg2.connect(dbname=database.name)
    try:
        # Whatever the order of their start: both are at work before one is through.
        gate.cursor().execute("LOCK TABLE crm_contract_rung_fired IN EXCLUSIVE MODE")
        with (
            processes(database, 1, REMINDERS[0]) as wait_first,
            processes(database, 1, REMINDERS[1]) as wait_second,
        ):
            transactions = wait_for_both(database)
            gate.rollback()
            for wait_until in (wait_first, wait_second):
                wait_until("done")
    finally:
        gate.close()
    # What the one was about to claim when the other one committed is left to a run.
    with processes(database, 1, REMIND) as wait_until:
        wait_until("done")
    check_reminded_once(database, contracts)
    # Rows name the savepoint of their record, so ask for what the savepoints were in.
    results = {
        database.value("SELECT pg_xact_status(%s::xid8)", transaction)
        for transaction in transactions
    }
    assert results == {"committed"}, "one job did all the work"


def test_renewed_once(make, database):
    """Automatic renewals: one successor each, numbered, signed."""
    contracts = make(24, days_left=5, mode="automatic")

    def left():
        # Each is made first, and signed when all are made.
        return 48 - database.value(
            "SELECT count(*) + count(*) FILTER (WHERE state = 'signed')"
            " FROM crm_contract WHERE origin_id = ANY(%s)",
            contracts,
        )

    killed = kill_at_random(database, RENEW, KILLS, (0.2, 1.5), left)
    # A run of the scheduler goes on for some seconds, and is then called again.
    with processes(database, RUNS, RENEW) as wait_until:
        for _run in range(RUNS):
            if not left():
                break
            wait_until("done")
    assert left() == 0
    renewed = database.rows(
        "SELECT count(*), count(DISTINCT origin_id), count(DISTINCT number)"
        " FROM crm_contract WHERE origin_id = ANY(%s)",
        contracts,
    )
    assert renewed == [(24, 24, 24)]
    gaps = database.value(
        "SELECT count(*) FROM crm_contract r JOIN crm_contract c ON c.id = r.origin_id"
        " WHERE c.id = ANY(%s) AND r.date_start != c.date_end + 1",
        contracts,
    )
    assert gaps == 0
    assert killed, "no kill hit the job at work: the test shows nothing"


RENEWAL_RUN = "crm_contract_renewal.ir_cron_renewal_run"
START_RUN = """
from odoo.fields import Command
contracts = env(user=2)["crm.contract"].browse({contracts})
wizard = contracts.env["crm.contract.renew"].create(
    {{"contract_ids": [Command.set(contracts.ids)], "uplift": "percent", "percent": 5}}
)
run = contracts.env["crm.contract.renewal.run"]._start(wizard, contracts)
env.cr.commit()
print("made", run.id, flush=True)
"""


def start_run(database, contracts):
    """Let a user start the renewal of many contracts; return the id of the run."""
    [run] = make_in_shell(database, START_RUN.format(contracts=contracts))
    return run


def count_results(database, run):
    """Return how many contracts of a run came to what: {result: number}."""
    return dict(
        database.rows(
            "SELECT state, count(*) FROM crm_contract_renewal_run_line"
            " WHERE run_id = %s GROUP BY state",
            run,
        )
    )


def count_renewals(database, contracts):
    """Return (number of renewals, number of contracts that have one)."""
    return database.rows(
        "SELECT count(*), count(DISTINCT origin_id) FROM crm_contract"
        " WHERE origin_id = ANY(%s)",
        contracts,
    )[0]


def test_mass_renewal_is_killed(make, database):
    """Each is renewed once, whenever the server dies; a second run renews none."""
    contracts = make(36, days_left=40)
    run = start_run(database, contracts)
    again = start_run(database, contracts)

    def left():
        return database.value(
            "SELECT count(*) FROM crm_contract_renewal_run_line"
            " WHERE run_id = ANY(%s) AND state = 'todo'",
            [run, again],
        )

    killed = kill_at_random(database, RENEWAL_RUN, KILLS, (0.2, 1.5), left)
    with processes(database, RUNS, RENEWAL_RUN) as wait_until:
        for _run in range(RUNS):
            if not left():
                break
            wait_until("done")
    assert count_results(database, run) == {"done": 36}
    assert count_results(database, again) == {"failed": 36}
    assert count_renewals(database, contracts) == (36, 36)
    assert killed, "no kill hit the job at work: the test shows nothing"


def test_mass_renewal_is_stopped(make, database, admin):
    """What is done stays, what is not is told so, and nothing follows."""
    contracts = make(50, days_left=40)
    run = start_run(database, contracts)
    with processes(database, 2, RENEWAL_RUN) as wait_until:
        wait_until("at work")
        end = time.monotonic() + SECONDS
        while not count_results(database, run).get("done"):
            assert time.monotonic() < end, "the job renews nothing"
            time.sleep(0.05)
        admin.call("crm.contract.renewal.run", "action_stop", [run])
        for _process in range(2):
            wait_until("done")
    results = count_results(database, run)
    done = results.pop("done")
    assert results == {"stopped": 50 - done}
    assert done < 50
    assert count_renewals(database, contracts) == (done, done)
