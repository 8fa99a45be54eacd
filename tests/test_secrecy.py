"""What is protected is in no dump, file, log or export, whoever is killed when."""

import base64
import io
import json
import subprocess
import uuid
import zipfile

import pytest
from client import Client, RpcError
from conftest import PASSWORD
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rotation import OFF, ON, rotate
from secrecy_server import data_folder, run_script, serving


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
    shown = look_at_everything(manager, where) + provoke(manager, secrets)
    queue_mail(admin, where)
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
        if any(form in content for form in write_in_forms(secret))
    }
    assert not found
    # What is looked through has what is no secret: the places are the right ones.
    mark = secrets[0][:6]
    assert f"queued {mark}".encode() in places["dump"]
    assert f"provoked {mark}".encode() in places["log"]
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
    secrets += [
        f"%PDF-1.4 planted {mark} file {number} for nobody" for number in range(4)
    ]
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
                        "name": f"annex{number}.pdf",
                        "file": to_text(secrets[16 + number]),
                    })
                ] if number < 1 else [],
            },
        )
        for number in range(4)
    ]  # fmt: skip
    hang_files(manager, contracts, secrets[17:])
    return secrets, {"partners": partners, "contracts": contracts, "mark": mark}


def hang_files(manager, contracts, secrets):
    """A file that waits for its mail, one that was posted, one in a dialog."""
    for number, secret in enumerate(secrets[:2]):
        answer = manager.post_form(
            "/mail/attachment/upload",
            {
                "thread_model": "crm.contract",
                "thread_id": contracts[number],
                "is_pending": "true",
            },
            files={"ufile": (f"{number}.pdf", secret.encode(), "application/pdf")},
        )
        file = answer.json()["data"]["attachment_id"]
        if number:
            manager.call(
                "crm.contract",
                "message_post",
                [contracts[number]],
                body="See there",
                attachment_ids=[file],
            )
    manager.create(
        "crm.contract.sign",
        {
            "contract_id": contracts[0],
            "file": to_text(secrets[2]),
            "filename": "c.pdf",
            "signed_by_customer": "Nobody",
            "signed_by_company": "Nobody",
        },
    )


def to_text(secret):
    return base64.b64encode(secret.encode()).decode()


def write_in_forms(secret):
    """Return how a text looks where it is written as it is, in base64 or in digits."""
    forms = [secret.encode()]
    for before in range(3):
        text = base64.b64encode(b"x" * before + secret.encode())
        # Without the digits that depend on what stands beside it
        forms.append(text[4 * (before > 0) : -4])
    return [*forms, *(form.hex().encode() for form in forms)]


def provoke(manager, secrets):
    """Let the server say no to what has secrets in it; return its answers (bytes)."""
    answers = []
    for model, method, *args in (
        ("res.partner", "search", [("contract_id_number", "ilike", secrets[0])]),
        (
            "res.partner",
            "create",
            [{"contract_id_number": secrets[0], "parent_id": -5}],
        ),
        ("res.partner", f"provoked {secrets[0][:6]}", [secrets[1]]),
    ):
        try:
            answers.append(manager.call(model, method, *args))
        except RpcError as error:
            answers.append(str(error))
    return json.dumps(answers).encode()


def queue_mail(admin, where):
    """Leave mails in the queue that want to say what is protected."""
    model = admin.search("ir.model", [("model", "=", "crm.contract")])[0]
    template = admin.create(
        "mail.template",
        {
            "name": f"queued {where['mark']}",
            "model_id": model,
            "email_to": "nobody@example.com",
            "subject": f"queued {where['mark']} {{{{ object.confidential_terms }}}}",
            "body_html": "<p><t t-out='object.confidential_terms'/></p>",
        },
    )
    for contract in where["contracts"]:
        admin.call("mail.template", "send_mail", [template], contract)


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
        # The first contract has a file, which whoever may read it copies.
        shown.append(manager.call(model, "copy_data", ids[1:2]))
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


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_any_text_goes_in_and_comes_out(manager, text):
    """Over RPC as well, which strips what stands around a value and nothing in it."""
    text = f"x{text}x"
    person = manager.create(
        "res.partner", {"name": "T", "contract_private_phone": text}
    )
    assert (
        manager.call("res.partner", "reveal", [person], "contract_private_phone")
        == text
    )
    found = manager.search("res.partner", [("contract_private_phone", "=", text)])
    assert person in found


def test_rotation_that_is_killed(server, database, tmp_path):
    """No search misses and no reading fails on either of two servers."""
    with serving(database, tmp_path / "second.log") as url:
        asked, problems = rotate(
            database, [server[0], url], ("blackbox_manager", PASSWORD)
        )
    assert not problems
    assert all(
        asked[way] for way in ("search", "reveal", "look", "download", "enter")
    ), asked
