"""Dumps on disk and databases made of them; nothing of Odoo is needed here."""

import configparser
import json
import lzma
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

HERE = Path(__file__).parent


def read_json(path):
    """Return what `write_json` wrote."""
    with lzma.open(path, "rt", encoding="utf-8") as file:
        return json.load(file)


def write_json(path, value):
    """Write a value as packed JSON, a line for each entry, so that it can be compared."""
    with lzma.open(path, "wt", encoding="utf-8") as file:
        json.dump(value, file, indent=0, sort_keys=True, ensure_ascii=False)


def filestore(name):
    """Return the folder of a database's files, by Odoo's configuration."""
    parser = configparser.RawConfigParser()
    parser.read(os.environ["ODOO_CONF"])
    return Path(parser.get("options", "data_dir"), "filestore", name)


def drop(name):
    """Drop a database and its files, if they are there."""
    _insist("dropdb", "--force", "--if-exists", name)
    shutil.rmtree(filestore(name), ignore_errors=True)


def restore(commit, name):
    """Make a database of the dump of a release."""
    drop(name)
    _insist("createdb", "-T", "template0", "-E", "UTF8", name)
    with lzma.open(HERE / commit / "database.sql.xz") as packed:
        execute(name, packed.read())
    with (
        lzma.open(HERE / commit / "files.tar.xz") as packed,
        tarfile.open(fileobj=packed) as archive,
    ):
        archive.extractall(filestore(name), filter="data")


def _insist(*command, times=6):
    """Run a command of PostgreSQL, again when it fails.

    It gives up after five seconds while a process of a database has not ended, which
    takes longer on a busy machine.
    """
    for left in reversed(range(times)):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not done.returncode:
            return
        if not left:
            raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")


def execute(name, script):
    """Run SQL (bytes) in a database, all or nothing."""
    subprocess.run(
        ["psql", "-qX1", "-v", "ON_ERROR_STOP=1", "-d", name],
        input=script,
        stdout=subprocess.DEVNULL,
        check=True,
    )
