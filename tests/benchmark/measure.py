"""Time, queries and memory of what runs inside Odoo; figures and their table.

All is measured in one process on one transaction that is rolled back in the end.
What is compared runs in turns, so that a busy machine slows both sides down; bars
stand on ratios and on query counts, never on absolute times.
"""

import contextlib
import functools
import gc
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import psycopg2

import odoo.cli  # noqa: F401  makes the odoo package complete
from odoo import api, release
from odoo.modules.registry import Registry
from odoo.sql_db import connection_info_for
from odoo.tools import config

ADMIN = 2
NO_AUTOVACUUM = """
    DO $$
    DECLARE
        name text;
    BEGIN
        FOR name IN SELECT oid::regclass FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                AND reloptions IS NULL
        LOOP
            EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', name);
        END LOOP;
    END $$
"""


@dataclass(frozen=True)
class Side:
    """What was measured of one thing: median seconds, queries, peak memory in MB."""

    label: str
    seconds: float | None = None
    queries: int | None = None
    memory: float | None = None
    # The seconds of each round
    runs: tuple = ()

    def cells(self):
        return (
            self.label,
            "" if self.seconds is None else f"{self.seconds:.3f} s",
            "" if self.queries is None else f"{self.queries:,}",
            "" if self.memory is None else f"{self.memory:,.0f} MB",
        )


@dataclass(frozen=True)
class Figure:
    """A value, and the bar that it must not exceed."""

    name: str
    value: float
    bar: float
    ours: Side
    other: Side
    # Lowest and highest value of a round
    spread: tuple | None = None

    @property
    def holds(self):
        return self.value <= self.bar

    @property
    def verdict(self):
        return "holds" if self.holds else "short"

    def line(self):
        return f"{self.name} {self.value:.4g} {self.bar:.4g} {self.verdict}"


def ratio(name, bar, ours, other):
    """Return the figure that compares the seconds of two sides."""
    rounds = [one / two for one, two in zip(ours.runs, other.runs, strict=False)]
    spread = (min(rounds), max(rounds)) if len(rounds) > 1 else None
    return Figure(name, ours.seconds / other.seconds, bar, ours, other, spread)


def table(figures):
    """Return the figures as a Markdown table."""
    side = ["median", "queries", "peak memory"]
    head = ["figure", "value", "bar", "", "measured", *side, "compared with", *side]
    rows = [
        [
            figure.name,
            f"{figure.value:.4g}",
            f"≤ {figure.bar:.4g}",
            figure.verdict,
            *figure.ours.cells(),
            *figure.other.cells(),
        ]
        for figure in figures
    ]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def versions():
    """Return one line that names what the figures were measured with."""
    with environment() as env:
        env.cr.execute("SHOW server_version")
        [postgresql] = env.cr.fetchone()
    try:
        answer = subprocess.run(
            ["wkhtmltopdf", "--version"], capture_output=True, text=True, check=True
        )
        wkhtmltopdf = answer.stdout.strip().removeprefix("wkhtmltopdf ")
    except (OSError, subprocess.CalledProcessError):
        wkhtmltopdf = "missing"
    return (
        f"{_processor()}, Odoo {release.version}, Python {platform.python_version()}, "
        f"PostgreSQL {postgresql}, wkhtmltopdf {wkhtmltopdf}"
    )


def _processor():
    """The processors and the memory of this machine."""
    models = set()
    with contextlib.suppress(OSError):
        text = Path("/proc/cpuinfo").read_text()
        models.update(re.findall(r"model name\s*: (.*)", text))
    name = " / ".join(sorted(models)) or platform.machine()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{os.cpu_count()} × {name}, {memory:.0f} GB"


@functools.cache
def _registry():
    missing = [
        name for name in ("ODOO_CONF", "CONTRACT_DB") if not os.environ.get(name)
    ]
    if missing:
        print(
            f"{', '.join(missing)} must be set; start this with make bench.",
            file=sys.stderr,
        )
        sys.exit(2)
    config.parse_config(
        ["-c", os.environ["ODOO_CONF"], "-d", os.environ["CONTRACT_DB"]]
        + ["--log-level=error"],
        setup_logging=True,
    )
    return Registry(os.environ["CONTRACT_DB"])


@contextlib.contextmanager
def environment():
    """An environment of the administrator; all that is done in it is rolled back."""
    with _registry().cursor() as cursor:
        try:
            yield api.Environment(cursor, ADMIN, {})
        finally:
            cursor.rollback()


def settle():
    """Remove what was rolled back from the tables, before something else is measured.

    PostgreSQL's own clean-up is switched off: it comes at any time, takes the rows of an
    open transaction for none, and lets joins of thousands of rows be planned as if of
    one: every row is then compared with every other. To be called outside
    `environment()`.
    """
    _registry()  # what is set about the server of databases
    _dbname, info = connection_info_for(os.environ["CONTRACT_DB"])
    with contextlib.closing(psycopg2.connect(**info)) as connection:
        # VACUUM does not run in a transaction.
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(NO_AUTOVACUUM)
            cursor.execute("VACUUM (ANALYZE)")


@contextlib.contextmanager
def undone(env):
    """Undo in the end what the block does, in the database and in the cache."""
    savepoint = env.cr.savepoint()
    try:
        yield
    finally:
        savepoint.close(rollback=True)


def once(env, action):
    """Run `action()` with cold record caches up to where a commit would follow.

    :return: (seconds, queries)
    """
    with undone(env):
        env.invalidate_all()
        gc.collect()
        queries, start = env.cr.sql_log_count, time.perf_counter()
        action()
        env.cr.flush()
        return time.perf_counter() - start, env.cr.sql_log_count - queries


def compare(env, rounds, actions, warm_up=None):
    """Run the actions in turns; return {label: Side}.

    What fills the caches that outlive a request comes first and is not counted.

    :param actions: {label: function without parameters}
    :param warm_up: functions that do the same with fewer records; without them, the
        actions themselves
    """
    for action in warm_up or actions.values():
        once(env, action)
    results = {label: [] for label in actions}
    for _round in range(rounds):
        for label, action in actions.items():
            results[label].append(once(env, action))
    return {
        label: Side(
            label,
            statistics.median(seconds for seconds, _queries in runs),
            max(queries for _seconds, queries in runs),
            runs=tuple(seconds for seconds, _queries in runs),
        )
        for label, runs in results.items()
    }


def count_queries(env, action):
    """Return the queries of `action()` in a request like many before it."""
    once(env, action)
    return once(env, action)[1]


def peak_memory(action):
    """Return the peak memory in MB of a new process that runs `action(env)`.

    To be called outside `environment()`: the process does not see what is not
    committed, and may have to wait for it.
    """
    return alone(action)[1]


def alone(action):
    """Return what `action(env)` returns in a new process, and its peak memory in MB."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_run_alone, action).result()


def forget_peak_memory():
    """Let the peak memory of this process begin anew (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def _run_alone(action):
    with environment() as env:
        result = action(env)
        env.cr.flush()
    # Not ru_maxrss: Linux lets a new process begin with its parent's.
    status = Path("/proc/self/status").read_text()
    return result, int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
