"""make run: a working database with demo data, served on this machine."""

import argparse
import os
import sys

from . import console, databases, demo_seal, odoo, server, settings
from .console import SetupError


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="setup/run",
        description="Install what is missing and serve the contract add-ons.",
        epilog="PORT chooses the port, ODOO_BIN an Odoo 19.0 of your own, the PG* "
        "variables a PostgreSQL of your own.",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="start over: drop the database first"
    )
    parser.add_argument(
        "--yes", action="store_true", help="don't ask before dropping the database"
    )
    parser.add_argument(
        "--port",
        default=os.environ.get("PORT") or str(settings.DEFAULT_PORT),
        help="port to serve on (%(default)s)",
    )
    options = parser.parse_args(arguments)
    port = server.parse_port(options.port)
    server.check_port(port)
    if options.fresh and not options.yes:
        _ask(databases.name_of("run"))
    installed = odoo.prepare()
    name = databases.name_of("run")
    if options.fresh:
        databases.drop(name)
    databases.ensure_working(installed, name)
    url = server.url_of(port)
    databases.set_address(name, url)
    _serve(installed, name, port, url)


def _ask(name):
    question = f"Drop the database {name} with everything in it? [y/N] "
    try:
        answer = input(question) if sys.stdin.isatty() else None
    except EOFError:
        answer = ""
    if answer is None:
        raise SetupError("--fresh drops the database; add --yes to confirm that.")
    if answer.strip().lower() not in ("y", "yes"):
        raise SetupError("Nothing was dropped; leave out --fresh to keep the database.")


def _serve(installed, name, port, url):
    log = settings.LOGS / "server.log"
    seal = demo_seal.ensure(installed)
    with console.step("starting the server"):
        serving = server.serving(installed, name, port, log, more=seal)
        process = serving.__enter__()
    try:
        console.say()
        console.say(f"Odoo with the contract add-ons: {url}/odoo")
        console.say(
            f"Log in as {settings.LOGIN} with the password {settings.PASSWORD}."
        )
        console.say(f"Log: {log}   Ctrl-C stops the server.")
        code = process.wait()
    except KeyboardInterrupt:
        console.say("\nStopping.")
        return
    finally:
        serving.__exit__(None, None, None)
    raise SetupError(f"The server ended by itself with code {code}; see {log}.")
