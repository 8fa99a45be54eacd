"""The tests in tests/: pytest against running servers with demo data.

Several processes share the tests; each has a server and a database of its own.
"""

import contextlib
import json
import re

from . import console, databases, python_env, results, server, settings

TESTS = settings.ROOT / "tests"
# One line of pytest -v for each test that is through
THROUGH = re.compile(
    r"^\[gw\d+\] \[ *\d+%\]|(?:PASSED|FAILED|ERROR|SKIPPED).* \[ *\d+%\]$"
)


def run(installed, paths, lanes):
    """Run the tests below the paths with so many processes; return their Outcome."""
    files = {file for path in paths for file in files_of(path)}
    if not files:
        return results.Outcome("tests", problems=["tests/ has no test file"])
    lanes = min(lanes, len(files))
    names = [databases.name_of(f"test_web_{number + 1}") for number in range(lanes)]
    template = databases.ensure_template(installed, demo=True)
    with console.step("databases of tests/"):
        _make_databases(installed, template, names)
    log = settings.LOGS / "pytest.log"
    report = settings.LOGS / "pytest.xml"
    report.unlink(missing_ok=True)
    with contextlib.ExitStack() as stack:
        with console.step("starting the servers for tests/"):
            servers = console.side_by_side(
                *[lambda name=name: _serve(stack, installed, name) for name in names]
            )
        with console.step("tests/", lambda: _status(log), console.LONG_HEARTBEAT):
            code, output = console.attempt(
                _command(report, lanes, paths),
                log=log,
                cwd=settings.ROOT,
                env=installed.environment(**connection(servers)),
            )
    outcome = results.of_pytest("tests", code, report, output, files)
    outcome.logs += [log, settings.LOGS / "test-server-*.log"]
    if not outcome.failures:
        for name in names:
            databases.drop(name)
    return outcome


def _make_databases(installed, template, names):
    """Install the add-ons once, and copy what came of it."""
    log = settings.LOGS / "test-install.log"
    databases.copy(template, names[0])
    modules = (*settings.ADDONS, *settings.BESIDE)
    databases.install(installed, names[0], modules, log=log)
    for name in names[1:]:
        databases.copy(names[0], name)


def _serve(stack, installed, name):
    """Start a server that ends with the stack; return (url, database)."""
    port = server.free_port()
    url = server.url_of(port)
    databases.set_address(name, url)
    log = settings.LOGS / f"test-server-{name.rpartition('_')[2]}.log"
    stack.enter_context(
        server.serving(installed, name, port, log, "--max-cron-threads=0")
    )
    return url, name


def _command(report, lanes, paths):
    return [
        python_env.PYTHON,
        "-m",
        "pytest",
        "-ra",
        "-v",
        f"--rootdir={settings.ROOT}",
        "-o",
        f"cache_dir={settings.HOME / 'pytest'}",
        f"--ignore={TESTS / 'benchmark'}",
        f"--junitxml={report}",
        # The next test goes to the process that is through with its own.
        *(["-n", lanes, "--dist=worksteal", "--max-worker-restart=0"] * (lanes > 1)),
        *paths,
    ]


def _status(log):
    with contextlib.suppress(OSError):
        output = log.read_text(errors="replace")
        found = results.COLLECTED.search(output)
        ran = sum(bool(THROUGH.search(line)) for line in output.splitlines())
        if found:
            return f"{ran} of {found[1] or found[2]} tests"
    return "no test yet"


def files_of(path):
    """The names of the test files that a path or node id below tests/ stands for."""
    path = settings.ROOT / path.partition("::")[0]
    paths = path.rglob("test_*.py") if path.is_dir() else [path]
    return {each.stem for each in paths if "benchmark" not in each.parts}


def connection(servers):
    """What programs outside Odoo are told about the servers and their databases.

    Each process of pytest takes one of them; others know the first alone.
    """
    url, name = servers[0]
    return {
        "CONTRACT_SERVERS": json.dumps(servers),
        "CONTRACT_URL": url,
        "CONTRACT_DB": name,
        "CONTRACT_LOGIN": settings.LOGIN,
        "CONTRACT_PASSWORD": settings.PASSWORD,
    }
