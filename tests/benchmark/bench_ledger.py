"""Ledgers of many contracts at once: extended, derived anew, trued up, summed up."""

import functools
import statistics
from datetime import date

import bench_billing
import measure
from dateutil.relativedelta import relativedelta
from measure import Figure, Side

from odoo.fields import Command

ROUNDS = 3
CONTRACTS = 1000
# Queries a contract
BAR = 8
LIST = 80
FIGURES = (
    "amount_invoiced",
    "amount_paid",
    "amount_remaining",
    "amount_overdue",
    "amount_extra",
    "percent_invoiced",
    "percent_paid",
    "billed_note",
    "installment_due_count",
    "date_next_billing",
    "ledger_notice",
    "invoice_count",
    "payment_count",
)
TITLES = {
    "ledger.extend": "queries of extending a ledger",
    "ledger.rebuild": "queries of rebuilding after an amendment",
    "ledger.rebuild_again": "queries of rebuilding what is right already",
    "ledger.true_up": "queries of a true-up",
    "ledger.figures": f"queries of the figures of a list of {LIST}",
}


def _measure_extension(rounds):
    """The daily job adds a month to ledgers."""
    with measure.environment() as env:
        contracts = _create(env)
        # What is a month ahead of the horizon is left for later.
        env.company.contract_horizon += 2
        schedule = env["crm.contract.schedule"]
        _job, step = schedule._find_step("ledger")
        side = _measure(
            env, rounds, "extended", functools.partial(_do, schedule, step, contracts)
        )
    return [_get_figure("ledger.extend", side)]


def _do(schedule, step, contracts):
    """Do a step as the job does, without its commits."""
    before = len(contracts.installment_ids)
    for start in range(0, len(contracts), step.chunk):
        chunk = schedule._do(step, contracts[start : start + step.chunk])
        if chunk.failures:
            raise AssertionError(chunk.failures)
        contracts.env.cr.flush()
        contracts.env.invalidate_all()
    if len(contracts.installment_ids) <= before:
        raise AssertionError("No ledger was extended.")


def _measure_rebuilding(rounds):
    """Open rows follow amendments in a period that is billed; then nothing is to do."""
    with measure.environment() as env:
        contracts = _create(env)
        day = _amend(contracts)
        rebuild = functools.partial(env["crm.contract.ledger"]._rebuild, contracts, day)
        changed = _measure(env, rounds, "amended", rebuild)
        rebuild()
        same = _measure(env, rounds, "rebuilt before", rebuild)
    return [
        _get_figure("ledger.rebuild", changed),
        _get_figure("ledger.rebuild_again", same),
    ]


def _measure_true_up(rounds):
    """Billed days are brought to the terms of amendments, and the ledgers follow."""
    with measure.environment() as env:
        contracts = _create(env)
        day = _amend(contracts)
        side = _measure(
            env, rounds, "trued up", functools.partial(_true_up, contracts, day)
        )
    return [_get_figure("ledger.true_up", side)]


def _true_up(contracts, day):
    env = contracts.env
    env["crm.contract.true.up"]._settle(contracts, day, "Difference")
    env["crm.contract.ledger"]._rebuild(contracts, day)
    rows = contracts.installment_ids.filtered(lambda row: row.trigger == "true_up")
    if len(rows) < len(contracts):
        raise AssertionError(f"{len(rows)} true-ups of {len(contracts)} amendments.")


def _measure_figures(_rounds):
    """What a list says of contracts takes as many queries as of a single one."""
    with measure.environment() as env:
        contracts = _create(env, LIST)
        for contract in contracts.sudo()[::2]:
            # These are counted by the year.
            with contract._content_unlocked():
                contract.write({"duration": 0, "date_end": False})
        one, many = (
            Side(
                f"{number} contracts",
                queries=measure.count_queries(
                    env, functools.partial(contracts[:number].read, FIGURES)
                ),
            )
            for number in (1, LIST)
        )
    return [Figure("ledger.figures", many.queries, one.queries, many, one)]


def _create(env, number=CONTRACTS):
    """Return contracts that began a month ago; what fell due since is invoiced."""
    fixture = bench_billing.prepare(env)
    start = date.today() - relativedelta(months=1)
    contracts = bench_billing.create_running(env, fixture, number, start)
    bench_billing.bill(contracts)
    return contracts


def _amend(contracts):
    """Let a line of each cost more from a day of the first period on; return the day."""
    day = contracts[0].date_start + relativedelta(days=10)
    commands = {}
    for contract in contracts:
        line = contract.line_ids[0]
        new = line.copy_data()[0]
        new.update(
            {"chain": line.chain, "valid_from": day, "price_unit": line.price_unit + 50}
        )
        commands[contract] = [
            Command.update(line.id, {"valid_until": day - relativedelta(days=1)}),
            Command.create(new),
        ]
    # sudo: terms that an amendment gave a line are owned by it
    for contract, lines in commands.items():
        with contract.sudo()._content_unlocked():
            contract.sudo().line_ids = lines
    contracts.env.cr.flush()
    return day


def _measure(env, rounds, label, action):
    action = functools.partial(measure.once, env, action)
    action()
    results = [action() for _round in range(rounds)]
    seconds = tuple(seconds for seconds, _queries in results)
    return Side(
        f"{CONTRACTS:,} contracts, {label}",
        statistics.median(seconds),
        max(queries for _seconds, queries in results),
        runs=seconds,
    )


def _get_figure(name, side):
    return Figure(name, side.queries / CONTRACTS, BAR, side, Side(""))


STAGES = {
    "extend": _measure_extension,
    "rebuild": _measure_rebuilding,
    "true_up": _measure_true_up,
    "figures": _measure_figures,
}
