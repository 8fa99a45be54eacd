"""The PostgreSQL server: started when needed, with a role for the current user.

The standard PG* variables choose another server; that one is only used.
"""

import getpass
import os
import shutil
import subprocess
import time
from pathlib import Path

from . import console, settings, system
from .console import SetupError

MINIMUM = 13


def is_own_server():
    """Whether the user points to a server of their own."""
    return any(
        os.environ.get(name) for name in ("PGHOST", "PGSERVICE", "PGHOSTADDR")
    ) or bool(os.environ.get("ODOO_BIN"))


def ensure():
    if not is_own_server():
        system.ensure_packages(system.POSTGRESQL)
    if not shutil.which("psql"):
        raise SetupError(
            "PostgreSQL's psql command is missing; install PostgreSQL's client programs."
        )
    if os.environ.get("PGUSER", getpass.getuser()) == "postgres":
        raise SetupError(
            "Odoo refuses to work as the database user postgres; "
            "use another user, or set PGUSER to another role."
        )
    if not is_own_server():
        _choose_port()
    code, error = _probe()
    if code and is_own_server():
        raise SetupError(
            f"PostgreSQL can't be reached ({error}); start it, and check PGHOST, "
            "PGPORT, PGUSER and PGPASSWORD."
        )
    if code and "does not exist" not in error:
        _start()
        code, error = _probe()
    if code and "does not exist" in error:
        _create_role()
        code, error = _probe()
    if code:
        raise SetupError(
            f"PostgreSQL can't be reached ({error}); "
            "look at its log under /var/log/postgresql."
        )
    _check_server()


def query(sql, database="postgres"):
    """Run one statement; return its rows as lists of strings."""
    answer = _psql(sql, database)
    if answer.returncode:
        raise SetupError(_explain(answer.stderr, f"asking the database {database}"))
    return [line.split("\x1f") for line in answer.stdout.splitlines()]


def run(command, *arguments):
    """Run createdb or dropdb."""
    answer = subprocess.run(
        [command, "--maintenance-db=postgres", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise SetupError(_explain(answer.stderr, f"running {command} {arguments[-1]}"))


def _explain(error, what):
    words = " ".join(error.split())
    if any(sign in words for sign in console.DISK_SIGNS):
        return f"The disk of PostgreSQL is full (while {what}); free some space."
    if "being accessed by other users" in words:
        return (
            f"Another program still uses the database (while {what}); "
            "stop it and try again."
        )
    return f"PostgreSQL refused while {what}: {words[:300]}"


def _psql(sql, database):
    return subprocess.run(
        ["psql", "--no-psqlrc", "--no-password", "-qAt", "-F", "\x1f"]
        + ["-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )


def _probe():
    answer = _psql("SELECT 1", "postgres")
    return answer.returncode, " ".join(answer.stderr.split())


def _clusters():
    """(version, name, port) of Debian's clusters on this machine."""
    if not shutil.which("pg_lsclusters"):
        return []
    answer = subprocess.run(
        ["pg_lsclusters", "--no-header"], capture_output=True, text=True, check=False
    )
    fields = [line.split() for line in answer.stdout.splitlines()]
    return [(row[0], row[1], row[2]) for row in fields if len(row) > 3]


def _choose_port():
    """Debian gives a cluster another port when the usual one was taken."""
    clusters = _clusters()
    if clusters and not os.environ.get("PGPORT"):
        os.environ["PGPORT"] = _newest(clusters)[2]


def _newest(clusters):
    return max(clusters, key=lambda row: float(row[0]))


def _start():
    log = settings.LOGS / "postgresql.log"
    prefix = system.as_root()
    if prefix is None:
        raise SetupError(
            "PostgreSQL isn't running and only an administrator can start it: "
            "sudo service postgresql start"
        )
    with console.step("starting PostgreSQL"):
        clusters = _clusters()
        if not clusters:
            version = max(
                (path.name for path in _server_folders()), key=float, default=None
            )
            if version is None:
                raise SetupError(
                    "PostgreSQL's server is missing; install it with: "
                    "sudo apt-get install postgresql"
                )
            console.call(
                [*prefix, "pg_createcluster", version, "main"],
                log=log,
                what="making a PostgreSQL cluster",
            )
            clusters = _clusters()
            _choose_port()
        version, name, _port = _newest(clusters)
        console.attempt(
            [*prefix, "pg_ctlcluster", version, name, "start"], log=log, append=True
        )
        for _attempt in range(60):
            code, error = _probe()
            if not code or "does not exist" in error:
                return
            time.sleep(0.5)


def _server_folders():
    return [
        path
        for path in Path("/usr/lib/postgresql").glob("*")
        if (path / "bin/postgres").exists()
    ]


def _create_role():
    user = getpass.getuser()
    prefix = system.as_user("postgres")
    if prefix is None:
        raise SetupError(
            f"PostgreSQL has no role {user}; an administrator makes it with: "
            f"sudo -u postgres createuser --createdb {user}"
        )
    console.call(
        [*prefix, "createuser", "--createdb", user],
        log=settings.LOGS / "postgresql.log",
        append=True,
        what="making a PostgreSQL role",
        cwd="/",
    )


def _check_server():
    ((number, may_create, user),) = query(
        "SELECT current_setting('server_version_num')::int / 10000,"
        " rolcreatedb OR rolsuper, rolname FROM pg_roles WHERE rolname = current_user"
    )
    if int(number) < MINIMUM:
        raise SetupError(
            f"PostgreSQL {number} is too old; Odoo 19 needs version {MINIMUM} or later."
        )
    if may_create != "t":
        raise SetupError(
            f"The PostgreSQL role {user} may not create databases; an administrator "
            f'allows it with: ALTER ROLE "{user}" CREATEDB;'
        )
