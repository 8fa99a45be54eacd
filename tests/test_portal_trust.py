"""The portal over real HTTP: who sees what, and who signs, whatever they send."""

import base64
import contextlib
import hashlib
import json
import re
import uuid
import zlib
from datetime import datetime, timedelta, timezone

import pytest
import requests
from client import REFUSALS, TIMEOUT, RpcError, together
from conftest import Factory
from portal import Signing, Visitor, make_customer, make_portal_user, read_consent

SECRET = "We would give ten percent more"
SCRIPT = "<script>alert(1)</script>"
NOWHERE = "/my"
MODELS = (
    "crm.contract",
    "crm.contract.line",
    "crm.contract.clause",
    "crm.contract.installment",
    "crm.contract.milestone",
    "crm.contract.document",
    "crm.contract.version",
    "crm.contract.link",
    "crm.contract.event",
    "crm.contract.signatory",
    "crm.contract.signature.request",
    "crm.contract.type",
    "crm.contract.template",
    "crm.contract.clause.template",
)


@pytest.fixture(scope="module")
def mark():
    return uuid.uuid4().hex[:8]


@pytest.fixture(scope="module")
def ours(admin, company, mark):
    """A customer with two people, and the contracts of that customer."""
    customer = make_customer(admin, f"Ostwind {mark}", ["Anna Albers", "Berta Behn"])
    return Factory(admin, company, customer)


@pytest.fixture(scope="module")
def theirs(admin, company, mark):
    customer = make_customer(admin, f"Westwind {mark}", ["Cora Claas", "Dora Dirks"])
    return Factory(admin, company, customer)


@pytest.fixture(scope="module")
def anna(admin, ours, company, mark):
    people = ours.customer["people"]
    return make_portal_user(admin, f"anna_{mark}", people[0], company)


@pytest.fixture(scope="module")
def cora(admin, theirs, company, mark):
    people = theirs.customer["people"]
    return make_portal_user(admin, f"cora_{mark}", people[0], company)


@pytest.fixture
def contract(ours):
    return ours.submitted(note=f"<p>{SECRET}</p>")


@pytest.fixture
def visitor(admin):
    return Visitor(admin.url)


def browse(client):
    return Visitor(client.url, client.session)


@pytest.fixture
def open_link(admin, database, ours):
    """A function that makes a link; it returns the address of the page."""

    def make(contract_id, person=0, **values):
        link_id = admin.create(
            "crm.contract.link",
            {
                "contract_id": contract_id,
                "partner_id": ours.customer["people"][person],
                **values,
            },
        )
        [(token,)] = database.rows(
            "SELECT access_token FROM crm_contract_link WHERE id = %s", link_id
        )
        return link_id, f"/my/contracts/{contract_id}?access_token={token}"

    return make


@pytest.fixture
def signing(admin, database, ours):
    """A function that asks both people of the customer, then us, to sign."""

    def make(contract_id, until=None, **values):
        people = ours.customer["people"]
        rows = [
            {"side": "customer", "partner_id": person, "sequence": 10, **values}
            for person in people
        ]
        rows.append({"side": "company", "user_id": admin.uid, "sequence": 20})
        return Signing(admin, database, contract_id, rows, until)

    return make


def sign(visitor, signing, position, **values):
    path = signing.path(position)
    consent = read_consent(visitor.get(path).text)
    values = signing.prepare(position, **{"consent": consent, **values})
    return visitor.act(path, "sign", values)


# Seeing


def test_customers_see_their_contracts(anna, cora, contract):
    page = browse(anna).get(f"/my/contracts/{contract}")
    assert page.status_code == 200
    assert "Anna Albers" in page.text
    assert SECRET not in page.text
    assert f"/my/contracts/{contract}" in browse(anna).get("/my/contracts").text
    assert f"/my/contracts/{contract}" not in browse(cora).get("/my/contracts").text


def test_guessed_ids_tell_nothing(anna, cora, visitor, contract, ours, database):
    """What there is and what there is not answers alike."""
    draft = ours.draft()
    [(document,)] = database.rows(
        "SELECT id FROM crm_contract_document WHERE contract_id = %s", contract
    )
    for path in ("", f"/document/{document}", "/sign", "?access_token=x"):
        answers = set()
        for contract_id in (contract, draft, 10**8):
            answer = browse(cora).get(f"/my/contracts/{contract_id}{path}")
            answers.add((answer.status_code, answer.headers["Location"]))
        assert [code for code, _to in answers] == [303], answers
        assert {to.removeprefix(cora.url) for _code, to in answers} == {NOWHERE}
    for contract_id in (contract, draft, 10**8):
        answer = visitor.get(f"/my/contracts/{contract_id}")
        assert answer.status_code == 303
        assert "/web/login" in answer.headers["Location"]
    own = browse(anna).get(f"/my/contracts/{contract}/document/{document}")
    assert own.content.startswith(b"%PDF-")
    other = ours.submitted()
    assert (
        browse(anna).get(f"/my/contracts/{other}/document/{document}").status_code
        == 404
    )


def test_portal_users_have_no_rights(admin, anna, contract):
    """Over RPC: no model of contracts, no message, no file of one."""
    admin.call("crm.contract", "message_post", [contract], body=SECRET)
    for model in MODELS:
        for method, arguments in (
            ("search_read", [[], ["id"]]),
            ("read", [[contract], ["display_name"]]),
            ("search_count", [[]]),
            ("create", [{}]),
            ("write", [[contract], {}]),
            ("unlink", [[contract]]),
            ("copy", [[contract]]),
            ("web_search_read", [[], {"id": {}}]),
        ):
            with pytest.raises(RpcError) as error:
                anna.call(model, method, *arguments)
            assert SECRET not in str(error.value)
    for model, domain in (
        ("ir.attachment", [("res_model", "=like", "crm.contract%")]),
        ("mail.message", [("model", "=", "crm.contract"), ("res_id", "=", contract)]),
        ("mail.message", [("body", "ilike", SECRET)]),
        ("mail.activity", [("res_model", "=", "crm.contract")]),
    ):
        try:
            assert not anna.search(model, domain)
        except RpcError as error:
            assert error.kind in REFUSALS


def test_side_doors_are_shut(admin, anna, visitor, contract, database):
    """Routes of Odoo that show records, files, prints and messages of others."""
    admin.call("crm.contract", "message_post", [contract], body=SECRET)
    [(document,)] = database.rows(
        "SELECT id FROM crm_contract_document WHERE contract_id = %s", contract
    )
    [(attachment,)] = database.rows(
        "SELECT id FROM ir_attachment WHERE res_model = 'crm.contract.document' AND"
        " res_id = %s AND res_field = 'file'",
        document,
    )
    for who in (browse(anna), visitor):
        for path in (
            f"/web/content/crm.contract.document/{document}/file",
            f"/web/content/{attachment}",
            f"/web/image/crm.contract.document/{document}/file",
            f"/report/pdf/crm_contract.report_contract/{contract}",
            f"/report/html/crm_contract.report_contract/{contract}",
            f"/odoo/crm.contract/{contract}",
        ):
            answer = who.get(path, allow_redirects=True)
            assert b"%PDF-" not in answer.content[:8], path
            assert SECRET not in answer.text, path
    for path, parameters in (
        (
            "/mail/chatter_fetch",
            {"thread_model": "crm.contract", "thread_id": contract},
        ),
        (
            "/mail/message/post",
            {
                "thread_model": "crm.contract",
                "thread_id": contract,
                "post_data": {"body": "I am in", "message_type": "comment"},
            },
        ),
        (
            "/mail/data",
            {"fetch_params": [["mail.thread", {"thread_model": "crm.contract",
             "thread_id": contract, "request_list": ["messages"]}]]},
        ),
    ):  # fmt: skip
        try:
            answer = str(anna.post_json(path, parameters))
        except (RpcError, requests.HTTPError) as error:
            answer = str(error)
        assert SECRET not in answer, path
    posted = admin.search(
        "mail.message", [("model", "=", "crm.contract"), ("res_id", "=", contract),
                         ("body", "ilike", "I am in")]
    )  # fmt: skip
    assert not posted


def test_link_opens_one_contract(visitor, contract, ours, theirs, open_link):
    _link, path = open_link(contract)
    page = visitor.get(path)
    assert page.status_code == 200
    assert "Ostwind" in page.text
    token = path.partition("?")[2]
    for other in (ours.submitted(), theirs.submitted()):
        answer = visitor.get(f"/my/contracts/{other}?{token}")
        assert answer.status_code == 303
    assert visitor.get(path[:-1]).status_code == 303


def test_link_that_is_over(admin, visitor, contract, open_link, database):
    link, path = open_link(contract)
    admin.call(
        "crm.contract.link", "write", [link], {"date_expiry": "2020-01-01 00:00:00"}
    )
    answer = visitor.get(path)
    assert answer.status_code == 403
    assert "not valid any more" in answer.text
    assert "Ostwind" not in answer.text
    database.rows(
        "UPDATE crm_contract_link SET create_date = '2020-01-01' WHERE id = %s", link
    )
    page, _mark, token = path.partition("?access_token=")
    renewed = visitor.post(f"{page}/renew_link", {"access_token": token}, page=path)
    assert "on its way" in renewed.text
    again = visitor.post(f"{page}/renew_link", {"access_token": token}, page=path)
    assert "No new link" in again.text
    admin.call("crm.contract.link", "action_revoke", [link])
    assert visitor.get(path).status_code == 403


def test_withdrawn_contract_is_not_shown(admin, visitor, contract, open_link):
    _link, path = open_link(contract)
    admin.call("crm.contract", "action_withdraw", [contract])
    answer = visitor.get(path)
    assert answer.status_code == 403
    assert "revised" in answer.text
    assert "Ostwind" not in answer.text


def test_key_stays_with_the_visitor(visitor, contract, open_link, signing):
    """No page with a key sends it on, is kept, indexed, framed, or loads from others."""
    _link, path = open_link(contract)
    for address in (path, signing(contract).path(0), "/contract/sign/1/x"):
        answer = visitor.get(address)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        loaded = re.findall(
            r"<(?:script|img|iframe|link)[^>]+(?:src|href)=\"([^\"]+)\"", answer.text
        )
        for source in loaded:
            assert not re.match(r"(https?:)?//", source) or source.startswith(
                visitor.url
            ), source


def test_messages_of_visitors(admin, visitor, contract, open_link):
    """A visitor's words are text, in the name of whom the link is for."""
    _link, path = open_link(contract)
    page, _mark, token = path.partition("?access_token=")
    form = {"access_token": token, "text": f"Hello {SCRIPT}", "author_id": "1"}
    assert visitor.post(f"{page}/ask", form, page=path, csrf="").status_code == 400
    assert visitor.post(f"{page}/ask", form, page=path).status_code == 303
    shown = visitor.get(path).text
    assert SCRIPT not in shown
    assert "Hello &lt;script&gt;" in shown
    [message] = admin.call(
        "mail.message",
        "search_read",
        [("model", "=", "crm.contract"), ("res_id", "=", contract),
         ("body", "ilike", "Hello")],
        ["author_id"],
    )  # fmt: skip
    assert message["author_id"][1].endswith("Anna Albers")
    wrong = visitor.post(f"{page}/ask", {**form, "access_token": "x"}, page=path)
    assert wrong.status_code == 303
    assert wrong.headers["Location"].endswith("/my")


# Signing


def test_everybody_signs(admin, visitor, contract, signing):
    asked = signing(contract)
    for position in range(2):
        assert sign(visitor, asked, position) == {"done": True}
    assert asked.state(2) == "invited"
    office = Visitor(admin.url)
    assert sign(office, asked, 2) == {"done": True}
    assert admin.read("crm.contract", contract, "state") != "to_sign"
    page = visitor.get(asked.path(0)).text
    assert "you have signed" in page
    first = re.search(r"/file/(\d+)", page)[1]
    signed = visitor.get(f"{asked.path(0)}/file/{first}")
    assert signed.content.startswith(b"%PDF-")


def test_two_sign_at_once(admin, visitor, contract, signing, database):
    asked = signing(contract)
    results = together(
        *[lambda n=n: sign(Visitor(visitor.url), asked, n) for n in range(2)]
    )
    assert results == [{"done": True}] * 2
    assert asked.state(2) == "invited"
    rows = database.rows(
        "SELECT number FROM crm_contract_event WHERE contract_id = %s ORDER BY number",
        contract,
    )
    assert [number for (number,) in rows] == list(range(1, len(rows) + 1))


def test_one_signs_twice(visitor, contract, signing, database):
    asked = signing(contract)
    results = together(
        *[lambda: sign(Visitor(visitor.url), asked, 0) for _number in range(3)]
    )
    assert results.count({"done": True}) == 1, results
    assert all(
        "signed already" in row.get("error", "signed already") for row in results
    )
    assert "signed already" in visitor.act(
        asked.path(0), "sign", asked.prepare(0, consent="0" * 64)
    ).get("error", "")
    rows = database.rows(
        "SELECT id FROM crm_contract_event WHERE contract_id = %s AND kind = 'signed'",
        contract,
    )
    assert len(rows) == 1


def test_keys_of_others_sign_nothing(visitor, contract, signing, open_link):
    asked = signing(contract)
    token = asked.path(1).rpartition("/")[2]
    own = asked.path(0)
    wrong = f"/contract/sign/{asked.ids[0]}/{token}"
    _link, page = open_link(contract)
    link = f"/contract/sign/{asked.ids[0]}/{page.partition('=')[2]}"
    for path in (wrong, link, own[:-1], f"/contract/sign/{10**8}/{token}"):
        assert visitor.get(path).status_code == 404
        for step in ("opened", "read", "sign", "code", "decline", "hand_over"):
            answer = visitor.post(f"{path}/{step}", asked.prepare(0), page=own)
            assert answer.status_code == 404, (path, step)
    assert asked.state(0) == "invited"


def test_fetching_a_link_is_not_opening_it(visitor, contract, signing):
    asked = signing(contract)
    path = asked.path(0)
    assert visitor.get(path).status_code == 200
    assert asked.state(0) == "invited"
    assert visitor.act(path, "opened") == {"done": True}
    assert asked.state(0) == "opened"


def test_withdrawn_and_changed(admin, visitor, contract, signing):
    """A page that was opened before signs neither what is gone nor what came after."""
    asked = signing(contract)
    path = asked.path(0)
    consent = read_consent(visitor.get(path).text)
    values = asked.prepare(0, consent=consent)
    csrf = visitor.get_csrf(path)
    admin.call("crm.contract", "action_withdraw", [contract])
    gone = visitor.post(f"{path}/sign", values, csrf=csrf).json()
    assert "withdrawn" in gone["error"]
    page = visitor.get(path)
    assert "withdrawn" in page.text
    assert "Ostwind" not in page.text
    admin.call("crm.contract", "action_submit", [contract])
    again = signing(contract)
    assert (
        "withdrawn" in visitor.post(f"{path}/sign", values, csrf=csrf).json()["error"]
    )
    new = again.path(0)
    other = visitor.post(
        f"{new}/sign", {**values, "content_hash": "0" * 64}, csrf=csrf
    ).json()
    assert "changed" in other["error"]
    assert (
        "agree"
        in visitor.post(f"{new}/sign", again.prepare(0, consent=""), csrf=csrf).json()[
            "error"
        ]
    )
    assert again.state(0) == "invited"


def test_forms_of_other_sites(visitor, contract, signing):
    asked = signing(contract)
    path = asked.path(0)
    consent = read_consent(visitor.get(path).text)
    for step in ("opened", "read", "sign", "code", "decline", "hand_over"):
        values = {**asked.prepare(0, consent=consent), "reason": "x"}
        for token in ("", "0" * 40 + "o1900000000"):
            answer = visitor.post(f"{path}/{step}", values, csrf=token)
            assert answer.status_code == 400, step
        assert visitor.get(f"{path}/{step}").status_code in (404, 405)
    assert asked.state(0) == "invited"


def make_png(width, height):
    """A PNG of one bit a pixel: a few kB, however many pixels it is wide and high."""

    def chunk(kind, data):
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    sides = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    row = b"\0" + b"\x0f" * ((width + 7) // 8)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", sides + b"\1\0\0\0\0")
        + chunk(b"IDAT", zlib.compress(row * height, 9))
        + chunk(b"IEND", b"")
    )


def test_signatures_that_are_none(visitor, contract, signing):
    asked = signing(contract)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg"><script>{SCRIPT}</script></svg>'
    pictures = (
        make_png(30000, 30000),
        svg.encode(),
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        b"%PDF-1.7",
    )
    for picture in pictures:
        answer = sign(visitor, asked, 0, signature=base64.b64encode(picture).decode())
        assert "error" in answer, picture[:20]
        assert "signature" in answer["error"]
    assert "error" in sign(visitor, asked, 0, signature="é not base64")
    assert asked.state(0) in ("invited", "opened")
    picture = base64.b64encode(make_png(60, 20)).decode()
    assert sign(visitor, asked, 0, signature=picture) == {"done": True}


def test_signature_of_fifty_megabytes(visitor, contract, signing):
    asked = signing(contract)
    path = asked.path(0)
    csrf = visitor.get_csrf(path)
    values = asked.prepare(0, signature="A" * 50_000_000)
    # To be cut off is an answer as well.
    with contextlib.suppress(requests.ConnectionError):
        answer = visitor.post(f"{path}/sign", values, csrf=csrf)
        assert answer.status_code in (200, 400, 413)
        assert answer.status_code != 200 or "too large" in answer.json()["error"]
    assert asked.state(0) == "invited"
    assert visitor.get(path).status_code == 200


def test_script_in_names(visitor, contract, signing):
    asked = signing(contract)
    assert sign(visitor, asked, 0, name=f"Anna {SCRIPT}") == {"done": True}
    for path in (asked.path(0), asked.path(1)):
        page = visitor.get(path).text
        assert SCRIPT not in page
        assert "Anna &lt;script&gt;" in page
    path = asked.path(1)
    answer = visitor.post(
        f"{path}/hand_over",
        {"name": f"Eva {SCRIPT}", "email": f"eva@{SCRIPT}"},
        page=path,
    )
    assert SCRIPT not in answer.text
    assert asked.state(1) in ("invited", "opened")
    values = {"name": f"Eva {SCRIPT}", "email": "eva@example.com"}
    assert visitor.post(f"{path}/hand_over", values, page=path).status_code == 303
    successor = asked.successor(1)
    page = visitor.get(successor).text
    assert SCRIPT not in page
    assert "Eva &lt;script&gt;" in page
    values = {"reason": f"No {SCRIPT}"}
    assert visitor.post(f"{successor}/decline", values, page=successor).ok
    for path in (successor, asked.path(0)):
        assert SCRIPT not in visitor.get(path).text


def test_code_is_not_guessed(visitor, contract, signing, database):
    asked = signing(contract, needs_code=True)
    path = asked.path(0)
    assert "error" in sign(visitor, asked, 0, code="")
    assert visitor.act(path, "code") == {"done": True}
    assert "moment ago" in visitor.act(path, "code")["error"]
    [(code,)] = database.rows(
        "SELECT code FROM crm_contract_signatory WHERE id = %s", asked.ids[0]
    )
    wrong = "000000" if code != "000000" else "111111"
    results = together(
        *[
            lambda: sign(Visitor(visitor.url), asked, 0, code=wrong)["error"]
            for _number in range(8)
        ]
    )
    assert all(isinstance(row, str) for row in results), results
    assert "Too many wrong codes" in sign(visitor, asked, 0, code=code)["error"]
    database.rows(
        "UPDATE crm_contract_signatory SET code_date = code_date - interval '2 minutes'"
        " WHERE id = %s",
        asked.ids[0],
    )
    assert visitor.act(path, "code") == {"done": True}
    [(code,)] = database.rows(
        "SELECT code FROM crm_contract_signatory WHERE id = %s", asked.ids[0]
    )
    assert sign(visitor, asked, 0, code=code) == {"done": True}


def test_one_of_us_is_not_the_signatory(people, contract, signing, database):
    """Who is logged in here signs for nobody, even with the link."""
    asked = signing(contract)
    for role in ("all", "manager"):
        inside = browse(people[role])
        for position in (0, 2):
            path = asked.path(position)
            page = inside.get(path)
            assert page.status_code == 403
            assert "Nobody signs for somebody else" in page.text
            csrf = inside.get_csrf("/my")
            for step in ("opened", "read", "sign"):
                answer = inside.post(
                    f"{path}/{step}", asked.prepare(position), csrf=csrf
                ).json()
                assert "Nobody signs" in answer["error"]
        with pytest.raises(RpcError):
            people[role].call(
                "crm.contract.signatory", "write", asked.ids[:1], {"state": "signed"}
            )
        with pytest.raises(RpcError):
            people[role].call("crm.contract.signatory", "_sign", asked.ids[:1])
        with pytest.raises(RpcError):
            people[role].read("crm.contract.signatory", asked.ids[0], "access_token")
    assert asked.state(0) == "invited"


def test_log_in_signs_for_oneself_alone(anna, cora, contract, signing):
    asked = signing(contract)
    path = f"/my/contracts/{contract}/sign"
    assert browse(cora).get(path).status_code == 303
    csrf = browse(cora).get_csrf("/my")
    answer = browse(cora).post(f"{path}/sign", asked.prepare(0), csrf=csrf)
    assert answer.status_code == 404
    page = browse(anna).get(path)
    assert page.status_code == 200
    values = asked.prepare(0, consent=read_consent(page.text))
    assert browse(anna).act(path, "sign", values) == {"done": True}
    assert (asked.state(0), asked.state(1)) == ("signed", "invited")


def test_hand_over(visitor, contract, signing):
    asked = signing(contract)
    path = asked.path(0)
    values = {"name": "Emil Ems", "email": "emil@example.com"}
    letter = {"letter": ("letter.pdf", b"%PDF-1.4 letter", "application/pdf")}
    day = {**values, "letter_until": "31.12.2026"}
    answer = visitor.post(f"{path}/hand_over", day, page=path, files=letter)
    assert "write it like" in answer.text
    wrong = {"letter": ("letter.exe", b"MZ", "application/pdf")}
    answer = visitor.post(f"{path}/hand_over", values, page=path, files=wrong)
    assert "PDF, PNG or JPEG" in answer.text
    answer = visitor.post(f"{path}/hand_over", values, page=path, files=letter)
    assert answer.status_code == 303
    assert "handed this over" in visitor.get(path).text
    assert "error" in visitor.act(path, "sign", asked.prepare(0))
    page = asked.successor(0)
    consent = read_consent(visitor.get(page).text)
    signed = visitor.act(page, "sign", {**asked.prepare(0), "name": "Emil Ems",
                                        "consent": consent})  # fmt: skip
    assert signed == {"done": True}


def test_parallel_pages_keep_their_visitors(admin, anna, contract, open_link):
    """A link decides whose page it is, whoever is logged in beside it."""
    _link, path = open_link(contract, person=1)
    inside = browse(anna)
    page, _mark, token = path.partition("?access_token=")
    form = {"access_token": token, "text": "By link"}
    assert inside.post(f"{page}/ask", form, page=path).status_code == 303
    [message] = admin.call(
        "mail.message",
        "search_read",
        [("model", "=", "crm.contract"), ("res_id", "=", contract),
         ("body", "ilike", "By link")],
        ["author_id"],
    )  # fmt: skip
    assert message["author_id"][1].endswith("Berta Behn")


def test_sister_company_of_ours(admin, visitor, ours, contract, mark):
    """A customer of another company of ours is no customer of this one."""
    company_id = admin.create("res.company", {"name": f"Sister {mark}"})
    person = admin.create(
        "res.partner", {"name": "Fritz Fehn", "parent_id": ours.customer["id"]}
    )
    fritz = make_portal_user(admin, f"fritz_{mark}", person, company_id)
    assert f"/my/contracts/{contract}" not in browse(fritz).get("/my/contracts").text
    assert browse(fritz).get(f"/my/contracts/{contract}").status_code == 303


def test_sister_company_of_the_customer(admin, ours, contract, company, mark):
    """Neither the holding of a customer nor what else belongs to it sees the contract."""
    partners = "res.partner"
    holding, sister = (
        admin.create(partners, {"name": f"{name} {mark}", "is_company": True})
        for name in ("Holding", "Sister")
    )
    people = [
        admin.create(partners, {"name": name, "parent_id": parent})
        for name, parent in (("Gesa Gerdes", holding), ("Hilde Heyen", sister))
    ]
    admin.call(partners, "write", [ours.customer["id"], sister], {"parent_id": holding})
    try:
        for number, person in enumerate(people):
            login = f"family_{number}_{mark}"
            visitor = browse(make_portal_user(admin, login, person, company))
            assert f"/my/contracts/{contract}" not in visitor.get("/my/contracts").text
            for path in ("", "/sign"):
                answer = visitor.get(f"/my/contracts/{contract}{path}")
                assert answer.status_code == 303
                assert answer.headers["Location"].endswith(NOWHERE)
    finally:
        admin.call(partners, "write", [ours.customer["id"]], {"parent_id": False})


def test_request_that_is_over(visitor, contract, signing, database):
    """Before any job ran: the page says so, and a page of before signs nothing."""
    asked = signing(contract)
    path = asked.path(0)
    values = asked.prepare(0, consent=read_consent(visitor.get(path).text))
    csrf = visitor.get_csrf(path)
    database.rows(
        "UPDATE crm_contract_signature_request SET date_expiry = current_date - 2"
        " WHERE id = %s",
        asked.request_id,
    )
    page = visitor.get(path)
    assert "time to sign is over" in page.text
    assert not read_consent(page.text)
    for step in ("sign", "code"):
        answer = visitor.post(f"{path}/{step}", values, csrf=csrf).json()
        assert "time to sign is over" in answer["error"], step
    for step in ("opened", "read", "decline", "hand_over"):
        visitor.post(f"{path}/{step}", {**values, "reason": "x"}, csrf=csrf)
    assert asked.state(0) == "invited"


def test_files_of_visitors(admin, visitor, contract, open_link, database):
    """What comes with a message is a file, and opens for this contract alone."""
    _link, path = open_link(contract)
    page, _mark, token = path.partition("?access_token=")
    form = {"access_token": token, "text": "See this"}
    before = database.value("SELECT count(*) FROM ir_attachment")
    for name, data in (
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("a.html", SCRIPT.encode()),
        ("a.pdf", b"MZ program"),
        ("large.pdf", b"%PDF-" + b"0" * 10 * 1024**2),
    ):
        files = [("files", (name, data, "application/pdf"))]
        answer = visitor.post(f"{page}/ask", form, page=path, files=files)
        assert answer.status_code == 200, name
        assert re.search("can.t be sent|at most 5 files", answer.text), name
        # What was written is not lost.
        assert "See this" in answer.text
    files = [("files", (f"{n}.pdf", b"%PDF-1.7", "application/pdf")) for n in range(6)]
    answer = visitor.post(f"{page}/ask", form, page=path, files=files)
    assert "at most 5 files" in answer.text
    assert database.value("SELECT count(*) FROM ir_attachment") == before
    name = f'"><img src=x onerror=alert(1)>{"x" * 300}.pdf'
    files = [("files", (name, b"%PDF-1.7 hello", "text/html"))]
    assert visitor.post(f"{page}/ask", form, page=path, files=files).status_code == 303
    shown = visitor.get(path).text
    assert "<img src=x" not in shown
    [link] = re.findall(rf"({page}/file/\d+)", shown)
    kept = visitor.get(f"{link}?access_token={token}")
    assert kept.content == b"%PDF-1.7 hello"
    assert "attachment" in kept.headers["Content-Disposition"]
    assert kept.headers["X-Content-Type-Options"] == "nosniff"
    assert visitor.get(link).status_code == 303
    assert visitor.get(f"{link}?access_token=x").status_code == 303


def test_address_names_no_visit(visitor, contract, ours):
    """Parameters that code uses are not taken from an address."""
    for name in ("visit", "link", "page"):
        answer = visitor.get(f"/my/contracts/{contract}?{name}=1")
        assert answer.status_code == 303, name
        assert "/web/login" in answer.headers["Location"]


def test_wrong_methods(visitor, contract, open_link):
    _link, path = open_link(contract)
    for method in ("put", "delete", "patch", "post"):
        answer = visitor.session.request(
            method, visitor.url + path, timeout=TIMEOUT, allow_redirects=False
        )
        assert answer.status_code in (400, 404, 405), method


def put_clock_back(database, contract_id, days):
    """Let the newest event of a contract lie ahead: as if the clock was right then.

    It is written anew as somebody writes it who is the server: its chain is sound.
    """
    [(event, content)] = database.rows(
        "SELECT id, content FROM crm_contract_event WHERE contract_id = %s"
        " ORDER BY number DESC LIMIT 1",
        contract_id,
    )
    said = json.loads(content)
    moment = datetime.fromisoformat(said["date"].rstrip("Z")) + timedelta(days=days)
    said["date"] = f"{moment.isoformat()}Z"
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    database.rows(
        "UPDATE crm_contract_event SET date = %s, content = %s, content_hash = %s"
        " WHERE id = %s",
        moment,
        text,
        digest,
        event,
    )
    database.rows(
        "UPDATE crm_contract_event_head SET content_hash = %s WHERE contract_id = %s",
        digest,
        contract_id,
    )


def test_clock_put_back(admin, visitor, contract, open_link, signing, database, verify):
    """Nothing is open for longer by it, and events stay in their order."""
    tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
    _link, path = open_link(contract, date_expiry=f"{tomorrow:%Y-%m-%d %H:%M:%S}")
    asked = signing(contract, until=f"{tomorrow:%Y-%m-%d}")
    assert visitor.get(path).status_code == 200
    consent = read_consent(visitor.get(asked.path(0)).text)
    values = asked.prepare(0, consent=consent)
    csrf = visitor.get_csrf(asked.path(0))
    put_clock_back(database, contract, 3)
    answer = visitor.get(path)
    assert answer.status_code == 403
    assert "not valid any more" in answer.text
    assert "Ostwind" not in answer.text
    page = asked.path(0)
    for step in ("sign", "decline", "hand_over", "code", "opened", "read"):
        visitor.post(f"{page}/{step}", {**values, "reason": "x"}, csrf=csrf)
        assert asked.state(0) == "invited", step
    refused = visitor.post(f"{page}/sign", values, csrf=csrf).json()
    assert "time to sign is over" in refused["error"]
    # What happens next is told with the wrong time, and stands after all the same.
    sound, message = verify(contract)
    assert sound, message
    rows = database.rows(
        "SELECT number, date FROM crm_contract_event WHERE contract_id = %s"
        " ORDER BY number",
        contract,
    )
    assert [number for number, _date in rows] == list(range(1, len(rows) + 1))
    assert rows[-1][1] < rows[-2][1]
    sound, message = verify(contract)
    assert sound, message
    assert "clock of the server was put back" in message
