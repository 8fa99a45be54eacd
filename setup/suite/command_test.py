"""make test: lint, the add-ons' own tests, and the tests against a real server."""

import argparse
import contextlib
import os
import re

from . import (
    console,
    databases,
    lint,
    odoo,
    python_env,
    results,
    server,
    settings,
)
from .console import SetupError

TESTS = settings.ROOT / "tests"


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="setup/test",
        description="Run every test, or the parts that are named.",
        epilog="Parts: lint; an add-on, also as crm_contract:TestClass.test_method; "
        "tests; a path or node id below tests/.",
    )
    parser.add_argument("parts", nargs="*", metavar="part")
    options = parser.parse_args(arguments)
    parts = options.parts or re.split(r"[\s,]+", os.environ.get("ONLY", "").strip())
    outcomes = []
    try:
        for run in _plan([part for part in parts if part]):
            outcomes.append(run())
            _report(outcomes[-1])
    except (SetupError, OSError) as problem:
        text = (
            console.describe_os_error(problem)
            if isinstance(problem, OSError)
            else str(problem)
        )
        console.say(text)
        outcomes.append(results.Outcome("set-up", problems=[text]))
    failed = sum(outcome.failures for outcome in outcomes)
    passed = sum(outcome.passed for outcome in outcomes)
    if not passed and not failed and any(o.title != "lint" for o in outcomes):
        failed = 1
    console.say(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def _plan(parts):
    """The parts to run, in the order in which they fail fastest."""
    if not parts:
        parts = ["lint", "addons", "tests"]
    known = [_read(part) for part in parts]
    if "lint" in parts:
        yield _run_lint
    addons = [target for kind, target in known if kind == "addon"]
    paths = [target for kind, target in known if kind == "path"]
    if "addons" in parts:
        addons = list(settings.ADDONS)
    if addons:
        yield lambda: _run_addons("add-ons", addons)
    if "addons" in parts:
        yield lambda: _run_addons(
            "add-ons without approval",
            [a for a in settings.ADDONS if a != "crm_contract_approval"],
        )
    if "tests" in parts:
        paths = [str(TESTS)]
    if paths:
        yield lambda: _run_pytest(paths)


def _read(part):
    """(kind, target) of one part that the user named."""
    if part in ("lint", "addons", "tests"):
        return part, part
    addon = part.lstrip("/").partition(":")[0].rstrip("/")
    if addon in settings.ADDONS:
        return "addon", part.strip("/")
    path = settings.ROOT / part.partition("::")[0]
    if path.exists() and TESTS in (path, *path.parents):
        return "path", str(settings.ROOT / part)
    raise SetupError(
        f"ONLY={part} isn't a part of the tests; give lint, tests, one of "
        f"{', '.join(settings.ADDONS)}, or a path below tests/."
    )


def _report(outcome):
    if outcome.failures:
        for detail in outcome.details[:20]:
            console.say(results.shorten(detail))
        for problem in outcome.problems[:20]:
            console.say(f"   {problem}")
    for text in outcome.skipped[:10]:
        console.say(f"   skipped: {text}")
    console.say(
        f"== {outcome.title}: {outcome.passed} passed, {outcome.failures} failed"
        + (f", {len(outcome.skipped)} skipped" if outcome.skipped else "")
    )


def _run_lint():
    outcome = results.Outcome("lint")
    code, output = lint.check()
    if code:
        outcome.problems.append("lint reports what is above; make format mends a part")
        outcome.details.append(lint.failures_of(output))
    return outcome


def _run_addons(title, targets):
    """Install add-ons on a fresh database and run their tests with Odoo's runner."""
    installed = odoo.prepare(tests=True)
    name = databases.name_of("test_unit")
    log = settings.LOGS / f"test-{title.replace(' ', '-')}.log"
    addons = list(dict.fromkeys(target.partition(":")[0] for target in targets))
    template = databases.ensure_template(installed, demo=False)
    with console.step(f"tests of {', '.join(addons)}"):
        databases.copy(template, name)
        port = server.free_port()
        databases.set_address(name, server.url_of(port))
        code, output = console.attempt(
            installed.command(
                "-c",
                str(odoo.CONFIG),
                "-d",
                name,
                "-i",
                ",".join(addons),
                "--test-tags",
                ",".join(f"/{target}" for target in targets),
                "--stop-after-init",
                f"--http-port={port}",
                "--max-cron-threads=0",
                f"--screenshots={settings.LOGS / 'screenshots'}",
            ),
            log=log,
            env=installed.environment(),
        )
    outcome = results.of_odoo(title, code, output, [a for a in addons if has_tests(a)])
    if outcome.failures:
        console.say(f"   whole log: {log}")
    else:
        databases.drop(name)
    return outcome


def has_tests(addon):
    return any((settings.ROOT / addon / "tests").glob("test_*.py"))


def _run_pytest(paths):
    """Start a server with demo data and run pytest against it."""
    if not any(TESTS.rglob("test_*.py")):
        return results.Outcome("tests", problems=["tests/ has no test file"])
    installed = odoo.prepare(tests=True)
    name = databases.name_of("test_web")
    template = databases.ensure_template(installed, demo=True)
    port = server.free_port()
    url = server.url_of(port)
    with console.step(f"database {name} with demo data"):
        databases.copy(template, name)
        databases.install(
            installed,
            name,
            settings.ADDONS,
            log=settings.LOGS / "test-install.log",
        )
        databases.set_address(name, url)
    report = settings.LOGS / "pytest.xml"
    report.unlink(missing_ok=True)
    log = settings.LOGS / "test-server.log"
    with contextlib.ExitStack() as stack:
        with console.step("starting the server for tests/"):
            stack.enter_context(
                server.serving(installed, name, port, log, "--max-cron-threads=0")
            )
        with console.step("tests/"):
            code, output = console.attempt(
                [
                    python_env.PYTHON,
                    "-m",
                    "pytest",
                    "-ra",
                    f"--rootdir={settings.ROOT}",
                    "-o",
                    f"cache_dir={settings.HOME / 'pytest'}",
                    f"--ignore={TESTS / 'benchmark'}",
                    f"--junitxml={report}",
                    *paths,
                ],
                log=settings.LOGS / "pytest.log",
                cwd=settings.ROOT,
                env=installed.environment(**connection(name, url)),
            )
    outcome = results.of_pytest("tests", code, report, output)
    if outcome.failures:
        console.say(f"   logs: {settings.LOGS / 'pytest.log'}, {log}")
    else:
        databases.drop(name)
    return outcome


def connection(name, url):
    """What programs outside Odoo are told about the server and its database."""
    return {
        "CONTRACT_URL": url,
        "CONTRACT_DB": name,
        "CONTRACT_LOGIN": settings.LOGIN,
        "CONTRACT_PASSWORD": settings.PASSWORD,
    }
