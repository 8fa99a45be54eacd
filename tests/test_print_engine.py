"""A PDF engine that never ends: its time ends it, and all that it started."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import requests
from client import Client
from conftest import PASSWORD

CONTRACT = "/report/pdf/crm_contract.report_contract"
PARAMETER = "crm_contract.print_timeout"
# Starts another program, and waits for it for ever.
ENGINE = """#!/bin/sh
case "$*" in *--version*) echo "wkhtmltopdf 0.12.6.1 (with patched qt)"; exit;; esac
sleep 1000 &
echo $$ $! > {note}.new && mv {note}.new {note}
wait
"""
# Loaded by the server before all else: it finds this engine first.
MODULE = """
import os
os.environ["PATH"] = {folder!r} + os.pathsep + os.environ["PATH"]
"""


def is_alive(pid):
    """Whether a process runs; one that nobody buried yet does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_until(is_so, seconds=60):
    for _turn in range(seconds * 10):
        if is_so():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def note(tmp_path):
    """Where the engine writes which processes it is."""
    return tmp_path / "note"


@pytest.fixture
def slow_server(database, tmp_path, note):
    """The address of a server of its own that prints with such an engine."""
    engine = tmp_path / "bin" / "wkhtmltopdf"
    module = tmp_path / "addons" / "slow_engine"
    for folder in (engine.parent, module):
        folder.mkdir(parents=True)
    engine.write_text(ENGINE.format(note=note))
    engine.chmod(0o755)
    (module / "__init__.py").write_text(MODULE.format(folder=str(engine.parent)))
    (module / "__manifest__.py").write_text("{'name': 'Slow engine'}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(os.environ["ODOO_BIN"], "server", "-c", os.environ["ODOO_CONF"]),
        *("-d", database.name, f"--http-port={port}", "--http-interface=127.0.0.1"),
        *("--max-cron-threads=0", "--workers=0", "--log-level=error"),
        f"--addons-path={module.parent},{addons_path()}",
        "--load=base,web,slow_engine",
    ]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            assert wait_until(lambda: answers(url)), "the server does not answer"
            yield url
        finally:
            for number in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, number)
                if wait_until(lambda: process.poll() is not None, 20):
                    break


def addons_path():
    lines = Path(os.environ["ODOO_CONF"]).read_text().splitlines()
    [path] = [line for line in lines if line.split("=")[0].strip() == "addons_path"]
    return path.partition("=")[2].strip()


def answers(url):
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{url}/web/health", timeout=60).status_code == 200
    return False


def test_an_engine_that_never_ends(admin, factory, people, slow_server, note):
    user = people["own"]
    contract_id = factory.draft(user)
    parameters = "ir.config_parameter"
    before = admin.call(parameters, "get_param", PARAMETER)
    admin.call(parameters, "set_param", PARAMETER, "2")
    try:
        there = Client(slow_server, user.database, user.login, PASSWORD)
        answer = there.get(f"{CONTRACT}/{contract_id}")
    finally:
        admin.call(parameters, "set_param", PARAMETER, before)
    assert "Printing took longer than 2 seconds and was stopped" in answer.text
    processes = note.read_text().split()
    assert len(processes) == 2
    try:
        assert wait_until(lambda: not any(map(is_alive, processes)), 20), processes
    finally:
        for pid in filter(is_alive, processes):
            os.kill(int(pid), signal.SIGKILL)
