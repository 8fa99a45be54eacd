"""The first release: only the base add-on has content. `seed(env)` in its Odoo shell."""

import seed_base
from world import World, at, day


def seed(env):
    """Fill an empty database with contracts in every state, and commit."""
    world = World(env)
    seed_base.make_base(world)
    with at(day(-1)):
        world.run_jobs(seed_base.ADVANCE)
    seed_base.meddle(world)
