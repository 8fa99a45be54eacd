"""Protected data beside plain ones: values, searches, files, a contract that is opened."""

import contextlib
import gc
import os
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import bench_contract
import measure
import requests
from measure import Figure, Side, ratio
from web_client import Views

sys.path.append(str(Path(__file__).parent.parent))
from secrecy_server import KEY, serving

ROUNDS = 5
ROWS = 1_000
CONTRACTS = 80
FILE = 5 << 20
# Rows among which one is searched: `CONTRACT_SECRETS` takes another number.
MANY = int(os.environ.get("CONTRACT_SECRETS", 100_000))
TITLES = {
    "secrecy.create": f"create {ROWS:,} contacts with a protected number",
    "secrecy.read": f"read {ROWS:,} contacts as their list does, with the number",
    "secrecy.list": f"values opened by a list of {CONTRACTS} contracts",
    "secrecy.search": f"find one of {MANY:,} by its number",
    "secrecy.file": "download a file of 5 MB from a server",
    "secrecy.open": "open a contract, which is recorded",
}


def _turn_on(env):
    env["crm.contract.secrecy.job"]._turn_on()
    env["crm.contract.secrecy"]._set_state("on")


def _values(count, field):
    return [
        {
            "name": f"Person {number}",
            "email": f"person{number}@example.com",
            "city": "Emden",
            field: f"11010519491231{number:05}",
        }
        for number in range(count)
    ]


def _measure_values(rounds):
    with measure.environment() as env:
        _turn_on(env)
        partners = env["res.partner"].with_context(tracking_disable=True)
        plain, ours = _values(ROWS, "ref"), _values(ROWS, "contract_id_number")
        sides = measure.compare(
            env,
            rounds,
            {
                "protected": lambda: partners.create(ours),
                "plain": lambda: partners.create(plain),
            },
        )
        yield ratio("secrecy.create", 1.2, sides["protected"], sides["plain"])
        both = partners.create(_values(ROWS, "contract_id_number"))
        both.write({"ref": "11010519491231"})
        env.flush_all()
        shown = Views(env, "res.partner", "list").specification["list"]
        yield _pairs(
            "secrecy.read",
            1.1,
            _alternate(
                env,
                rounds * 3,
                {
                    "protected": lambda: both.web_read(
                        {**shown, "contract_id_number": {}}
                    ),
                    "plain": lambda: both.web_read({**shown, "ref": {}}),
                },
            ),
        )


def _alternate(env, rounds, actions):
    """As `measure.compare`; each is the first one of a pair as often as the second."""
    names = list(actions)
    runs = {name: [] for name in names}
    for name in 2 * names:
        measure.once(env, actions[name])
    for number in range(rounds):
        for name in names[:: 1 - 2 * (number % 2)]:
            runs[name].append(measure.once(env, actions[name]))
    return {
        name: Side(
            name,
            statistics.median(seconds for seconds, _queries in each),
            max(queries for _seconds, queries in each),
            runs=tuple(seconds for seconds, _queries in each),
        )
        for name, each in runs.items()
    }


def _pairs(name, bar, sides):
    """Return the figure of two sides that ran in turns: the median of the pairs.

    What slows the machine for a while slows both of a pair.
    """
    ours, other = sides.values()
    figure = ratio(name, bar, ours, other)
    rounds = [one / two for one, two in zip(ours.runs, other.runs, strict=True)]
    return Figure(name, statistics.median(rounds), bar, ours, other, figure.spread)


def _measure_search(rounds):
    with measure.environment() as env:
        _turn_on(env)
        partners = env["res.partner"].with_context(tracking_disable=True)
        [one] = partners.create(_values(1, "contract_id_number"))
        one.ref = "one"
        env.flush_all()
        _seed(env, one)
        text = "11010519491231 00000"
        found = {
            "protected": [("contract_id_number", "=", text)],
            "plain": [("ref", "=", "one")],
        }
        sides = measure.compare(
            env,
            rounds,
            {
                name: lambda domain=domain: [
                    partners.search(domain, order="id") for _time in range(20)
                ]
                for name, domain in found.items()
            },
        )
        assert partners.search(found["protected"]) == one
        yield ratio("secrecy.search", 2, sides["protected"], sides["plain"])


def _seed(env, one):
    """Copy a contact many times, each with a number that nobody searches for."""
    env.cr.execute("CREATE INDEX ON res_partner (ref)")
    # Both of today: PostgreSQL takes no index that is younger than the oldest snapshot
    # of any database, if rows changed while it was made.
    env.cr.execute("REINDEX INDEX res_partner_contract_id_number_idx")
    own = {
        "ref": "'r' || n",
        "contract_secret_key": "NULL",
        "contract_id_number": "split_part(contract_id_number, '.', 1) || '.'"
        " || split_part(contract_id_number, '.', 2) || '.' || md5(n::text) || '.'"
        " || split_part(contract_id_number, '.', 4)",
    }
    env.cr.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'res_partner'::regclass"
        " AND attnum > 0 AND NOT attisdropped AND attname <> 'id'"
    )
    columns = [f'"{name}"' for [name] in env.cr.fetchall()]
    values = [own.get(name.strip('"'), name) for name in columns]
    env.cr.execute(
        f"INSERT INTO res_partner ({', '.join(columns)}) SELECT {', '.join(values)}"
        " FROM res_partner, generate_series(1, %s) n WHERE id = %s",
        [MANY, one.id],
    )
    env.cr.execute("ANALYZE res_partner")


def _measure_files(rounds):
    """Over HTTP, from a server that has the key: what is measured is committed."""
    data = os.urandom(FILE)
    try:
        with measure.environment() as env:
            _turn_on(env)
            contract = env["crm.contract"].create(
                {"name": "measured", "partner_id": env.company.partner_id.id}
            )
            paths = {
                "protected": _add_file(contract, data),
                "plain": _add_file(contract.partner_id, data),
            }
            env.cr.commit()
        name = os.environ["CONTRACT_DB"]
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "server.log"
            with serving(SimpleNamespace(name=name), log) as url:
                yield _pairs("secrecy.file", 1.15, _download(url, paths, data, rounds))
    finally:
        with measure.environment() as env:
            for model in ("ir.attachment", "crm.contract"):
                env[model].search([("name", "=", "measured")]).unlink()
            env["crm.contract.secrecy"]._set_state("off")
            env.cr.commit()


def _add_file(record, data):
    """Make a file of a record; return its path on the server."""
    file = record.env["ir.attachment"].create(
        {
            "name": "measured",
            "raw": data,
            "res_model": record._name,
            "res_id": record.id,
            "access_token": str(uuid.uuid4()),
        }
    )
    assert is_protected(file) == (record._name == "crm.contract")
    return f"/web/content/{file.id}?access_token={file.access_token}"


def is_protected(file):
    return file.store_fname.startswith("cs")


def _download(url, paths, data, rounds):
    with requests.Session() as session:
        for path in paths.values():
            for _warm_up in range(2):
                assert session.get(url + path).content == data
        runs = {name: [] for name in paths}
        for number in range(20 * rounds):
            for name in list(paths)[:: 1 - 2 * (number % 2)]:
                gc.collect()
                start = time.perf_counter()
                assert len(session.get(url + paths[name]).content) == FILE
                runs[name].append(time.perf_counter() - start)
    return {
        name: Side(name, statistics.median(times), runs=tuple(times))
        for name, times in runs.items()
    }


def _measure_contracts(rounds):
    with measure.environment() as env:
        _turn_on(env)
        contracts = bench_contract.create_contracts(
            env, bench_contract.prepare(env), CONTRACTS
        )
        env.flush_all()
        yield _count_opened(env, contracts)
        contract = contracts[:1]
        views = Views(env, "crm.contract", "form")
        looks = env.registry["crm.contract.access"]

        def read_plain():
            with patch.object(looks, "_note", lambda *args, **kwargs: None):
                views.open_form(contract)

        yield _pairs(
            "secrecy.open",
            1.03,
            _alternate(
                env,
                rounds * 20,
                {"recorded": lambda: views.open_form(contract), "plain": read_plain},
            ),
        )


def _count_opened(env, contracts):
    """Return how many values are decrypted for a list without them."""
    key = sys.modules["odoo.addons.crm_contract.tools.secret"].DataKey
    opened = []
    inner = key.decrypt
    contracts.write({"confidential_terms": "Nobody's business"})
    env.flush_all()

    def count(self, *args):
        opened.append(args)
        return inner(self, *args)

    with patch.object(key, "decrypt", count):
        start = time.perf_counter()
        env.invalidate_all()
        contracts.web_search_read(
            [("id", "in", contracts.ids)],
            {"name": {}, "partner_id": {}, "state": {}, "amount_total": {}},
        )
        side = Side("list", time.perf_counter() - start)
        before = len(opened)
        contracts.read(["confidential_terms"])
    assert len(opened) - before == len(contracts), "counted otherwise"
    return Figure("secrecy.list", before, 0, side, side)


def run(rounds):
    """Measure with a key that only this process and its server have."""
    with patch.dict(os.environ, {"CONTRACT_SECRET_KEYS": KEY}):
        for part in (
            _measure_values,
            _measure_search,
            _measure_files,
            _measure_contracts,
        ):
            with contextlib.closing(part(rounds)) as figures:
                yield from figures
