"""The Odoo that is used: installed here, or the user's own (ODOO_BIN)."""

import os
import shutil
import subprocess

from . import console, debian, postgres, python_env, settings, system
from .console import SetupError

LAUNCHER = settings.HOME / "odoo-bin"
CONFIG = settings.HOME / "odoo.conf"
DATA = settings.HOME / "data"

LAUNCHER_TEXT = """\
#!/bin/bash
# Starts the Odoo of this folder; made by setup/.
here=$(dirname "$(readlink -f "$0")")
export PYTHONPATH="$here/odoo/usr/lib/python3/dist-packages${PYTHONPATH:+:$PYTHONPATH}"
export PATH="$here/bin:$here/venv/bin:$PATH"
exec "$here/venv/bin/python" "$here/odoo/usr/bin/odoo" "$@"
"""
CONFIG_TEXT = """\
[options]
addons_path = {addons}
data_dir = {data}
admin_passwd = {password}
http_interface = 127.0.0.1
list_db = False
"""
# What an Odoo of the user's own has to import: module -> package
IMPORTS = {
    **{name: name for name in ("cn2an", "num2words", "cryptography")},
    "stdnum": "python-stdnum",
}
TEST_IMPORTS = {
    "hypothesis": "hypothesis",
    "freezegun": "freezegun",
    "pyhanko": "pyHanko",
    "websocket": "websocket-client",
}
# Printed by Odoo's own Python; the marks tell it from Odoo's log.
PROBE = """
import importlib.util as util
import sys
import odoo.release
names = {names!r}
path = list(odoo.__path__)[0].removesuffix("/odoo")
missing = [name for name in names if not util.find_spec(name)]
print("<<", odoo.release.series, sys.executable, path, *missing, ">>", sep=chr(10))
"""


class Odoo:
    """How to call Odoo, and which one it is."""

    def __init__(self, executable, version, python, python_path):
        self.executable = str(executable)
        self.version = version
        # For programs that import odoo themselves
        self.python = str(python)
        self.python_path = str(python_path)

    def command(self, *arguments):
        return [self.executable, *arguments]

    def environment_of_python(self, **more):
        """For programs that import odoo themselves."""
        environment = self.environment(**more)
        paths = [self.python_path, environment.get("PYTHONPATH")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        path = [python_env.BIN, python_env.VENV / "bin", environment["PATH"]]
        environment["PATH"] = os.pathsep.join(map(str, path))
        return environment

    def environment(self, **more):
        """For programs that talk to this Odoo, the tests among them."""
        return {
            **os.environ,
            "ODOO_BIN": self.executable,
            "ODOO_CONF": str(CONFIG),
            "ODOO_RC": str(CONFIG),
            "PYTHONUNBUFFERED": "1",
            **{name: str(value) for name, value in more.items()},
        }


def prepare(tests=False):
    """Install what is missing and return the Odoo to use."""
    settings.check_names()
    settings.check_addons()
    own = os.environ.get("ODOO_BIN")
    with console.exclusive(settings.HOME / "install.lock"):
        odoo = _own(own, tests) if own else _installed(tests)
        postgres.ensure()
        _write(CONFIG, _config_text())
    return odoo


def _installed(tests):
    if not debian.STAMP.exists() or not python_env.PYTHON.exists():
        system.check_space(settings.HOME)
    system.ensure_packages(
        system.PRINTING,
        () if postgres.is_own_server() else system.POSTGRESQL,
        system.TESTING if tests else (),
    )
    version = debian.ensure()
    names = ("", "-test") if tests else ("",)
    python_env.ensure(python_env.VENV, *names)
    python_env.ensure_wkhtmltopdf()
    _write(LAUNCHER, LAUNCHER_TEXT)
    LAUNCHER.chmod(0o755)
    return Odoo(LAUNCHER, version, python_env.PYTHON, debian.PYTHON_PATH)


def _own(path, tests):
    path = shutil.which(path) or path
    if not os.access(path, os.X_OK) or os.path.isdir(path):
        raise SetupError(
            f"ODOO_BIN={path} can't be executed; set it to the odoo-bin of Odoo 19.0."
        )
    names = [*IMPORTS, *(TEST_IMPORTS if tests else ())]
    answer = subprocess.run(
        [path, "shell", "-c", "/dev/null", "--no-http", "--log-level=critical"],
        input=PROBE.format(names=names),
        capture_output=True,
        text=True,
        check=False,
        env={key: value for key, value in os.environ.items() if key != "PGDATABASE"},
    )
    found = answer.stdout.partition("<<")[2].partition(">>")[0].split("\n")[1:-1]
    if not found:
        words = (answer.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise SetupError(
            f"ODOO_BIN={path} doesn't answer like Odoo 19.0 ({words.strip()[:200]}); "
            "check that it starts by itself."
        )
    series, python, python_path, *missing = found
    if series != settings.ODOO_SERIES:
        raise SetupError(
            f"ODOO_BIN={path} is Odoo {series}; the add-ons need Odoo "
            f"{settings.ODOO_SERIES}."
        )
    if missing:
        packages = [(IMPORTS | TEST_IMPORTS)[name] for name in missing]
        raise SetupError(
            f"The Python of ODOO_BIN lacks {', '.join(packages)}; install with its "
            f"own pip: pip install {' '.join(packages)}"
        )
    if tests:
        python_env.ensure(python_env.VENV, "-test")
    return Odoo(path, series, python, python_path)


def _config_text():
    text = CONFIG_TEXT.format(
        addons=settings.ROOT, data=DATA, password=settings.PASSWORD
    )
    port = os.environ.get("PGPORT", "5432")
    return text if port == "5432" else f"{text}db_port = {port}\n"


def _write(path, text):
    """Write only what differs: others may be reading the file."""
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
