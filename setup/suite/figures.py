"""The tables of speed in tests/benchmark/README.md, made from what was measured.

`make bench` leaves a file of JSON for each part in `.run/bench`; those that are to be
shown are kept in tests/benchmark/results.
"""

import json
import shutil

from . import console, settings
from .console import SetupError

FOLDER = settings.ROOT / "tests/benchmark"
RESULTS = FOLDER / "results"
PAGE = FOLDER / "README.md"
BEGIN, END = "<!-- figures: setup/docs -->\n", "<!-- end of figures -->\n"
HEAD = ("figure", "value", "spread", "bar", "measured", "compared with")


def take_over():
    """Keep what was measured last; parts that were not measured stay as they are."""
    files = sorted(settings.MEASURED.glob("*.json"))
    if not files:
        raise SetupError("Nothing was measured here yet; run make bench first.")
    RESULTS.mkdir(exist_ok=True)
    for file in files:
        shutil.copy(file, RESULTS)
        console.say(f"results/{file.name}")


def pages():
    """Return {path: text} of the page with its tables."""
    text = PAGE.read_text()
    before, _mark, rest = text.partition(BEGIN)
    _old, _mark, after = rest.partition(END)
    return {PAGE: f"{before}{BEGIN}\n{_tables()}\n{END}{after}"}


def _tables():
    parts = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    parts.sort(key=lambda part: part["order"])
    groups = {}
    for part in parts:
        groups.setdefault(part["benchmark"], []).append(part)
    return "\n".join(_table(name, group) for name, group in groups.items())


def _table(name, parts):
    lines = [f"### {name}", "", _row(HEAD), _row(["---"] * len(HEAD))]
    lines += [_row(_cells(figure)) for part in parts for figure in part["figures"]]
    lines.append("")
    measured = {}
    for part in parts:
        measured.setdefault(part["machine"], []).append(part)
    for machine, group in measured.items():
        names = ", ".join(
            f"`{part['part']}` ({part['date']}, {part['rounds']} rounds,"
            f" load {part['load']:.1f})"
            for part in group
        )
        lines += [f"{names}: {machine}.", ""]
    return "\n".join(lines)


def _cells(figure):
    spread = figure["spread"]
    verdict = "" if figure["holds"] else " **short**"
    return (
        figure["title"],
        f"{figure['value']:.3g}{verdict}",
        f"{spread[0]:.2f} – {spread[1]:.2f}" if spread else "",
        f"≤ {figure['bar']:.3g}",
        _side(figure["ours"]),
        _side(figure["other"]),
    )


def _side(side):
    """What was measured of one thing: “label: 1.23 s, 45 queries, 67 MB”."""
    values = []
    if side["seconds"] is not None:
        seconds = side["seconds"]
        small = seconds < 0.1
        values.append(f"{seconds * 1000:.2g} ms" if small else f"{seconds:.3g} s")
    if side["queries"] is not None:
        values.append(f"{side['queries']:,} queries")
    if side["memory"] is not None:
        values.append(f"{side['memory']:,.0f} MB")
    return f"{side['label']}: {', '.join(values)}" if values else side["label"]


def _row(cells):
    return f"| {' | '.join(cells)} |"
