"""Whatever happens to a recurring line of whatever kind, the books say what was agreed.

`ledger_matrix/README.md` tells what the cells are; `make soak` plays all of them.
"""

import os
from datetime import date
from decimal import Decimal

import inside
import pytest
from ledger_matrix import cells
from ledger_matrix.oracle import Oracle

SHARES = 2


@pytest.mark.parametrize("share", range(SHARES))
def test_books_and_figures(share):
    """What is chosen by pairs, in parts that several processes share.

    What came right leaves the table of what is known to be wrong. Coverage is that of
    the pairs of values that the models' own selections allow.
    """
    played = inside.run(
        os.environ["CONTRACT_DB"],
        "ledger_matrix.play",
        part="pairs",
        share=(share, SHARES),
    )
    covered, every = played["pairs"]
    problems = [
        *played["failed"],
        *(f"came right: {each}" for each in played["right"]),
        *([f"{covered} of {every} pairs"] if covered < 0.95 * every else []),
    ]
    assert not problems, "\n".join(problems)


def test_chosen_by_pairs():
    """All pairs that are legal, by a twentieth of the cells."""
    every = cells.all_cells()
    chosen = cells.in_pairs(every)
    assert set().union(*map(cells.pairs_of, chosen)) == set().union(
        *map(cells.pairs_of, every)
    )
    assert len(chosen) < len(every) / 15


def oracle(**values):
    return Oracle(
        **{
            "start": date(2027, 1, 31),
            "end": date(2027, 12, 30),
            "interval": (1, "month"),
            "advance": True,
            "by_day": True,
            "terms": {"price": 310, "quantity": 1},
            **values,
        }
    )


def billed(line, *days):
    for day in days:
        line.bill(date.fromisoformat(day))
    return [(f"{part.first:%m-%d}", str(part.amount)) for part in line.billed]


def test_oracle_anchor():
    """Reckoned by hand: the 31st of a short month is its last day."""
    line = oracle()
    assert billed(line, "2027-03-31") == [
        ("01-31", "310.00"),
        ("02-28", "310.00"),
        ("03-31", "310.00"),
    ]


def test_oracle_amended_in_arrears():
    """From 28 February on 31 days: 10 of them at 310, 21 at 620."""
    line = oracle(advance=False)
    line.amend(date(2027, 3, 10), price=620)
    assert billed(line, "2027-03-31") == [
        ("01-31", "310.00"),
        ("02-28", "100.00"),
        ("03-10", "420.00"),
    ]


def test_oracle_amended_in_advance():
    """What is billed stays; the one that was signed last counts."""
    line = oracle()
    line.bill(date(2027, 2, 28))
    line.amend(date(2027, 3, 10), price=620)
    line.amend(date(2027, 3, 5), quantity=2)
    assert billed(line, "2027-03-31")[-1] == ("03-31", "1240.00")


def test_oracle_suspended():
    """10 of the 31 days from 28 February on are not billed, and it waits for the end."""
    line = oracle(advance=False)
    line.bill(date(2027, 2, 28))
    line.suspend(date(2027, 3, 10))
    line.bill(date(2027, 4, 15))
    assert line.total() == 310
    line.resume(date(2027, 4, 10))
    assert billed(line, "2027-04-30")[1:] == [("02-28", "100.00"), ("03-31", "206.67")]


def test_oracle_ended_and_reopened():
    """Of 31 days 11 are used, and 20 are billed again when it goes on."""
    line = oracle()
    line.bill(date(2027, 2, 28))
    line.stop(date(2027, 3, 10))
    assert line.total() == Decimal("420.00")
    line.reopen()
    assert billed(line, "2027-03-15")[-1] == ("03-11", "200.00")
