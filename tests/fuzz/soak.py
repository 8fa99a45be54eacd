"""Calls at random for hours: `python -m fuzz.soak DATABASE SECONDS SEED` from `tests/`.

Prints what it called, and what it found, as JSON: {"done": str, "problems": [str]}.
"""

import json
import sys
import time
from types import SimpleNamespace

from fuzz.driver import fuzzed
from fuzz.rounds import go_round

# As often as the time allows.
ENDLESS = 10**6


def main(database, seconds, number):
    with fuzzed(SimpleNamespace(name=database)) as fuzz:
        until = time.monotonic() + float(seconds)
        findings = go_round(fuzz, int(number), ENDLESS, until)
    json.dump({"done": findings.count(), "problems": findings.list()}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
