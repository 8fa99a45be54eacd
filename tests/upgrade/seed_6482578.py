"""The release with recurring fees, approvals, amendments and renewals.

`seed(env)` fills an empty database of it, in its Odoo shell.
"""

import seed_approval
import seed_base
import seed_renewal
from world import World, at, day

NIGHTLY = [
    f"crm_contract{name}"
    for name in (
        ".ir_cron_advance",
        "_renewal.ir_cron_renew",
        "_renewal.ir_cron_ladder",
        "_renewal.ir_cron_ladder_2",
        "_renewal.ir_cron_digest",
        "_renewal.ir_cron_mrr",
        "_approval.ir_cron_remind",
        "_approval.ir_cron_notify",
    )
]
BILL = "crm_contract.ir_cron_bill"


def seed(env):
    """Make contracts in every state, and commit."""
    world = World(env)
    world.by_agreement = {"terminated_by": "mutual"}
    seed_base.make_base(world)
    seed_renewal.make_fees(world)
    for night in ("2026-09-01", "2026-10-05"):
        with at(night, 1):
            world.run_jobs(*NIGHTLY, BILL)
    seed_renewal.make_amended(world)
    seed_renewal.make_renewed(world)
    seed_renewal.make_terminated(world)
    seed_approval.make_reviewed(world)
    for night in ("2026-11-12", day(-1)):
        with at(night, 1):
            world.run_jobs(*NIGHTLY)
    seed_base.meddle(world)
    with at(day(0), 8):
        seed_approval.ask_today(world)
        env.cr.commit()
