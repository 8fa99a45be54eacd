"""Lives of contracts at random, found and made small by Hypothesis, in an Odoo shell."""

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
from machine import invariants, known
from machine.life import DEEDS, INTERVALS, PRICES, Life, live_through

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


def make_machine(world, done):
    """Return the machine of a world.

    :param done: counter of what was done, and of what was refused
    """

    class Machine(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.isolation = world.taken_back()
            self.isolation.__enter__()
            world.move_to(START)
            self.life, self.ran = None, False

        def teardown(self):
            self.isolation.__exit__(None, None, None)

        @initialize(shape=SHAPES, begin=st.integers(0, 3), is_signed=st.booleans())
        def begin(self, shape, begin, is_signed):
            world.move_to(world.today + begin * DAY)
            self.life = Life(world, "Life", shape)
            self.life.history.append(f"{world.today} {shape}")
            if is_signed:
                self.life.do("submit")
                self.life.do("sign")

        @rule(days=st.integers(1, 12))
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

        def pass_to(self, days):
            live_through(world, [self.life], world.today + days * DAY)
            invariants.check(world, [self.life], after_jobs=True)
            done["a day passes"] += 1

        @invariant()
        def holds(self):
            if self.life:
                invariants.check(world, [self.life])
                invariants.check_verified(self.life)

    def can(name):
        return lambda self: bool(self.life) and (
            DEEDS[name](self.life) and not known.reason_to_avoid(self.life, name)
        )

    def make_rule(name):
        @precondition(can(name))
        @rule(number=st.integers(0, 99))
        def deed(self, number):
            is_done = self.life.do(name, number)
            done[name if is_done else f"{name} refused"] += 1

        deed.__name__ = name
        return deed

    for name in DEEDS:
        setattr(Machine, name, make_rule(name))
    return Machine


def main(env, lives, steps=20, seed=None, shrink=False):
    """Let contracts live; return {"problem": str, "done": {deed: number}}.

    :param seed: None for the same lives each time
    """
    import random
    from collections import Counter

    done = Counter()
    with World(env, START) as world:
        machine = make_machine(world, done)
        if seed is not None:
            random.seed(seed)
        try:
            run_state_machine_as_test(
                machine,
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
    return {"problem": problem, "done": dict(done)}
