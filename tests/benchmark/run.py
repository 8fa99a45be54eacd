"""Measure the add-ons and compare the figures with their bars.

`make bench` starts this on a database of its own. A benchmark NAME is the file
`bench_NAME.py` beside this one with a function `run(rounds)` that yields
`measure.Figure`s. Exit status: 0 when every bar holds, 1 when one is short, 2 when
something could not be measured.
"""

import argparse
import importlib
import sys
import traceback
from pathlib import Path

import measure

NAMES = ("contract", "billing", "approval", "renewal")


def main():
    options = _parse()
    figures, broken = [], []
    for name in _choose(options.only):
        print(f"== {name}", flush=True)
        try:
            # Each as soon as it is known: a run that hangs shows where.
            for figure in importlib.import_module(f"bench_{name}").run(options.rounds):
                print(figure.line(), flush=True)
                figures.append(figure)
        except Exception:  # the other benchmarks are measured all the same
            traceback.print_exc()
            broken.append(name)
    if figures:
        print(f"\n{measure.table(figures)}\n\n{measure.versions()}")
    if broken:
        print(f"Not measured: {', '.join(broken)}", file=sys.stderr)
    if broken or not figures:
        return 2
    return 0 if all(figure.holds for figure in figures) else 1


def _parse():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", metavar="NAME", help=f"one of {', '.join(NAMES)}")
    parser.add_argument("--rounds", type=int, default=5, help="default: 5")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds takes a number of at least 1")
    if options.only and options.only not in NAMES:
        parser.error(f"there is no benchmark {options.only}; choose {', '.join(NAMES)}")
    if options.only and not _path(options.only).exists():
        parser.error(
            f"the benchmark {options.only} is not written yet: {_path(options.only)}"
        )
    return options


def _choose(only):
    names = [only] if only else [name for name in NAMES if _path(name).exists()]
    if not names:
        print(f"No benchmark stands in {Path(__file__).parent}.", file=sys.stderr)
    return names


def _path(name):
    return Path(__file__).with_name(f"bench_{name}.py")


if __name__ == "__main__":
    sys.exit(main())
