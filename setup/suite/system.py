"""Debian packages, free disk space and administrator rights."""

import os
import shutil
import subprocess

from . import console, settings
from .console import SetupError

# what is needed -> Debian packages that bring it
POSTGRESQL = ("postgresql",)
PRINTING = (
    "libxrender1",
    "libxext6",
    "libfontconfig1",
    "libmagic1",
    "fonts-dejavu-core",
    "fonts-noto-cjk",
    "ca-certificates",
)
# poppler-utils: looks at the seals of PDF files, which it has no part in making.
# softhsm2: a token in software that keeps a key, in place of a card.
TESTING = ("git", "chromium", "poppler-utils", "softhsm2")
LINTING = ("git", "shellcheck")
NODE = ("nodejs", "npm")

# A package isn't missing when the command that it brings is there in another way.
COMMANDS = {
    "git": ("git",),
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "poppler-utils": ("pdfsig",),
    "softhsm2": ("softhsm2-util",),
    "shellcheck": ("shellcheck",),
    "nodejs": ("node",),
    "npm": ("npm",),
    "postgresql": ("pg_ctlcluster",),
}


def as_root():
    """The prefix that makes a command run as root, or None when there is no way."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        probe = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
        if probe.returncode == 0:
            return ["sudo", "-n"]
    return None


def as_user(user):
    """The prefix that makes a command run as another user, or None."""
    prefix = as_root()
    if prefix is None:
        return None
    return prefix + (["-u", user] if prefix else ["runuser", "-u", user, "--"])


def is_installed(package):
    if any(shutil.which(command) for command in COMMANDS.get(package, ())):
        return True
    if not shutil.which("dpkg-query"):
        return False
    answer = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() == "installed"


def ensure_packages(*groups):
    """Install the packages that are missing; never touch those that are there."""
    wanted = dict.fromkeys(package for group in groups for package in group)
    with console.exclusive(settings.HOME / "apt.lock"):
        _ensure_packages(wanted)


def _ensure_packages(wanted):
    missing = [package for package in wanted if not is_installed(package)]
    if not missing:
        return
    names = " ".join(missing)
    prefix = as_root()
    if not shutil.which("apt-get"):
        raise SetupError(
            f"This machine has no apt-get; install the equivalents of these Debian "
            f"packages and try again: {names}"
        )
    if prefix is None:
        raise SetupError(
            f"These packages are missing and only an administrator can install them: "
            f"sudo apt-get install --no-install-recommends {names}"
        )
    log = settings.LOGS / "apt.log"
    environment = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    with console.step(f"Debian packages ({names})"):
        # One broken source of the machine doesn't matter if the packages are found.
        console.attempt([*environment, "update"], log=log)
        console.call(
            [
                *environment,
                "install",
                "--yes",
                "--no-upgrade",
                "--no-remove",
                "--no-install-recommends",
                *missing,
            ],
            log=log,
            append=True,
            what=f"installing {names}",
        )


def check_space(path, needed_mb=settings.SPACE_NEEDED_MB):
    path.mkdir(parents=True, exist_ok=True)
    free_mb = shutil.disk_usage(path).free // 2**20
    if free_mb < needed_mb:
        raise SetupError(
            f"The disk of {path} has {free_mb} MB free and {needed_mb} MB are needed; "
            "free some space or set CONTRACT_HOME to a folder on another disk."
        )
