"""A life once more, by what a problem says that was done, to look into it.

odoo-bin shell -c … -d … --no-http
>>> from machine import replay
>>> replay.main(env, "2027-01-04 ((1, 'month'), …); 2027-01-04 submit 0; …")
"""

import ast
from datetime import date

from ledger_matrix.oracle import DAY
from ledger_matrix.world import World

from machine import duties, invariants
from machine.life import Life, WrongError, live_through

# Lives in which something was wrong once, and the day until which to look.
KNOWN = (
    # Terminated ahead, suspended when it ended, reopened: the rest was called waived.
    (
        "2027-01-04 ((1, 'quarter'), True, True, 33.33, 3, True, False);"
        " 2027-01-04 submit 0; 2027-01-04 sign 0; 2027-01-05 terminate 3;"
        " 2027-01-06 suspend 83; 2027-01-10 reopen 48",
        "2027-01-11",
    ),
)


def main(env, history, until=None):
    """Do all of it, with the jobs of each day between; return the first problem (str).

    :param history: what a problem says after the name of the life
    :param until: the day up to which it goes on (ISO), else that of the last deed
    """
    with World(env, history.split(" ", 1)[0]) as world:
        duties.prepare(world)
        return live_again(world, history, until)


def live_again(world, history, until=None):
    """Live a life in a world once more; as `main`."""
    first, *deeds = [part.strip() for part in history.split(";")]
    day, shape = first.split(" ", 1)
    deeds = [deed.split()[:3] for deed in deeds]
    day, last = date.fromisoformat(day), date.fromisoformat(until or deeds[-1][0])
    world.move_to(day)
    life = Life(world, "Life", ast.literal_eval(shape))
    try:
        while True:
            for _day, name, number in (d for d in deeds if d[0] == f"{day}"):
                life.do(name, int(number))
                invariants.check(world, [life])
            day += DAY
            if day > last:
                return ""
            for problem in live_through(world, [life], day).values():
                return problem
            invariants.check(world, [life], after_jobs=True)
    except WrongError as error:
        return str(error)
