"""A server that has a key, beside that of the other tests, on the same database."""

import base64
import configparser
import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import requests

KEY = "blackbox:" + base64.b64encode(b"black box key of 32 bytes, tests").decode()
PATIENCE = 120


def environment():
    """The environment of a process that has the key."""
    return {**os.environ, "CONTRACT_SECRET_KEYS": KEY}


def data_folder():
    """Where the server keeps files and sessions."""
    parser = configparser.RawConfigParser()
    parser.read(os.environ["ODOO_CONF"])
    return Path(parser["options"]["data_dir"])


@contextlib.contextmanager
def serving(database, log):
    """Yield the address of a server with the key.

    :param log: file for all that it logs
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [os.environ["ODOO_BIN"], "server", "-c", os.environ["ODOO_CONF"]]
    command += ["-d", database.name, "--http-interface=127.0.0.1"]
    command += [f"--http-port={port}", "--max-cron-threads=0", f"--logfile={log}"]
    command += ["--log-level=info"]
    running = subprocess.Popen(
        command,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(running, url)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def _wait(running, url):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert running.poll() is None, "the server with the key ended"
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"{url}/web/health", timeout=PATIENCE).ok:
                return
        time.sleep(0.2)
    raise AssertionError("the server with the key does not answer")


def run_script(database, script, wait=True):
    """Run a script in a shell that has the key; return the process."""
    command = [os.environ["ODOO_BIN"], "shell", "-c", os.environ["ODOO_CONF"]]
    command += ["-d", database.name, "--no-http", "--log-level=error"]
    running = subprocess.Popen(
        command,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    running.stdin.write(script)
    running.stdin.close()
    if wait:
        output = running.stdout.read()
        assert not running.wait(), output[-2000:]
        assert "Traceback" not in output, output[-2000:]
    return running


def kill(running):
    """Kill a process and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    running.stdout.close()
