"""The daily job in a process of its own that is killed at random moments."""

from jobs import kill_at_random

KILLS = 12
CRON = "crm_contract.ir_cron_advance"


def run_job(admin):
    admin.call("ir.cron", "method_direct_trigger", [admin.ref(CRON)])


def age(database, contracts, state, start, end):
    """As if time had passed: the contracts were signed and forgotten."""
    database.rows(
        "UPDATE crm_contract SET state = %s, date_signed = %s, date_start = %s,"
        " date_end = %s WHERE id = ANY(%s)",
        state,
        start,
        start,
        end,
        contracts,
    )
    database.rows(
        "UPDATE crm_contract_installment SET trigger = 'date', date = %s, date_due = %s"
        " WHERE contract_id = ANY(%s)",
        start,
        start,
        contracts,
    )


def history(database, contracts):
    """{contract: [new states, in their order]} as the chatter tells it."""
    told = {contract_id: [] for contract_id in contracts}
    for contract_id, value in database.rows(
        "SELECT m.res_id, v.new_value_char FROM mail_tracking_value v"
        " JOIN mail_message m ON m.id = v.mail_message_id"
        " JOIN ir_model_fields f ON f.id = v.field_id"
        " WHERE m.model = 'crm.contract' AND f.name = 'state'"
        " AND m.res_id = ANY(%s) ORDER BY v.id",
        contracts,
    ):
        told[contract_id].append(value)
    return told


def activities(database, contracts):
    counts = dict.fromkeys(contracts, 0)
    counts.update(
        database.rows(
            "SELECT res_id, count(*) FROM mail_activity"
            " WHERE res_model = 'crm.contract' AND res_id = ANY(%s) GROUP BY res_id",
            contracts,
        )
    )
    return counts


def copies(admin, contract_id, count):
    """Copies of a contract, and copies of the copies until there are enough."""
    made = []
    while len(made) < count:
        sources = [contract_id, *made][: count - len(made)]
        made += admin.call("crm.contract", "copy", sources)
    return made


def left_to_do(database, contracts):
    return database.value(
        "SELECT count(*) FROM crm_contract WHERE id = ANY(%s) AND"
        " (state = 'signed' OR state = 'running' AND date_end < now())",
        contracts,
    )


def test_killed_at_random_moments(factory, people, admin, database):
    """Each contract starts and expires exactly once, with one activity, none lost."""
    source = factory.draft(people["all"])
    starting, expiring, both = (copies(admin, source, 50) for _kind in range(3))
    every = starting + expiring + both
    assert len(set(every)) == 150
    user_id = people["all"].uid
    admin.call("crm.contract", "write", every, {"user_id": user_id})
    age(database, starting, "signed", "2024-01-01", "2099-12-31")
    age(database, expiring, "running", "2024-01-01", "2024-12-31")
    age(database, both, "signed", "2024-01-01", "2024-12-31")
    killed_at_work = kill_at_random(
        database, CRON, KILLS, (0.02, 0.8), lambda: left_to_do(database, every)
    )
    before = history(database, every), activities(database, every)
    run_job(admin)
    told, counts = history(database, every), activities(database, every)
    assert (told, counts) == before, "a second run has nothing left to do"
    for contracts, states, count in (
        (starting, ["Running"], 0),
        (expiring, ["Ended"], 1),
        (both, ["Running", "Ended"], 1),
    ):
        assert {row: told[row] for row in contracts} == dict.fromkeys(contracts, states)
        assert {counts[row] for row in contracts} == {count}
    ended = database.rows(
        "SELECT DISTINCT state, end_reason, date_ended::text FROM crm_contract"
        " WHERE id = ANY(%s)",
        expiring + both,
    )
    assert ended == [("ended", "expired", "2024-12-31")]
    due = database.rows(
        "SELECT DISTINCT state FROM crm_contract_installment"
        " WHERE contract_id = ANY(%s)",
        every,
    )
    assert due == [("due",)]
    assert killed_at_work, "no kill hit the job at work: the test shows nothing"


def test_one_bad_contract_stops_no_other(factory, people, admin, database):
    """A salesperson who left, or lost his rights, leaves contracts behind."""
    contracts = copies(admin, factory.draft(people["all"]), 10)
    without_rights, left = contracts[:2]
    admin.call("crm.contract", "write", contracts, {"user_id": people["all"].uid})
    gone = admin.search(
        "res.users", [("login", "=", "blackbox_gone"), ("active", "in", [True, False])]
    )
    gone = gone or [
        admin.create("res.users", {"name": "Gone", "login": "blackbox_gone"})
    ]
    admin.call("res.users", "write", gone, {"active": False})
    age(database, contracts, "running", "2024-01-01", "2024-12-31")
    for contract_id, user_id in (
        (without_rights, people["salesman"].uid),
        (left, gone[0]),
    ):
        database.rows(
            "UPDATE crm_contract SET user_id = %s WHERE id = %s", user_id, contract_id
        )
    run_job(admin)
    states = dict(
        database.rows(
            "SELECT id, state FROM crm_contract WHERE id = ANY(%s)", contracts
        )
    )
    assert states == dict.fromkeys(contracts, "ended")


def test_days_of_downtime_are_caught_up(factory, people, admin, database):
    """Signed in time, never started, over by now: everything happens in one run."""
    contract_id = factory.draft(people["all"])
    age(database, [contract_id], "signed", "2024-01-01", "2024-01-31")
    run_job(admin)
    assert history(database, [contract_id])[contract_id] == ["Running", "Ended"]
    assert admin.read("crm.contract", contract_id, "end_reason") == "expired"
