"""Renewal: the daily scan, reminders, and renewing many contracts at once."""

import functools
import statistics
from datetime import date, timedelta
from unittest.mock import patch

import bench_billing
import bench_contract
import measure
from measure import Figure, Side

from odoo.fields import Command

SCANNED = 100_000
REMINDERS = 1000
RENEWED = 500
# The bar is an absolute time, but a hundred times what is expected: seconds.
SCAN_SECONDS = 0.05
TITLES = {
    "renewal.scan_queries": "queries of the daily scan, nothing due",
    "renewal.scan_share_of_50_ms": "its time, as a share of 50 ms",
    "renewal.stale_scan_queries": "queries of the scan for reminders that are over",
    "renewal.stale_scan_share_of_50_ms": "its time, as a share of 50 ms",
    "renewal.mrr_scan_queries": "queries of the scan for recurring revenue",
    "renewal.mrr_scan_share_of_50_ms": "its time, as a share of 50 ms",
    "renewal.rung_queries": "queries a reminder",
    "renewal.renew": "renewing contracts, compared with creating them",
}


def run(rounds):
    """Return the figures of this benchmark."""
    return [*_measure_scan(rounds), _measure_reminders(), _measure_renewal(rounds)]


def _measure_scan(rounds):
    """Look for what is due among many running contracts with nothing due."""
    with measure.environment() as env:
        fixture = bench_contract.prepare(env)
        [contract] = create_running(env, fixture, 1, days_left=900)
        env["crm.contract.mrr.movement"]._log(contract)
        # As if a price step lay ahead of each.
        contract.flush_recordset()
        env.cr.execute(
            "UPDATE crm_contract SET date_mrr_change = date_end WHERE id = %s",
            [contract.id],
        )
        bench_billing._copy_rows(
            env,
            "crm_contract",
            contract.id,
            SCANNED,
            contract.id + 1_000_000,
            {"number": "NULL"},
        )
        env.cr.execute("ANALYZE crm_contract")
        remind = env["crm.contract.reminder"].sudo()._run
        scans = {
            "scan": functools.partial(remind, "remind"),
            "stale_scan": functools.partial(remind, "remind_stale"),
            "mrr_scan": env["crm.contract.mrr.schedule"].sudo()._run,
        }
        with patch.object(env.registry["ir.cron"], "_commit_progress", _no_commit):
            # Odoo's scheduler commits; what is measured is the search.
            return [
                figure
                for name, scan in scans.items()
                for figure in _measure_job(env, rounds, name, scan)
            ]


def _measure_job(env, rounds, name, job):
    """Run a job that finds nothing to do."""
    job()
    results = [measure.once(env, job) for _round in range(5 * rounds)]
    side = Side(
        f"{SCANNED:,} contracts",
        statistics.median(seconds for seconds, _queries in results),
        max(queries for _seconds, queries in results),
    )
    none = Side("")
    return [
        Figure(f"renewal.{name}_queries", side.queries, 3, side, none),
        Figure(
            f"renewal.{name}_share_of_50_ms",
            side.seconds / SCAN_SECONDS,
            1,
            side,
            none,
        ),
    ]


def _measure_reminders():
    """Send a reminder of each of many contracts."""
    with measure.environment() as env:
        fixture = bench_contract.prepare(env)
        fixture.type.rung_ids = [Command.create({"name": "60 days", "days": 60})]
        create_running(env, fixture, REMINDERS, days_left=80)
        with patch.object(env.registry["ir.cron"], "_commit_progress", _no_commit):
            seconds, queries = measure.once(
                env, env["crm.contract.reminder"].sudo()._run
            )
    side = Side(f"{REMINDERS} reminders due", seconds, queries)
    return Figure("renewal.rung_queries", queries / REMINDERS, 6, side, Side(""))


def _measure_renewal(rounds):
    """Renew contracts in one call, compared with creating them."""
    with measure.environment() as env:
        fixture = bench_contract.prepare(env)
        contracts = create_running(env, fixture, RENEWED, days_left=80)
        sides = measure.compare(
            env,
            rounds,
            {
                "renewed": functools.partial(_renew, contracts),
                "created": functools.partial(
                    bench_contract.create_contracts, env, fixture, RENEWED
                ),
            },
        )
    renewed, created = sides.values()
    return measure.ratio("renewal.renew", 1.2, renewed, created)


def _renew(contracts):
    contracts._renew()


def create_running(env, fixture, number, days_left):
    """Create running contracts that end in so many days, as if they were signed."""
    contracts = bench_contract.create_contracts(env, fixture, number)
    end = date.today() + timedelta(days=days_left)
    start = end - timedelta(days=360)
    contracts.write({"date_start": start, "duration": 0, "date_end": end})
    contracts.write({"user_id": env.uid})
    # sudo: the state is owned by the life cycle, which would print every contract
    contracts.sudo().write({"state": "running"})
    env.cr.flush()
    return contracts


def _no_commit(_self, *args, **kwargs):
    return 1000.0
