"""The chain of events and its public face, from outside: a server, browsers, Python."""

import hashlib
import io
import re
import subprocess
import sys
import zipfile

import pytest
import requests
from client import TIMEOUT, RpcError, refused, together

LIMIT = 60


def ask(admin, code):
    """What a visitor without a session hears of a code or a hash."""
    answer = requests.get(f"{admin.url}/contract/verify/{code}", timeout=TIMEOUT)
    found = re.findall(r'data-state="(\w+)"', answer.text)
    return (found or [None])[0], answer


def digest_of(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def fresh(database):
    """Visitors of before are forgotten: the tests share an address."""

    def forget():
        database.rows("DELETE FROM crm_contract_attempt")

    forget()
    return forget


def download(user, contract_id):
    answer = user.get(f"/contract/evidence/{contract_id}/archive")
    answer.raise_for_status()
    return answer.content


def run_verifier(folder, archive):
    """Run the script of the archive in a Python without any package."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        script = folder / "verify_contract.py"
        script.write_bytes(opened.read("verify_contract.py"))
    path = folder / "evidence.zip"
    path.write_bytes(archive)
    return subprocess.run(
        [sys.executable, "-I", "-S", script, path],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )


def test_outsiders(factory, admin, people, tmp_path, fresh):
    """A real print: its code, its file and its evidence, seen from outside."""
    contract_id = factory.submitted(people["own"])
    archive = download(people["reader"], contract_id)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        [name] = [name for name in opened.namelist() if name.endswith(".pdf")]
        pdf = opened.read(name)
    assert pdf.startswith(b"%PDF")
    content_hash = admin.read("crm.contract", contract_id, "content_hash")
    code = content_hash[:32]
    for asked in (code, content_hash, digest_of(pdf)):
        state, answer = ask(admin, asked)
        assert state == "matches"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    number = admin.read("crm.contract", contract_id, "number")
    assert number not in answer.text
    assert ask(admin, digest_of(pdf + b" "))[0] == "differs"
    assert ask(admin, "nonsense")[0] == "unreadable"

    run = run_verifier(tmp_path, archive)
    assert run.returncode == 0, run.stdout + run.stderr
    assert number in run.stdout

    people["own"].call("crm.contract", "action_withdraw", [contract_id])
    for asked in (code, digest_of(pdf)):
        assert ask(admin, asked)[0] == "differs"


def test_rate_of_guesses(admin, fresh):
    states = [ask(admin, f"{number:064x}")[0] for number in range(LIMIT + 2)]
    assert states == ["differs"] * LIMIT + ["later"] * 2
    # Refused ones are not counted on and on.
    fresh()
    assert ask(admin, "0" * 64)[0] == "differs"


def test_nobody_writes_events(factory, admin, people):
    contract_id = factory.submitted(people["own"])
    [event, *_others] = admin.search(
        "crm.contract.event", [("contract_id", "=", contract_id)]
    )
    values = {"contract_id": contract_id, "number": 99, "kind": "signed", "actor": "Me"}
    for user in (admin, people["manager"], people["own"], people["reader"]):
        with refused():
            user.create("crm.contract.event", values)
        with refused():
            user.call("crm.contract.event", "write", [event], {"actor": "Me"})
        with refused():
            user.call("crm.contract.event", "unlink", [event])
        with pytest.raises(RpcError):
            user.call("crm.contract.event", "_add", contract_id, "signed")
    with refused():
        people["portal"].call("crm.contract.event", "read", [event], ["content"])
    assert people["portal"].get(f"/contract/evidence/{contract_id}").status_code == 404
    assert people["reader"].get("/contract/evidence/999999").status_code == 404


def test_two_events_at_once(factory, admin, people, database, tmp_path):
    """Each gets a number and the one before; nobody is lost, nothing forks."""
    contract_id = factory.signed(people["own"])
    users = [people[name].again() for name in ("reader", "manager", "all", "own")]

    def verify(user):
        return lambda: user.call("crm.contract", "action_verify", [contract_id])

    def suspend():
        return (
            people["manager"]
            .again()
            .call("crm.contract", "action_suspend", [contract_id])
        )

    results = together(*(verify(user) for user in users), suspend)
    crashes = [
        result
        for result in results
        if isinstance(result, Exception) and "psycopg" in str(result)
    ]
    assert not crashes
    numbers = [
        number
        for (number,) in database.rows(
            "SELECT number FROM crm_contract_event WHERE contract_id = %s"
            " ORDER BY number",
            contract_id,
        )
    ]
    assert numbers == list(range(1, len(numbers) + 1))
    verified = database.value(
        "SELECT count(*) FROM crm_contract_event"
        " WHERE contract_id = %s AND kind = 'verified'",
        contract_id,
    )
    told = [result for result in results[:-1] if not isinstance(result, Exception)]
    assert verified == len(told)
    assert factory.state(contract_id) in ("running", "suspended")
    run = run_verifier(tmp_path, download(people["reader"], contract_id))
    assert run.returncode == 0, run.stdout


def test_deletion_of_drafts(factory, admin, people, database):
    """A draft that was never submitted has no events, and may go."""
    contract_id = factory.draft(people["own"])
    people["own"].call("crm.contract", "unlink", [contract_id])
    rows = database.rows(
        "SELECT id FROM crm_contract_event WHERE contract_id = %s", contract_id
    )
    assert not rows


def test_file_stays_in_the_browser(factory, admin, people, chromium, tmp_path, fresh):
    """A visitor chooses a file: its fingerprint goes to the server, nothing else."""
    contract_id = factory.submitted(people["own"])
    with zipfile.ZipFile(io.BytesIO(download(people["reader"], contract_id))) as opened:
        [name] = [name for name in opened.namelist() if name.endswith(".pdf")]
        pdf = opened.read(name)
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    sent = []
    page.on("request", lambda request: sent.append(request))
    for data, state in ((pdf, "matches"), (pdf + b" ", "differs")):
        path = tmp_path / "contract.pdf"
        path.write_bytes(data)
        page.goto(f"{admin.url}/contract/verify")
        page.locator("#contract_file").set_input_files(path)
        page.locator(f"[data-state={state}]").wait_for()
        assert digest_of(data) in page.url
    assert all(len(request.post_data_buffer or b"") < 1000 for request in sent)
    # Nothing is asked of others, who would learn the address.
    assert {request.url.split("/")[2] for request in sent} == {admin.url.split("/")[2]}
    page.screenshot(path=tmp_path / "verify.png", full_page=True)
    context.close()
