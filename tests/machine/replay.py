"""A life once more, by what a problem says that was done, to look into it.

odoo-bin shell -c … -d … --no-http
>>> from machine import replay
>>> replay.main(env, "2027-01-04 ((1, 'month'), …); 2027-01-04 submit 0; …")
"""

import ast
from datetime import date

from ledger_matrix.oracle import DAY
from ledger_matrix.world import World

from machine import invariants
from machine.life import Life, WrongError, live_through


def main(env, history, until=None):
    """Do all of it, with the jobs of each day between; return the first problem (str).

    :param history: what a problem says after the name of the life
    :param until: the day up to which it goes on (ISO), else that of the last deed
    """
    first, *deeds = [part.strip() for part in history.split(";")]
    day, shape = first.split(" ", 1)
    deeds = [deed.split()[:3] for deed in deeds]
    day, last = date.fromisoformat(day), date.fromisoformat(until or deeds[-1][0])
    with World(env, day) as world:
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
