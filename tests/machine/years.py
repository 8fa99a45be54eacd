"""Years of a company, day by day: many contracts at once, and whatever people do.

Every day has all its jobs. A contract that is over is watched for a while, and then
another one takes its place.
"""

import random
import sys
from collections import Counter
from datetime import date

from ledger_matrix.oracle import DAY
from ledger_matrix.world import World

from machine import duties, invariants
from machine.life import (
    INTERVALS,
    PRICES,
    Life,
    WrongError,
    live_through,
    possible_deeds,
)

START = date(2027, 1, 4)
# Days between two deeds of a contract, on average; days for which the dead are watched
PACE, WATCHED = 12, 60
# What ends a life is not done as often as the rest.
SELDOM = {"cancel", "terminate", "complete", "withdraw"}


def main(env, years, lives=60, seed=1, pace=PACE):
    """Let contracts live.

    :param pace: days between two deeds of a contract, on average
    :return: {"problems": list of str, "done": {deed: number}, "lives": number}
    """
    with World(env, START, quiet=False) as world:
        duties.prepare(world)
        company = Company(world, lives, random.Random(seed), pace)
        for number in range(int(years * 365.25)):
            company.live(START + number * DAY)
            if number % 91 == 0:
                _tell(world.today, company)
        return {
            "problems": company.problems,
            "done": dict(company.done),
            "lives": company.number,
        }


def _tell(today, company):
    _say(
        f"   {today}: {company.number} contracts, {sum(company.done.values())} deeds, "
        f"{len(company.problems)} problems"
    )


def _say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Company:
    """The contracts that live at a time, and what became of those before them."""

    def __init__(self, world, size, dice, pace):
        self.world, self.size, self.dice, self.pace = world, size, dice, pace
        self.lives, self.over_since = [], {}
        self.number, self.done, self.problems = 0, Counter(), []

    def live(self, day):
        self.drop(live_through(self.world, self.lives, day))
        self.check(self.lives, after_jobs=True)
        self.replace()
        for life in [*self.lives]:
            if self.dice.random() < 1 / self.pace:
                self.act(life)

    def act(self, life):
        deeds = [
            name
            for name in possible_deeds(life)
            if name not in SELDOM or self.dice.random() < 0.2
        ]
        if not deeds:
            return
        name = self.dice.choice(deeds)
        try:
            is_done = life.do(name, self.dice.randrange(100))
        except Exception as error:
            self.drop({life: f"{self.world.today} {name}: {error!r}\n{life}"})
            return
        self.done[name if is_done else f"{name} refused"] += 1
        self.check([life])

    def check(self, lives, after_jobs=False):
        try:
            invariants.check(self.world, lives, after_jobs)
        except WrongError as error:
            if len(lives) == 1:
                self.drop({lives[0]: str(error)})
                return
            # Which of them?
            for life in [*lives]:
                self.check([life], after_jobs)

    def drop(self, problems):
        """Note problems; who has one is not looked at any more."""
        for problem in problems.values():
            self.problems.append(problem)
            _say(f"   problem: {problem}")
        self.lives = [life for life in self.lives if life not in problems]

    def replace(self):
        """Let new contracts take the place of those that have been over for a while."""
        today = self.world.today
        for life in self.lives:
            if life.is_over:
                self.over_since.setdefault(life, today)
            else:
                self.over_since.pop(life, None)
        self.lives = [
            life
            for life in self.lives
            if (today - self.over_since.get(life, today)).days < WATCHED
        ]
        while len(self.lives) < self.size:
            self.number += 1
            shape = self.shape()
            life = Life(self.world, f"Life {self.number}", shape)
            life.history.append(f"{self.world.today} {shape}")
            life.do("submit")
            if self.dice.random() < 0.8:
                life.do("sign")
            self.lives.append(life)

    def shape(self):
        dice = self.dice
        return (
            dice.choice(INTERVALS),
            dice.random() < 0.5,
            dice.random() < 0.7,
            dice.choice(PRICES),
            dice.randrange(3, 9),
            dice.random() < 0.4,
            dice.random() < 0.7,
        )
