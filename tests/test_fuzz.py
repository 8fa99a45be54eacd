"""Whatever is called, by whoever, with whatever: no way around what holds.

All public methods of our models, and ours on other models, are taken from the registry,
so that a new one is called the day it is written. FUZZ_EXAMPLES says how often each of
ours is called at most, FUZZ_SECONDS for how long; each is called once in any case. `make
soak ONLY=fuzz` goes on for hours, with other calls each time round.
"""

import ast
import os
import sys
import time
from pathlib import Path

import pytest
from fuzz.driver import fuzzed
from fuzz.rounds import go_round, try_out
from fuzz.rules import HOLES, Findings

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES") or 5)
SECONDS = float(os.environ.get("FUZZ_SECONDS") or 45)
# Names of methods, to look at these alone.
ONLY = set(filter(None, os.environ.get("FUZZ_METHODS", "").split(",")))
SEED = int(os.environ.get("FUZZ_SEED") or 20261129)
# Calls within which a hole has to show.
CALLS = 40
ROOT = Path(__file__).parents[1]
BASES = {"Model", "TransientModel", "AbstractModel"}


@pytest.fixture(scope="module")
def fuzz(database):
    with fuzzed(database) as running:
        yield running


def read_sources():
    """What the sources of the add-ons have: names of models, and of public methods."""
    models, methods = set(), set()
    for path in ROOT.glob("crm_contract*/**/*.py"):
        if {"tests", "migrations"}.isdisjoint(path.relative_to(ROOT).parts):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef) and BASES & {
                    getattr(base, "attr", "") for base in node.bases
                }:
                    models |= read_name(node)
                    methods |= read_methods(node)
    return models, methods


def read_name(node):
    return {
        ast.literal_eval(each.value)
        for each in node.body
        if isinstance(each, ast.Assign)
        and getattr(each.targets[0], "id", "") == "_name"
    }


def read_methods(node):
    return {
        each.name
        for each in node.body
        if isinstance(each, ast.FunctionDef)
        and not each.name.startswith("_")
        and each.name != "init"
        and "private" not in [getattr(by, "attr", "") for by in each.decorator_list]
    }


def test_all_that_is_written_is_called(fuzz):
    """The sources name the models, dialogs among them, and the public methods."""
    models, methods = read_sources()
    assert len(models) > 90 and len(methods) > 80
    targets = fuzz.targets
    assert not models - {target["model"] for target in targets}
    assert not methods - {target["method"] for target in targets if target["ours"]}
    assert any(target["transient"] for target in targets)


@pytest.mark.skipif(bool(ONLY), reason="some methods alone are looked at")
def test_holes_are_found(fuzz):
    """Every kind of problem shows, in methods that nobody told the fuzzer of."""
    missed = {}
    try:
        fuzz.dig(True)
        found = {t["method"]: t for t in fuzz.targets if t["method"] in HOLES}
        assert found.keys() == HOLES.keys()
        for method, (_model, words) in HOLES.items():
            findings = Findings()
            for number in range(CALLS):
                try_out(fuzz, findings, [found[method]], 1, SEED + number, patience=2)
                if any(words in kind for _m, _n, kind in findings.problems):
                    break
            else:
                missed[method] = findings.tell()
    finally:
        fuzz.dig(False)
    assert not missed
    assert not HOLES.keys() & {target["method"] for target in fuzz.targets}


def test_whatever_is_called(fuzz, capsys):
    ours = {(t["model"], t["method"]) for t in fuzz.targets if t["ours"]}
    findings = go_round(
        fuzz, SEED, EXAMPLES, until=time.monotonic() + SECONDS, only=ONLY
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{findings.count()}\n")
    missed = ours - findings.called.keys()
    assert not findings.problems, findings.tell()
    assert ONLY or not missed, f"never called: {sorted(missed)}"
    assert ONLY or findings.outcomes["ok"] > 50 and findings.outcomes["refused"] > 50
