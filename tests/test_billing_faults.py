"""The billing run in processes that are killed, raced and cut off.

Whatever happens, each due row ends up on one invoice, and each invoice on its rows.
"""

import contextlib
import os
import random
import signal
import socket
import subprocess
import threading
import time
import uuid

import psycopg2
import pytest
from client import Database, together
from jobs import (
    CLEAN,
    kill_at_random,
    making,
    processes,
    run_in_peace,
)

BILL = "crm_contract.ir_cron_bill"
CONTRACTS, LINES = 170, 3
# More than 1,000 rows a day; the benchmark bills 10,000
MANY_CONTRACTS, MANY_LINES, DAYS = 105, 10, 2
RUNS = 40
KILLS = 20
# Contracts that were signed elsewhere: the life cycle would print each of them.
MAKE = """
import datetime
from odoo.fields import Command
env = env(user=2, context={{"tracking_disable": True}})
# The ledger need not hold a year.
horizon, env.company.contract_horizon = env.company.contract_horizon, 1
contract_type = env["crm.contract.type"].search([("code", "=", "{code}")]) or env[
    "crm.contract.type"].create({{"name": "{code}", "code": "{code}", "duration": 24,
    "sequence": 999}})
product = env["product.product"].search([("sale_ok", "=", True)], limit=1)
partners = env["res.partner"].create(
    [{{"name": "Billed %s" % number}} for number in range(10)])
contracts = env["crm.contract"].create([
    {{
        "name": "Billed %s" % number,
        "partner_id": partners[number % 10].id,
        "type_id": contract_type.id,
        "date_start": datetime.date.today() - datetime.timedelta(days={age}),
        "clause_ids": [Command.clear()],
        "line_ids": [
            Command.create({{
                "name": "Fee", "product_id": product.id, "price_unit": 100 + line,
                "is_recurring": True,
            }})
            for line in range({lines})
        ],
    }}
    for number in range({count})
])
for contract in contracts.sudo():
    contract.write({{"state": "running", "number": "{code}/%s" % contract.id}})
env["crm.contract.ledger"]._extend(contracts)
env.company.contract_horizon = horizon
env.cr.commit()
print("made", ",".join(map(str, contracts.ids)), flush=True)
"""


def due_script(count=CONTRACTS, lines=LINES, age=0):
    """A script that makes running contracts with rows due today."""
    code = "F" + "".join(random.choices("ABCDEFGHIJKLMNOP", k=8))
    return MAKE.format(count=count, lines=lines, age=age, code=code)


@pytest.fixture
def make(database):
    """A function that makes running contracts with rows due today."""
    with making(database) as make_by:
        yield lambda *args, **kwargs: make_by(due_script(*args, **kwargs))


@pytest.fixture(autouse=True)
def nothing_else_is_due(admin, database):
    """What other tests left behind would be billed along."""
    database.rows(
        "UPDATE crm_contract_installment SET date_due = '2999-01-01'"
        " WHERE state IN ('planned', 'due')"
    )


def run_job(admin):
    admin.call("ir.cron", "method_direct_trigger", [admin.ref(BILL)])


def open_rows(database, contracts):
    return database.value(
        "SELECT count(*) FROM crm_contract_installment WHERE contract_id = ANY(%s)"
        " AND NOT is_billed AND date_due <= current_date",
        contracts,
    )


def check_billed_once(database, contracts, rows):
    """Each due row is on one invoice, each invoice line on one row, nothing is left."""
    assert open_rows(database, contracts) == 0
    billed = database.rows(
        "SELECT id FROM crm_contract_installment"
        " WHERE contract_id = ANY(%s) AND is_billed ORDER BY id",
        contracts,
    )
    assert len(billed) == rows
    lines = database.rows(
        "SELECT l.installment_id FROM account_move_line l"
        " JOIN account_move m ON m.id = l.move_id"
        " WHERE m.contract_id = ANY(%s) AND l.display_type = 'product' ORDER BY 1",
        contracts,
    )
    assert lines == billed, "a row is billed twice, or an invoice has no row"
    orphans = database.value(
        "SELECT count(*) FROM account_move m WHERE contract_id = ANY(%s) AND NOT EXISTS"
        " (SELECT FROM account_move_line l"
        " WHERE l.move_id = m.id AND l.installment_id IS NOT NULL)",
        contracts,
    )
    assert orphans == 0
    states = database.rows(
        "SELECT DISTINCT state FROM crm_contract_installment"
        " WHERE contract_id = ANY(%s) AND is_billed",
        contracts,
    )
    assert states == [("invoiced",)]


def test_killed_at_random_moments(make, database, admin):
    """More than 500 due rows, a worker killed twenty times, then a run."""
    contracts = make()
    killed_at_work = kill_at_random(
        database, BILL, KILLS, (0.05, 1.6), lambda: open_rows(database, contracts)
    )
    run_job(admin)
    check_billed_once(database, contracts, CONTRACTS * LINES)
    assert killed_at_work, "no kill hit the run at work: the test shows nothing"


def test_two_workers(make, database, admin):
    """Two jobs at once share the work."""
    contracts = make(120)
    second = admin.call("ir.cron", "copy", [admin.ref(BILL)])[0]
    name = f"second_{uuid.uuid4().hex[:8]}"
    admin.create(
        "ir.model.data",
        {
            "module": "crm_contract",
            "name": name,
            "model": "ir.cron",
            "res_id": second,
            "noupdate": True,
        },
    )
    try:
        with (
            processes(database, 1, BILL) as wait_first,
            processes(database, 1, f"crm_contract.{name}") as wait_second,
        ):
            for wait_until in (wait_first, wait_second):
                wait_until("done")
    finally:
        admin.call("ir.cron", "unlink", [second])
    run_job(admin)
    check_billed_once(database, contracts, 120 * LINES)


def test_two_people_and_the_job(make, database, admin, people):
    """Two accountants press the button of a row while the job runs."""
    contracts = make(10, lines=1)
    rows = [
        row_id
        for (row_id,) in database.rows(
            "SELECT id FROM crm_contract_installment WHERE contract_id = ANY(%s)"
            " AND date_due <= current_date ORDER BY id",
            contracts,
        )
    ]
    users = [people["accountant"].again(), people["founder"].again()]

    def press(user):
        for row in rows:
            with contextlib.suppress(Exception):
                user.call("crm.contract.installment", "action_create_invoice", [row])

    together(
        lambda: press(users[0]), lambda: press(users[1]), lambda: run_job(admin.again())
    )
    run_job(admin)
    check_billed_once(database, contracts, 10)


def test_connection_lost(make, database, admin):
    """The database ends the worker's connections, as its restart would."""
    contracts = make(60)
    with processes(database, 1 + CLEAN, BILL) as wait_until:
        process = int(wait_until("at work"))
        time.sleep(0.7)
        database.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND pid != pg_backend_pid()",
            database.name,
        )
        time.sleep(0.5)
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        run_in_peace(wait_until)
    run_job(admin)
    check_billed_once(database, contracts, 60 * LINES)


def test_locked_contract_is_left_for_later(make, database, admin):
    contracts = make(3)
    connection = psycopg2.connect(dbname=database.name)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM crm_contract WHERE id = %s FOR UPDATE", [contracts[0]]
            )
            run_job(admin)
        assert open_rows(database, contracts) == LINES
        assert not admin.read("crm.contract", contracts[0], "job_problem")
    finally:
        connection.close()
    run_job(admin)
    check_billed_once(database, contracts, 3 * LINES)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wake(name, stop):
    """Tell the workers of scheduled jobs that there is work, as Odoo does itself.

    They wait longer for it than the limit of this test allows.
    """
    postgres = Database("postgres")
    while not stop.wait(0.5):
        postgres.rows("SELECT pg_notify('cron_trigger', %s)", name)
    postgres.close()


def serve_with_limit(database, seconds, left, patience=90):
    """Let a server run the job, and kill it once after so many seconds, or until all is done.

    :param left: function that returns how much is left to do
    :return: how often the server killed the job
    """
    command = [os.environ["ODOO_BIN"], "-c", os.environ["ODOO_CONF"], "-d"]
    command += [database.name, "--workers=1", "--max-cron-threads=1"]
    command += [f"--http-port={free_port()}", f"--gevent-port={free_port()}"]
    command += [f"--limit-time-real-cron={seconds}"]
    killed, stop = 0, threading.Event()
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as serving:
        waker = threading.Thread(target=wake, args=(database.name, stop))
        waker.start()
        timer = threading.Timer(patience, os.killpg, (serving.pid, signal.SIGKILL))
        timer.start()
        for line in serving.stderr:
            killed += "timeout after" in line
            if killed or not left():
                break
        timer.cancel()
        stop.set()
        waker.join()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(serving.pid, signal.SIGKILL)
    return killed


def test_stopped_by_the_limit_of_time(make, database):
    """The server kills a job that takes longer than it may; the next one goes on."""
    contracts = make(90)
    killed = 0
    # A busy machine gets nothing done in a short time.
    for seconds in (3, 6, 12, 24, 48, 96):
        if not open_rows(database, contracts):
            break
        database.rows(
            "UPDATE ir_cron SET nextcall = now() - interval '1 hour',"
            " failure_count = 0, first_failure_date = NULL WHERE id ="
            " (SELECT res_id FROM ir_model_data WHERE model = 'ir.cron'"
            " AND module = 'crm_contract' AND name = 'ir_cron_bill')"
        )
        killed += serve_with_limit(
            database, seconds, lambda: open_rows(database, contracts)
        )
    check_billed_once(database, contracts, 90 * LINES)
    assert killed, "the limit was never reached: the test shows nothing"


def test_many_rows(make, database):
    """Peers bill rows twice beyond a thousand; each day bills its own rows once."""
    contracts = make(MANY_CONTRACTS, MANY_LINES, age=31 * (DAYS - 1))
    rows_a_day = MANY_CONTRACTS * MANY_LINES
    rows = [
        row_id
        for (row_id,) in database.rows(
            "SELECT id FROM crm_contract_installment WHERE contract_id = ANY(%s)"
            " AND date_due <= current_date",
            contracts,
        )
    ]
    assert len(rows) == rows_a_day * DAYS
    for day in range(1, DAYS + 1):
        database.rows(
            "UPDATE crm_contract_installment SET date_due = CASE WHEN id = ANY("
            "SELECT id FROM crm_contract_installment WHERE id = ANY(%s)"
            " AND NOT is_billed ORDER BY period_start, id LIMIT %s)"
            " THEN current_date ELSE date '2999-01-01' END"
            " WHERE id = ANY(%s) AND NOT is_billed",
            rows,
            rows_a_day,
            rows,
        )
        # A run of the scheduler goes on for some seconds, and is then called again.
        with processes(database, RUNS, BILL) as wait_until:
            for _run in range(RUNS):
                wait_until("done")
                if not open_rows(database, contracts):
                    break
        check_billed_once(database, contracts, day * rows_a_day)
