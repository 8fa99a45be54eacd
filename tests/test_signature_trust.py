"""Signatures over real HTTP: several at once, twice, and by whom they are not meant for."""

import html
import json
import re
import uuid

import pytest
import requests
from client import TIMEOUT, Client, RpcError, refused, together

ROUNDS = 3


class Visitor:
    """Somebody with a link, in a browser of his own."""

    def __init__(self, url, path):
        self.url, self.path = url, path
        self.session = requests.Session()
        self.session.trust_env = False
        page = self.session.get(url + path, timeout=TIMEOUT)
        assert page.status_code == 200, page.text[:500]
        self.csrf = re.search(r"csrf_token: [\"']([^\"']+)", page.text)[1]
        props = re.search(r"(\{[^{}]*contentHash[^{}]*\})", html.unescape(page.text))
        self.shown = json.loads(props[1]) if props else {}

    def post(self, step, **values):
        """Do a step of the page; return what it answers (dict)."""
        answer = self.session.post(
            f"{self.url}{self.path}/{step}",
            data={**values, "csrf_token": self.csrf},
            timeout=TIMEOUT,
        )
        assert answer.status_code == 200, answer.text[:500]
        return answer.json()

    def sign(self, code=""):
        return self.post(
            "sign",
            name="Okke Janssen",
            content_hash=self.shown["contentHash"],
            text_sha256=self.shown["textSha256"],
            consent=self.shown["consentHash"],
            code=code,
        )


class Signing:
    """Makes requests, and knows the links that went out by mail."""

    def __init__(self, admin, factory, database):
        self.admin, self.factory, self.database = admin, factory, database

    def request(self, user=None, people=2, **vals):
        """Return (contract, request) that was sent to people of both sides at once."""
        user = user or self.admin
        contract_id = self.factory.submitted(user)
        rows = [
            (0, 0, {"side": side, "name": f"Person {side}", "sequence": 10,
                    "email": f"{uuid.uuid4().hex}@people.example", **vals})
            for side in ("customer", "company")[:people]
        ]  # fmt: skip
        request_id = user.create(
            "crm.contract.signature.request",
            {"contract_id": contract_id, "signatory_ids": rows},
        )
        user.call("crm.contract.signature.request", "action_send", [request_id])
        return contract_id, request_id

    def visitors(self, request_id):
        rows = self.database.rows(
            "SELECT id, access_token FROM crm_contract_signatory"
            " WHERE request_id = %s ORDER BY id",
            request_id,
        )
        return [
            Visitor(self.admin.url, f"/contract/sign/{i}/{token}") for i, token in rows
        ]

    def states(self, request_id):
        rows = self.database.rows(
            "SELECT state FROM crm_contract_signatory WHERE request_id = %s ORDER BY id",
            request_id,
        )
        return [state for [state] in rows]

    def count(self, table, contract_id, condition):
        return self.database.value(
            f"SELECT count(*) FROM {table} WHERE contract_id = %s AND {condition}",
            contract_id,
        )


@pytest.fixture(scope="module")
def signing(admin, factory, database):
    return Signing(admin, factory, database)


def test_two_sign_at_once(signing, factory, verify):
    """Both are taken, one of them is the last, and the contract is signed once."""
    for _round in range(ROUNDS):
        contract_id, request_id = signing.request()
        first, second = signing.visitors(request_id)
        answers = together(first.sign, second.sign)
        assert answers == [{"done": True}] * 2, answers
        assert signing.states(request_id) == ["signed", "signed"]
        assert factory.state(contract_id) == "running"
        assert (
            signing.count("crm_contract_document", contract_id, "kind = 'signed'") == 1
        )
        assert signing.count("crm_contract_event", contract_id, "kind = 'signed'") == 2
        assert verify(contract_id)[0]


def test_one_signs_twice_at_once(signing):
    for _round in range(ROUNDS):
        contract_id, request_id = signing.request()
        visitor = signing.visitors(request_id)[0]
        again = Visitor(visitor.url, visitor.path)
        answers = together(visitor.sign, again.sign)
        assert sorted(map(str, answers)) != [str({"done": True})] * 2, answers
        assert {"done": True} in answers
        [error] = [answer["error"] for answer in answers if "error" in answer]
        assert "signed already" in error
        assert signing.count("crm_contract_event", contract_id, "kind = 'signed'") == 1


def test_signed_while_it_is_withdrawn(signing, admin, factory):
    """Either it is signed or withdrawn; never both, and nothing in between."""
    other = admin.again()
    for _round in range(ROUNDS):
        contract_id, request_id = signing.request()
        first, second = signing.visitors(request_id)
        assert first.sign() == {"done": True}
        signed, withdrawn = together(
            second.sign,
            lambda row=contract_id: other.call(
                "crm.contract", "action_withdraw", [row]
            ),
        )
        state = factory.state(contract_id)
        if isinstance(withdrawn, RpcError):
            assert signed == {"done": True}, signed
            assert state == "running"
        else:
            assert "withdrawn" in signed["error"], signed
            assert state == "draft"
            assert signing.states(request_id) == ["signed", "withdrawn"]
            copies = signing.count(
                "crm_contract_document", contract_id, "kind = 'signed'"
            )
            assert not copies


def test_wrong_codes_count(signing, database):
    """A wrong code fails its transaction, and counts all the same; so do guesses at once."""
    _contract_id, request_id = signing.request(needs_code=True)
    visitor = signing.visitors(request_id)[0]
    assert visitor.post("code") == {"done": True}
    query = "SELECT code, code_tries FROM crm_contract_signatory WHERE request_id = %s ORDER BY id"
    code = database.rows(query, request_id)[0][0]
    wrong = "000000" if code != "000000" else "111111"
    others = [Visitor(visitor.url, visitor.path) for _number in range(7)]
    answers = together(*[lambda row=row: row.sign(wrong) for row in others])
    told = [answer["error"] for answer in answers]
    assert sum("not the code" in error for error in told) == 5, told
    assert database.rows(query, request_id)[0][1] == 5
    assert "Too many wrong codes" in visitor.sign(code)["error"]
    assert signing.states(request_id)[0] == "invited"


def test_code_of_the_mail(signing, database):
    _contract_id, request_id = signing.request(needs_code=True)
    visitor = signing.visitors(request_id)[0]
    assert "not valid any more" in visitor.sign("123456")["error"]
    visitor.post("code")
    code = database.value(
        "SELECT max(code) FROM crm_contract_signatory WHERE request_id = %s", request_id
    )
    assert visitor.sign(code) == {"done": True}


def test_nobody_signs_by_rpc(signing, people, database, factory):
    """Neither doors nor fields, nor signatures on paper beside a request."""
    contract_id, request_id = signing.request()
    rows = database.rows(
        "SELECT id FROM crm_contract_signatory WHERE request_id = %s", request_id
    )
    ids = [row_id for [row_id] in rows]
    facts = {"ip": "", "user_agent": "", "by": "backend"}
    for role in ("administrator", "manager", "all", "portal"):
        user = people[role]
        for method, args in {
            "_sign": ("A", None, "", "", "", None, facts),
            "_decline": ("No", facts),
            "_hand_over": ("A", "a@people.example", None, "", None, facts),
            "_get_by_token": ("",),
            "_get_link": (),
            "_issue_tokens": (),
            "_write_signature": ("A", None, "link", facts),
        }.items():
            with refused():
                user.call("crm.contract.signatory", method, ids[:1], *args)
        for values in (
            {"state": "signed"}, {"signed_name": "A"}, {"access_token": "known"},
            {"email": f"{role}@people.example"}, {"code": "123456"},
        ):  # fmt: skip
            with refused():
                user.call("crm.contract.signatory", "write", ids, values)
        for name in ("access_token", "code"):
            with refused():
                user.call("crm.contract.signatory", "read", ids, [name])
            with refused():
                user.search("crm.contract.signatory", [(name, "like", "a")])
        with refused():
            user.call("crm.contract", "action_sign", [contract_id])
    assert signing.states(request_id) == ["invited", "invited"]
    assert factory.state(contract_id) == "to_sign"


def test_link_is_in_no_mail_that_can_be_read(signing, admin, database):
    """Not in messages, nor in the queue, for an administrator either."""
    _contract_id, request_id = signing.request()
    tokens = database.rows(
        "SELECT access_token FROM crm_contract_signatory WHERE request_id = %s",
        request_id,
    )
    for [token] in tokens:
        assert len(token) >= 40
        for table, column in (
            ("mail_mail", "body_html"),
            ("mail_message", "body"),
            ("mail_message", "subject"),
        ):
            query = f"SELECT count(*) FROM {table} WHERE {column} LIKE %s"
            assert not database.value(query, f"%{token}%")


def test_session_of_another_one_signs_nothing(signing, admin):
    """A link is a link: whoever is logged in otherwise does not sign as the customer."""
    _contract_id, request_id = signing.request()
    visitor = signing.visitors(request_id)[0]
    user = Client(admin.url, admin.database, admin.login, admin.password)
    visitor.session = user.session
    page = user.get(visitor.path)
    found = re.search(r"csrf_token: [\"']([^\"']+)", page.text)
    visitor.csrf = found[1] if found else ""
    answer = visitor.sign()
    assert "error" in answer, answer
    assert signing.states(request_id)[0] == "invited"
