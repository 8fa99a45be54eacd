"""Sealed PDFs as people get them: downloaded and mailed, looked at by Poppler."""

import base64
import hashlib
import io
import os
import shutil
import subprocess

import inside
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
        [text_id] = admin.search(
            "crm.contract.document",
            [("contract_id", "=", contract_id), ("kind", "=", "text")],
        )
        text = stored(admin, text_id)
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
            answer = user.get(f"{CONTRACT}/{contract_id}")
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
