"""make bench: the measurements in tests/benchmark, on a database of their own."""

import argparse
import os
import subprocess

from . import console, databases, odoo, server, settings, web_tests
from .console import SetupError

RUNNER = settings.ROOT / "tests/benchmark/run.py"


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="setup/bench",
        description="Measure the add-ons on a database of their own.",
    )
    parser.add_argument(
        "only",
        nargs="?",
        default=os.environ.get("ONLY"),
        help="one benchmark's name, or NAME.PART",
    )
    parser.add_argument("--rounds", default=os.environ.get("ROUNDS"))
    options = parser.parse_args(arguments)
    if not RUNNER.exists():
        raise SetupError(
            "tests/benchmark/run.py is missing; get the complete repository."
        )
    installed = odoo.prepare(tests=True)
    name = databases.name_of("bench")
    template = databases.ensure_template(installed, demo=False)
    port = server.free_port()
    url = server.url_of(port)
    with console.step(f"database {name}"):
        databases.copy(template, name)
        databases.install(
            installed, name, settings.ADDONS, log=settings.LOGS / "bench-install.log"
        )
        databases.set_address(name, url)
    log = settings.LOGS / "bench-server.log"
    with server.serving(installed, name, port, log, "--max-cron-threads=0"):
        code = _measure(installed, name, url, options)
    if code:
        raise SetupError(f"The benchmark ended with code {code}; its words are above.")
    databases.drop(name)


def _measure(installed, name, url, options):
    arguments = [
        f"--{name}={value}"
        for name, value in (("only", options.only), ("rounds", options.rounds))
        if value
    ]
    with console.running(
        [installed.python, RUNNER, *arguments],
        stdin=subprocess.DEVNULL,
        cwd=settings.ROOT,
        env=installed.environment_of_python(
            **web_tests.connection([(url, name)]), CONTRACT_RESULTS=settings.MEASURED
        ),
    ) as process:
        return process.wait()
