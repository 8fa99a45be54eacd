"""Databases of earlier releases, upgraded: nothing is lost, and everything goes on.

`upgrade/README.md` tells what the dumps hold and how they are made.
"""

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "upgrade"
sys.path.append(str(HERE))
import store  # noqa: E402

BASE = "crm_contract"
SATELLITES = ("crm_contract_approval", "crm_contract_renewal")
# {name: (dump, add-ons that were installed)}
RELEASES = {
    "46e7dd7": ("46e7dd7", (BASE, *SATELLITES)),
    # The satellites had no content yet: who did not install them comes by another way.
    "46e7dd7-base": ("46e7dd7", (BASE,)),
    "6482578": ("6482578", (BASE, *SATELLITES)),
}
# What is not told any more because it follows from the rest: {model: names}
GONE = {"crm.contract": {"is_overdue"}}
# An amendment may take effect before one that is signed already.
IN_ANY_ORDER = "that builds on it can't be in effect before"
UPGRADE = """
import sys
import odoo.cli
import world
sys.argv = {command!r}
with world.at(world.TODAY, 12):
    odoo.cli.main()
"""
CHECK = """
import acts, facts, store, world
expected = store.read_json({expected!r})
days = [world.day(days) for days in (0, 10, 40)]
with world.at(world.TODAY, 12):
    found = {{"facts": facts.gather(env, expected["facts"]), "acts": acts.rehearse(env)}}
    found["unreadable"] = facts.read_all(env)
    types = env["crm.contract.type"].with_context(active_test=False).search([])
    found["grace"] = {{kind.code: kind.grace_days for kind in types}}
    found["new grace"] = types.new({{}}).grace_days
env.cr.rollback()
found["failures"], found["later"] = acts.run_jobs(env.cr.dbname, days)
with acts.on(env.cr.dbname, days[-1]) as later:
    found["verified later"] = {{
        str(contract.id): facts.verify(contract)
        for contract in facts.contracts_of(later)
        if contract.content_hash
    }}
    found["unreadable"] += facts.read_all(later)
store.write_json({found!r}, found)
"""
RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \S+ \d+ (WARNING|ERROR|CRITICAL) .*", re.MULTILINE
)


class Upgrade:
    """An upgrade of a dump by the present add-ons."""

    def __init__(self, release):
        self.dump, self.installed = RELEASES[release]
        self.expected = HERE / self.dump / "expected.json.xz"
        prefix = os.environ.get("CONTRACT_DB", "contract_test_web")
        self.name = f"{prefix}_upgrade_{release.replace('-', '_')}"
        self.log = ""

    def run(self, path):
        """Upgrade, look at everything, and write what was found into a file."""
        script = CHECK.format(expected=str(self.expected), found=str(path))
        try:
            store.restore(self.dump, self.name)
            self._upgrade()
            self._run(script, "-d", self.name)
        finally:
            store.drop(self.name)
        store.write_json(path, {**store.read_json(path), "log": self.log})

    def _upgrade(self):
        """As an administrator does, with add-ons that are new afterwards."""
        new = [name for name in SATELLITES if name not in self.installed]
        if new:
            store.execute(
                self.name,
                b"UPDATE ir_module_module SET state = 'uninstalled', latest_version = NULL"
                b" WHERE name LIKE 'crm_contract\\_%'",
            )
        self._call_odoo("-u", ",".join(self.installed))
        if new:
            self._call_odoo("-i", ",".join(new))

    def _call_odoo(self, *options):
        command = ["odoo", "server", "-c", os.environ["ODOO_CONF"], "-d", self.name]
        command += [*options, "--stop-after-init", "--no-http", "--max-cron-threads=0"]
        self._run(UPGRADE.format(command=command))

    def _run(self, script, *options):
        """Run a script in an Odoo shell; the clock can be set in no other program."""
        path = f"import sys\nsys.path.insert(0, {str(HERE)!r})\n"
        answer = subprocess.run(
            [os.environ["ODOO_BIN"], "shell", "-c", os.environ["ODOO_CONF"],
             *options, "--no-http"],
            input=path + script,
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        self.log += answer.stderr
        if answer.returncode:
            last = "\n".join(answer.stderr.splitlines()[-12:])
            pytest.fail(f"Odoo ended with {answer.returncode}:\n{last}", pytrace=False)


@pytest.fixture(scope="module", params=RELEASES)
def release(request):
    return request.param


@pytest.fixture(scope="module")
def expected(release):
    """What the old release said and did (dict)."""
    return store.read_json(Upgrade(release).expected)


@pytest.fixture(scope="module")
def found(release, tmp_path_factory):
    """What is there after the upgrade (dict): one upgrade serves all tests of a release.

    Of several processes that share the tests, the first one makes it.
    """
    home = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        home = home.parent
    path = home / f"upgrade_{release}.json.xz"
    with open(f"{path}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            made = path.with_suffix(".part")
            Upgrade(release).run(made)
            made.rename(path)
    return store.read_json(path)


@pytest.fixture
def title(expected):
    """A function that tells a contract by its id (str)."""
    rows = expected["facts"]["rows"]["crm.contract"]
    return lambda key: f"{rows[key]['name']} ({key})"


def as_now(row):
    """Return what the present release says of a contract of an earlier one (dict).

    An amendment has no performance that could end: it is in force, or superseded. What
    people ended keeps the day that they had agreed on.
    """
    if row.get("end_reason") in ("completed", "terminated"):
        row = {**row, "date_termination": row.get("date_ended")}
    if row.get("kind") == "amendment" and row["state"] == "ended":
        state = "in_force" if row["end_reason"] == "incorporated" else "superseded"
        row = {**row, "state": state, "end_reason": False, "date_ended": False}
    return {key: row[key] for key in row if row[key]}


def check(problems):
    """Fail with the first problems."""
    problems = [str(problem) for problem in problems]
    if problems:
        more = [f"… {len(problems)} in all"] if len(problems) > 30 else []
        pytest.fail("\n".join([*problems[:30], *more]), pytrace=False)


def test_log_is_clean(found):
    check(
        record[0]
        for record in RECORD.finditer(found["log"])
        if record[1] != "WARNING" or "contract" in record[0]
    )


def test_nothing_is_lost(expected, found):
    """Each row is there with all that it said."""
    facts = expected["facts"]
    check(
        f"{model} {key} {name}: {row.get(name)!r} became {now.get(name)!r}"
        for model, rows in facts["rows"].items()
        for key, old in rows.items()
        for row, now in [
            (as_now(old), found["facts"]["rows"].get(model, {}).get(key, {}))
        ]
        for name in facts["fields"][model]
        if row.get(name) != now.get(name) and name not in GONE.get(model, ())
    )


def test_nothing_is_made_up(expected, found):
    rows_now = found["facts"]["rows"]
    check(
        f"{model}: {more}"
        for model, rows in expected["facts"]["rows"].items()
        if (more := sorted(rows_now.get(model, {}).keys() - rows.keys()))
    )


@pytest.mark.parametrize(
    "what",
    [
        "modules", "submitted", "documents", "printed", "words", "days", "certificates",
        "activities",
    ],
)  # fmt: skip
def test_kept_as_it_was(expected, found, what):
    """Files byte for byte, also when printed; hashes; resolved texts; who is to do what.

    Resolved placeholders stay, whatever became of what they named; the text of a day is
    the one that was in force on it.
    """
    check(
        f"{what} {key}: {row} became {found['facts'][what].get(key)}"
        for key, row in expected["facts"][what].items()
        if found["facts"][what].get(key) != row
        # Decisions that were undone or recalled are on certificates as well now.
        and not (what == "certificates" and set(row) <= set(found["facts"][what][key]))
        and not (what == "printed" and _is_signed_file(found["facts"], key))
    )


def _is_signed_file(facts, contract):
    """Whether a contract is printed as its signed file, now that it prints that."""
    return any(
        (row["kind"], str(row["contract_id"])) == ("signed", contract)
        and row["file"] == facts["printed"][contract]
        for row in facts["documents"].values()
    )


def test_all_can_be_read(found):
    """Every field of every record has its value, at once and after the jobs."""
    check(found["unreadable"])


def test_messages_are_kept(expected, found, title):
    messages = found["facts"]["messages"]
    check(
        f"{title(key)}: {count} messages became {messages.get(key)}"
        for key, count in expected["facts"]["messages"].items()
        if messages.get(key, 0) < count
    )


def test_verify(expected, found, title):
    """What was proven stays proven, and what was tampered with is still told.

    Also when jobs have gone on with it: an amendment that takes effect is no fault.
    """
    check(
        f"{title(key)}: {answer} became {now.get(key)} {when}"
        for when, now in (
            ("at once", found["facts"]["verified"]),
            ("later", found["verified later"]),
        )
        for key, answer in expected["facts"]["verified"].items()
        if (answer == "success") != (now.get(key) == "success")
    )


@pytest.mark.parametrize(
    "act", [
        "submit", "sign", "withdraw", "cancel", "approve", "approve own", "reject",
        "recall", "suspend", "invoice", "amend", "renew",
    ],
)  # fmt: skip
def test_people_go_on(expected, found, title, act):
    """What could be done before the upgrade can be done after it, and comes out alike."""
    verified, now = expected["facts"]["verified"], found["acts"][act]
    check(
        f"{title(key)}: {result} became {now.get(key)}"
        for key, result in expected["acts"][act].items()
        if now.get(key, "").partition(":")[0] != result.partition(":")[0]
        # What was tampered with may be refused.
        and not (
            verified.get(key, "success") != "success"
            and now.get(key, "").startswith("refused")
        )
        and not (act == "amend" and IN_ANY_ORDER in result)
    )


def test_contracts_end_when_they_would_have(release, found):
    """No days of grace come over types that had none; see also `test_jobs_go_on`."""
    assert found["new grace"] == 30
    assert found["grace"]
    if SATELLITES[1] in RELEASES[release][1]:
        assert set(found["grace"].values()) == {0}


def test_old_contracts_can_be_amended(expected, found, title):
    """Also those that are older than amendments."""
    assert found["acts"]["amend"]
    if not expected["acts"]["amend"]:
        check(
            f"{title(key)}: {result}"
            for key, result in found["acts"]["amend"].items()
            if result != "to_sign" and expected["facts"]["verified"][key] == "success"
        )


def test_jobs_go_on(expected, found, title):
    """On the day itself, and when amendments, renewals and terminations take effect."""
    check(found["failures"])
    check(
        f"contract {key}: {row} became {found['later'].get(key)}"
        for key, old in expected["later"].items()
        for row, now in [(as_now(old), as_now(found["later"].get(key, {})))]
        if row != now
    )
