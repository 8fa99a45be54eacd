"""Starts an Odoo that is fuzzed, and talks to it."""

import contextlib
import json
import os
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
from jobs import shell_command

TESTS = Path(__file__).parents[1]
SCRIPT = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from fuzz.worker import serve
serve(env)
"""
# Seconds in which the world is made, and in which a call answers.
PATIENCE = 240


class Fuzzed:
    """Models, methods and records to call, and `call`."""

    def __init__(self, stream, log):
        self._stream, self._log = stream, log
        self.__dict__.update(self._read())

    def _read(self):
        line = self._stream.readline()
        if not line:
            self._log.seek(0)
            pytest.fail(f"the Odoo that is fuzzed died:\n{self._log.read()[-3000:]}")
        return json.loads(line)

    def dig(self, is_open):
        """Make the holes of `fuzz.holes`, or fill them: other targets to call."""
        self.__dict__.update(self.call(holes=is_open))

    def call(self, **message):
        self._stream.write(json.dumps(message) + "\n")
        self._stream.flush()
        return self._read()


@contextlib.contextmanager
def fuzzed(database):
    """Run an Odoo on a database for the time of the block; nothing is committed."""
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX) as door,
        open(os.path.join(folder, "log"), "w+") as log,
    ):
        path = os.path.join(folder, "socket")
        door.bind(path)
        door.listen(1)
        process = subprocess.Popen(
            shell_command(database),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, "FUZZ_SOCKET": path},
            start_new_session=True,
        )
        try:
            process.stdin.write(SCRIPT.encode())
            process.stdin.close()
            yield Fuzzed(_answer(door, process, log), log)
        finally:
            process.kill()
            process.wait()


def _answer(door, process, log):
    """Wait for the Odoo to call back; return a stream to it."""
    waited = 0
    door.settimeout(2)
    while waited < PATIENCE:
        try:
            link, _address = door.accept()
        except TimeoutError:
            waited += 2
            if process.poll() is not None:
                break
            continue
        link.settimeout(PATIENCE)
        return link.makefile("rw", encoding="utf-8")
    log.seek(0)
    pytest.fail(f"Odoo did not start to be fuzzed:\n{log.read()[-3000:]}")
