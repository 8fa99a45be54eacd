"""Calls by the thousand: the same number makes the same calls."""

import time

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from fuzz.arguments import Arguments
from fuzz.rules import Findings


def go_round(fuzz, number, examples, until, only=()):
    """Call each public method once, and go on until the time is over; return Findings.

    :param number: seed of the first calls; those that follow have the next ones
    :param examples: how often each of ours is called at most
    :param until: moment (`time.monotonic`) at which no other call of all begins
    :param only: names of methods, to look at these alone
    """
    ours = [target for target in fuzz.targets if target["ours"]]
    inherited = [target for target in fuzz.targets if not target["ours"]]
    if only:
        ours = [target for target in ours if target["method"] in only]
        inherited = ours
    findings = Findings()
    for turn in range(examples):
        if turn and time.monotonic() >= until:
            break
        for target in ours:
            try_out(fuzz, findings, [target], 1, number + turn)
        try_out(fuzz, findings, inherited, len(ours) // 4, number + turn)
    return findings


def try_out(fuzz, findings, targets, examples, number, **more):
    """Call one of the targets so many times; the same number makes the same calls."""
    arguments = Arguments(fuzz)

    @seed(number)
    @settings(
        max_examples=examples + 1,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def run(data):
        # The first draw of all is the simplest there is, the same each time.
        if not data.draw(st.integers(0, 2**16)):
            return
        target = data.draw(st.sampled_from(targets))
        call = prepare(data.draw, fuzz, arguments, target)
        sent = {name: value for name, value in call.items() if name != "ours"}
        answer = fuzz.call(**sent, **more)
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
