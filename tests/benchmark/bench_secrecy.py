"""Protected data beside plain ones: values, searches, files, a contract that is opened."""

import base64
import os
import time
from unittest.mock import patch

import measure
from measure import Figure, Side, ratio

ROUNDS = 5
ROWS = 1_000
CONTRACTS = 80
FILE = 5 << 20
# Rows among which one is searched: `CONTRACT_SECRETS` takes another number.
MANY = int(os.environ.get("CONTRACT_SECRETS", 100_000))
KEY = "bench:" + base64.b64encode(b"benchmark key of thirty-two byte").decode()
TITLES = {
    "secrecy.create": f"create {ROWS:,} contacts with a protected number",
    "secrecy.read": f"read {ROWS:,} contacts with a protected number",
    "secrecy.list": f"values opened by a list of {CONTRACTS} contracts",
    "secrecy.search": f"find one of {MANY:,} by its number",
    "secrecy.file": "read a file of 5 MB from the file store",
    "secrecy.open": "open a contract, which is recorded",
}
# What a list of contacts shows beside it
NAMES = ["name", "email", "phone", "city", "country_id", "user_id", "company_id"]


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
        sides = measure.compare(
            env,
            rounds,
            {
                "protected": lambda: both.read([*NAMES, "contract_id_number"]),
                "plain": lambda: both.read([*NAMES, "ref"]),
            },
        )
        yield ratio("secrecy.read", 1.1, sides["protected"], sides["plain"])


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
    with measure.environment() as env:
        _turn_on(env)
        data = os.urandom(FILE)
        contract = env["crm.contract"].search([], limit=1)
        attachments = env["ir.attachment"]
        files = {
            name: attachments.create(
                {"name": "f.bin", "raw": data, "res_model": model, "res_id": number}
            )
            for name, model, number in (
                ("protected", "crm.contract", contract.id),
                ("plain", "res.partner", 1),
            )
        }
        env.flush_all()
        sides = measure.compare(
            env,
            rounds,
            {
                name: lambda file=file: _serve(file, FILE)
                for name, file in files.items()
            },
        )
        yield ratio("secrecy.file", 1.15, sides["protected"], sides["plain"])


def _serve(file, size):
    """What a download does but for the network: find it, read it, write it out."""
    file.check_access("read")
    data = file.raw
    assert len(data) == size
    with open(os.devnull, "wb") as out:
        out.write(data)


def _measure_contracts(rounds):
    with measure.environment() as env:
        _turn_on(env)
        contracts = env["crm.contract"].search([], limit=CONTRACTS)
        secrecy = env.registry["crm.contract.secrecy"]
        opened = []
        inner = secrecy._open_at
        with patch.object(
            secrecy,
            "_open_at",
            lambda self, *args: opened.append(args) or inner(self, *args),
        ):
            start = time.perf_counter()
            env.invalidate_all()
            contracts.web_search_read(
                [("id", "in", contracts.ids)],
                {"name": {}, "partner_id": {}, "state": {}, "amount_total": {}},
            )
            side = Side("list", time.perf_counter() - start)
        yield Figure("secrecy.list", len(opened), 0, side, side)
        contract = contracts[:1]
        views = env["crm.contract"].get_views([(False, "form")])
        names = views["models"]["crm.contract"]["fields"]
        spec = {name: {} for name in names if name in contract._fields}
        looks = env.registry["crm.contract.access"]

        def read_plain():
            with patch.object(looks, "_note", lambda *args, **kwargs: None):
                contract.web_read(spec)

        sides = measure.compare(
            env,
            rounds * 2,
            {"recorded": lambda: contract.web_read(spec), "plain": read_plain},
        )
        yield ratio("secrecy.open", 1.03, sides["recorded"], sides["plain"])


def run(rounds):
    """Measure with a key that only this process has; all is rolled back."""
    with patch.dict(os.environ, {"CONTRACT_SECRET_KEYS": KEY}):
        for part in (
            _measure_values,
            _measure_search,
            _measure_files,
            _measure_contracts,
        ):
            yield from part(rounds)
