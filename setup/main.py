"""Entry point of the commands run, test, soak, lint, docs, bench and wheels."""

import contextlib
import fcntl
import importlib
import signal
import sys

from suite import console, settings

COMMANDS = ("run", "test", "soak", "lint", "docs", "bench", "wheels")
SUPPORTED = ((3, 10), (3, 13))


def main():
    command, *arguments = sys.argv[1:] or [""]
    if command not in COMMANDS:
        console.warn(f"Give one of these commands: {', '.join(COMMANDS)}.")
        return 2
    if not SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
        console.warn(
            f"Python {sys.version_info[0]}.{sys.version_info[1]} isn't supported; "
            "Odoo 19 needs 3.10 to 3.13: install one and set PYTHON to it."
        )
        return 2
    # A closed terminal or a stopped CI job ends the server and its children, too.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    module = importlib.import_module(f"suite.command_{command}")
    try:
        with alone(command):
            return module.main(arguments) or 0
    except console.SetupError as problem:
        console.warn(str(problem))
    except KeyboardInterrupt:
        console.warn("Interrupted.")
        return 130
    except OSError as error:
        console.warn(console.describe_os_error(error))
    return 2


@contextlib.contextmanager
def alone(command):
    """Two of the same command in one folder would destroy each other's databases."""
    settings.HOME.mkdir(parents=True, exist_ok=True)
    with open(settings.HOME / f"{command}.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise console.SetupError(
                f"Another setup/{command} is at work in {settings.HOME}; wait for it "
                "or set CONTRACT_HOME and CONTRACT_DB_PREFIX to work beside it."
            ) from None
        yield


if __name__ == "__main__":
    sys.exit(main())
