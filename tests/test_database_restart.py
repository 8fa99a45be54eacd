"""PostgreSQL dies in the middle of the billing run: a private server, so that only the
test's own work is lost.
"""

import contextlib
import getpass
import glob
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from client import Database
from jobs import CLEAN, make_in_shell, processes, run_in_peace
from test_billing_faults import BILL, LINES, check_billed_once, due_script, open_rows

CONTRACTS = 150


@pytest.fixture(scope="module")
def binaries():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    found += filter(None, [shutil.which("initdb")])
    if not found:
        pytest.skip("this machine has only PostgreSQL's client programs")
    return Path(found[-1]).parent


@pytest.fixture
def server(binaries, database, tmp_path, monkeypatch):
    """A PostgreSQL server of its own with a copy of the database; restarts on demand."""
    # A path short enough for a socket, and one that another user may enter.
    home = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    prefix = []
    if os.geteuid() == 0:
        shutil.chown(home, "postgres")
        prefix = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(program, *arguments):
        subprocess.run(
            [*prefix, str(binaries / program), "-D", f"{home}/data", *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=home,
        )

    run("initdb", "-U", getpass.getuser(), "-A", "trust", "-E", "UTF8")
    options = f"-c listen_addresses= -k {home} -p {port} -c fsync=off"
    log = ["-w", "-l", f"{home}/log", "-o", options]
    run("pg_ctl", "start", *log)
    try:
        _copy(database.name, home, port)
        configuration = tmp_path / "odoo.conf"
        text = Path(os.environ["ODOO_CONF"]).read_text()
        configuration.write_text(f"{text}\ndb_host = {home}\ndb_port = {port}\n")
        monkeypatch.setenv("ODOO_CONF", str(configuration))
        # These come before the configuration.
        monkeypatch.setenv("PGHOST", str(home))
        monkeypatch.setenv("PGPORT", str(port))
        yield lambda: run("pg_ctl", "restart", "-m", "immediate", *log)
    finally:
        run("pg_ctl", "stop", "-m", "immediate")
        shutil.rmtree(home, ignore_errors=True)


def _copy(name, home, port):
    there = ["-h", str(home), "-p", str(port)]
    subprocess.run(["createdb", *there, "-T", "template0", name], check=True)
    with subprocess.Popen(
        ["pg_dump", "--no-owner", name], stdout=subprocess.PIPE
    ) as dump:
        subprocess.run(
            ["psql", *there, "-q", "-d", name],
            stdin=dump.stdout,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    assert dump.returncode == 0


def test_restarted_in_the_middle(server, database):
    private = Database(database.name)
    private.rows(
        "UPDATE crm_contract_installment SET date_due = '2999-01-01'"
        " WHERE state IN ('planned', 'due')"
    )
    contracts = make_in_shell(private, due_script(CONTRACTS))
    with processes(private, 1, BILL) as wait_until:
        process = int(wait_until("at work"))
        time.sleep(0.8)
        private.close()
        server()
        # What is left of the worker can't commit anything: its server is gone.
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    with processes(private, CLEAN, BILL) as wait_until:
        run_in_peace(wait_until)
    private = Database(database.name)
    try:
        assert open_rows(private, contracts) == 0
        check_billed_once(private, contracts, CONTRACTS * LINES)
    finally:
        private.close()
