"""make soak: the matrix in full, thousands of lives, years day by day, calls at random,
other keys for all that is protected, canaries."""

import argparse
import datetime
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import time

from . import console, databases, odoo, python_env, settings, web_tests
from .console import SetupError

PARTS = ("matrix", "lives", "years", "fuzz", "secrecy", "canaries")
# Protected values and files whose keys change, and how often the job is killed then
SECRETS = 20_000, 1_000, 5
# Lives of one process; what a failure costs at most.
LIVES_AT_ONCE = 50
SHARES = 12


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="setup/soak",
        description="Do in full what the tests do a part of, for hours.",
        epilog="LANES says how many processes share the work.",
    )
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--lives", type=int, default=_number("LIVES", 2000))
    parser.add_argument("--years", type=float, default=_number("YEARS", 10, float))
    parser.add_argument("--minutes", type=float, default=_number("MINUTES", 60, float))
    parser.add_argument(
        "--seed", type=int, default=_number("SEED", datetime.date.today().toordinal())
    )
    options = parser.parse_args(arguments)
    parts = options.parts or re.split(r"[\s,]+", os.environ.get("ONLY", "").strip())
    parts = [part for part in parts if part] or list(PARTS)
    unknown = set(parts) - set(PARTS)
    if unknown:
        raise SetupError(
            f"{', '.join(sorted(unknown))} isn't a part of the soak; give some of "
            f"{', '.join(PARTS)}."
        )
    console.say(f"seed {options.seed}")
    work = [task for part in PARTS if part in parts for task in _plan(part, options)]
    return _run(work)


def _number(name, default, kind=int):
    text = os.environ.get(name)
    try:
        return kind(text) if text else default
    except ValueError:
        raise SetupError(f"{name}={text} can't be used; give a number.") from None


def _plan(part, options):
    """Return the tasks of a part: [(title, function of `Lane`)]."""
    if part == "matrix":
        return [
            (f"matrix {number + 1}/{SHARES}", _play_matrix(number))
            for number in range(SHARES)
        ]
    if part == "lives":
        starts = range(0, options.lives, LIVES_AT_ONCE)
        return [
            (
                f"lives {start + 1}–{min(start + LIVES_AT_ONCE, options.lives)}",
                _live(min(LIVES_AT_ONCE, options.lives - start), options.seed + start),
            )
            for start in starts
        ]
    if part == "years":
        return [(f"{options.years:g} years", _go_through_years(options))]
    if part == "fuzz":
        return [(f"{options.minutes:g} minutes of calls", _fuzz(options))]
    if part == "secrecy":
        return [("keys change", _change_keys(options))]
    return [(f"canary: {each.name}", _hunt(each)) for each in _canaries().CANARIES]


def _canaries():
    tests = str(web_tests.TESTS)
    if tests not in sys.path:
        sys.path.insert(0, tests)
    from canaries import canaries

    return canaries


def _play_matrix(number):
    def play(lane):
        found = lane.run("ledger_matrix.play", part="all", share=(number, SHARES))
        covered, every = found["pairs"]
        console.say(
            f"   {found['cells']} cells; {covered} of {every} pairs of values "
            f"({covered / every:.0%}); of the models' selections not reached: "
            + (
                ", ".join(
                    ".".join(each)
                    for each in found["selections"]
                    if each not in found["reached"]
                )
                or "none"
            )
        )
        right = [f"came right, see known.py: {each}" for each in found["right"]]
        few = ["less than 95 % of the pairs"] if covered < 0.95 * every else []
        return found["failed"] + right + few

    return play


def _live(lives, seed):
    def live(lane):
        found = lane.run(
            "machine.machine", lives=lives, steps=40, seed=seed, shrink=True
        )
        console.say(f"   {found['done']}")
        return [found["problem"]] if found["problem"] else []

    return live


def _go_through_years(options):
    def live(lane):
        found = lane.run("machine.years", years=options.years, seed=options.seed)
        console.say(f"   {found['lives']} contracts; {found['done']}")
        return found["problems"]

    return live


def _fuzz(options):
    def fuzz(lane):
        found = lane.fuzz(60 * options.minutes, options.seed)
        console.say(f"   {found['done']}")
        return found["problems"]

    return fuzz


def _change_keys(options):
    def change(lane):
        found = lane.call("rotation", *SECRETS, options.seed)
        console.say(f"   {found['done']}")
        return found["problems"]

    return change


def _hunt(canary):
    def hunt(lane):
        with tempfile.TemporaryDirectory() as folder:
            addons = _canaries().plant(canary, folder)
            found = lane.run("canaries.hunt", addons=addons)
        if found:
            console.say(f"   caught by the {found.splitlines()[0]}")
            return []
        return [f"survived: {canary.name} ({canary.file})"]

    return hunt


class Lane:
    """A database of its own, in which programs run one after the other."""

    def __init__(self, installed, name):
        self.installed, self.name = installed, name

    def run(self, program, **arguments):
        import inside

        return inside.run(
            self.name,
            program,
            output=None,
            environment=self.installed.environment(),
            **arguments,
        )

    def fuzz(self, seconds, seed):
        """Call what there is to call for some time; return what was found."""
        return self.call("fuzz.soak", seconds, seed)

    def call(self, module, *arguments):
        """Run a module of the tests outside Odoo; return what it found."""
        answer = subprocess.run(
            [python_env.PYTHON, "-m", module, self.name, *map(str, arguments)],
            cwd=web_tests.TESTS,
            env=self.installed.environment(),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return json.loads(answer.stdout)


def _run(work):
    _canaries()
    lanes = min(settings.count_lanes(), len(work))
    installed = odoo.prepare(tests=True)
    names = [databases.name_of(f"soak_{number + 1}") for number in range(lanes)]
    with console.step("databases"):
        template = databases.ensure_template(installed, demo=False)
        databases.copy(template, names[0])
        databases.install(
            installed,
            names[0],
            settings.ADDONS,
            log=settings.LOGS / "soak-install.log",
        )
        for name in names[1:]:
            databases.copy(names[0], name)
    tasks, problems = queue.SimpleQueue(), []
    for task in work:
        tasks.put(task)
    console.side_by_side(
        *[
            lambda name=name: _work(Lane(installed, name), tasks, problems)
            for name in names
        ]
    )
    for name in names:
        databases.drop(name)
    return _conclude(work, problems)


def _work(lane, tasks, problems):
    while True:
        try:
            title, task = tasks.get_nowait()
        except queue.Empty:
            return
        start = time.monotonic()
        found = _do(task, lane)
        problems += [(title, problem) for problem in found]
        words = f"{len(found)} problems" if found else "all right"
        console.say(f"-- {title}: {words}, {time.monotonic() - start:.0f} s")
        for problem in found:
            console.say(f"      {problem}")


def _do(task, lane):
    try:
        return task(lane)
    except Exception as error:
        # What ends one process is a finding; the others go on.
        return [f"{type(error).__name__}: {error}"]


def _conclude(work, problems):
    if problems:
        console.say("Problems:")
        for title, problem in problems:
            console.say(f"   {title}: {problem.splitlines()[0]}")
    console.say(f"{len(work)} parts, {len(problems)} problems")
    return 1 if problems else 0
