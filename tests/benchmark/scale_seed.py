"""Contracts by the hundred thousand, made by SQL of one that Odoo made.

`ODOO_CONF=… CONTRACT_DB=… python scale_seed.py 20000` keeps them in the database.
"""

import contextlib
import sys
import time
from datetime import date

import bench_billing
import measure

from odoo.fields import Command
from odoo.tools import SQL

LINES, ROWS, OBLIGATIONS, CLAUSES = 4, 10, 3, 5
CONTRACTS_A_CUSTOMER, USERS, TEAMS = 50, 20, 5
TABLES = (
    "crm_contract",
    "crm_contract_line",
    "crm_contract_clause",
    "crm_contract_clause_text",
    "crm_contract_milestone",
    "crm_contract_obligation",
    "crm_contract_installment",
)
# A word that few clauses have, whatever the number of contracts.
RARE, RARE_CLAUSES = "琥珀色的灯塔", 10
# Days after the first day on which rows of the ledger begin
STEP = 90
# How long a contract runs
TERM = 1095


def seed(env, number):
    """Create contracts with lines, clauses, obligations and rows of the ledger.

    They are spread over eight years, over states, users, teams and customers; about
    57 of 100 rows are settled, few of them overdue. What was made is committed.

    :return: id of the first contract
    """
    cr = env.cr
    source = _create_source(env)
    people = _create_people(env, number)
    env.cr.commit()
    # An index that is made over rows of which older versions are left is not used before
    # all transactions of today are over.
    measure.settle()
    with _bare_tables(cr, TABLES):
        first = _fill(cr, source, number, people)
    for table in (*TABLES, "mail_activity"):
        cr.execute(SQL("ANALYZE %s", SQL.identifier(table)))
    env.cr.commit()
    env.invalidate_all()
    return first


def _fill(cr, source, number, people):
    first = _copy(cr, "crm_contract", source.ids, number, _get_contract(number, people))
    contract = f"{first - 1} + n"
    link = {"contract_id": contract, "partner_id": _pick(people["partners"])}
    lines = source.line_ids.ids
    first_line = _copy(
        cr, "crm_contract_line", lines, number, {**link, "chain": "NEW_ID"}
    )
    line = f"{first_line} + (n - 1) * {len(lines)}"
    clause = {"contract_id": contract, **_get_clause(number)}
    _copy(cr, "crm_contract_clause", source.clause_ids.ids, number, clause)
    # As the nightly clean-up does: what no trigger added is added.
    source.env["crm.contract.clause.text"]._gc_texts()
    milestones = source.milestone_ids.ids
    first_milestone = _copy(cr, "crm_contract_milestone", milestones, number, link)
    _insert_obligations(cr, contract, first_milestone, number)
    _insert_rows(cr, contract, line, number)
    _follow(cr, first)
    return first


@contextlib.contextmanager
def _bare_tables(cr, tables):
    """Take indexes, foreign keys, exclusions, triggers off tables while they are filled.

    They are made again, and so looked at, at once in the end.
    """
    cr.execute(
        """
        SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
               format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass,
                      conname, pg_get_constraintdef(oid))
          FROM pg_constraint
         WHERE contype IN ('f', 'x') AND conrelid::regclass::text = ANY(%s)
        """,
        [list(tables)],
    )
    statements = cr.fetchall()
    cr.execute(
        """
        SELECT format('DROP INDEX %%s', indexrelid::regclass),
               pg_get_indexdef(indexrelid)
          FROM pg_index i
         WHERE indrelid::regclass::text = ANY(%s) AND NOT indisunique AND NOT EXISTS (
               SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
        """,
        [list(tables)],
    )
    statements += cr.fetchall()
    statements += [
        tuple(f"ALTER TABLE {table} {do} TRIGGER USER" for do in ("DISABLE", "ENABLE"))
        for table in tables
    ]
    for drop, _make in statements:
        cr.execute(drop)
    yield
    for _drop, make in reversed(statements):
        cr.execute(make)


def _create_source(env):
    kind = env["crm.contract.type"].search([("code", "=", "BILL")])
    fixture = None if kind else bench_billing.prepare(env)
    category = env["crm.contract.clause.category"].search([], limit=1)
    clauses = [
        Command.create(
            {
                "name": f"第{place + 1}条 Clause",
                "body": "<p>Text</p>",
                "category_id": category.id,
            }
        )
        for place in range(CLAUSES)
    ]
    lines = [
        Command.create(
            {"name": f"Service {place}", "price_unit": 100, "is_recurring": place < 2}
        )
        for place in range(LINES)
    ]
    source = env["crm.contract"].create(
        {
            "name": "Contract",
            "type_id": (kind or fixture.type).id,
            "partner_id": env.company.partner_id.id,
            "date_start": date.today(),
            "clause_ids": [Command.clear(), *clauses],
            "line_ids": lines,
            "milestone_ids": [
                Command.create({"name": f"Report {place}"})
                for place in range(OBLIGATIONS)
            ],
        }
    )
    return source


def _create_people(env, number):
    customers = max(number // CONTRACTS_A_CUSTOMER, 1)
    partners = env["res.partner"].create(
        [
            {
                "name": f"客户{place:05} Customer Ltd",
                "is_company": True,
                "company_registry": f"9131{place:014}",
            }
            for place in range(customers)
        ]
    )
    users = env["res.users"].search([("login", "=like", "scale.%")], order="id")
    users = users or env["res.users"].create(
        [
            {
                "name": f"Seller {place}",
                "login": f"scale.{place}",
                "group_ids": [
                    Command.link(env.ref("crm_contract.crm_contract_group_user").id)
                ],
            }
            for place in range(USERS)
        ]
    )
    teams = env["crm.team"].search([("user_id", "in", users.ids)], order="id")
    teams = teams or env["crm.team"].create(
        [
            {"name": f"Team {place}", "user_id": users[place].id}
            for place in range(TEAMS)
        ]
    )
    # Numbers are given once.
    mark = partners[0].id
    return {
        "mark": mark,
        "partners": partners.ids,
        "users": users.ids,
        "teams": teams.ids,
    }


def _pick(ids):
    # Ids of one creation follow each other.
    return f"{ids[0]} + n % {len(ids)}"


def _get_state(number):
    """SQL of a state, by the day on which a contract begins."""
    start = _get_start(number)
    return f"""CASE WHEN n % 33 = 0 THEN 'cancelled'
        WHEN {start} + {TERM} < CURRENT_DATE THEN 'ended'
        WHEN {start} <= CURRENT_DATE AND n % 40 = 0 THEN 'suspended'
        WHEN {start} <= CURRENT_DATE THEN 'running'
        WHEN n % 5 = 0 THEN 'draft' WHEN n % 5 = 1 THEN 'review'
        WHEN n % 5 = 2 THEN 'to_sign' ELSE 'signed' END"""


def _get_start(number):
    # Over eight years, whatever the number; most of it is behind us.
    return f"CURRENT_DATE - 2100 + (n::bigint * 2300 / {number})::int"


def _get_contract(number, people):
    start = _get_start(number)
    state = _get_state(number)
    signed = "'signed', 'running', 'suspended', 'ended'"
    late = f"""(SELECT 100 * count(*) FROM generate_series(0, {ROWS - 1}) rank
        WHERE {state} IN ({signed}) AND {_get_late(start)})"""
    return {
        "name": "'服务合同 ' || n || ' Maintenance'",
        "number": f"CASE WHEN {state} != 'draft' THEN 'S{people['mark']}/' || lpad(n::text, 7, '0')"
        " END",
        "partner_id": _pick(people["partners"]),
        "commercial_partner_id": _pick(people["partners"]),
        "user_id": _pick(people["users"]),
        "team_id": _pick(people["teams"]),
        "state": state,
        "active": "TRUE",
        "date_start": start,
        "date_end": f"{start} + {TERM}",
        "date_signed": f"CASE WHEN {state} IN ({signed}) THEN {start} - 20 END",
        "date_ended": f"CASE WHEN {state} = 'ended' THEN {start} + {TERM} END",
        "date_deadline": f"CASE WHEN {state} IN ({signed}) THEN {start} + {TERM - 30} END",
        "deviating_count": "(n % 100 = 0)::int",
        "amount_total": "1000 + n % 90000",
        "amount_company": "1000 + n % 90000",
        "amount_untaxed": "1000 + n % 90000",
        "amount_overdue": late,
    }


def _get_late(start):
    """SQL of whether a row of the ledger is overdue."""
    return f"({start} + rank * {STEP} < CURRENT_DATE - 60 AND (n + rank) % 200 = 0)"


def _get_clause(number):
    rare = max(number * CLAUSES // RARE_CLAUSES, 1)
    place = "(n * 5 + rank)"
    return {
        "is_deviating": "n % 100 = 0 AND rank = 1",
        "body": "'<p>供应商应当在收到通知后十日内提供服务，第' || n || '号。 The supplier performs "
        f"the services within ten days. ' || CASE WHEN {place} % {rare} = 0 THEN"
        f" '{RARE}' ELSE '' END || '</p>'",
    }


def _copy(cr, table, sources, number, changes):
    """Copy rows of a table for each n from 1 on; return the id of the first copy.

    :param changes: {column: SQL of n (contract), rank (row of it) and NEW_ID}
    """
    cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
        " AND column_name != 'id'",
        [table],
    )
    names = [name for (name,) in cr.fetchall()]
    cr.execute(SQL("SELECT max(id) FROM %s", SQL.identifier(table)))
    first = (cr.fetchone()[0] or 0) + 1
    new = f"({first} + (n - 1) * {len(sources)} + rank)"
    values = [changes.get(name, f't."{name}"').replace("NEW_ID", new) for name in names]
    columns = ", ".join(f'"{name}"' for name in ["id", *names])
    cr.execute(
        f"INSERT INTO {table} ({columns}) SELECT {', '.join([new, *values])}"
        f" FROM (SELECT *, row_number() OVER (ORDER BY id) - 1 AS rank FROM {table}"
        f" WHERE id = ANY(%s)) t, generate_series(1, %s) n".replace(" % ", " %% "),
        [list(sources), number],
    )
    cr.execute(
        "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)",
        [table, first + number * len(sources)],
    )
    return first


def _insert_obligations(cr, contract, first_milestone, number):
    due = f"{_get_start(number)} + rank * 300 + 100"
    cr.execute(
        f"""
        INSERT INTO crm_contract_obligation (
            contract_id, milestone_id, company_id, partner_id, user_id, name, side,
            state, number, weight, level, progress, is_complete, date_due, date_reminder
        )
        SELECT {contract}, {first_milestone} + (n - 1) * {OBLIGATIONS} + rank,
               c.company_id, c.partner_id, c.user_id, 'Report ' || rank, 'ours',
               CASE WHEN {due} < CURRENT_DATE - 10 THEN 'accepted' ELSE 'open' END,
               1, 1, 1, 0, {due} < CURRENT_DATE - 10, {due},
               CASE WHEN {due} > CURRENT_DATE THEN {due} END
          FROM generate_series(1, %s) n
          JOIN crm_contract c ON c.id = {contract},
               generate_series(0, {OBLIGATIONS - 1}) rank
        """.replace(" % ", " %% "),
        [number],
    )


def _insert_rows(cr, contract, line, number):
    start = f"{_get_start(number)} + rank * {STEP}"
    state = f"""
        CASE WHEN c.state = 'cancelled' THEN 'cancelled'
             WHEN c.date_signed IS NULL THEN 'planned'
             WHEN {start} < CURRENT_DATE - 60 AND (n + rank) % 200 > 0 THEN 'paid'
             WHEN {start} < CURRENT_DATE THEN 'invoiced'
             ELSE 'planned' END"""
    billed = f"({start} < CURRENT_DATE AND c.date_signed IS NOT NULL)"
    late = f"({billed} AND {_get_late(_get_start(number))})"
    cr.execute(
        f"""
        INSERT INTO crm_contract_installment (
            contract_id, company_id, currency_id, partner_id, user_id, sequence, name,
            trigger, amount_type, line_id, chain, period_start, period_end, days_billed,
            days_full, quantity, price_unit, amount_untaxed, amount_fixed, amount,
            date_due, state, amount_invoiced, amount_paid, amount_open, amount_overdue,
            amount_rest, amount_credited, amount_waived, date_maturity, is_billed,
            is_posted, was_billed, is_overdue, has_difference, is_cancelled,
            is_beyond_end
        )
        SELECT {contract}, c.company_id, c.currency_id, c.partner_id, c.user_id, 10,
               'Period ' || rank, 'period', 'fixed', {line}, {line}, {start},
               {start} + {STEP - 1}, {STEP}, {STEP}, 1, 100, 100, 100, 100, {start},
               {state}, CASE WHEN {billed} THEN 100 ELSE 0 END,
               CASE WHEN {state} = 'paid' THEN 100 ELSE 0 END,
               CASE WHEN {state} = 'invoiced' THEN 100 ELSE 0 END,
               CASE WHEN {late} THEN 100 ELSE 0 END,
               CASE WHEN {billed} THEN 0 ELSE 100 END, 0, 0,
               CASE WHEN {state} = 'invoiced' THEN {start} + 30 END,
               {billed}, {billed}, {billed}, {late}, (n + rank) % 5000 = 0,
               c.state = 'cancelled', FALSE
          FROM generate_series(1, %s) n
          JOIN crm_contract c ON c.id = {contract}, generate_series(0, {ROWS - 1}) rank
        """.replace(" % ", " %% "),
        [number],
    )


def _follow(cr, first):
    """Let somebody have something to do about two of a hundred contracts."""
    cr.execute(
        """
        INSERT INTO mail_activity (
            res_model_id, res_model, res_id, user_id, activity_type_id, date_deadline,
            active, automated
        )
        SELECT m.id, 'crm.contract', c.id, c.user_id, t.id, CURRENT_DATE + c.id % 40,
               TRUE, FALSE
          FROM crm_contract c, ir_model m,
               (SELECT min(id) AS id FROM mail_activity_type WHERE res_model IS NULL) t
         WHERE c.id >= %s AND c.id % 50 = 0 AND m.model = 'crm.contract'
        """.replace(" % ", " %% "),
        [first],
    )


def main():
    number = int(sys.argv[1])
    with measure.environment() as env:
        start = time.perf_counter()
        first = seed(env, number)
    print(
        f"{number:,} contracts from id {first} on: {time.perf_counter() - start:.0f} s"
    )
    measure.settle()


if __name__ == "__main__":
    main()
