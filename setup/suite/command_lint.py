"""make lint and make format: the quality gate alone."""

import argparse

from . import console, lint


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="setup/lint", description="Check every file of the repository."
    )
    parser.add_argument(
        "--fix", action="store_true", help="format the files instead of checking them"
    )
    options = parser.parse_args(arguments)
    if options.fix:
        # The formatters return a code when they changed something.
        _code, output = lint.mend()
        console.say(output.rstrip())
        return 0
    code, output = lint.check()
    console.say(lint.failures_of(output) if code else "Nothing to complain about.")
    return 1 if code else 0
