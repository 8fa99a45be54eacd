"""Measure the add-ons and compare the figures with their bars.

`make bench` starts this on a database of its own. A benchmark NAME is the file
`bench_NAME.py` beside this one with a function `run(rounds)` that yields
`measure.Figure`s, or, where that takes long, several of them in `STAGES`: NAME.PART
runs one of them alone. Exit status: 0 when every bar holds, 1 when one is short, 2 when
something could not be measured. The figures of each part are left in the folder
CONTRACT_RESULTS, too, in a file of JSON named after it.
"""

import argparse
import dataclasses
import datetime
import importlib
import json
import os
import sys
import traceback
from pathlib import Path

import measure

NAMES = (
    "contract",
    "billing",
    "ledger",
    "approval",
    "renewal",
    "health",
    "signature",
    "execution",
    "scale",
    "secrecy",
)
# Of a benchmark that does not say how many it takes.
ROUNDS = 5
# The only part of a benchmark without parts
WHOLE = "all"


def main():
    options = _parse()
    figures, broken = [], []
    for name in _choose(options.only):
        print(f"== {name}", flush=True)
        try:
            # Each as soon as it is known: a run that hangs shows where.
            for figure in _measure(name, options.rounds):
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
    parser.add_argument(
        "--only", metavar="NAME[.PART]", help=f"one of {', '.join(NAMES)}, or its part"
    )
    parser.add_argument("--rounds", type=int, help="default: what the benchmark says")
    options = parser.parse_args()
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds takes a number of at least 1")
    if options.only:
        _check_name(parser, *options.only.partition(".")[::2])
    return options


def _check_name(parser, name, part):
    if name not in NAMES:
        parser.error(f"there is no benchmark {name}; choose {', '.join(NAMES)}")
    if not _path(name).exists():
        parser.error(f"the benchmark {name} is not written yet: {_path(name)}")
    parts = _get_stages(_load(name))
    if part and part not in parts:
        parser.error(f"{name} has no part {part}; it has {', '.join(parts)}")


def _choose(only):
    names = [only] if only else [name for name in NAMES if _path(name).exists()]
    if not names:
        print(f"No benchmark stands in {Path(__file__).parent}.", file=sys.stderr)
    return names


def _measure(only, rounds):
    """Yield the figures of a benchmark, or of one part of it."""
    name, _dot, part = only.partition(".")
    module = _load(name)
    stages = _get_stages(module)
    rounds = rounds or getattr(module, "ROUNDS", ROUNDS)
    for stage in [part] if part else stages:
        measure.settle()
        load, figures = os.getloadavg()[0], []
        for figure in stages[stage](rounds):
            figures.append(figure)
            yield figure
        _keep(name, stage, rounds, load, figures)


def _keep(name, stage, rounds, load, figures):
    """Leave the figures for the page of tables."""
    folder = os.environ.get("CONTRACT_RESULTS")
    if not folder:
        return
    module = _load(name)
    titles = getattr(module, "TITLES", {})
    part = name if stage == WHOLE else f"{name}.{stage}"
    result = {
        "benchmark": name,
        "part": part,
        "order": [NAMES.index(name), list(_get_stages(module)).index(stage)],
        "date": datetime.date.today().isoformat(),
        "rounds": rounds,
        "load": load,
        "machine": measure.versions(),
        "figures": [
            {
                **dataclasses.asdict(figure),
                "title": titles.get(figure.name, figure.name),
                "holds": figure.holds,
            }
            for figure in figures
        ],
    }
    Path(folder).mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=2, ensure_ascii=False)
    (Path(folder) / f"{part}.json").write_text(f"{text}\n")


def _get_stages(module):
    return getattr(module, "STAGES", None) or {WHOLE: module.run}


def _load(name):
    return importlib.import_module(f"bench_{name}")


def _path(name):
    return Path(__file__).with_name(f"bench_{name}.py")


if __name__ == "__main__":
    sys.exit(main())
