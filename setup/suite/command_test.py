"""make test: lint, the add-ons' own tests, and the tests against a real server.

The parts run side by side, and each of them in several processes with databases of
their own. What is installed first is what all of them need.
"""

import argparse
import os
import re

from . import addon_tests, console, lint, odoo, results, settings, web_tests
from .console import SetupError


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="setup/test",
        description="Run every test, or the parts that are named.",
        epilog="Parts: lint; an add-on, also as crm_contract:TestClass.test_method; "
        "tests; a path or node id below tests/. LANES says by how many processes "
        "each part is shared.",
    )
    parser.add_argument("parts", nargs="*", metavar="part")
    options = parser.parse_args(arguments)
    parts = options.parts or re.split(r"[\s,]+", os.environ.get("ONLY", "").strip())
    outcomes = []
    try:
        _run([part for part in parts if part], outcomes)
    except (SetupError, OSError) as problem:
        text = (
            console.describe_os_error(problem)
            if isinstance(problem, OSError)
            else str(problem)
        )
        console.say(text)
        outcomes.append(results.Outcome("set-up", problems=[text]))
    return _conclude(outcomes)


def _conclude(outcomes):
    slowest = results.slowest(outcomes)
    if len(slowest) > 1:
        console.say("Slowest tests:")
        for line in slowest:
            console.say(f"   {line}")
    # Once more at the end, where it is found.
    broken = results.broken(outcomes)
    if broken:
        console.say("Failed:")
        for line in broken:
            console.say(f"   {line}")
    failed = sum(outcome.failures for outcome in outcomes)
    passed = sum(outcome.passed for outcome in outcomes)
    if not passed and not failed and any(o.title != "lint" for o in outcomes):
        failed = 1
    console.say(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def _run(parts, outcomes):
    """Run the parts side by side; each adds its outcomes as soon as it has them."""
    parts = parts or ["lint", "addons", "tests"]
    known = [_read(part) for part in parts]
    targets = [target for kind, target in known if kind == "addon"]
    paths = [target for kind, target in known if kind == "path"]
    if "tests" in parts:
        paths = [str(web_tests.TESTS)]

    def report(outcome):
        outcomes.append(outcome)
        _report(outcome)

    tasks = []
    if "lint" in parts:
        tasks.append(lambda: report(_run_lint()))
    if targets or paths or "addons" in parts:
        tasks.append(lambda: _run_tests(targets, "addons" in parts, paths, report))
    console.side_by_side(*tasks)


def _run_tests(targets, everything, paths, report):
    """Run the add-ons' tests and those in tests/, on the same installation."""
    lanes = settings.count_lanes()
    installed = odoo.prepare(tests=True)

    def run_addons():
        for installation in addon_tests.plan(targets, everything):
            report(addon_tests.run(installed, installation, lanes))

    tasks = [run_addons]
    if paths:
        tasks.append(lambda: report(web_tests.run(installed, paths, lanes)))
    console.side_by_side(*tasks)


def _read(part):
    """(kind, target) of one part that the user named."""
    if part in ("lint", "addons", "tests"):
        return part, part
    addon = part.lstrip("/").partition(":")[0].rstrip("/")
    if addon in settings.ADDONS:
        return "addon", part.strip("/")
    path = settings.ROOT / part.partition("::")[0]
    if path.exists() and web_tests.TESTS in (path, *path.parents):
        return "path", str(settings.ROOT / part)
    raise SetupError(
        f"ONLY={part} isn't a part of the tests; give lint, tests, one of "
        f"{', '.join(settings.ADDONS)}, or a path below tests/."
    )


def _report(outcome):
    lines = []
    if outcome.failures:
        lines += [results.shorten(detail) for detail in outcome.details[:20]]
        lines += [f"   {problem}" for problem in outcome.problems[:20]]
        lines += [f"   log: {log}" for log in outcome.logs]
    lines += [f"   skipped: {text}" for text in outcome.skipped[:10]]
    lines.append(
        f"== {outcome.title}: {outcome.passed} passed, {outcome.failures} failed"
        + (f", {len(outcome.skipped)} skipped" if outcome.skipped else "")
    )
    # In one piece: other parts are at work.
    console.say("\n".join(lines))


def _run_lint():
    outcome = results.Outcome("lint")
    code, output = lint.check()
    if code:
        outcome.problems.append("lint reports what is above; make format mends a part")
        outcome.details.append(lint.failures_of(output))
    return outcome
