"""Looking at the health of many contracts that are all sound, and of few."""

import functools
import os
import statistics
import time
from datetime import date

import measure
from measure import Figure, Side

from odoo.fields import Command
from odoo.tools import SQL

ROUNDS = 3
# Contracts in the database: `CONTRACT_HEALTH` takes another number.
MANY = int(os.environ.get("CONTRACT_HEALTH", 100_000))
FEW = MANY // 10
# Seconds that a look at 100,000 contracts may take: the one absolute bar, since
# somebody waits for it.
SECONDS = 10
# Contracts that all others are copies of
MODELS = 10
TITLES = {
    "health.look": f"seconds of all checks, {MANY:,} contracts",
    "health.growth": "time a contract, among ten times as many",
    "health.queries": "queries of all checks",
}
# By which column the rows of a contract are found.
PARENTS = {"account_move_line": "move_id", "mail_activity": "res_id"}
# Tables of what is copied, and the columns that name rows of each other.
LINKS = {
    "crm_contract": {},
    "crm_contract_version": {
        "contract_id": "crm_contract",
        "agreement_id": "crm_contract",
    },
    "crm_contract_line": {"contract_id": "crm_contract"},
    "account_move": {"contract_id": "crm_contract"},
    "crm_contract_installment": {
        "contract_id": "crm_contract",
        "line_id": "crm_contract_line",
        "chain": "crm_contract_line",
    },
    "account_move_line": {
        "move_id": "account_move",
        "installment_id": "crm_contract_installment",
    },
    "mail_activity": {"res_id": "crm_contract"},
}


def _measure_look(rounds):
    """All checks, with many contracts and with few; nothing is found of any of them."""
    few, many = (_measure_number(number, rounds) for number in (FEW, MANY))
    return [
        Figure("health.look", many.seconds, SECONDS * MANY / 100_000, many, few),
        Figure(
            "health.growth",
            (many.seconds / MANY) / (few.seconds / FEW),
            1.5,
            many,
            few,
        ),
        Figure("health.queries", many.queries, few.queries, many, few),
    ]


def _measure_number(number, rounds):
    """Return the side of so many contracts; the checks that take longest are printed."""
    measure.settle()
    with measure.environment() as env:
        _seed(env, number)
        health = env["crm.contract.health"].sudo()
        checks, times = health._get_checks(), {}
        action = functools.partial(_look, health, checks, times)
        action()
        results = [measure.once(env, action) for _round in range(rounds)]
    slowest = sorted(times.items(), key=lambda item: -item[1])[:8]
    print(", ".join(f"{name} {seconds:.2f} s" for name, seconds in slowest))
    seconds = tuple(seconds for seconds, _queries in results)
    return Side(
        f"{number:,} contracts, {len(checks)} checks",
        statistics.median(seconds),
        max(queries for _seconds, queries in results),
        runs=seconds,
    )


def _look(health, checks, times):
    """Count what all checks find, which is nothing; note the seconds of each."""
    for check in checks:
        start = time.perf_counter()
        found = {key: n for key, n in health._count(check).items() if key is not None}
        times[check.name] = time.perf_counter() - start
        if found:
            raise AssertionError(f"{check.name} found {found} among sound contracts.")


def _seed(env, number):
    """Create running contracts, billed in part, and copies of them by SQL."""
    contracts = _create_models(env)
    links = dict(LINKS)
    if "crm.contract.mrr.movement" in env:
        links["crm_contract_mrr_movement"] = {
            "contract_id": "crm_contract",
            "root_id": "crm_contract",
        }
    ids = {"crm_contract": contracts.ids}
    for table, columns in links.items():
        parent = PARENTS.get(table, "contract_id")
        if table not in ids:
            ids[table] = _find(env, table, parent, ids[columns[parent]])
    strides = {table: max(mine) - min(mine) + 1 for table, mine in ids.items()}
    for table, mine in ids.items():
        _copy(env, table, mine, strides, links[table], number // MODELS - 1)
    env.cr.execute(
        "UPDATE crm_contract c SET version_id = v.id FROM crm_contract_version v"
        " WHERE v.contract_id = c.id AND c.version_id IS NULL"
    )
    for table in links:
        env.cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))
    env.invalidate_all()


def _find(env, table, parent, ids):
    env.cr.execute(
        SQL(
            "SELECT id FROM %s WHERE %s IN %s",
            SQL.identifier(table),
            SQL.identifier(parent),
            tuple(ids),
        )
    )
    return [id_ for (id_,) in env.cr.fetchall()]


def _copy(env, table, ids, strides, links, times):
    """Copy rows of a table many times; links go to the copies of what they named."""
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = %s AND is_generated = 'NEVER'",
        [table],
    )
    values = {}
    for (name,) in env.cr.fetchall():
        values[name] = SQL("t.%s", SQL.identifier(name))
        if linked := table if name == "id" else links.get(name):
            values[name] = SQL("%s + n * %s", values[name], strides[linked])
    if table == "crm_contract":
        values["sequence_prefix"] = SQL("'H' || n || t.sequence_prefix")
        values["number"] = SQL("'H' || n || t.number")
        values["version_id"] = SQL("NULL")
    env.cr.execute(
        SQL(
            "INSERT INTO %s (%s) SELECT %s FROM %s t, generate_series(1, %s) n"
            " WHERE t.id IN %s",
            SQL.identifier(table),
            SQL(", ").join(map(SQL.identifier, values)),
            SQL(", ").join(values.values()),
            SQL.identifier(table),
            times,
            tuple(ids),
        )
    )


def _create_models(env):
    """Return sound contracts: a fee, a plan, a version, an invoice, an activity."""
    env.company.contract_horizon = 12
    today = date.today()
    product = env["product.product"].create({"name": "Service", "type": "service"})
    contract_type = env["crm.contract.type"].create(
        {"name": "Health", "code": "HEA", "duration": 60, "notice_period": 1}
    )
    partner = env["res.partner"].create({"name": "Customer", "lang": "en_US"})
    lines = [
        {"product_id": product.id, "price_unit": 100, "is_recurring": True},
        {"product_id": product.id, "price_unit": 1000},
    ]
    contracts = env["crm.contract"].create(
        [
            {
                "name": f"Contract {index}",
                "type_id": contract_type.id,
                "partner_id": partner.id,
                "date_start": today,
                "clause_ids": [Command.clear()],
                "line_ids": [Command.create(dict(line)) for line in lines],
                "installment_ids": [
                    Command.create(
                        {"name": "All", "percentage": 100, "trigger": "signature"}
                    )
                ],
            }
            for index in range(MODELS)
        ]
    )
    # sudo: owned by the life cycle, which would print every contract
    for contract in contracts.sudo():
        contract._set_number()
        contract.write(
            {
                "state": "running",
                "date_signed": today,
                "date_submitted": env.cr.now(),
            }
        )
        version = env["crm.contract.version"]._freeze(contract)
        version._sign(today, today)
        contract.version_id = version
        contract.activity_schedule(
            "mail.mail_activity_data_todo", user_id=contract.user_id.id
        )
    env["crm.contract.ledger"]._extend(contracts)
    if "crm.contract.mrr.movement" in env:
        env["crm.contract.mrr.movement"]._log(contracts)
    env.flush_all()
    billing = env["crm.contract.billing"]
    domain = billing._get_bill_domain(today)
    billing._bill(contracts, domain, today)
    env.flush_all()
    return contracts


STAGES = {"look": _measure_look}
