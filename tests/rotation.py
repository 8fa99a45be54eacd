"""New keys for all that is protected, while two servers serve and the job is killed.

Of the tests, and of the soak with larger numbers:
`python -m rotation DATABASE VALUES FILES KILLS SEED` from `tests/` prints what was done
and what went wrong, as JSON: {"done": str, "problems": [str]}.
"""

import contextlib
import json
import random
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from client import Client, Database
from secrecy_server import kill, run_script, serving

ON = """
job = env["crm.contract.secrecy.job"]
job._turn_on(); env.cr.commit(); job._run(); env.cr.commit()
assert env["crm.contract.secrecy"]._get_state() == "on", job._describe()
"""
OFF = """
job = env["crm.contract.secrecy.job"]
job._turn_off(); env.cr.commit(); job._run(); env.cr.commit()
assert env["crm.contract.secrecy"]._get_state() == "off", job._describe()
"""
SEED = """
people, files = env["res.partner"].with_context(tracking_disable=True), env["ir.attachment"]
for start in range(0, {values}, 500):
    people.create([
        {{"name": f"{mark} {{number}}", "contract_id_number": f"{mark}{{number:08}}"}}
        for number in range(start, min(start + 500, {values}))
    ])
    env.cr.commit()
contract = env["crm.contract"].create(
    {{"name": "{mark}", "partner_id": people.search([], limit=1).id}}
)
for number in range({files}):
    files.create({{
        "name": f"{mark} {{number}}", "raw": f"{mark} file {{number:08}}".encode() * 5000,
        "res_model": "crm.contract", "res_id": contract.id,
    }})
env.cr.commit()
"""
ROTATE = """
job = env["crm.contract.secrecy.job"]
job._rotate(); env.cr.commit()
"""
RUN = """
from odoo.addons.crm_contract.models.secrecy import crm_contract_secrecy_job as module
module.BATCH = {batch}
env["crm.contract.secrecy.job"]._run(); env.cr.commit()
"""
MOST_PROBLEMS = 20
PATIENCE = 3600


def rotate(database, urls, login, values=150, files=10, kills=2, seed=0):
    """Rotate the keys, and ask the servers all the time.

    :param database: `client.Database`; the protection is on
    :param urls: addresses of two servers that have the key
    :param login: (login, password) of somebody who may reveal
    :return: (Counter of what was asked, list of what went wrong)
    """
    chance = random.Random(seed)
    mark = f"R{chance.getrandbits(24):06X}Q"
    run_script(database, SEED.format(mark=mark, values=values, files=files) + ROTATE)
    asked, problems, stop = Counter(), [], threading.Event()
    clients = [Client(url, database.name, *login) for url in urls]
    asking = [
        _Asking(database, mark, clients[number:] + clients[:number], seed + number)
        for number in range(len(clients))
    ]
    threads = [
        threading.Thread(target=one.go_on, args=(stop, asked, problems))
        for one in asking
    ]
    for thread in threads:
        thread.start()
    try:
        for number in range(kills):
            _kill_at(database, mark, (number + 0.5) / kills, values + files)
            asked["kills"] += 1
        # What is left of it, with the servers still at work
        run_script(database, RUN.format(batch=200))
        time.sleep(1)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if _look_at_keys(database, mark):
        # What somebody held back while the job passed by
        run_script(database, RUN.format(batch=200))
    problems += _look_at_keys(database, mark)
    return asked, problems


class _Asking:
    """Somebody who asks one server for this and that, and the others for the same."""

    def __init__(self, database, mark, clients, seed):
        self._client, *self._others = clients
        self._mark, self._chance = mark, random.Random(seed)
        self._people = [
            row[0]
            for row in database.rows(
                "SELECT id FROM res_partner WHERE name LIKE %s ORDER BY id", f"{mark} %"
            )
        ]
        self._files = [
            row[0]
            for row in database.rows(
                "SELECT id FROM ir_attachment WHERE name LIKE %s ORDER BY id",
                f"{mark} %",
            )
        ]

    def go_on(self, stop, asked, problems):
        ways = [self.search, self.reveal, self.look, self.download, self.enter]
        while not stop.is_set() and len(problems) < MOST_PROBLEMS:
            way = self._chance.choice(ways)
            try:
                way()
            except Exception as error:  # each is a failure of what is tried here
                problems.append(f"{way.__name__}: {error!r}"[:500])
            asked[way.__name__] += 1

    def _choose(self):
        number = self._chance.randrange(len(self._people))
        return self._people[number], f"{self._mark}{number:08}"

    def search(self):
        person, text = self._choose()
        found = self._client.search(
            "res.partner", [("contract_id_number", "=", text.lower())]
        )
        assert found == [person], f"{found} found in place of {person}"

    def reveal(self):
        person, text = self._choose()
        shown = self._client.call(
            "res.partner", "reveal", [person], "contract_id_number"
        )
        assert shown == text, f"another value of {person}"

    def look(self):
        first = self._chance.randrange(len(self._people))
        people = self._people[first : first + 20]
        rows = self._client.call("res.partner", "read", people, ["contract_id_number"])
        for number, row in enumerate(rows, first):
            assert re.fullmatch(r"••••\d{4}", row["contract_id_number"]), row
            assert row["contract_id_number"].endswith(f"{number:08}"[-4:]), row

    def download(self):
        number = self._chance.randrange(len(self._files))
        path = f"/web/content/{self._files[number]}"
        content = f"{self._mark} file {number:08}".encode() * 5000
        answer = self._client.get(path)
        assert answer.content == content, f"{path}: {answer.status_code}"
        start = self._chance.randrange(len(content))
        part = self._client.get(path, headers={"Range": f"bytes={start}-{start + 99}"})
        assert part.content == content[start : start + 100], f"{path} from {start}"

    def enter(self):
        """What one server writes, another one finds at once."""
        text = f"W{self._chance.getrandbits(60):015X}"
        person = self._client.create(
            "res.partner", {"name": f"W{self._mark}", "contract_id_number": text}
        )
        for client in (self._client, *self._others):
            found = client.search("res.partner", [("contract_id_number", "=", text)])
            assert found == [person], f"{found} found in place of the new {person}"


def _kill_at(database, mark, share, total):
    """Start the job, and kill it when it has done a share of the work."""
    running = run_script(database, RUN.format(batch=20), wait=False)
    until = time.monotonic() + PATIENCE
    while _count_done(database, mark) < share * total:
        assert running.poll() is None, running.stdout.read()[-2000:]
        assert time.monotonic() < until, "the job does not get on"
        time.sleep(0.02)
    kill(running)


def _count_done(database, mark):
    [[count]] = database.rows(
        "WITH keys AS (SELECT id::text FROM crm_contract_secret_key"
        "               WHERE state = 'primary')"
        " SELECT (SELECT count(*) FROM res_partner WHERE name LIKE %s"
        "           AND split_part(contract_id_number, '.', 2) IN (SELECT id FROM keys))"
        "      + (SELECT count(*) FROM ir_attachment WHERE name LIKE %s"
        "           AND substring(store_fname FROM '^cs([0-9]+)x')"
        "               IN (SELECT id FROM keys))",
        f"{mark} %",
        f"{mark} %",
    )
    return count


def _look_at_keys(database, mark):
    keys = database.rows(
        "SELECT DISTINCT split_part(contract_id_number, '.', 2) FROM res_partner"
        " WHERE name LIKE %s",
        f"%{mark}%",
    )
    files = database.rows(
        "SELECT DISTINCT split_part(store_fname, 'x', 1) FROM ir_attachment"
        " WHERE name LIKE %s",
        f"{mark} %",
    )
    states = database.rows("SELECT DISTINCT state FROM crm_contract_secret_key")
    wrong = []
    if len(keys) != 1 or len(files) != 1:
        wrong.append(f"protected by several keys: {keys}, {files}")
    if ("former",) in states:
        wrong.append("a key was left that protects nothing")
    return wrong


def main(name, values, files, kills, seed):
    database = Database(name)
    run_script(database, ON)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = [
            stack.enter_context(serving(database, folder / f"{number}.log"))
            for number in range(2)
        ]
        start = time.monotonic()
        asked, problems = rotate(
            database,
            urls,
            ("admin", "admin"),
            *(int(value) for value in (values, files, kills, seed)),
        )
        seconds = time.monotonic() - start
    run_script(database, OFF)
    done = ", ".join(f"{count:,} × {way}" for way, count in sorted(asked.items()))
    json.dump({"done": f"{done} in {seconds:.0f} s", "problems": problems}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
