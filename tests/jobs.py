"""Scheduled jobs in processes of their own, that can be killed at any moment."""

import contextlib
import os
import random
import signal
import subprocess
import time

import pytest

# The scheduler takes three deaths without progress for a failure and waits a turn.
CLEAN = 3
# Every so many kills wait until the job has done something: on a slow machine it has
# hardly begun at a moment chosen beforehand.
AT_WORK = 4
PAUSE = 0.01
# Processes of the job, one after the other, each a child of one that knows the
# models already; the lines printed tell which process is at work.
SCRIPT = """
import os
from odoo import SUPERUSER_ID, api, sql_db
registry = env.registry
env.cr.rollback()
sql_db.close_all()
for _number in range({count}):
    pid = os.fork()
    if not pid:
        print("at work:", os.getpid(), flush=True)
        with registry.cursor() as cr:
            # What a worker of the scheduler does
            cron = api.Environment(cr, SUPERUSER_ID, {{}}).ref("{cron}")
            job = cron._acquire_one_job(cr, cron.id, include_not_ready=True)
            if job:
                cron._process_job(cr, job)
        print("done", flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
"""


@contextlib.contextmanager
def processes(database, count, cron):
    """Yield a function that waits for the next line that the processes print."""
    running = subprocess.Popen(
        shell_command(database),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        running.stdin.write(SCRIPT.format(count=count, cron=cron))
        running.stdin.close()
        yield lambda word: wait_for(running, word)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        running.stdout.close()


def wait_for(running, word):
    for line in running.stdout:
        if word in line:
            return line.split()[-1]
    pytest.fail(f"the process ended before it said {word}")


def shell_command(database):
    """The command of an Odoo shell that reads its script from its input."""
    command = [os.environ["ODOO_BIN"], "shell", "-c", os.environ["ODOO_CONF"]]
    return [*command, "-d", database.name, "--no-http", "--log-level=error"]


def make_in_shell(database, script):
    """Run a script in an Odoo shell; return the ids that it prints after “made”."""
    answer = subprocess.run(
        shell_command(database),
        input=script,
        capture_output=True,
        text=True,
        check=True,
    )
    [made] = [line for line in answer.stdout.splitlines() if line.startswith("made ")]
    return [int(number) for number in made.split()[1].split(",")]


@contextlib.contextmanager
def making(database):
    """Yield a function that runs a script and returns the ids of the contracts it made.

    They end with the test, and nothing is left to do for them: the daily job would go
    on filling their ledgers, and reminders of what is over would have to be removed.
    """
    made = []

    def make(script):
        contracts = make_in_shell(database, script)
        made.extend(contracts)
        return contracts

    yield make
    database.rows(
        "UPDATE crm_contract SET state = 'ended', date_ended = current_date"
        " WHERE id = ANY(%s)",
        made,
    )
    database.rows(
        "DELETE FROM mail_activity WHERE res_model = 'crm.contract'"
        " AND res_id = ANY(%s)",
        made,
    )


def kill_at_random(database, cron, kills, seconds, left):
    """Kill a job at random moments, then let it run in peace.

    :param seconds: earliest and latest moment of death after the job's start
    :param left: function that returns how much is left to do
    :return: number of kills that hit the job at work
    """
    killed_at_work = 0
    with processes(database, kills + CLEAN, cron) as wait_until:
        for number in range(kills):
            before = left()
            process = int(wait_until("at work"))
            if before and not number % AT_WORK:
                wait_for_progress(process, lambda before=before: left() < before)
            else:
                # The moment of death is the point: any wait would choose it.
                time.sleep(random.uniform(*seconds))
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            killed_at_work += 0 < left() < before
        run_in_peace(wait_until)
    return killed_at_work


def wait_for_progress(process, has_progress):
    """Wait until a process has committed something, or has ended."""
    while not has_progress():
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(PAUSE)


def run_in_peace(wait_until):
    for _run in range(CLEAN):
        wait_until("at work")
        wait_until("done")
