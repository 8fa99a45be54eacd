"""A key that `make run` seals signed contracts with; of this machine alone."""

import os
import secrets

from . import console, settings

FOLDER = settings.HOME / "seal"
KEY = FOLDER / "demo.p12"
PASSWORD = FOLDER / "password"
VARIABLES = ("CONTRACT_SEAL_FILE", "CONTRACT_SEAL_PASSWORD")


def ensure(odoo):
    """Make the key if it is missing; return the variables that name it to a server.

    Whoever set a key of his own keeps it.
    """
    if os.environ.get(VARIABLES[0]):
        return {}
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not KEY.exists() or not PASSWORD.exists():
        with console.step("key of the demo seal"):
            _make(odoo)
    return dict(zip(VARIABLES, (KEY, PASSWORD.read_text().strip()), strict=True))


def _make(odoo):
    KEY.unlink(missing_ok=True)
    PASSWORD.unlink(missing_ok=True)
    PASSWORD.touch(mode=0o600)
    PASSWORD.write_text(f"{secrets.token_urlsafe(24)}\n")
    command = odoo.command(
        f"--addons-path={settings.ROOT}",
        "contract_seal",
        "make",
        str(KEY),
        "--name=Demo company",
        f"--password-file={PASSWORD}",
    )
    console.call(
        command,
        log=settings.LOGS / "seal.log",
        what="making the key of the demo seal",
        env=odoo.environment(),
    )
