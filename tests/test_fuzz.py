"""Whatever is called, by whoever, with whatever: no way around what holds.

All public methods of our models, and ours on other models, are taken from the registry,
so that a new one is called the day it is written. FUZZ_EXAMPLES says how often each of
ours is called, FUZZ_SECONDS for how long this goes on, with other calls each time round;
`make soak` makes it long.
"""

import collections
import os
import sys
import time

import pytest
from fuzz.arguments import Arguments
from fuzz.driver import fuzzed
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES") or 5)
SECONDS = float(os.environ.get("FUZZ_SECONDS") or 0)
# Names of methods, to look at these alone.
ONLY = set(filter(None, os.environ.get("FUZZ_METHODS", "").split(",")))
SEED = int(os.environ.get("FUZZ_SEED") or 20261129)
# The life cycle by hand: which steps a method may take, from a state to another. None
# stands for a contract that was not there, or is not there any more.
NEW = {(None, "draft")}
GONE = {("draft", None), ("cancelled", None)}
MOVES = {
    "action_submit": {("draft", "review"), ("draft", "to_sign")},
    "action_open_submission": {("draft", "review"), ("draft", "to_sign")},
    "action_recall": {("review", "draft")},
    "action_withdraw": {("to_sign", "draft")},
    "action_cancel": {(state, "cancelled") for state in ("draft", "review", "to_sign")},
    "action_sign": {
        ("to_sign", "signed"), ("to_sign", "running"), ("to_sign", "in_force"),
        ("running", "ended"),
    },
    "action_suspend": {("running", "suspended")},
    "action_resume": {("suspended", "running"), ("signed", "in_force")},
    "action_end": {
        ("signed", "ended"), ("running", "ended"), ("suspended", "ended"),
        ("signed", "superseded"), ("in_force", "superseded"),
    },
    "action_reopen": {
        ("ended", "running"), ("superseded", "in_force"), ("superseded", "signed"),
    },
    "action_decide": {("review", "to_sign"), ("review", "draft"), *NEW},
    "action_met": {("review", "to_sign")},
    "action_take_over": {("draft", "signed"), ("draft", "running")},
    "action_amend": NEW,
    "action_renew": NEW,
    "action_draft": NEW,
    "copy": NEW,
    "create": NEW,
    "name_create": NEW,
    "web_save": NEW,
    "web_save_multi": NEW,
    "load": NEW,
    "action_load": NEW,
    "action_new_contract": NEW,
    "unlink": GONE,
}  # fmt: skip
# States that a text which changes another one never has, and those that only it has.
PERFORMED = {"running", "suspended", "ended"}
OF_AMENDMENTS = {"in_force", "superseded"}
# What is written by design though the role could not: method → models. Rows of a
# contract that the role may write are no question.
INVOICES = {"account.move", "account.move.line"}
LEDGER = {
    "crm.contract",
    "crm.contract.installment",
    "crm.contract.installment.share",
}
# What a decision is written into, whoever is asked for it.
REVIEW = {
    "crm.contract",
    "crm.contract.version",
    "crm.contract.approval.task",
    "crm.contract.approval.review",
    "crm.contract.approval.condition",
    "mail.activity",
}
BY_DESIGN = {
    ("crm.contract.approval.task", "action_decide"): REVIEW,
    ("crm.contract.approval.task", "action_undo"): REVIEW,
    ("crm.contract.decide", "action_decide"): REVIEW,
    ("crm.contract.approval.condition", "action_met"): REVIEW,
    # Who manages a contract may bill it, and so may accountants.
    ("crm.contract", "action_bill"): INVOICES | LEDGER,
    ("crm.contract", "action_create_invoice"): INVOICES | LEDGER,
    ("crm.contract.installment", "action_create_invoice"): INVOICES | LEDGER,
    ("crm.contract.bill", "action_bill"): LEDGER,
    ("crm.contract.interest", "action_charge"): INVOICES | LEDGER,
    ("crm.contract.link.invoice", "action_link"): LEDGER,
    # The order of categories is that of the clauses in print.
    ("crm.contract.clause.category", "write"): {"crm.contract.clause"},
    # Dialogs and runs that keep a record of their own.
    ("crm.contract.renew", "action_renew"): {
        "crm.contract.renewal.run",
        "crm.contract.renewal.run.line",
    },
    ("crm.contract.renewal.run", "action_stop"): {
        "crm.contract.renewal.run",
        "crm.contract.renewal.run.line",
    },
    ("crm.contract.health.check", "action_look"): {
        "crm.contract.health.check",
        "crm.contract.health.finding",
    },
    # Accountants decide on differences of books and ledger.
    ("crm.contract.difference", "action_apply"): INVOICES | LEDGER,
    ("crm.contract.installment", "action_undo_waive"): LEDGER,
    ("crm.contract.installment", "action_bill_rest"): INVOICES | LEDGER,
    # Settlement and penalty are drafts, made by who may end the contract.
    ("crm.contract", "action_end"): INVOICES | LEDGER,
    ("crm.contract.end", "action_end"): INVOICES | LEDGER,
}
# Whatever is done to invoices, the ledger shows it.
OF_INVOICES = {"account.move", "account.move.line", "account.move.reversal"}


class Findings:
    """What the fuzzer found, told once for each method and kind of problem."""

    def __init__(self):
        self.problems = collections.OrderedDict()
        self.called = collections.Counter()
        self.outcomes = collections.Counter()

    def note(self, call, answer):
        key = (call["model"], call["method"])
        self.called[key] += 1
        self.outcomes[answer["outcome"]] += 1
        for problem, detail in judge(call, answer):
            self.problems.setdefault((*key, problem), (call, detail))

    def tell(self):
        return "\n\n".join(
            f"{model}.{method}: {problem}\n   {detail}\n   {call}"
            for (model, method, problem), (call, detail) in self.problems.items()
        )


def judge(call, answer):
    """What is wrong with an answer: pairs of the kind of problem and of details."""
    method = call["method"]
    yield from judge_error(call, answer)
    # Odoo's own check of companies names what a client names.
    if answer["leaks"] and "company inconsistencies" not in answer.get("message", ""):
        yield f"leaks {answer['leaks']}", answer.get("message", "")
    if answer["outcome"] != "ok":
        return
    if answer["none"] and call["ours"]:
        yield "returns None", ""
    for before, after, kind in answer["moves"]:
        step = (before, after)
        if step not in MOVES.get(method, ()):
            yield f"moves {step} of kind {kind}", ""
        if after in (OF_AMENDMENTS if kind != "amendment" else PERFORMED):
            yield f"{kind} becomes {after}", ""
    for row in answer.get("written") or ():
        allowed = BY_DESIGN.get((call["model"], method), ())
        if call["model"] in OF_INVOICES:
            allowed = LEDGER
        if row["model"] not in allowed:
            yield f"{call['role']} {row['operation']}s {row['model']}", str(row)


def judge_error(call, answer):
    if answer["outcome"] != "error":
        return
    frames = answer["trace"]
    ours_at_last = bool(frames) and frames[-1][3]
    is_action = call["ours"] and call["method"].startswith("action_")
    is_action = is_action and answer["stage"] == "call"
    if is_action or ours_at_last or answer["kind"] == "HangError":
        where = "; ".join(
            f"{file}:{line} {name}" for file, line, name, _o in frames[-3:]
        )
        yield f"{answer['kind']} at {where}", answer["message"]


@pytest.fixture(scope="module")
def fuzz(database):
    with fuzzed(database) as running:
        yield running


def test_whatever_is_called(fuzz, capsys):
    ours = [target for target in fuzz.targets if target["ours"]]
    inherited = [target for target in fuzz.targets if not target["ours"]]
    assert len(ours) > 100 and len(inherited) > 1000
    if ONLY:
        ours = [target for target in ours if target["method"] in ONLY]
        inherited = ours
    findings = Findings()
    started, number = time.monotonic(), 0
    while not number or time.monotonic() - started < SECONDS:
        for target in ours:
            try_out(fuzz, findings, [target], EXAMPLES, SEED + number)
        try_out(fuzz, findings, inherited, EXAMPLES * len(ours) // 4, SEED + number)
        number += 1
    with capsys.disabled():
        sys.stdout.write(
            f"\n{sum(findings.called.values())} calls of {len(findings.called)} methods:"
            f" {dict(findings.outcomes)}\n"
        )
    missed = {(t["model"], t["method"]) for t in ours} - findings.called.keys()
    assert not findings.problems, findings.tell()
    assert not missed, f"never called: {sorted(missed)}"
    assert ONLY or findings.outcomes["ok"] > 50 and findings.outcomes["refused"] > 50


def try_out(fuzz, findings, targets, examples, number):
    """Call one of the targets so many times; the same number makes the same calls."""
    arguments = Arguments(fuzz)

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def run(data):
        target = data.draw(st.sampled_from(targets))
        call = prepare(data.draw, fuzz, arguments, target)
        answer = fuzz.call(**{k: v for k, v in call.items() if k != "ours"})
        findings.note(call, answer)

    run()


def prepare(draw, fuzz, arguments, target):
    """One call: who calls what, on which records, with which arguments."""
    model = target["model"]
    make = None
    if target["transient"] and not target["api_model"] and draw(st.integers(0, 5)) < 5:
        make = arguments.draw_dialog(draw, model)
    return {
        "role": draw(st.sampled_from(fuzz.roles)),
        "model": model,
        "method": target["method"],
        "ours": target["ours"],
        "ids": [] if target["api_model"] else arguments.draw_ids(draw, model),
        "kwargs": arguments.draw_kwargs(draw, target),
        "make": make,
        "context": draw(st.sampled_from([{}, {}, {"default_state": "running"}])),
    }
