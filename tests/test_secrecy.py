"""What is protected is in no dump, file, log or export, whoever is killed when."""

import base64
import io
import json
import os
import random
import re
import subprocess
import time
import uuid
import zipfile

import pytest
from client import Client
from conftest import PASSWORD
from secrecy_server import data_folder, kill, run_script, serving

VALUES = int(os.environ.get("SECRECY_VALUES", "150"))
KILLS = int(os.environ.get("SECRECY_KILLS", "2"))
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
ROTATE = """
job = env["crm.contract.secrecy.job"]
job._rotate(); env.cr.commit()
"""
RUN = """
from odoo.addons.crm_contract.models.secrecy import crm_contract_secrecy_job as module
module.BATCH = 20
env["crm.contract.secrecy.job"]._run(); env.cr.commit()
"""


@pytest.fixture(scope="module")
def server(database, tmp_path_factory, people):
    """Address and log of a server with the key; the protection is on."""
    log = tmp_path_factory.mktemp("secrecy") / "server.log"
    run_script(database, ON)
    try:
        with serving(database, log) as url:
            yield url, log
    finally:
        # The servers of other tests have no key.
        run_script(database, OFF)


@pytest.fixture(scope="module")
def manager(server, database):
    return Client(server[0], database.name, "blackbox_manager", PASSWORD)


def test_planted_secrets_are_nowhere(server, manager, admin, database, customer):
    admin.call(
        "res.users",
        "write",
        [manager.uid],
        {"group_ids": [(4, admin.ref("base.group_allow_export"))]},
    )
    secrets, where = plant(manager, customer)
    assert len(secrets) == 20
    shown = look_at_everything(manager, where)
    places = {
        "what clients are shown": shown,
        "dump": subprocess.check_output(["pg_dump", database.name]),
        "log": server[1].read_bytes(),
    }
    files = data_folder()
    for folder in (files / "filestore" / database.name, files / "sessions"):
        for path in folder.rglob("*"):
            if path.is_file():
                places[str(path)] = path.read_bytes()
    assert len(places) > 10
    found = {
        (place, secret)
        for place, content in places.items()
        for secret in secrets
        if secret.encode() in content
    }
    assert not found
    # They are there, for who asks for one.
    revealed = manager.call(
        "res.partner", "reveal", [where["partners"][0]], "contract_id_number"
    )
    assert revealed == secrets[0]


def plant(manager, customer):
    """Make records with twenty secrets: (secrets, ids of the records)."""
    mark = uuid.uuid4().hex[:6].upper()
    secrets = [f"{mark}{kind}{number:08}" for kind in "IP" for number in range(6)]
    secrets += [f"planted {mark} terms {number} for nobody" for number in range(4)]
    secrets += [f"planted {mark} file {number} for nobody" for number in range(4)]
    partners = [
        manager.create(
            "res.partner",
            {
                "name": f"Person {number}",
                "contract_id_number": secrets[number],
                "contract_private_phone": secrets[6 + number],
            },
        )
        for number in range(6)
    ]
    contract_type = manager.create(
        "crm.contract.type",
        {"name": mark, "code": f"T{'ABCDEFGHIJ'[int(mark[0], 16) % 10]}X",
         "has_confidential_terms": True, "sequence": 999},
    )  # fmt: skip
    contracts = [
        manager.create(
            "crm.contract",
            {
                "name": f"Secret {number}",
                "partner_id": customer["id"] if isinstance(customer, dict) else customer,
                "type_id": contract_type,
                "confidential_terms": secrets[12 + number],
                "document_ids": [
                    (0, 0, {
                        "name": f"annex{number}.txt",
                        "file": base64.b64encode(secrets[16 + number].encode()).decode(),
                    })
                ],
            },
        )
        for number in range(4)
    ]  # fmt: skip
    return secrets, {"partners": partners, "contracts": contracts}


def look_at_everything(manager, where):
    """Return what lists, exports, messages and mails tell of the records (bytes)."""
    shown = []
    for model, ids, names in (
        (
            "res.partner",
            where["partners"],
            ["contract_id_number", "contract_private_phone"],
        ),
        ("crm.contract", where["contracts"], ["confidential_terms", "name"]),
    ):
        shown.append(manager.call(model, "read", ids, names))
        shown.append(manager.call(model, "web_read", ids, {name: {} for name in names}))
        shown.append(manager.call(model, "copy_data", ids[:1]))
        spec = {
            "model": model,
            "fields": [{"name": name, "label": name, "type": "char"} for name in names],
            "ids": ids,
            "domain": [],
            "import_compat": False,
            "context": {},
        }
        answer = manager.post_form(
            "/web/export/xlsx", {"data": json.dumps(spec), "token": "x"}
        )
        assert answer.ok
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            shown += [book.read(name).decode() for name in book.namelist()]
    shown.append(
        manager.call(
            "res.partner",
            "message_post",
            [where["partners"][0]],
            body="{{ object.contract_id_number }}",
        )
    )
    copied = manager.call("crm.contract", "copy", where["contracts"][:1])
    shown.append(copied)
    messages = manager.call(
        "mail.message",
        "search_read",
        [("model", "=", "crm.contract"), ("res_id", "in", where["contracts"])],
        ["body"],
    )
    shown.append(messages)
    return json.dumps(shown, ensure_ascii=False).encode()


def test_rotation_that_is_killed(server, manager, database):
    """No search misses and no reading fails, and in the end all is under one key."""
    mark = uuid.uuid4().hex[:6].upper()
    ids = manager.call(
        "res.partner",
        "create",
        [
            {"name": f"Rotated {number}", "contract_id_number": f"{mark}{number:06}"}
            for number in range(VALUES)
        ],
    )
    run_script(database, ROTATE)
    chance = random.Random(mark)
    for _kill in range(KILLS):
        running = run_script(database, RUN, wait=False)
        until = time.monotonic() + chance.uniform(2, 4)
        while time.monotonic() < until:
            check_some(manager, mark, ids, chance)
        kill(running)
    run_script(database, RUN)
    keys = {
        row[0].split(".")[1]
        for row in database.rows(
            "SELECT contract_id_number FROM res_partner WHERE id = ANY(%s)", ids
        )
    }
    assert len(keys) == 1
    for _turn in range(5):
        check_some(manager, mark, ids, chance)
    states = database.rows("SELECT DISTINCT state FROM crm_contract_secret_key")
    assert "former" not in {state for [state] in states}


def check_some(manager, mark, ids, chance):
    number = chance.randrange(len(ids))
    text = f"{mark}{number:06}"
    found = manager.search("res.partner", [("contract_id_number", "=", text.lower())])
    assert found == [ids[number]]
    [row] = manager.call("res.partner", "read", found, ["contract_id_number"])
    assert re.fullmatch(r"••••\d{4}", row["contract_id_number"])
    assert row["contract_id_number"].endswith(text[-4:])
