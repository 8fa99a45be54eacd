#!/usr/bin/env python3
"""Make the dump of a release and what is expected of an upgrade of it.

    ODOO_BIN=.run/odoo-bin ODOO_CONF=.run/odoo.conf tests/upgrade/make_dump.py 6482578

Checks the commit out, installs its add-ons into a copy of the bare template database
(which `make test` made), fills it with `seed_<commit>.py`, and writes into the folder
`<commit>`: `database.sql.xz`, `files.tar.xz` and `expected.json.xz`.
"""

import argparse
import contextlib
import lzma
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import store

HERE = Path(__file__).parent
ADDONS = ("crm_contract", "crm_contract_approval", "crm_contract_renewal")
# What the scheduler does on the days after the dump is expected of an upgrade as well.
LATER = (0, 10, 40)
# Of no use to an upgrade: where and how the dump was made, and files that are not kept.
CLEANING = """
DELETE FROM ir_config_parameter WHERE key = 'report.url';
UPDATE ir_config_parameter SET value = 'https://contracts.example.com'
    WHERE key = 'web.base.url';
UPDATE ir_config_parameter SET value = 'upgrade' WHERE key LIKE 'database.%'
    AND key <> 'database.create_date';
UPDATE res_users SET password = NULL;
UPDATE mail_message SET message_id = regexp_replace(message_id, '@[^@>]*>', '@example.com>');
DELETE FROM ir_attachment WHERE store_fname IS NOT NULL
    AND coalesce(res_model, '') NOT LIKE 'crm.contract%';
TRUNCATE bus_bus, ir_logging, res_users_log;
DELETE FROM ir_cron_trigger;
"""
SEED = "seed_{commit}.seed(env)"
EXPECT = """
with world.at(world.TODAY, 12):
    store.write_json({path!r}, {{"facts": facts.gather(env), "acts": acts.rehearse(env)}})
"""
JOBS = """
failures, later = acts.run_jobs(env.cr.dbname, [world.day(days) for days in {days}])
assert not failures, failures
store.write_json({path!r}, store.read_json({path!r}) | {{"later": later}})
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("commit", help="first characters of the release's commit")
    parser.add_argument(
        "--again", action="store_true", help="the dump stays; expect of it anew"
    )
    options = parser.parse_args()
    commit = options.commit
    folder = HERE / commit
    folder.mkdir(exist_ok=True)
    name = f"contract_dump_{commit}"
    with _checked_out(commit) as source:
        odoo = Odoo(name, source)
        if not options.again:
            _make(odoo, name, folder)
        store.restore(commit, name)
        path = str(folder / "expected.json.xz")
        odoo.run(EXPECT.format(path=path))
        odoo.run(JOBS.format(path=path, days=LATER))
        store.drop(name)
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:>9,}  {path.name}")  # noqa: T201


def _make(odoo, name, folder):
    store.drop(name)
    _copy_template(name)
    odoo.install()
    odoo.run(SEED.format(commit=folder.name), f"seed_{folder.name}")
    store.execute(name, CLEANING.encode())
    _dump(name, folder / "database.sql.xz")
    _pack(store.filestore(name), folder / "files.tar.xz", name)


@contextlib.contextmanager
def _checked_out(commit):
    with tempfile.TemporaryDirectory() as home:
        target = Path(home) / "release"
        git = ["git", "-C", str(HERE), "worktree"]
        subprocess.run([*git, "add", "-q", "--detach", str(target), commit], check=True)
        try:
            yield target
        finally:
            subprocess.run([*git, "remove", "--force", str(target)], check=True)


def _copy_template(name):
    """Bare: without demo data, with the add-ons that ours depend on."""
    found = subprocess.check_output(
        ["psql", "-qXAtd", "postgres", "-c",
         "SELECT datname FROM pg_database WHERE datname LIKE '%\\_tpl\\_bare\\_%'"],
        text=True,
    ).split()  # fmt: skip
    if not found:
        sys.exit("No bare template database: run make test ONLY=crm_contract once.")
    subprocess.run(["createdb", "-T", found[0], name], check=True)
    store.filestore(name).mkdir(parents=True, exist_ok=True)


class Odoo:
    """The Odoo at hand, with the add-ons of a release."""

    def __init__(self, name, source):
        self.options = ["-c", os.environ["ODOO_CONF"], f"--addons-path={source}"]
        self.options += ["-d", name, "--no-http", "--max-cron-threads=0"]

    def install(self):
        self._call(["-i", ",".join(ADDONS), "--stop-after-init"])

    def run(self, script, *modules):
        lines = ["import sys", f"sys.path.insert(0, {str(HERE)!r})"]
        names = ", ".join(("acts", "facts", "store", "world", *modules))
        self._call([], "\n".join([*lines, f"import {names}", script]))

    def _call(self, options, script=None):
        command = [os.environ["ODOO_BIN"], *(["shell"] if script else [])]
        answer = subprocess.run(
            [*command, *self.options, *options, "--log-level=warn"],
            input=script,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        # What fails in a job is in the log alone.
        if answer.returncode or " ERROR " in answer.stderr:
            sys.exit(answer.stderr)


def _dump(name, path):
    text = subprocess.check_output(
        ["pg_dump", "--no-owner", "--no-privileges", "--no-comments", name], text=True
    )
    # Not known to all versions of psql, and different each time
    text = re.sub(r"^\\(un)?restrict .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^--.*\n", "", text, flags=re.MULTILINE)
    path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


def _pack(folder, path, name):
    """Keep the files that the database names."""
    wanted = subprocess.check_output(
        ["psql", "-qXAtd", name, "-c",
         "SELECT DISTINCT store_fname FROM ir_attachment"
         " WHERE store_fname IS NOT NULL ORDER BY 1"],
        text=True,
    ).split()  # fmt: skip
    with (
        lzma.open(path, "wb", preset=9 | lzma.PRESET_EXTREME) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for file in wanted:
            archive.add(folder / file, file, filter=_without_origin)


def _without_origin(entry):
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    main()
