"""Databases: templates made once, copies of them, and what was installed in them.

A note in each database's comment tells who made it, so that a database of somebody
else is never touched.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path

from . import console, postgres, results, settings
from .console import SetupError
from .odoo import CONFIG, DATA

FILESTORE = DATA / "filestore"
# Changes when a template has to be made anew for reasons of this program.
TEMPLATE_FORMAT = 1
MAKER = "contract setup"
IGNORED_PARTS = {"__pycache__", "readme", "tests", "description"}


def name_of(purpose):
    """The database for `purpose`; the one that people work in is called contracts."""
    return f"{settings.PREFIX}s" if purpose == "run" else f"{settings.PREFIX}_{purpose}"


def exists(name):
    return bool(postgres.query(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))


def read_note(name):
    """What setup wrote about the database, {} for somebody else's."""
    rows = postgres.query(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database"
        f" WHERE datname = '{name}'"
    )
    try:
        note = json.loads(rows[0][0])
    except (IndexError, ValueError):
        return {}
    return note if isinstance(note, dict) and note.get("maker") == MAKER else {}


def write_note(name, **values):
    note = {**read_note(name), "maker": MAKER, "home": str(settings.HOME), **values}
    text = json.dumps(note).replace("'", "''")
    postgres.query(f"COMMENT ON DATABASE \"{name}\" IS '{text}'")


def check_ours(name):
    """Refuse a database that was made by something else."""
    note = read_note(name)
    home = note.get("home")
    if not note:
        raise SetupError(
            f"The database {name} exists, but setup didn't make it; rename or drop "
            "it, or choose other names with CONTRACT_DB_PREFIX."
        )
    if home != str(settings.HOME) and Path(home).exists():
        raise SetupError(
            f"The database {name} belongs to {home}; drop it there, or choose other "
            "names with CONTRACT_DB_PREFIX."
        )


def drop(name):
    """Drop a database of ours and its files; nothing happens when it isn't there."""
    if exists(name):
        check_ours(name)
        # A killed run may have left a process; people's own database is spared that.
        force = [] if name == name_of("run") else ["--force"]
        postgres.run("dropdb", *force, name)
    shutil.rmtree(FILESTORE / name, ignore_errors=True)


def copy(source, name):
    """Make the database `name` as a copy of `source`."""
    drop(name)
    postgres.run("createdb", "--template", source, name)
    write_note(name, state="copied", odoo=read_note(source).get("odoo"))
    _copy_files(FILESTORE / source, FILESTORE / name)
    # Two databases with one identity would share sessions and notifications.
    postgres.query(
        "UPDATE ir_config_parameter SET value = gen_random_uuid()"
        " WHERE key IN ('database.uuid', 'database.secret')",
        name,
    )


def _copy_files(source, target):
    """Odoo never changes a stored file, so links do; elsewhere a copy is made."""
    if not source.exists():
        return
    try:
        shutil.copytree(source, target, copy_function=os.link)
    except (OSError, shutil.Error):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)


def ensure_template(odoo, demo):
    """The name of a database with the modules that the add-ons build on."""
    with console.exclusive(settings.HOME / f"{_kind(demo)}.lock"):
        return _ensure_template(odoo, demo)


def _kind(demo):
    return "template-demo" if demo else "template-bare"


def _ensure_template(odoo, demo):
    content = [TEMPLATE_FORMAT, odoo.version, odoo.executable]
    content += [settings.BASE_MODULES, settings.LANGUAGES]
    key = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:8]
    kind = f"{settings.PREFIX}_tpl_{'demo' if demo else 'bare'}_"
    name = kind + key
    if exists(name):
        check_ours(name)
        if read_note(name).get("state") == "complete" and (FILESTORE / name).exists():
            return name
    for row in postgres.query(
        f"SELECT datname FROM pg_database WHERE datname ~ '^{kind}[0-9a-f]{{8}}$'"
    ):
        if read_note(row[0]).get("home") == str(settings.HOME):
            drop(row[0])
    drop(name)
    title = f"base database {'with' if demo else 'without'} demo data"
    with console.step(title):
        postgres.run("createdb", "--template=template0", "--encoding=UTF8", name)
        write_note(name, state="unfinished", odoo=odoo.version)
        install(
            odoo,
            name,
            settings.BASE_MODULES,
            "--load-language",
            settings.LANGUAGES,
            *(["--with-demo"] if demo else []),
            log=settings.LOGS / f"{name}.log",
        )
        (FILESTORE / name).mkdir(parents=True, exist_ok=True)
        write_note(name, state="complete")
    return name


def install(odoo, name, modules, *options, log, flag="-i"):
    """Install (or with flag -u upgrade) modules; fail when Odoo reports errors."""
    words = "installing" if flag == "-i" else "upgrading"
    code, output = console.attempt(
        odoo.command(
            "-c",
            str(CONFIG),
            "-d",
            name,
            flag,
            ",".join(modules),
            *options,
            "--stop-after-init",
            "--no-http",
            "--max-cron-threads=0",
        ),  # fmt: skip
        log=log,
        env=odoo.environment(),
    )
    errors = results.error_records(output) + results.demo_failures(output)
    if code or errors:
        if any(sign in output for sign in console.DISK_SIGNS):
            raise SetupError(console.explain(f"{words} in {name}", output, log))
        for record in errors[:3]:
            console.say(results.shorten(record))
        raise SetupError(
            f"Odoo failed while {words} {', '.join(modules)} in {name}; "
            f"the whole log is {log}."
        )
    return output


def set_address(name, url):
    """Reports fetch their styles from `url`; links in messages point to it."""
    for key in ("report.url", "web.base.url"):
        postgres.query(
            "INSERT INTO ir_config_parameter"
            " (key, value, create_uid, write_uid, create_date, write_date)"
            f" VALUES ('{key}', '{url}', 1, 1, now(), now())"
            " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value",
            name,
        )


def checksums():
    """One digest per add-on over the files that a running database depends on."""
    return {addon: _checksum(settings.ROOT / addon) for addon in settings.ADDONS}


def _checksum(folder):
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if IGNORED_PARTS.intersection(inside.parts) or not path.is_file():
            continue
        digest.update(f"{inside}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def ensure_working(odoo, name):
    """The database that people work in: made once, upgraded when files changed."""
    wanted = checksums()
    if exists(name):
        check_ours(name)
        note = read_note(name)
        if note.get("state") == "complete":
            _check_version(name)
            _upgrade(odoo, name, note.get("addons", {}), wanted)
            return
        console.say(f"The database {name} was left unfinished; it is made again.")
    template = ensure_template(odoo, demo=True)
    with console.step(f"database {name} with the contract add-ons"):
        copy(template, name)
        install(odoo, name, settings.ADDONS, log=settings.LOGS / "install.log")
        write_note(name, state="complete", odoo=odoo.version, addons=wanted)


def _check_version(name):
    rows = postgres.query(
        "SELECT latest_version FROM ir_module_module WHERE name = 'base'", name
    )
    version = rows[0][0] if rows else "an unknown version"
    if not version.startswith(f"{settings.ODOO_SERIES}."):
        raise SetupError(
            f"The database {name} is of Odoo {version}, not {settings.ODOO_SERIES}; "
            "start over with --fresh, or choose another with CONTRACT_DB_PREFIX."
        )
    if not (FILESTORE / name).exists():
        raise SetupError(
            f"The files of the database {name} are gone ({FILESTORE / name}); "
            "put them back or start over with --fresh."
        )


def _upgrade(odoo, name, installed, wanted):
    changed = [addon for addon in wanted if installed.get(addon) != wanted[addon]]
    if not changed:
        return
    with console.step(f"upgrading {', '.join(changed)} in {name}"):
        log = settings.LOGS / "upgrade.log"
        install(odoo, name, changed, log=log, flag="-u")
        missing = {row[0] for row in postgres.query(
            "SELECT name FROM ir_module_module WHERE state <> 'installed'", name
        )}  # fmt: skip
        new = [addon for addon in wanted if addon in missing]
        if new:
            install(odoo, name, new, log=log)
        write_note(name, odoo=odoo.version, addons=wanted)
