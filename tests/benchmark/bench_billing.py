"""The billing run compared with plain invoices of the same lines."""

import functools
import gc
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date
from multiprocessing import get_context
from typing import NamedTuple

import measure
from dateutil.relativedelta import relativedelta
from measure import Figure, Side

from odoo.fields import Command

# As many as fit into a quarter of an hour.
ROUNDS = 3
INVOICES = 1000
WARM = 100
LINES = 3
PERIODS = 24
AGED = 100
FEW_ROWS, MANY_ROWS = 999, 9999
SHARED = 400
SEARCHED_FEW, SEARCHED_MANY, SEARCHED_DUE = 1_000, 100_000, 100
TITLES = {
    "billing.draft": "time of draft invoices",
    "billing.draft_queries": "queries a draft invoice",
    "billing.one_fails": "one contract that fails among 1,000",
    "billing.post": "posting in the run",
    "billing.age": "the 25th period, 100 contracts",
    "billing.rows": "time of a row, among many",
    "billing.memory": "peak memory",
    "billing.find": "finding 100 contracts that are due",
    "billing.find_queries": "queries of finding them",
    "billing.two_workers": "two workers at once",
}


class Fixture(NamedTuple):
    """What contracts and invoices are made of."""

    partners: object
    products: object
    type: object


def _measure_run(rounds):
    """Drafts with and without a contract that fails, and posted invoices."""
    with measure.environment() as env:
        fixture = prepare(env)
        contracts = create_running(env, fixture, INVOICES)
        values = prepare_plain_vals(contracts)
        sides = measure.compare(
            env,
            rounds,
            {
                "plain": functools.partial(create_plain, env, values),
                "run": functools.partial(bill, contracts),
                "failing": functools.partial(_bill_with_failure, contracts),
            },
            warm_up=[
                functools.partial(create_plain, env, values[:WARM]),
                functools.partial(_bill_with_failure, contracts[:WARM]),
            ],
        )
    plain, ours = sides["plain"], sides["run"]
    return [
        measure.ratio("billing.draft", 0.65, ours, plain),
        Figure("billing.draft_queries", ours.queries / INVOICES, 4.5, ours, plain),
        measure.ratio("billing.one_fails", 1.1, sides["failing"], ours),
    ]


def _measure_posting(rounds):
    """What posting adds to the run, compared with posting plain drafts."""
    with measure.environment() as env:
        fixture = prepare(env)
        contracts = create_running(env, fixture, INVOICES)
        drafts = create_plain(env, prepare_plain_vals(contracts))
        sides = measure.compare(
            env,
            rounds,
            {
                "run": functools.partial(bill, contracts),
                "run with posting": functools.partial(_bill_and_post, contracts),
                "plain post": functools.partial(_post_plain, drafts),
            },
            warm_up=[
                functools.partial(_bill_and_post, contracts[:WARM]),
                functools.partial(_post_plain, drafts[:WARM]),
            ],
        )
    ours, both = sides["run"], sides["run with posting"]
    posting = Side(
        f"posting {INVOICES} in the run",
        both.seconds - ours.seconds,
        both.queries - ours.queries,
        runs=tuple(
            together - alone
            for together, alone in zip(both.runs, ours.runs, strict=True)
        ),
    )
    return [measure.ratio("billing.post", 0.55, posting, sides["plain post"])]


def _measure_age(rounds):
    """A period after many others, compared with the first one."""
    with measure.environment() as env:
        fixture = prepare(env)
        start = date.today() - relativedelta(months=PERIODS)
        young = create_running(env, fixture, AGED)
        aged = create_running(env, fixture, AGED, start)
        rows = aged.installment_ids
        for day in sorted(set(rows.mapped("date_due")))[:PERIODS]:
            bill(aged, day)
        sides = measure.compare(
            env,
            # A few seconds each, and a bar that is close: what passes by must not decide.
            4 * rounds,
            {
                "first period": functools.partial(bill, young),
                f"period {PERIODS + 1}": functools.partial(bill, aged),
            },
        )
    return [
        measure.ratio(
            "billing.age", 1.05, sides[f"period {PERIODS + 1}"], sides["first period"]
        )
    ]


def _measure_growth(_rounds):
    """Cost a row and memory, of many due rows compared with few."""
    # Few before and after: many take minutes, in which a machine gets busy or idle.
    before, many, after = (
        _measure_rows(rows) for rows in (FEW_ROWS, MANY_ROWS, FEW_ROWS)
    )
    few = replace(before, seconds=(before.seconds + after.seconds) / 2)
    return [
        Figure(
            "billing.rows",
            (many.seconds / MANY_ROWS) / (few.seconds / FEW_ROWS),
            1.1,
            many,
            few,
        ),
        Figure("billing.memory", many.memory / few.memory, 1.3, many, few),
    ]


def _measure_rows(rows):
    """Bill rows in a process of its own, as the job would: chunk by chunk."""
    measure.settle()
    seconds, memory = measure.alone(functools.partial(_bill_rows, rows))
    return Side(f"{rows} due rows", seconds, memory=memory)


def _bill_rows(rows, env):
    # In parts, so that what is measured is the run and not the making of contracts.
    fixture = prepare(env)
    warm = create_running(env, fixture, WARM)
    bill(warm)
    number = rows // LINES
    for part in range(0, number, 300):
        create_running(env, fixture, min(300, number - part))
        env.invalidate_all()
    contracts = env["crm.contract"].search(
        [("type_id", "=", fixture.type.id), ("id", "not in", warm.ids)]
    )
    env.invalidate_all()
    gc.collect()
    measure.forget_peak_memory()
    start = time.perf_counter()
    bill(contracts)
    return time.perf_counter() - start


def _measure_search(rounds):
    """Finding what is due among many contracts, and among few."""
    sides = []
    for number in (SEARCHED_FEW, SEARCHED_MANY):
        measure.settle()
        with measure.environment() as env:
            due = create_running(env, prepare(env), SEARCHED_DUE)
            _multiply(env, due[:1], number - SEARCHED_DUE)
            find = functools.partial(_find, env, SEARCHED_DUE)
            find()
            results = [measure.once(env, find) for _round in range(5 * rounds)]
            sides.append(
                Side(
                    f"{number:,} contracts",
                    statistics.median(seconds for seconds, _queries in results),
                    max(queries for _seconds, queries in results),
                )
            )
    few, many = sides
    return [
        measure.ratio("billing.find", 1.5, many, few),
        Figure("billing.find_queries", many.queries, 1, many, few),
    ]


def prepare(env):
    """Create partners, products and a type; shorten the horizon of the ledger."""
    env.company.contract_horizon = 1
    partners = env["res.partner"].create(
        [{"name": f"Customer {number}", "lang": "en_US"} for number in range(100)]
    )
    products = env["product.product"].create(
        [
            {"name": f"Service {number}", "type": "service", "list_price": 100 + number}
            for number in range(20)
        ]
    )
    contract_type = env["crm.contract.type"].create(
        {"name": "Billing", "code": "BILL", "duration": 60, "notice_period": 1}
    )
    env.cr.flush()
    return Fixture(partners, products, contract_type)


def create_running(env, fixture, number, start=None):
    """Create running contracts of recurring lines whose first periods are due."""
    contracts = env["crm.contract"].create(
        [
            {
                "name": f"Contract {index}",
                "type_id": fixture.type.id,
                "partner_id": fixture.partners[index % 100].id,
                "date_start": start or date.today(),
                "clause_ids": [Command.clear()],
                "line_ids": [
                    Command.create(
                        {
                            "product_id": fixture.products[(index + line) % 20].id,
                            "quantity": line + 1,
                            "is_recurring": True,
                        }
                    )
                    for line in range(LINES)
                ],
            }
            for index in range(number)
        ]
    )
    # sudo: the state is owned by the life cycle, which would print every contract
    for index, contract in enumerate(contracts.sudo()):
        contract.write({"state": "running", "number": f"BILL/{contract.id}/{index}"})
    env["crm.contract.ledger"]._extend(contracts)
    env.cr.flush()
    return contracts


def bill(contracts, until=None, failing=None):
    """Invoice what is due as the job does, without its commits."""
    env = contracts.env
    until = until or date.today()
    billing = env["crm.contract.billing"]
    step = billing._get_bill_step(until, lambda: billing._get_bill_domain(until))
    for start in range(0, len(contracts), step.chunk):
        chunk = billing._do(
            step._replace(retry=True), contracts[start : start + step.chunk]
        )
        if set(chunk.failures) - set(failing or ()):
            raise AssertionError(chunk.failures)
        env.cr.flush()
        env.invalidate_all()
        del chunk


def _bill_with_failure(contracts):
    """One contract in the middle fails in the making of its invoice."""
    failing = contracts[len(contracts) // 2]
    # Neither too large for the field nor found before: it overflows in the invoice.
    row = failing.installment_ids.sorted("date_due")[:1].sudo()
    row.write({"quantity": 1e300, "price_unit": 1e300})
    bill(contracts, failing=failing)


def prepare_plain_vals(contracts):
    """Return create values of the same invoices without their links to the ledger."""
    values = []
    for contract in contracts:
        rows = contract.installment_ids.filtered(
            lambda row: row.date_due <= date.today()
        )
        vals = rows._prepare_invoice_vals(date.today())
        vals.pop("contract_id")
        for _command, _id, line in vals["invoice_line_ids"]:
            # Links and hints are what the run adds to a plain invoice.
            for name in ("installment_id", "amount_currency", "balance"):
                line.pop(name, None)
        values.append(vals)
    return values


def create_plain(env, values):
    """Create plain invoices in one batch."""
    return env["account.move"].create(values)


def _post_plain(drafts):
    drafts.action_post()


def _bill_and_post(contracts):
    contracts.env.company.contract_billing_mode = "post"
    bill(contracts)


def _find(env, expected):
    billing = env["crm.contract.billing"]
    [step] = billing._get_steps()
    found = billing._find(step)
    if len(found) != expected:
        raise AssertionError(f"{len(found)} contracts are due, not {expected}.")


def _multiply(env, contract, number):
    """Copy a contract and a row by SQL; nothing of the copies is due."""
    env.cr.flush()
    env.cr.execute("SELECT max(id) FROM crm_contract")
    [base] = env.cr.fetchone()
    _copy_rows(env, "crm_contract", contract.id, number, base, {"number": "NULL"})
    _copy_rows(
        env,
        "crm_contract_installment",
        contract.installment_ids[0].id,
        number,
        None,
        {
            "contract_id": f"{base} + n",
            "line_id": "NULL",
            "trigger": "'date'",
            "state": "'planned'",
            "date_due": "date '2099-01-01'",
        },
    )
    env.cr.execute("ANALYZE crm_contract")
    env.cr.execute("ANALYZE crm_contract_installment")


def _copy_rows(env, table, source, number, base, changes):
    """Copy a row of a table; `changes` are SQL expressions of a counter n."""
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
        " AND column_name != 'id'",
        [table],
    )
    names = [f'"{name}"' for (name,) in env.cr.fetchall()]
    values = [changes.get(name.strip('"'), f"t.{name}") for name in names]
    if base is not None:
        names, values = ["id", *names], [f"{base} + n", *values]
    env.cr.execute(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)}"
        f" FROM {table} t, generate_series(1, %s) n WHERE t.id = %s",
        [number, source],
    )


def _measure_workers(_rounds):
    """Two workers that share the run, compared with one; what they do is committed."""
    with measure.environment() as env:
        fixture = prepare(env)
        env.cr.commit()
        seconds = {}
        for workers in (1, 2):
            create_running(env, fixture, SHARED)
            env.cr.commit()
            measure.settle()
            seconds[workers] = _run_workers(workers)
    one, two = (
        Side(f"{SHARED} invoices, {workers} worker(s)", seconds[workers])
        for workers in (1, 2)
    )
    return [measure.ratio("billing.two_workers", 1 / 1.7, two, one)]


def _run_workers(number):
    """Return the seconds that the workers take together for all that is due."""
    with ProcessPoolExecutor(number, mp_context=get_context("spawn")) as pool:
        barrier = [pool.submit(_warm_up) for _worker in range(number)]
        for worker in barrier:
            worker.result()
        start = time.perf_counter()
        for worker in [pool.submit(_work) for _worker in range(number)]:
            worker.result()
        return time.perf_counter() - start


def _warm_up():
    with measure.environment() as env:
        env["crm.contract"].search([], limit=1).read(["name"])
        env["account.move"].search([], limit=1).read(["name"])
    # Long enough that no process takes the warming up of two.
    time.sleep(1)


def _work():
    with measure.environment() as env:
        env["crm.contract.billing"]._run()


STAGES = {
    "draft": _measure_run,
    "post": _measure_posting,
    "age": _measure_age,
    "growth": _measure_growth,
    "find": _measure_search,
    # The last one: it commits.
    "workers": _measure_workers,
}
