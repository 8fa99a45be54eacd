"""A running Odoo server: free port, start, wait until it answers, stop."""

import contextlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

from . import console
from .console import SetupError
from .odoo import CONFIG

HOST = "127.0.0.1"
STARTUP_SECONDS = 120


def parse_port(text):
    if text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise SetupError(f"PORT={text} isn't a port; give a number from 1 to 65535.")


def check_port(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise SetupError(
                f"The port {port} is reserved for administrators; choose another, "
                "for example: make run PORT=8070"
            ) from None
        except OSError:
            raise SetupError(
                f"The port {port} is in use; stop what uses it or choose another, "
                "for example: make run PORT=8070"
            ) from None


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def url_of(port):
    return f"http://{HOST}:{port}"


@contextlib.contextmanager
def serving(odoo, database, port, log, *options, more=None):
    """Serve `database` while the block runs; yields the process.

    :param more: variables of the server's environment
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    command = odoo.command(
        "-c",
        str(CONFIG),
        "-d",
        database,
        f"--db-filter=^{database}$",
        f"--http-interface={HOST}",
        f"--http-port={port}",
        *options,
    )
    with (
        open(log, "wb") as file,
        console.running(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=odoo.environment(**(more or {})),
        ) as process,
    ):
        _wait(process, port, log)
        yield process


def _wait(process, port, log):
    end = time.monotonic() + STARTUP_SECONDS
    # A proxy of the environment has no say in local addresses.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SetupError(f"The server stopped while starting; see {log}.")
        try:
            with opener.open(f"{url_of(port)}/web/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise SetupError(f"The server didn't answer within {STARTUP_SECONDS} s; see {log}.")
