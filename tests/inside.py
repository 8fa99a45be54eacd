"""Programs of this folder that run inside Odoo, in a process of their own."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

TESTS = Path(__file__).parent
SCRIPT = """
import importlib, json, sys
sys.path.insert(0, {tests!r})
answer = importlib.import_module({program!r}).main(env, **json.loads({arguments!r}))
with open({file!r}, "w") as file:
    json.dump(answer, file)
"""


class EndedError(Exception):
    """A program that did not come to its end; says its last words."""


def run(
    database,
    program,
    addons=None,
    output=subprocess.PIPE,
    environment=None,
    **arguments,
):
    """Call `main(env, **arguments)` of a module in an Odoo shell; return what it returns.

    :param addons: folder of other add-ons than those that the configuration names
    :param output: where the standard output goes
    :param environment: what tells which Odoo it is, `os.environ` if not given
    """
    environment = environment or os.environ
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        script = SCRIPT.format(
            tests=str(TESTS),
            program=program,
            arguments=json.dumps(arguments),
            file=file.name,
        )
        command = [environment["ODOO_BIN"], "shell", "-c", environment["ODOO_CONF"]]
        command += ["-d", database, "--no-http", "--log-level=error"]
        if addons:
            command += [f"--addons-path={addons}"]
        answer = subprocess.run(
            command,
            input=script,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            check=False,
        )
        if answer.returncode or not os.path.getsize(file.name):
            last = "\n".join(answer.stderr.splitlines()[-15:])
            raise EndedError(f"Odoo ended with {answer.returncode}:\n{last}")
        return json.loads(Path(file.name).read_text())
