"""Lives of contracts at random: whatever people do in whatever order, all adds up.

`machine/` has the deeds and the invariants; `make soak` lets 2,000 contracts live.
"""

import os

import inside

LIVES = 3


def test_lives():
    """A run in which most deeds are refused, or few are done, proves nothing."""
    lived = inside.run(os.environ["CONTRACT_DB"], "machine.machine", lives=LIVES)
    assert not lived["problem"], lived["problem"]
    refused = sum(n for name, n in lived["done"].items() if name.endswith(" refused"))
    done = sum(lived["done"].values()) - refused
    assert len(lived["done"]) >= 10, lived["done"]
    assert refused < done / 5, lived["done"]
