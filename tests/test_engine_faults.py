"""PDF engine, disk and time-stamp server fail: people are told, nothing is half-done."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time
import uuid
from pathlib import Path

import pytest
import requests
from client import Client
from conftest import PASSWORD, Factory
from portal import Signing, Visitor, make_customer, read_consent

CONTRACT = "/report/pdf/crm_contract.report_contract"
PARAMETER = "crm_contract.print_timeout"
# Prints as long as nobody wants it to be dead, or to hang.
ENGINE = """#!/bin/sh
case "$*" in *--version*) echo "wkhtmltopdf 0.12.6.1 (with patched qt)"; exit;; esac
case "$(cat {mode})" in
dead) exit 127;;
hang)
    # Starts another program, and waits for it for ever.
    sleep 1000 &
    echo $$ $! > {note}.new && mv {note}.new {note}
    wait;;
esac
PATH="${{PATH#{folder}:}}" exec wkhtmltopdf "$@"
"""
# Loaded by the server before all else: its engine, and a disk that may be full.
MODULE = """
import errno, os
os.environ["PATH"] = {folder!r} + os.pathsep + os.environ["PATH"]
from odoo.addons.base.models.ir_attachment import IrAttachment
write = IrAttachment._file_write

def write_file(self, *args):
    with open({mode!r}) as mode:
        if mode.read() == "full":
            raise OSError(errno.ENOSPC, "No space left on device")
    return write(self, *args)

IrAttachment._file_write = write_file
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


@pytest.fixture(scope="module")
def mode(tmp_path_factory):
    """What fails now: a file that says it."""
    path = tmp_path_factory.mktemp("mode") / "mode"
    path.write_text("fine")
    return path


@pytest.fixture(scope="module")
def note(mode):
    """Where an engine that hangs writes which processes it is."""
    return mode.with_name("note")


@pytest.fixture(scope="module")
def stamps():
    """A time-stamp server that takes what it is sent, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked = []

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    asked.append(server.accept())

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """The variables of a server that has a key to seal with."""
    path = str(tmp_path_factory.mktemp("seal") / "seal.p12")
    command = [os.environ["ODOO_BIN"], f"--addons-path={addons_path()}"]
    command += ["contract_seal", "make", path, "--name=Hafen GmbH"]
    secret = {"CONTRACT_SEAL_PASSWORD": "Black-box-2026"}
    subprocess.run(command, check=True, env={**os.environ, **secret})
    return {"CONTRACT_SEAL_FILE": path, **secret}


@pytest.fixture(scope="module")
def server(database, tmp_path_factory, mode, note, stamps, key):
    """The address of a server of its own, whose engine, disk and stamps fail."""
    folder = tmp_path_factory.mktemp("faults")
    engine, module = folder / "bin" / "wkhtmltopdf", folder / "addons" / "faults"
    for path in (engine.parent, module):
        path.mkdir(parents=True)
    engine.write_text(ENGINE.format(mode=mode, note=note, folder=engine.parent))
    engine.chmod(0o755)
    text = MODULE.format(folder=str(engine.parent), mode=str(mode))
    (module / "__init__.py").write_text(text)
    (module / "__manifest__.py").write_text("{'name': 'Faults'}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(os.environ["ODOO_BIN"], "server", "-c", os.environ["ODOO_CONF"]),
        *("-d", database.name, f"--http-port={port}", "--http-interface=127.0.0.1"),
        *("--max-cron-threads=0", "--workers=0", "--log-level=critical"),
        f"--addons-path={module.parent},{addons_path()}",
        "--load=base,web,faults",
    ]
    environment = {**os.environ, **key, "CONTRACT_SEAL_TIMESTAMP_URL": stamps[0]}
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, start_new_session=True, env=environment) as process:
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


@pytest.fixture(scope="module")
def signers(admin):
    """A customer with people who sign."""
    mark = uuid.uuid4().hex[:8]
    return make_customer(admin, f"Nordwind {mark}", ["Anna Albers", "Berta Behn"])


@pytest.fixture
def asked(admin, database, company, signers, people):
    """A request of a salesperson: the customer first, then somebody of ours by link."""
    contract_id = Factory(admin, company, signers).submitted(people["own"])
    rows = [
        {"side": "customer", "partner_id": signers["people"][0], "sequence": 10},
        {"side": "company", "name": "Frieda", "email": "frieda@supplier.example",
         "sequence": 20},
    ]  # fmt: skip
    signing = Signing(admin, database, contract_id, rows)
    signing.admin.call(
        "crm.contract.signature.request",
        "write",
        [signing.request_id],
        {"user_id": people["own"].uid},
    )
    return signing


@pytest.fixture
def short(admin):
    """Two seconds are what the engine may take."""
    parameters = "ir.config_parameter"
    before = admin.call(parameters, "get_param", PARAMETER)
    admin.call(parameters, "set_param", PARAMETER, "2")
    yield
    admin.call(parameters, "set_param", PARAMETER, before)


def test_an_engine_that_never_ends(factory, people, server, mode, note, short):
    """Its time ends it, and all that it started."""
    user = people["own"]
    contract_id = factory.draft(user)
    mode.write_text("hang")
    try:
        there = Client(server, user.database, user.login, PASSWORD)
        answer = there.get(f"{CONTRACT}/{contract_id}")
    finally:
        mode.write_text("fine")
    assert "Printing took longer than 2 seconds and was stopped" in answer.text
    processes = note.read_text().split()
    assert len(processes) == 2
    try:
        assert wait_until(lambda: not any(map(is_alive, processes)), 20), processes
    finally:
        for pid in filter(is_alive, processes):
            os.kill(int(pid), signal.SIGKILL)


def sign(visitor, asked, position):
    path = asked.path(position)
    consent = read_consent(visitor.get(path).text)
    return visitor.act(path, "sign", asked.prepare(position, consent=consent))


def count(database, table, contract_id, condition):
    return database.value(
        f"SELECT count(*) FROM {table} WHERE contract_id = %s AND {condition}",
        contract_id,
    )


def read_while_the_engine_is_dead(visitor, asked, server, own):
    """Page, files and prints need no engine: what is stored is shown."""
    page = visitor.get(asked.path(0))
    assert page.status_code == 200
    [path] = set(re.findall(r"(/contract/sign/[^\"?]+/file/\d+)", page.text))
    assert visitor.get(path).content.startswith(b"%PDF-")
    there = Client(server, own.database, own.login, PASSWORD)
    answer = there.get(f"{CONTRACT}/{asked.contract_id}")
    assert answer.content.startswith(b"%PDF-")


def test_signing_while_something_fails(
    admin, people, database, asked, server, mode, stamps, verify, short
):
    """Dead and hanging engine, full disk: refused as a whole, told, and repeated."""
    visitor, contract_id = Visitor(server), asked.contract_id
    mode.write_text("dead")
    read_while_the_engine_is_dead(visitor, asked, server, people["own"])
    assert sign(visitor, asked, 0) == {"done": True}
    told = {}
    try:
        for fault in ("dead", "hang", "full"):
            mode.write_text(fault)
            told[fault] = sign(visitor, asked, 1)["error"]
            assert "Nothing was signed" in told[fault]
            assert asked.state(1) in ("invited", "opened")
            assert admin.read("crm.contract", contract_id, "state") == "to_sign"
            assert not count(
                database, "crm_contract_document", contract_id, "kind = 'signed'"
            )
            signed = count(
                database, "crm_contract_event", contract_id, "kind = 'signed'"
            )
            assert signed == 1
    finally:
        mode.write_text("fine")
    assert "2 seconds" in told["hang"]
    assert "disk" in told["full"]
    assert len(set(told.values())) == 3, told
    # Nobody learns more of the server than what is to be done.
    assert not re.search(r"/tmp|Traceback|Errno|wkhtml", " ".join(told.values())), told
    # Who asked is told of each reason, once.
    activities = people["own"].call(
        "mail.activity",
        "search_read",
        [("res_model", "=", "crm.contract"), ("res_id", "=", contract_id),
         ("summary", "ilike", "could not be completed")],
        ["user_id"],
    )  # fmt: skip
    assert [row["user_id"][0] for row in activities] == [people["own"].uid] * 3

    # The time-stamp server hangs: it costs a level, never the signature.
    del stamps[1][:]
    assert sign(visitor, asked, 1) == {"done": True}
    assert stamps[1], "nobody asked it"
    assert admin.read("crm.contract", contract_id, "state") == "running"
    row = database.rows(
        "SELECT s.level, s.is_waiting FROM crm_contract_document_seal s"
        " JOIN crm_contract_document d ON d.id = s.document_id"
        " WHERE d.contract_id = %s",
        contract_id,
    )
    assert row == [("b", True)]
    sound, message = verify(contract_id)
    assert sound, message
