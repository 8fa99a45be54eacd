"""Lives of contracts at random, found and made small by Hypothesis, in an Odoo shell."""

import random
from collections import Counter

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from ledger_matrix.oracle import DAY
from ledger_matrix.world import World

from machine import duties, invariants, replay
from machine.life import (
    DEEDS,
    INTERVALS,
    PRICES,
    Life,
    WrongError,
    live_through,
    possible_deeds,
)

START = "2027-01-29"
SHAPES = st.tuples(
    st.sampled_from(INTERVALS),
    st.booleans(),
    st.booleans(),
    st.sampled_from(PRICES),
    st.integers(3, 8),
    st.booleans(),
    st.booleans(),
)


class Machine(RuleBasedStateMachine):
    """A life in a world that is taken back when it is over."""

    world = None
    # What was done, and what was refused
    done = Counter()

    def __init__(self):
        super().__init__()
        self.isolation = self.world.taken_back()
        self.isolation.__enter__()
        self.world.move_to(START)
        self.life = None

    def teardown(self):
        self.isolation.__exit__(None, None, None)

    @initialize(shape=SHAPES, begin=st.integers(0, 3), is_signed=st.booleans())
    def begin(self, shape, begin, is_signed):
        self.world.move_to(self.world.today + begin * DAY)
        self.life = Life(self.world, "Life", shape)
        self.life.history.append(f"{self.world.today} {shape}")
        if is_signed:
            self.life.do("submit")
            self.life.do("sign")

    @rule(days=st.integers(1, 2))
    def days_pass(self, days):
        """Each day has its jobs."""
        for _day in range(days):
            self.pass_to(1)

    @rule(days=st.integers(2, 60))
    def jobs_are_down(self, days):
        """Only on the last day they run, and catch up."""
        self.pass_to(days)

    @rule()
    def jobs_run_twice(self):
        """It does no harm."""
        self.pass_to(0)

    @rule(choice=st.integers(0, 99), number=st.integers(0, 99))
    def something_is_done(self, choice, number):
        """Whatever can be, so that deeds are not rarer than days."""
        self.do_some(choice, number)

    @rule(choice=st.integers(0, 99), number=st.integers(0, 99))
    def something_else_is_done(self, choice, number):
        self.do_some(choice, number)

    def do_some(self, choice, number):
        deeds = possible_deeds(self.life)
        if deeds:
            self.do(deeds[choice % len(deeds)], number)

    def do(self, name, number):
        is_done = self.life.do(name, number)
        self.done[name if is_done else f"{name} refused"] += 1

    def pass_to(self, days):
        day = self.world.today + days * DAY
        for problem in live_through(self.world, [self.life], day).values():
            raise WrongError(problem)
        invariants.check(self.world, [self.life], after_jobs=True)
        self.done["a day passes"] += 1

    @invariant()
    def holds(self):
        if self.life:
            invariants.check(self.world, [self.life])
            invariants.check_verified(self.life)


def _make_rule(name):
    def can(self):
        return bool(self.life) and DEEDS[name](self.life)

    @precondition(can)
    @rule(number=st.integers(0, 99))
    def deed(self, number):
        self.do(name, number)

    deed.__name__ = name
    return deed


# Rules are read when a class is made.
Lives = type("Lives", (Machine,), {name: _make_rule(name) for name in DEEDS})


def main(env, lives, steps=20, seed=None, shrink=False):
    """Let contracts live; return {"problem": str, "done": {deed: number}}.

    :param seed: None for the same lives each time
    """
    with World(env, START) as world:
        duties.prepare(world)
        for history, until in replay.KNOWN:
            with world.taken_back():
                problem = replay.live_again(world, history, until)
            if problem:
                return {"problem": problem, "done": {}}
        Lives.world, Lives.done = world, Counter()
        if seed is not None:
            random.seed(seed)
        try:
            run_state_machine_as_test(
                Lives,
                settings=settings(
                    max_examples=lives,
                    stateful_step_count=steps,
                    deadline=None,
                    database=None,
                    derandomize=seed is None,
                    print_blob=False,
                    report_multiple_bugs=False,
                    phases=(Phase.generate, *([Phase.shrink] * shrink)),
                    suppress_health_check=list(HealthCheck),
                ),
            )
            problem = ""
        except Exception as error:
            notes = "\n".join(getattr(error, "__notes__", ()))
            problem = f"{type(error).__name__}: {error}\n{notes}"
    return {"problem": problem, "done": dict(Lives.done)}
