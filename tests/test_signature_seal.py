"""Sealed PDFs as people get them: downloaded and mailed, looked at by Poppler."""

import base64
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import inside
import psycopg2
import pypdf
import pytest

CONTRACT = "/report/pdf/crm_contract.report_contract"
PASSWORD = "Black-box-2026"


@pytest.fixture(scope="module")
def addons():
    """The folder that the configuration names, for the command to be found in."""
    with open(os.environ["ODOO_CONF"]) as file:
        line = next(line for line in file if line.startswith("addons_path"))
    return f"--addons-path={line.partition('=')[2].strip()}"


@pytest.fixture(scope="module")
def key(tmp_path_factory, addons):
    """A key made by the command, as the variables of a server that has it."""
    path = str(tmp_path_factory.mktemp("seal") / "seal.p12")
    arguments = ("make", path, "--name=Hafen GmbH", "--country=de")
    code, said = run(addons, *arguments, CONTRACT_SEAL_PASSWORD=PASSWORD)
    assert code == 0, said
    return {"CONTRACT_SEAL_FILE": path, "CONTRACT_SEAL_PASSWORD": PASSWORD}


def run(addons, *arguments, **environment):
    """Run `odoo-bin contract_seal`; return (exit status, what it said)."""
    done = subprocess.run(
        [os.environ["ODOO_BIN"], addons, "contract_seal", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def signed(admin, factory, key):
    """A contract and its amendment, signed by request with the key; their documents."""
    contract_id = factory.submitted()
    # A text that was taken back before the one that is signed
    admin.call("crm.contract", "action_withdraw", [contract_id])
    admin.call("crm.contract", "write", [contract_id], {"name": "Another name"})
    admin.call("crm.contract", "action_submit", [contract_id])
    documents = sign(key, contract_id)
    wizard = admin.create(
        "crm.contract.amend", {"contract_id": contract_id, "reason": "More"}
    )
    amendment_id = admin.call("crm.contract.amend", "action_amend", [wizard])["res_id"]
    admin.call("crm.contract", "write", [amendment_id], {"name": "More of it"})
    admin.call("crm.contract", "action_submit", [amendment_id])
    return {**documents, **sign(key, amendment_id)}


def sign(key, *contract_ids):
    answer = inside.run(
        os.environ["CONTRACT_DB"],
        "signed_inside",
        environment={**os.environ, **key},
        contract_ids=contract_ids,
    )
    return {int(contract): document for contract, document in answer.items()}


def stored(admin, document_id):
    [row] = admin.call(
        "crm.contract.document", "read", [document_id], ["file", "sha256", "name"]
    )
    data = base64.b64decode(row["file"])
    assert hashlib.sha256(data).hexdigest() == row["sha256"]
    return data


def texts_of(admin, contract_id):
    """The printed texts of a contract, the one that holds last."""
    return admin.search(
        "crm.contract.document",
        [("contract_id", "=", contract_id), ("kind", "=", "text")],
        order="id",
    )


def look(data, tmp_path):
    if not shutil.which("pdfsig"):
        pytest.skip("pdfsig is not installed")
    path = tmp_path / "file.pdf"
    path.write_bytes(data)
    return subprocess.run(
        ["pdfsig", path], capture_output=True, text=True, check=False
    ).stdout


def test_sealed_files(admin, signed, tmp_path):
    assert len(signed) == 2
    for document_id in signed.values():
        said = look(stored(admin, document_id), tmp_path)
        assert "Signature is Valid" in said
        assert "Total document signed" in said
        assert "CN=Hafen GmbH" in said


def test_text_comes_first(admin, signed):
    """The file begins with the bytes that were shown, and ends with the evidence."""
    for contract_id, document_id in signed.items():
        data = stored(admin, document_id)
        text = stored(admin, texts_of(admin, contract_id)[-1])
        assert data.startswith(text)
        pages = pypdf.PdfReader(io.BytesIO(data)).pages
        before = len(pypdf.PdfReader(io.BytesIO(text)).pages)
        assert len(pages) > before
        words = "".join("".join(page.extract_text() for page in pages[before:]).split())
        digest = hashlib.sha256(text).hexdigest()
        assert digest in words
        assert f"first{len(text)}bytes" in words
        assert "192.0.2.7" in words
        assert "OkkeJanssen" in words
        assert "article13" in words


def test_download_is_the_stored_file(admin, people, signed):
    for contract_id, document_id in signed.items():
        for user in (admin, people["all"]):
            # Printed again, and in another language
            for query in ("", "?context=%7B%22lang%22%3A%22zh_CN%22%7D"):
                answer = user.get(f"{CONTRACT}/{contract_id}{query}")
                assert answer.content == stored(admin, document_id)


def test_send_mails_the_stored_file(admin, signed, tmp_path):
    for contract_id, document_id in signed.items():
        action = admin.call("crm.contract", "action_send", [contract_id])
        composer = admin.create("mail.compose.message", {}, **action["context"])
        admin.call(
            "mail.compose.message",
            "write",
            [composer],
            {"partner_ids": [(6, 0, [admin.partner_id])]},
        )
        admin.call("mail.compose.message", "action_send_mail", [composer])
        [message_id, *_before] = admin.search(
            "mail.message",
            [
                ("model", "=", "crm.contract"),
                ("res_id", "=", contract_id),
                ("attachment_ids", "!=", False),
            ],
            order="id desc",
        )
        attachments = admin.read("mail.message", message_id, "attachment_ids")
        [attachment] = admin.call("ir.attachment", "read", attachments, ["datas"])
        mailed = base64.b64decode(attachment["datas"])
        assert mailed == stored(admin, document_id)
        assert "Total document signed" in look(mailed, tmp_path)


def test_verify(admin, verify, signed):
    for contract_id in signed:
        sound, message = verify(contract_id)
        assert sound, message


def test_command(addons, key, signed, admin, tmp_path):
    path = key["CONTRACT_SEAL_FILE"]
    assert os.stat(path).st_mode & 0o777 == 0o600
    code, said = run(addons, "show", **key)
    assert (code, "Hafen GmbH" in said, PASSWORD in said) == (0, True, False)
    code, said = run(addons, "show", **{**key, "CONTRACT_SEAL_PASSWORD": "wrong"})
    assert (code, "password" in said) == (2, True)
    code, said = run(addons, "show", **{**key, "CONTRACT_SEAL_FILE": "/nowhere"})
    assert (code, "can't be read" in said) == (2, True)
    code, said = run(addons, "show", CONTRACT_SEAL_FILE="")
    assert (code, "No key" in said) == (1, True)
    arguments = ("make", path, "--name=Other")
    code, said = run(addons, *arguments, CONTRACT_SEAL_PASSWORD=PASSWORD)
    assert (code, "there already" in said) == (2, True)
    other = str(tmp_path / "other.p12")
    for bad in (["--days=0"], ["--country=DEU"]):
        code, said = run(
            addons, "make", other, "--name=X", *bad, CONTRACT_SEAL_PASSWORD=PASSWORD
        )
        assert code == 2, said
    code, _said = run(addons, "make", other, "--name=X", CONTRACT_SEAL_PASSWORD="short")
    assert code == 2
    assert not os.path.exists(other)


def test_command_checks_a_file(addons, signed, admin, tmp_path):
    [document_id, *_others] = signed.values()
    data, path = stored(admin, document_id), tmp_path / "file.pdf"
    path.write_bytes(data)
    code, said = run(addons, "check", str(path))
    assert (code, "intact" in said) == (0, True)
    path.write_bytes(data + b"\n% more\n")
    code, said = run(addons, "check", str(path))
    assert (code, "NOT ALL" in said) == (2, True)
    path.write_bytes(b"no PDF")
    assert run(addons, "check", str(path))[0] == 2


# Ten kinds of tampering, by somebody who has database, file store, and time


def append(data, change):
    """A PDF with an update at its end, as programs write it."""
    writer = pypdf.PdfWriter(io.BytesIO(data), incremental=True)
    change(writer)
    result = io.BytesIO()
    writer.write(result)
    return result.getvalue()


def swap_pages(data):
    """The same pages in another order, written anew."""
    writer = pypdf.PdfWriter()
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    for page in (*pages[1:], pages[0]):
        writer.add_page(page)
    result = io.BytesIO()
    writer.write(result)
    return result.getvalue()


def flip(data, place):
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


def with_pages(text, pages):
    """A text with pages at its end, as the server makes it."""
    return append(text, lambda writer: [writer.add_page(page) for page in pages])


def make_kinds(key, data, text, older, other):
    """What becomes of a sealed file: `{kind: (file, what Verify says)}`.

    :param older: text of the same contract that was taken back
    :param other: signed file of another contract
    """
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    before = len(pypdf.PdfReader(io.BytesIO(text)).pages)
    foreign = pypdf.PdfReader(io.BytesIO(other)).pages[-1:]
    stripped = with_pages(text, pages[before:])
    to_seal = {
        "sealed again": (stripped, False),
        "evidence of another contract": (with_pages(text, foreign), True),
        "older version": (with_pages(older, pages[before:]), True),
    }
    sealed = inside.run(
        os.environ["CONTRACT_DB"],
        "tampered_inside",
        environment={**os.environ, **key},
        files={
            name: (base64.b64encode(file).decode(), is_ours)
            for name, (file, is_ours) in to_seal.items()
        },
    )
    sealed = {name: base64.b64decode(file) for name, file in sealed.items()}
    evidence = data.rindex(b"endstream", 0, data.index(b"/ByteRange"))
    return {
        "bit flip": (flip(data, len(text) // 2), "does not begin with the text"),
        "page added": (
            append(data, lambda writer: writer.add_blank_page(100, 100)),
            "Something was added",
        ),
        "page swapped": (swap_pages(data), "does not begin with the text"),
        "metadata": (
            append(data, lambda writer: writer.add_metadata({"/Author": "Me"})),
            "Something was added",
        ),
        "evidence edited": (flip(data, evidence - 10), "broken|can't be read"),
        # Sealed with our own key: the chain alone knows.
        "evidence of another contract": (
            sealed["evidence of another contract"],
            "named by no event",
        ),
        "older version": (sealed["older version"], "does not begin with the text"),
        "seal stripped": (stripped, "was taken away"),
        "sealed again": (sealed["sealed again"], "another key"),
    }


def put(database, document_id, data):
    """Store other bytes of a document, with all hashes beside them that fit."""
    database.rows(
        "UPDATE ir_attachment SET store_fname = NULL, db_datas = %s, checksum = %s,"
        " file_size = %s WHERE res_model = 'crm.contract.document'"
        " AND res_field = 'file' AND res_id = %s",
        psycopg2.Binary(data),
        hashlib.sha1(data).hexdigest(),
        len(data),
        document_id,
    )
    database.rows(
        "UPDATE crm_contract_document SET sha256 = %s WHERE id = %s",
        hashlib.sha256(data).hexdigest(),
        document_id,
    )


def verify_as_reader(people, contract_id):
    user = people["reader"]
    params = user.call("crm.contract", "action_verify", [contract_id])["params"]
    return params["type"] == "success", params["message"]


def test_nine_kinds_of_tampering(admin, people, database, key, signed):
    """Verify names each of them, though every hash in the database fits."""
    (contract_id, document_id), (_amendment, other_id) = signed.items()
    data = stored(admin, document_id)
    older, text = (stored(admin, row) for row in texts_of(admin, contract_id))
    kinds = make_kinds(key, data, text, older, stored(admin, other_id))
    assert len({file for file, _words in kinds.values()} - {data}) == 9
    for kind, (file, words) in kinds.items():
        put(database, document_id, file)
        assert stored(admin, document_id) == file
        sound, message = verify_as_reader(people, contract_id)
        assert not sound, kind
        assert re.search(words, message), (kind, message)
        # The public page does not take it for a signed text either.
        page = admin.get(f"/contract/verify/{hashlib.sha256(file).hexdigest()}")
        assert page.status_code in (200, 429)
    put(database, document_id, data)
    sound, message = verify_as_reader(people, contract_id)
    assert sound, message


def test_tenth_kind_of_tampering(people, database, signed):
    """Events that are gone, in front, within and at the end, or stand otherwise."""
    [contract_id, _amendment] = signed

    def move(number, to):
        database.rows(
            "UPDATE crm_contract_event SET number = %s"
            " WHERE contract_id = %s AND number = %s",
            to,
            contract_id,
            number,
        )

    assert not read_problems(people, contract_id)
    count = database.value(
        "SELECT max(number) FROM crm_contract_event WHERE contract_id = %s", contract_id
    )
    for number in (1, 3, count):
        # Out of the chain, for as long as it takes.
        database.rows(
            "CREATE TABLE crm_contract_event_gone AS SELECT * FROM crm_contract_event"
            " WHERE contract_id = %s AND number = %s",
            contract_id,
            number,
        )
        try:
            database.rows(
                "DELETE FROM crm_contract_event WHERE contract_id = %s AND number = %s",
                contract_id,
                number,
            )
            found = read_problems(people, contract_id)
        finally:
            database.rows(
                "INSERT INTO crm_contract_event SELECT * FROM crm_contract_event_gone"
            )
            database.rows("DROP TABLE crm_contract_event_gone")
        # Of the last one, the events that are left do not tell.
        words = "events are missing" if number < count else "at the end were taken away"
        assert words in found, found
    move(3, 0)
    move(4, 3)
    move(0, 4)
    try:
        assert "in another order" in read_problems(people, contract_id)
    finally:
        move(3, 0)
        move(4, 3)
        move(0, 4)
    assert not read_problems(people, contract_id)


def read_problems(people, contract_id):
    """What the verifier says of the evidence that is handed out; "" if it is sound.

    As the server would write down that somebody verified it, which is one event more.
    """
    answer = people["reader"].get(f"/contract/evidence/{contract_id}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "evidence.json")
        path.write_bytes(answer.content)
        script = Path(folder, "verify_contract.py")
        script.write_bytes(
            people["reader"].get("/contract/evidence/verify_contract.py").content
        )
        run = subprocess.run(
            [sys.executable, "-I", "-S", script, path],
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode in (0, 1), run.stderr
    return run.stdout if run.returncode else ""
