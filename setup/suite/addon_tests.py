"""The add-ons' own tests: processes that share the test classes of an installation.

Each process works on a copy of a database of its own, and takes the next class when it
is through with one. What is installed is installed once.
"""

import collections
import contextlib
import dataclasses
import json
import subprocess
import threading

from . import console, databases, odoo, postgres, results, server, settings

WORKER = settings.SETUP / "odoo_worker.py"
# Each test class makes a company, and Odoo then reads the charts of accounts of all
# countries that could be installed.
HIDE_COUNTRIES = """
    UPDATE ir_module_module SET state = 'uninstallable'
    WHERE state = 'uninstalled' AND name LIKE 'l10n\\_%'
"""


@dataclasses.dataclass
class Installation:
    """Add-ons that are installed together, and their tests to run.

    :param purpose: what the databases and logs are named after
    :param targets: add-ons, test files or classes, as Odoo's --test-tags takes them
        after a slash
    """

    title: str
    purpose: str
    addons: list
    targets: list
    found: dict = None
    waiting: collections.deque = None
    answers: list = dataclasses.field(default_factory=list)
    logs: list = dataclasses.field(default_factory=list)
    problems: list = dataclasses.field(default_factory=list)
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    @property
    def database(self):
        return databases.name_of(f"test_{self.purpose}")

    def take(self, found):
        """The next class to run, or None when each was given to somebody.

        The classes with most tests come first, so that all processes end together.
        """
        with self.lock:
            if self.found is None:
                self.found = found
                order = sorted(found, key=lambda name: -len(found[name]))
                self.waiting = collections.deque(order)
            if found != self.found:
                self.problems.append("the processes found different tests")
            return self.waiting.popleft() if self.waiting else None

    def status(self):
        ran = sum(answer[0] == "test" for answer in self.answers)
        total = sum(map(len, (self.found or {}).values()))
        return f"{ran} of {total} tests" if total else "no test yet"


def plan(targets, everything):
    """The installations whose tests `make test` runs.

    :param targets: what the user named, as `Installation.targets`
    :param everything: whether all add-ons are to be tested
    """
    if everything:
        targets = settings.ADDONS
    if not targets:
        return
    addons = [
        name for each in targets for name in settings.addon_closure(_addon_of(each))
    ]
    yield Installation("add-ons", "unit", list(dict.fromkeys(addons)), list(targets))
    if everything:
        rest = [name for name in settings.ADDONS if name != settings.APPROVAL]
        yield Installation(
            "add-ons without approval",
            "alone",
            rest,
            list(settings.WITHOUT_APPROVAL),
        )


def run(installed, installation, lanes):
    """Run the tests with so many processes; return their Outcome."""
    files = set().union(*map(files_of, installation.targets))
    # A class is the least that a process takes.
    lanes = lanes if files else min(lanes, len(installation.targets))
    template = databases.ensure_template(installed, demo=False)
    with console.step(f"database of {installation.title}"):
        databases.copy(template, installation.database)
        databases.install(
            installed,
            installation.database,
            installation.addons,
            log=settings.LOGS / f"test-{installation.purpose}-install.log",
        )
        postgres.query(HIDE_COUNTRIES, installation.database)
    numbers = range(1, lanes + 1)
    with console.step(installation.title, installation.status, console.LONG_HEARTBEAT):
        console.side_by_side(
            *[
                lambda number=number: _work(installed, installation, number)
                for number in numbers
            ]
        )
    outcome = _judge(installation, files)
    if not outcome.failures:
        for number in numbers:
            databases.drop(f"{installation.database}_{number}")
        databases.drop(installation.database)
    return outcome


def _judge(installation, files):
    output = "".join(log.read_text(errors="replace") for log in installation.logs)
    outcome = results.of_odoo(
        installation.title,
        installation.found or {},
        installation.answers,
        output,
        files,
    )
    outcome.problems += installation.problems
    outcome.logs += installation.logs
    return outcome


def _work(installed, installation, number):
    """A process that runs classes until none is left."""
    if installation.found is not None and not installation.waiting:
        return
    name = f"{installation.database}_{number}"
    databases.copy(installation.database, name)
    port = server.free_port()
    databases.set_address(name, server.url_of(port))
    log = settings.LOGS / f"test-{installation.purpose}-{number}.log"
    installation.logs.append(log)
    command = [
        installed.python,
        WORKER,
        ",".join(dict.fromkeys(map(_addon_of, installation.targets))),
        "-c",
        odoo.CONFIG,
        "-d",
        name,
        "--test-tags",
        ",".join(f"/{target}" for target in installation.targets),
        f"--http-port={port}",
        "--max-cron-threads=0",
        f"--screenshots={settings.LOGS / 'screenshots'}",
    ]
    with (
        open(log, "wb") as file,
        console.running(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            env=installed.environment_of_python(),
        ) as process,
    ):
        # A process that is gone, in the middle of a word maybe, has a code that tells so.
        with contextlib.suppress(BrokenPipeError, json.JSONDecodeError):
            _feed(process, installation)
            process.stdin.close()
        code = process.wait()
    if code:
        installation.problems.append(f"a process ended with code {code}; see {log}")


def _feed(process, installation):
    """Give the process a class each time when it is through with one."""
    found = None
    for line in process.stdout:
        kind, *words = answer = json.loads(line)
        if kind == "found":
            [found] = words
        else:
            installation.answers.append(answer)
        if kind != "test":
            name = installation.take(found)
            if name is None:
                return
            process.stdin.write(f"{name}\n")
            process.stdin.flush()


def _addon_of(target):
    return target.partition(":")[0].partition("/")[0]


def files_of(target):
    """The test files that a target stands for: {add-on/file}."""
    addon = _addon_of(target)
    folder = settings.ROOT / addon / "tests"
    if ":" in target:
        return set()
    if target != addon:
        return {f"{addon}/{target.rpartition('/')[2].removesuffix('.py')}"}
    return {f"{addon}/{path.stem}" for path in folder.glob("test_*.py")}
