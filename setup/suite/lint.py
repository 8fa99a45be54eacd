"""The quality gate: pre-commit with the tools that setup pins."""

import os
import re
import shutil
import subprocess

from . import console, python_env, settings, system
from .console import SetupError

NODE_MINIMUM = 18
PACKAGE = settings.SETUP / "prettier"


def prepare():
    with console.exclusive(settings.HOME / "install-lint.lock"):
        system.ensure_packages(system.LINTING, system.NODE)
        _check_node()
        python_env.ensure(python_env.LINT_VENV, "-lint")
        _ensure_prettier()


def _files():
    """What git tracks, and what is new and not ignored."""
    answer = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=False,
        cwd=settings.ROOT,
    )
    files = [name for name in answer.stdout.split("\0") if name]
    files = [name for name in files if (settings.ROOT / name).exists()]
    if not files:
        raise SetupError(
            "Lint asks git for the files; run it in a clone of the repository."
        )
    return files


def _check_node():
    answer = subprocess.run(
        ["node", "--version"], capture_output=True, text=True, check=False
    )
    version = answer.stdout.strip()
    major = re.match(r"v(\d+)", version)
    if not major or int(major[1]) < NODE_MINIMUM:
        raise SetupError(
            f"Node {version or '(broken)'} is too old for prettier; install Node "
            f"{NODE_MINIMUM} or later."
        )


def _ensure_prettier():
    """Install into a folder of its own, again when the lock file changes."""
    folder = python_env.LINT_NODE
    files = [PACKAGE / "package.json", PACKAGE / "package-lock.json"]
    stamp = folder / "installed.json"
    wanted = files[1].read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    with console.step("prettier"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in files:
            shutil.copy(file, folder)
        console.call(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            log=settings.LOGS / "npm.log",
            what="installing prettier",
            cwd=folder,
        )
        stamp.write_text(wanted)


def _pre_commit(stage):
    log = settings.LOGS / f"{stage}.log"
    return console.attempt(
        [
            python_env.LINT_VENV / "bin/pre-commit",
            "run",
            "--color=never",
            "--hook-stage",
            stage,
            "--files",
            *_files(),
        ],
        log=log,
        cwd=settings.ROOT,
        env={
            **os.environ,
            "CONTRACT_HOME": str(settings.HOME),
            "PRE_COMMIT_HOME": str(settings.HOME / "pre-commit"),
        },
    )


def check():
    """Run every check on every file; return (code, output)."""
    prepare()
    with console.step("lint"):
        return _pre_commit("pre-commit")


def mend():
    """Let the formatters change the files."""
    prepare()
    with console.step("format"):
        return _pre_commit("manual")


def failures_of(output):
    """The output of the hooks that failed."""
    blocks = re.split(r"(?m)^(?=.*\.{3,}.*(?:Passed|Failed|Skipped)$)", output)
    return "\n".join(
        block.rstrip()
        for block in blocks
        if not re.match(r".*(Passed|Skipped)\s*$", block.strip())
    )
