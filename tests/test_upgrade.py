"""Databases of earlier releases, upgraded: nothing is lost, and everything goes on.

`upgrade/README.md` tells what the dumps hold and how they are made.
"""

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
days = [world.day(days) for days in (0, 10, 40)]
with world.at(world.TODAY, 12):
    found = {{"facts": facts.gather(env)}}
    found["words"] = {{
        str(contract.id): facts.print_words(env, contract)
        for contract in facts.contracts_of(env)
        if str(contract.id) in {frozen!r}
    }}
    found["acts"] = acts.rehearse(env)
env.cr.rollback()
found["failures"], found["later"] = acts.run_jobs(env.cr.dbname, days)
with acts.on(env.cr.dbname, days[-1]) as env:
    found["verified later"] = {{
        str(contract.id): facts.verify(env, contract)
        for contract in facts.contracts_of(env)
        if contract.content_hash
    }}
store.write_json({path!r}, found)
"""
RECORD = re.compile(r"^\d{4}-\d\d-\d\d \S+ \d+ (WARNING|ERROR|CRITICAL) .*", re.MULTILINE)


class Upgraded:
    """A dump that was upgraded by the present add-ons, and what was found in it."""

    def __init__(self, release, home):
        self.dump, self.installed = RELEASES[release]
        prefix = os.environ.get("CONTRACT_DB", "contract_test_web")
        self.name = f"{prefix}_upgrade_{release.replace('-', '_')}"
        self.expected = store.read_json(HERE / self.dump / "expected.json.xz")
        self.path = home / "found.json.xz"
        self.found = {}
        self.log = ""

    def upgrade(self):
        """Upgrade as an administrator does, add-ons that are new afterwards."""
        store.restore(self.dump, self.name)
        new = [name for name in SATELLITES if name not in self.installed]
        if new:
            store.execute(
                self.name,
                b"UPDATE ir_module_module SET state = 'uninstalled', latest_version = NULL"
                b" WHERE name LIKE 'crm_contract_%'",
            )
        self._call_odoo("-u", ",".join(self.installed))
        if new:
            self._call_odoo("-i", ",".join(new))

    def check(self):
        """Look at everything, in one more process."""
        frozen = list(self.expected["facts"]["words"])
        self._run(CHECK.format(frozen=frozen, path=str(self.path)), "-d", self.name)
        self.found = store.read_json(self.path)

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
        assert not answer.returncode, answer.stderr[-5000:]


@pytest.fixture(scope="module", params=RELEASES)
def upgraded(request, tmp_path_factory):
    """One upgrade serves all tests of a release; they only read what was found."""
    release = Upgraded(request.param, tmp_path_factory.mktemp("upgrade"))
    release.upgrade()
    release.check()
    yield release
    store.drop(release.name)


def check(problems):
    """Fail with the first problems."""
    problems = [str(problem) for problem in problems]
    if problems:
        more = [f"… {len(problems)} in all"] if len(problems) > 30 else []
        pytest.fail("\n".join([*problems[:30], *more]), pytrace=False)


def test_log_is_clean(upgraded):
    check(
        record[0]
        for record in RECORD.finditer(upgraded.log)
        if record[1] != "WARNING" or "contract" in record[0]
    )


def test_nothing_is_lost(upgraded):
    """Each row is there with all that it said; titles tell the contracts apart."""
    expected, found = upgraded.expected["facts"], upgraded.found["facts"]
    check(
        f"{model} {key} {name}: {row.get(name)!r} became {now.get(name)!r}"
        for model, rows in expected["rows"].items()
        for key, row in rows.items()
        for now in [found["rows"].get(model, {}).get(key, {})]
        for name in expected["fields"][model]
        if row.get(name) != now.get(name)
    )


def test_nothing_is_made_up(upgraded):
    expected, found = upgraded.expected["facts"]["rows"], upgraded.found["facts"]["rows"]
    check(
        f"{model}: {sorted(found[model].keys() - rows.keys())}"
        for model, rows in expected.items()
        if found[model].keys() - rows.keys()
    )


def test_files_are_kept(upgraded):
    expected, found = (
        facts["documents"] for facts in (upgraded.expected["facts"], upgraded.found["facts"])
    )
    check(
        f"document {key}: {row} became {found.get(key)}"
        for key, row in expected.items()
        if found.get(key) != row
    )


def test_history_is_kept(upgraded):
    expected, found = upgraded.expected["facts"], upgraded.found["facts"]
    check(
        f"contract {key}: {rows} became {found['activities'].get(key)}"
        for key, rows in expected["activities"].items()
        if found["activities"].get(key) != rows
    )
    check(
        f"contract {key}: {count} messages became {found['messages'].get(key)}"
        for key, count in expected["messages"].items()
        if found["messages"].get(key, 0) < count
    )


@pytest.mark.parametrize("when", ["at once", "later"])
def test_verify(upgraded, when):
    """What was proven stays proven, also when jobs went on with it; nothing else is."""
    found = upgraded.found["facts"]["verified"]
    if when == "later":
        found = upgraded.found["verified later"]
    titles = upgraded.expected["facts"]["rows"]["crm.contract"]
    check(
        f"{titles[key]['name']} ({key}): {answer} became {found.get(key)}"
        for key, answer in upgraded.expected["facts"]["verified"].items()
        if (answer == "success") != (found.get(key) == "success")
    )


def test_what_is_frozen_is_printed(upgraded):
    """The stored file byte for byte."""
    expected, found = (
        facts["printed"] for facts in (upgraded.expected["facts"], upgraded.found["facts"])
    )
    check(key for key, digest in expected.items() if found.get(key) != digest)


def test_text_says_what_it_said(upgraded):
    """Resolved placeholders stay, whatever became of what they named."""
    check(
        f"contract {key} doesn't say any more: {text[:200]}"
        for key, texts in upgraded.expected["facts"]["words"].items()
        for text in texts
        if text not in upgraded.found["words"].get(key, "")
    )


@pytest.mark.parametrize(
    "act", ["submit", "sign", "approve", "recall", "suspend", "invoice", "amend"]
)
def test_people_go_on(upgraded, act):
    """What could be done before the upgrade can be done after it, and comes out alike."""
    titles = upgraded.expected["facts"]["rows"]["crm.contract"]
    verified = upgraded.expected["facts"]["verified"]
    found = upgraded.found["acts"][act]
    check(
        f"{titles[key]['name']} ({key}): {result} became {found.get(key)}"
        for key, result in upgraded.expected["acts"][act].items()
        # Whatever was tampered with may be refused.
        if verified.get(key, "success") == "success"
        or not found.get(key, "").startswith("refused")
        if found.get(key, "").partition(":")[0] != result.partition(":")[0]
    )


def test_amendments_of_all(upgraded):
    """Also of contracts that are older than amendments."""
    verified = upgraded.expected["facts"]["verified"]
    acts = upgraded.found["acts"]["amend"]
    assert acts
    if not upgraded.expected["acts"]["amend"]:
        check(
            f"{key}: {result}"
            for key, result in acts.items()
            if result != "to_sign" and verified[key] == "success"
        )


def test_jobs_go_on(upgraded):
    """On the day itself, and when amendments, renewals and terminations take effect."""
    check(upgraded.found["failures"])
    found, titles = (
        upgraded.found["later"],
        upgraded.expected["facts"]["rows"]["crm.contract"],
    )
    check(
        f"{titles.get(key, {}).get('name')} ({key}): {row} became {found.get(key)}"
        for key, row in upgraded.expected["later"].items()
        if found.get(key) != row
    )
