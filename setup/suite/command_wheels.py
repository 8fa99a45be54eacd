"""make wheels: the add-ons as Python packages that pip installs."""

import argparse
import shutil

from . import console, python_env, settings
from .console import SetupError

TARGET = settings.HOME / "wheels"


def main(arguments):
    argparse.ArgumentParser(
        prog="setup/wheels", description=f"Build the add-ons' wheels into {TARGET}."
    ).parse_args(arguments)
    settings.check_addons()
    for addon in settings.ADDONS:
        if not (settings.ROOT / addon / "pyproject.toml").exists():
            raise SetupError(
                f"{addon}/pyproject.toml is missing; get the complete repository."
            )
    python_env.ensure(python_env.LINT_VENV, "-lint")
    shutil.rmtree(TARGET, ignore_errors=True)
    for addon in settings.ADDONS:
        with console.step(f"wheel of {addon}"):
            console.call(
                [
                    python_env.LINT_VENV / "bin/python",
                    "-m",
                    "build",
                    "--wheel",
                    "--no-isolation",
                    "--outdir",
                    TARGET,
                    settings.ROOT / addon,
                ],
                log=settings.LOGS / "wheels.log",
                what=f"building the wheel of {addon}",
            )
    for wheel in sorted(TARGET.glob("*.whl")):
        console.say(str(wheel))
