"""make bench: the measurements in tests/benchmark, on a database of their own."""

import argparse
import os
import subprocess

from . import command_test, console, databases, odoo, python_env, server, settings
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
    environment = installed.environment(**command_test.connection(name, url))
    paths = [
        path for path in (installed.python_path, environment.get("PYTHONPATH")) if path
    ]
    environment["PYTHONPATH"] = os.pathsep.join(map(str, paths))
    environment["PATH"] = f"{python_env.BIN}{os.pathsep}{environment['PATH']}"
    arguments = [
        f"--{name}={value}"
        for name, value in (("only", options.only), ("rounds", options.rounds))
        if value
    ]
    process = subprocess.Popen(
        [installed.python, str(RUNNER), *arguments],
        stdin=subprocess.DEVNULL,
        cwd=settings.ROOT,
        env=environment,
        start_new_session=True,
    )
    try:
        return process.wait()
    except BaseException:
        console.stop(process)
        raise
