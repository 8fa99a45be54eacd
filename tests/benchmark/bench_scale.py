"""What people open every day, at a hundred thousand contracts and at a thousand.

The statements that take longest are explained in a file beside the results.
"""

import functools
import json
import os
import time
from datetime import date, timedelta
from pathlib import Path

import measure
import scale_seed
from measure import Figure, Side
from web_client import Views

from odoo.fields import Domain
from odoo.tools import SQL

ROUNDS = 5
FEW = int(os.environ.get("SCALE_FEW", 1_000))
MANY = int(os.environ.get("SCALE_MANY", 100_000))
# As many as there are of everything among few
PAGE = 10
# The same at both sizes, within what passes by on the machine
BAR = 1.5
# Sums over all there is can't be the same; they have seconds.
SECONDS = {
    "pivot": 1.0,
    "kanban": 1.0,
    "panel": 0.5,
    "idle": 0.3,
    "customers": 0.5,
    "disputed": 1.0,
}
SEED_SECONDS = 600
STATEMENT, STATEMENT_SECONDS = 10_000, 30
REGISTER_SECONDS, REGISTER_MEMORY = 20, 300
DASHBOARD_SECONDS, DASHBOARD_QUERIES = 2, 30
EXPLAINED = 3
TITLES = {
    "scale.seed": f"seconds of making {MANY:,} contracts",
    "scale.statement": f"seconds of the revenue of {STATEMENT:,} contracts",
    "scale.statement_memory": "peak memory of it",
    "scale.register": f"seconds of the register of {STATEMENT:,} contracts",
    "scale.register_memory": "peak memory of it in MB",
    "scale.dashboard": "slowest dashboard, seconds",
    "scale.dashboard_queries": "queries of the dashboard that has most",
    "scale.list": "list of contracts",
    "scale.own": "list of a salesperson who reads his own",
    "scale.kanban": "kanban by state, with sums, seconds",
    "scale.panel": "progress bar by state, seconds",
    "scale.form": "form",
    "scale.number": "search by number",
    "scale.customer": "search by customer",
    "scale.words": "search by words of a clause",
    "scale.activity": "activities",
    "scale.ledger": "list of the ledger",
    "scale.month": "calendar of a month",
    "scale.ledger_month": "calendar of the ledger",
    "scale.ageing": "overdue by age",
    "scale.deadlines": "list of deadlines",
    "scale.obligations": "list of what is to be done",
    "scale.deviating": "contracts with deviating clauses",
    "scale.overdue": "overdue contracts",
    "scale.flagged": "contracts that differ from the books",
    "scale.pivot": "pivot by month and team, seconds",
    "scale.disputed": "figures of contracts with disputes, seconds",
    "scale.customers": "grouped by customer, seconds",
    "scale.idle": "search of the daily job with nothing due, seconds",
}


def _measure_all(rounds):
    """What was seeded stays: only then PostgreSQL uses all that it knows of it."""
    few, many = {}, {}
    for number, sides in ((FEW, few), (MANY, many)):
        with measure.environment() as env:
            start = time.perf_counter()
            first = scale_seed.seed(env, number)
            seconds = time.perf_counter() - start
        measure.settle()
        with measure.environment() as env:
            actions = _get_actions(env, first, number)
            for name, action in actions.items():
                sides[name] = _run(env, rounds, f"{number:,} contracts", action)
            if number == MANY:
                _explain(env, actions)
                dashboards = list(_measure_dashboards(env, rounds))
    side = Side(f"{MANY:,} contracts", seconds)
    yield Figure("scale.seed", seconds, SEED_SECONDS, side, Side(""))
    yield from dashboards
    for name, side in many.items():
        if name in SECONDS:
            yield Figure(f"scale.{name}", side.seconds, SECONDS[name], side, few[name])
        else:
            yield measure.ratio(f"scale.{name}", BAR, side, few[name])


def _measure_statement(_rounds):
    """The revenue of a month, of many contracts and of few, in processes of their own."""
    sides = []
    for number in (FEW, STATEMENT - FEW):
        with measure.environment() as env:
            scale_seed.seed(env, number)
        measure.settle()
        seconds, memory = measure.alone(_tell_revenue)
        sides.append(Side(f"{number:,} contracts more", seconds, memory=memory))
    seconds, memory = measure.alone(_write_register)
    side = Side(f"{STATEMENT:,} contracts", seconds, memory=memory)
    yield Figure("scale.register", seconds, REGISTER_SECONDS, side, Side(""))
    yield Figure("scale.register_memory", memory, REGISTER_MEMORY, side, Side(""))
    few, many = sides
    yield Figure("scale.statement", many.seconds, STATEMENT_SECONDS, many, few)
    yield Figure("scale.statement_memory", many.memory / few.memory, 1.3, many, few)


def _tell_revenue(env):
    month = date.today().replace(day=1) - timedelta(days=1)
    statement = env["crm.contract.revenue"].create({"date": month})
    start = time.perf_counter()
    statement.action_compute()
    if not statement.line_count:
        raise AssertionError("The statement says nothing.")
    return time.perf_counter() - start


def _write_register(env):
    start = time.perf_counter()
    _name, content = env["crm.contract.register"]._export([])
    seconds = time.perf_counter() - start
    if len(content) < 10 * STATEMENT:
        raise AssertionError("The register has no rows.")
    return seconds


def _measure_dashboards(env, rounds):
    """What each dashboard asks for: the slowest one, and the one with most queries."""
    group = env.ref("crm_contract.spreadsheet_dashboard_group_contract")
    sides = []
    for dashboard in group.dashboard_ids:
        content = json.loads(dashboard.spreadsheet_data)
        ask = functools.partial(_ask_dashboard, env, content)
        sides.append(_run(env, rounds, dashboard.name, ask))
    side = max(sides, key=lambda side: side.seconds)
    yield Figure("scale.dashboard", side.seconds, DASHBOARD_SECONDS, side, Side(""))
    side = max(sides, key=lambda side: side.queries)
    yield Figure(
        "scale.dashboard_queries", side.queries, DASHBOARD_QUERIES, side, Side("")
    )


def _ask_dashboard(env, content):
    """Ask for what a page shows when it is opened: of this year, and of the last one."""
    period = content["globalFilters"][0]["id"]
    year = date.today().year

    def get_domain(part, domain):
        chain = part["fieldMatching"].get(period)
        if not chain:
            return domain
        first = date(year + chain["offset"], 1, 1)
        last = date(year + chain["offset"], 12, 31)
        days = [(chain["chain"], ">=", first), (chain["chain"], "<=", last)]
        return [*domain, *days]

    for pivot in content["pivots"].values():
        measures = [measure["id"] for measure in pivot["measures"]]
        domain = get_domain(pivot, pivot["domain"])
        env[pivot["model"]].formatted_read_group(domain, [], measures)
    for part in content["lists"].values():
        order = ", ".join(
            f"{by['name']} {'asc' if by['asc'] else 'desc'}" for by in part["orderBy"]
        )
        domain = get_domain(part, part["domain"])
        env[part["model"]].search_read(domain, part["columns"], order=order, limit=10)
    for figure in content["sheets"][0]["figures"]:
        said = figure["data"].get("metaData")
        if said:
            measure = said["measure"]
            domain = figure["data"]["searchParams"]["domain"]
            env[said["resModel"]].formatted_read_group(
                get_domain(figure["data"], domain),
                said["groupBy"],
                [measure if measure == "__count" else f"{measure}:sum"],
            )


def _run(env, rounds, label, action):
    action()
    runs = [measure.once(env, action) for _round in range(rounds)]
    seconds = tuple(seconds for seconds, _queries in runs)
    return Side(
        label,
        # Both sizes can't be measured in turns: what passes by meanwhile only adds.
        min(seconds),
        max(queries for _seconds, queries in runs),
        runs=seconds,
    )


def _get_actions(env, first, number):
    """Return what people do, as the web client asks for it ({name: function})."""
    contracts, rows = env["crm.contract"], env["crm.contract.installment"]
    views = Views(env, "crm.contract", "list", "form", "kanban")
    ledger = Views(env, "crm.contract.installment", "list")
    duties = env["crm.contract.obligation"]
    duty_views = Views(env, duties._name, "list")
    record = contracts.browse(first + number // 2)
    found = record.number
    seller = env["res.users"].search([("login", "=", "scale.3")])
    own = env(user=seller.id)
    today = date.today()
    month = [today.replace(day=1) - timedelta(6), today.replace(day=1) + timedelta(36)]
    in_force = ("state", "in", ("signed", "running", "suspended"))
    opened = [("state", "in", ("planned", "due", "invoiced"))]
    return {
        "list": functools.partial(views.open_list, env),
        "own": functools.partial(views.open_list, own),
        "kanban": functools.partial(views.open_kanban, env, "state"),
        "panel": lambda: contracts.read_progress_bar(
            [],
            "state",
            {
                "field": "activity_state",
                "colors": {"planned": "success", "today": "warning", "overdue": "x"},
            },
        ),
        "form": lambda: views.open_form(record),
        "number": lambda: contracts.name_search(found, limit=8),
        "customer": lambda: contracts.web_search_read(
            [("partner_id", "child_of", record.partner_id.id)],
            views.specification["list"],
            limit=80,
        ),
        "words": lambda: contracts.search(
            [("search_text", "ilike", scale_seed.RARE)], limit=80
        ),
        "activity": lambda: env["mail.activity"].get_activity_data(
            "crm.contract", [], limit=100
        ),
        "ledger": lambda: rows.web_search_read(
            opened, ledger.specification["list"], limit=80, count_limit=10001
        ),
        # Calendars ask for the first days, and count nothing.
        "month": lambda: contracts.search_read(
            [("date_end", "<=", month[1]), ("date_end", ">=", month[0])],
            ["display_name", "date_end"],
            limit=PAGE,
            order="date_end",
        ),
        "ledger_month": lambda: rows.search_read(
            Domain("date_due", "<=", month[1])
            & Domain("date_due", ">=", month[0])
            & Domain(opened),
            ["display_name", "date_due"],
            limit=PAGE,
            order="date_due",
        ),
        "ageing": lambda: env["crm.contract.ageing"].formatted_read_group(
            [], ["partner_id"], ["__count"], limit=80
        ),
        "deadlines": lambda: contracts.web_search_read(
            [
                in_force,
                ("kind", "!=", "amendment"),
                ("date_deadline", "!=", False),
                ("renewal_decision", "=", False),
            ],
            {"display_name": {}, "date_deadline": {}, "renewal_risk": {}},
            order="date_deadline",
            limit=80,
            count_limit=10001,
        ),
        "obligations": lambda: duties.web_search_read(
            [("state", "in", ("waiting", "open"))],
            duty_views.specification["list"],
            limit=80,
            count_limit=10001,
        ),
        "deviating": lambda: contracts.search(
            [("clause_ids", "any", [("is_deviating", "=", True)])], limit=PAGE
        ),
        "overdue": lambda: contracts.search([("amount_overdue", ">", 0)], limit=PAGE),
        "flagged": lambda: contracts.search(
            [("installment_ids.has_difference", "=", True)], limit=1
        ),
        "pivot": lambda: contracts.formatted_read_group(
            [], ["date_start:month", "team_id"], ["amount_company:sum", "__count"]
        ),
        "disputed": lambda: env["crm.contract.report"].search(
            [("dispute_count", ">", 0)], limit=80
        ),
        "customers": lambda: contracts.web_read_group(
            [], ["partner_id"], ["amount_company:sum"], limit=80
        ),
        "idle": lambda: _find_due(env),
    }


def _find_due(env):
    """Search as the daily job does, for each step."""
    job = env["crm.contract.schedule"].sudo()
    for step in job._get_steps():
        job._find_due(step)


def _explain(env, actions):
    """Leave what PostgreSQL says of the longest statements beside the results."""
    folder = os.environ.get("CONTRACT_RESULTS")
    if not folder:
        return
    texts = []
    for name, action in actions.items():
        for seconds, query in _get_statements(env, action)[:EXPLAINED]:
            env.cr.execute(b"EXPLAIN (ANALYZE, BUFFERS) " + query)
            plan = "\n".join(line for (line,) in env.cr.fetchall())
            statement = query.decode(errors="replace")[:2000]
            texts.append(f"== {name}: {seconds * 1000:.1f} ms\n{statement}\n\n{plan}\n")
    Path(folder).mkdir(parents=True, exist_ok=True)
    (Path(folder) / "scale.explain.txt").write_text("\n".join(texts))


def _get_statements(env, action):
    """Return (seconds, query) of what the action reads, the longest ones first."""
    found = []
    cursor = env.cr._obj

    def execute(query, params=None, log_exceptions=True):
        if isinstance(query, SQL):
            query, params = query.code, query.params
        start = time.perf_counter()
        original(query, params, log_exceptions=log_exceptions)
        text = cursor.mogrify(query, params)
        if text.lstrip().upper().startswith((b"SELECT", b"WITH")):
            found.append((time.perf_counter() - start, text))

    original = env.cr.execute
    env.invalidate_all()
    env.cr.execute = execute
    try:
        action()
    finally:
        del env.cr.execute
    return sorted(found, reverse=True)


STAGES = {"statement": _measure_statement, "reads": _measure_all}
