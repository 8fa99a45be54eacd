"""Odoo 19 from Debian's package, unpacked into a folder of its own.

Installing the package would upgrade half of a stable system, so it is only
downloaded (through a private apt configuration) and unpacked.
"""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from . import console, settings
from .console import SetupError

FOLDER = settings.HOME / "odoo"
STAMP = FOLDER / "complete"
PYTHON_PATH = FOLDER / "usr/lib/python3/dist-packages"
EXECUTABLE = FOLDER / "usr/bin/odoo"

FROM_UNSTABLE = ("odoo-19", "fonts-montserrat")
# Not unstable's: its fonts-font-awesome lacks the files that Odoo links to.
FROM_STABLE = (
    "libjs-jquery",
    "libjs-underscore",
    "libjs-jquery-form",
    "fonts-font-awesome",
    "fonts-roboto-unhinted",
    "fonts-inconsolata",
    "fonts-glyphicons-halflings",
)
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# Debian leaves this file out, though the web client's bundle lists it.
SEGMENTATION = (
    PYTHON_PATH / "odoo/addons/mail/static/lib/selfie_segmentation/"
    "selfie_segmentation.js"
)
SEGMENTATION_PACKAGE = "@mediapipe/selfie_segmentation@0.1.1675465747"
SEGMENTATION_STUB = "// Background blur in calls is not part of this installation.\n"


def ensure():
    """Unpack Odoo unless that was done before; return its version."""
    if STAMP.exists():
        return STAMP.read_text().strip()
    for command in ("apt-get", "dpkg"):
        if not shutil.which(command):
            raise SetupError(
                "Odoo can only be installed on Debian; on this system install Odoo "
                "19.0 yourself and set ODOO_BIN to its odoo-bin."
            )
    shutil.rmtree(FOLDER, ignore_errors=True)
    downloads = settings.HOME / "download"
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir(parents=True)
    (settings.LOGS / "apt.log").unlink(missing_ok=True)
    with console.step("downloading Odoo 19"):
        stable = _configure(downloads / "stable", None)
        mirror = _mirror(stable)
        unstable = _configure(
            downloads / "unstable", f"deb [signed-by={KEYRING}] {mirror} sid main\n"
        )
        _apt(unstable, "update")
        _apt(unstable, "download", *FROM_UNSTABLE, cwd=downloads)
        _apt(stable, "download", *FROM_STABLE, cwd=downloads)
    with console.step("unpacking Odoo 19"):
        partial = FOLDER.with_name("odoo.partial")
        shutil.rmtree(partial, ignore_errors=True)
        for archive in sorted(downloads.glob("*.deb")):
            console.call(
                ["dpkg", "-x", archive, partial],
                log=settings.LOGS / "unpack.log",
                what=f"unpacking {archive.name}",
            )
        partial.rename(FOLDER)
        _add_segmentation(downloads)
        version = _version(downloads)
        STAMP.write_text(version + "\n")
    shutil.rmtree(downloads, ignore_errors=True)
    return version


def _configure(folder, source):
    """A private apt state, for the machine's own sources or for one source line."""
    (folder / "lists/partial").mkdir(parents=True)
    (folder / "cache/archives/partial").mkdir(parents=True)
    lines = [
        f'Dir::State::Lists "{folder / "lists"}";',
        f'Dir::Cache "{folder / "cache"}";',
        'APT::Sandbox::User "root";',
        'Acquire::Languages "none";',
        'Acquire::Retries "3";',
    ]
    if source:
        (folder / "sources.list").write_text(source)
        lines += [
            f'Dir::Etc::SourceList "{folder / "sources.list"}";',
            'Dir::Etc::SourceParts "/dev/null";',
        ]
    file = folder / "apt.conf"
    file.write_text("\n".join(lines) + "\n")
    if not source:
        # Sources of others may fail; Debian's own are looked for right after.
        _apt(file, "update", must_succeed=False)
    return file


def _mirror(configuration):
    """The Debian mirror that this machine uses."""
    answer = subprocess.run(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(REPO_URI)",
            "Created-By: Packages",
            "Origin: Debian",
            "Label: Debian",
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "APT_CONFIG": str(configuration)},
    )
    mirrors = answer.stdout.split()
    if mirrors:
        return mirrors[0]
    log = settings.LOGS / "apt.log"
    reason = console.explain(
        "asking for Debian's packages", log.read_text(errors="replace"), log
    )
    if "network" in reason or "disk" in reason:
        raise SetupError(reason)
    raise SetupError(
        "This machine's package sources hold no Debian mirror; install Odoo 19.0 "
        "yourself and set ODOO_BIN to its odoo-bin."
    )


def _apt(configuration, *arguments, cwd=None, must_succeed=True):
    run = console.call if must_succeed else console.attempt
    more = {"what": "downloading Odoo"} if must_succeed else {}
    run(
        ["apt-get", "-q", *arguments],
        log=settings.LOGS / "apt.log",
        append=True,
        cwd=cwd,
        env={**os.environ, "APT_CONFIG": str(configuration), "LC_ALL": "C"},
        **more,
    )


def _version(downloads):
    archive = next(downloads.glob("odoo-19_*.deb"))
    return archive.name.split("_")[1].replace("%3a", ":")


def _add_segmentation(downloads):
    SEGMENTATION.parent.mkdir(parents=True, exist_ok=True)
    SEGMENTATION.write_text(SEGMENTATION_STUB)
    if not shutil.which("npm"):
        return
    code, _output = console.attempt(
        ["npm", "pack", "--silent", SEGMENTATION_PACKAGE],
        log=settings.LOGS / "npm.log",
        cwd=downloads,
    )
    if code:
        return
    archive = next(downloads.glob("*.tgz"))
    with tarfile.open(archive) as package:
        script = package.extractfile("package/selfie_segmentation.js")
        SEGMENTATION.write_bytes(script.read())
