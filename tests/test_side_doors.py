"""What is decided is what is read: files, texts, prints, bounds, exports, automation.

Everything here goes around the forms: through attachments, formatting, addresses in
texts, absurd values, spreadsheets and rules of Odoo that run by themselves.
"""

import base64
import contextlib
import hashlib
import io
import json
import socket
import struct
import threading
import time
import zipfile
import zlib

import pytest
from client import REFUSALS, RpcError, refused

DOCUMENT = "crm.contract.document"
ATTACHMENT = "ir.attachment"
CONTRACT = "/report/pdf/crm_contract.report_contract"
# Words of PostgreSQL and Python that no person should read.
RAW = (
    "psycopg2",
    "Traceback",
    "numeric field overflow",
    "out of range",
    "invalid literal",
    "could not convert",
    "NUL",
    "codec",
    "strptime",
    "does not match format",
    "invalid input syntax",
    "object has no attribute",
    "Incorrect padding",
    "not JSON",
)


def encode(data):
    return base64.b64encode(data).decode()


@pytest.fixture
def annex(factory, people):
    """A draft with an annex, and the attachment in which the file is stored."""
    user = people["own"]
    contract_id = factory.draft(user)
    values = {"contract_id": contract_id, "name": "annex.txt", "file": encode(b"One")}
    return contract_id, user.create(DOCUMENT, values)


def attachment_of(database, document_id):
    rows = database.rows(
        "SELECT id FROM ir_attachment WHERE res_model = %s AND res_field = 'file'"
        " AND res_id = %s",
        DOCUMENT,
        document_id,
    )
    return rows[0][0] if rows else None


def check_hash(admin, document_id):
    """The hash is that of the file, whatever happened."""
    row = admin.read(DOCUMENT, document_id, "file", "sha256")
    data = base64.b64decode(row["file"] or "")
    assert hashlib.sha256(data).hexdigest() == row["sha256"]
    return data


@pytest.mark.parametrize("role", ["own", "all", "manager", "administrator"])
def test_a_file_has_its_hash_and_its_editor(role, annex, people, admin, database):
    user, (contract_id, document_id) = people[role], annex
    place = {"res_model": DOCUMENT, "res_id": document_id, "res_field": "file"}
    for number, values in enumerate(
        (
            {"datas": encode(b"Two")},
            {"raw": "Three"},
            {"db_datas": encode(b"Four")},
            {"datas": encode(b"Five"), "mimetype": "text/html"},
            {"type": "binary", "datas": encode(b"Six")},
            {"store_fname": "aa/aa", "checksum": "0" * 40},
        )
    ):
        attachment = attachment_of(database, document_id)
        with contextlib.suppress(RpcError):
            user.call(ATTACHMENT, "write", [attachment], values)
        check_hash(admin, document_id), number
    assert user.uid in [
        *admin.read("crm.contract", contract_id, "editor_ids"),
        admin.call("crm.contract", "read", [contract_id], ["create_uid"])[0][
            "create_uid"
        ][0],
    ]
    # Away, anew, and a second one
    with contextlib.suppress(RpcError):
        user.call(ATTACHMENT, "unlink", [attachment_of(database, document_id)])
    if check_hash(admin, document_id) == b"":
        with refused():
            people["own"].call("crm.contract", "action_submit", [contract_id])
        user.create(ATTACHMENT, {"name": "f", "datas": encode(b"Seven"), **place})
    check_hash(admin, document_id)
    other = user.create(ATTACHMENT, {"name": "other", "datas": encode(b"Eight")})
    for call in (
        ("create", [{"name": "f", "datas": encode(b"Nine"), **place}]),
        ("write", [other], place),
        ("copy", [attachment_of(database, document_id)]),
    ):
        with refused():
            user.call(ATTACHMENT, *call)
    check_hash(admin, document_id)


def test_routes_that_take_files(annex, people, admin, database):
    user, (contract_id, document_id) = people["own"], annex
    attachment = attachment_of(database, document_id)
    place = {"model": DOCUMENT, "id": document_id}
    thread = {"thread_model": DOCUMENT, "thread_id": document_id, "is_pending": False}
    for path, values, name in (
        ("/web/binary/upload_attachment", place, "ufile"),
        ("/mail/attachment/upload", thread, "ufile"),
    ):
        user.post_form(path, values, files={name: ("file", b"forged", "text/plain")})
    for path, params in (
        (
            "/html_editor/attachment/add_data",
            {"name": "file", "data": encode(b"forged"), "is_image": False,
             "res_model": DOCUMENT, "res_id": document_id},
        ),
        ("/mail/attachment/delete", {"attachment_id": attachment}),
        ("/html_editor/attachment/remove", {"ids": [attachment]}),
    ):  # fmt: skip
        with contextlib.suppress(RpcError, OSError):
            user.post_json(path, params)
    data = check_hash(admin, document_id)
    if data == b"":
        with refused():
            user.call("crm.contract", "action_submit", [contract_id])
    else:
        assert data == b"One"


def test_files_are_not_shared_by_a_link(annex, people, database):
    user, (contract_id, document_id) = people["own"], annex
    for state in ("draft", "to_sign"):
        if state == "to_sign":
            user.call("crm.contract", "action_submit", [contract_id])
        attachment = attachment_of(database, document_id)
        for values in ({"public": True}, {"access_token": "known"}):
            for writer in (user, people["administrator"]):
                with refused():
                    writer.call(ATTACHMENT, "write", [attachment], values)
        with refused():
            user.call(ATTACHMENT, "generate_access_token", [attachment])
    rows = database.rows(
        "SELECT public, access_token FROM ir_attachment WHERE id = %s", attachment
    )
    assert [(bool(public), token) for public, token in rows] == [(False, None)]


HIDING = (
    '<p>A <span style="display:none">secret</span></p>',
    '<p>A <span style="visibility: hidden">secret</span></p>',
    '<p>A <span style="color:#fff">secret</span></p>',
    '<p>A <font color="white">secret</font></p>',
    '<p>A <span style="font-size:0">secret</span></p>',
    '<p>A <span style="opacity:0">secret</span></p>',
    '<p style="position:absolute;left:-999px">secret</p>',
    '<p style="text-indent:-999px">secret</p>',
    '<div style="height:0;overflow:hidden">secret</div>',
    '<p class="d-none">secret</p>',
    "<p>A <!-- secret --></p>",
    "<p>A \u202esecret</p>",
)


@pytest.mark.parametrize("role", ["own", "manager", "administrator"])
def test_formatting_that_hides_is_refused(role, people, factory, admin):
    user = people[role]
    contract_id = factory.draft(user)
    clause = user.search("crm.contract.clause", [("contract_id", "=", contract_id)])[0]
    category = admin.search("crm.contract.clause.category", [], limit=1)[0]
    for body in HIDING:
        for call in (
            ("crm.contract", "write", [contract_id], {"preamble": body}),
            ("crm.contract", "web_save", [contract_id], {"preamble": body}, {}),
            ("crm.contract.clause", "write", [clause], {"body": body}),
            ("crm.contract", "create", [factory.prepare(preamble=body)]),
            (
                "crm.contract",
                "write",
                [contract_id],
                {"clause_ids": [(0, 0, {"name": "N", "category_id": category,
                                        "body": body})]},
            ),
        ):  # fmt: skip
            with refused():
                user.call(*call)
        if role != "own":
            values = {"name": "N", "category_id": category, "body": body}
            with refused():
                user.create("crm.contract.clause.template", values)
            with refused():
                user.call(
                    "crm.contract.template",
                    "write",
                    [factory.template_id],
                    {"preamble": body},
                )
    line = user.search("crm.contract.line", [("contract_id", "=", contract_id)])[0]
    for name in ("scope", "service_standard", "name"):
        with refused():
            user.call("crm.contract.line", "write", [line], {name: "Pay \u202e001"})


@pytest.mark.parametrize("role", ["own", "administrator"])
def test_what_reads_otherwise_deviates(role, people, factory):
    user = people[role]
    contract_id = factory.draft(user)
    clause = user.search(
        "crm.contract.clause",
        [("contract_id", "=", contract_id), ("template_id", "!=", False)],
    )[0]
    before = user.read("crm.contract.clause", clause, "name", "body")
    count = user.read("crm.contract", contract_id, "deviating_count")
    for values in (
        {"name": "Freedom"},
        {"body": "<p><s>Nothing</s></p>" + before["body"]},
        {
            "body": before["body"]
            .replace("<p>", "<p><s>", 1)
            .replace("</p>", "</s></p>", 1)
        },
        {"body": before["body"] + "<p>And more.</p>"},
    ):
        user.call("crm.contract.clause", "write", [clause], values)
        assert user.read("crm.contract.clause", clause, "is_deviating")
        assert user.read("crm.contract", contract_id, "deviating_count") == count + 1
        user.call("crm.contract.clause", "write", [clause], before)
        assert not user.read("crm.contract.clause", clause, "is_deviating")
    values = {"contract_id": contract_id, "name": "Own", "body": "<p>Own</p>"}
    values["category_id"] = user.read("crm.contract.clause", clause, "category_id")
    user.create("crm.contract.clause", values)
    user.call("crm.contract", "write", [contract_id], {"preamble": "<p>Own words.</p>"})
    assert user.read("crm.contract", contract_id, "deviating_count") == count + 2


class Listener:
    """A server that nobody should ask; it counts who does."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]  # noqa: UP031
        self.asked = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        with contextlib.suppress(OSError):
            while True:
                connection = self.socket.accept()[0]
                connection.settimeout(2)
                with contextlib.suppress(OSError):
                    self.asked.append(connection.recv(200))
                    connection.sendall(b"HTTP/1.0 404 No\r\n\r\n")
                connection.close()


@pytest.fixture
def listener():
    server = Listener()
    yield server
    server.socket.close()


FETCHING = (
    '<img src="{url}/1"/>',
    '<img src="x" srcset="{url}/2 2x"/>',
    '<img src="/web/image?model=x&amp;u={url}"/>',
    '<img src="{bare}/1b"/><img lowsrc="{url}/1c" dynsrc="{url}/1d"/>',
    '<img src="&#104;ttp{colon}/1e"/><img src=" {url}/1f"/><img src="\t{url}/1g"/>',
    '<img src="data:image/svg+xml;utf8,&lt;svg xmlns=&quot;http://www.w3.org/2000/svg'
    '&quot;&gt;&lt;image href=&quot;{url}/1h&quot;/&gt;&lt;/svg&gt;"/>',
    '<picture><source srcset="{url}/1i"/><img src="{url}/1j"/></picture>',
    '<image src="{url}/1k"/><input type="image" src="{url}/20"/>',
    '<p style="background:url({url}/3)">y</p>',
    '<p style="background-image:u\\72l({url}/4)">y</p>',
    '<p style="background:url(&quot;{url}/3a&quot;) no-repeat">y</p>',
    '<p style="background/**/:/**/url({url}/3b)">y</p>',
    '<p style="background:-webkit-image-set(url({url}/3c) 1x)">y</p>',
    '<p style="background:-webkit-cross-fade(url({url}/3d),url({url}/3e),50%)">y</p>',
    '<p style="cursor:url({url}/3f),auto;content:url({url}/3g)">y</p>',
    '<p style="-webkit-mask:url({url}/3h);-webkit-mask-image:url({url}/3i)">y</p>',
    '<p style="-webkit-border-image:url({url}/3j) 1;filter:url({url}/3k)">y</p>',
    '<p style="clip-path:url({url}/3l);shape-outside:url({url}/3m)">y</p>',
    '<p style="font-family:x;src:url({url}/3n);behavior:url({url}/3o)">y</p>',
    '<p style="-webkit-box-reflect:below 0 url({url}/3p)">y</p>',
    '<p style="--a:url({url}/3q);background:var(--a)">y</p>',
    '<ul style="list-style-image:url({url}/5)"><li>y</li></ul>',
    '<ul style="list-style:url({url}/5a)"><li>y</li></ul>',
    '<table background="{url}/7"><tr><td background="{url}/8">y</td></tr></table>',
    '<body background="{url}/8a"><p>y</p></body>',
    '<iframe src="{url}/9"></iframe><iframe srcdoc="&lt;img src={url}/9a&gt;"></iframe>',
    '<frameset><frame src="{url}/9b"/></frameset>',
    '<object data="{url}/10"></object><applet codebase="{url}" code="a.class"></applet>',
    '<embed src="{url}/11"/><portal src="{url}/11a"></portal>',
    '<link rel="stylesheet" href="{url}/12"/><link rel="prefetch" href="{url}/12a"/>',
    '<style>@import url({url}/13);</style>',
    '<style>@font-face {{font-family:f;src:url({url}/13a)}} p {{font-family:f}}</style>',
    '<style>p:before {{content:url({url}/13b)}}</style>',
    '<script src="{url}/14"></script><script>new Image().src="{url}/14a"</script>',
    '<meta http-equiv="refresh" content="0;url={url}/15"/>',
    '<svg><image href="{url}/16" xlink:href="{url}/16"/></svg>',
    '<svg><use xlink:href="{url}/16a#x"/><feImage xlink:href="{url}/16b"/></svg>',
    '<svg><style>@import "{url}/16c";</style><script href="{url}/16d"/></svg>',
    '<svg><foreignObject><img src="{url}/16e"/></foreignObject></svg>',
    '<math><mglyph src="{url}/16f"/></math>',
    '<video src="{url}/17" poster="{url}/18"><track src="{url}/18a"/></video>',
    '<audio src="{url}/19"></audio><bgsound src="{url}/19a"/>',
    '<form action="{url}/20a"><button formaction="{url}/20b">y</button></form>',
    '<base href="{url}/21"/><img src="a.png"/>',
    '<p onmouseover="x" style="border-image:url({url}/22) 1">y</p>',
    '<p class="x" style="{{{{background:url({url}/22a)">y</p>',
    '<img src="file:///etc/hostname"/><iframe src="file:///etc/hostname"></iframe>',
    '<img src="ftp{colon}/22b"/><img src="javascript:fetch(\'{url}/22c\')"/>',
    '<a href="{url}/23" ping="{url}/23a">Link</a>',
    '<noscript><img src="{url}/24"/></noscript><template><img src="{url}/25"/></template>',
    '<math><annotation-xml encoding="text/html"><img src="{url}/26"/></annotation-xml></math>',
    '<!--[if IE]><img src="{url}/27"/><![endif]-->',
)  # fmt: skip


REPORTS = (
    CONTRACT,
    "/report/html/crm_contract.report_contract",
    "/report/pdf/crm_contract.report_contract_summary",
)


def asking(listener):
    """Texts that ask the listener for something, each in its way."""
    bare = listener.url.removeprefix("http:")
    texts = {"url": listener.url, "bare": bare, "colon": f":{bare}"}
    return [text.format(**texts) for text in FETCHING]


@contextlib.contextmanager
def company_that_asks(admin, company, listener):
    """Let the letterhead of the company ask the listener for something, for a time."""
    names = ["report_header", "report_footer", "company_details", "logo", "website"]
    before = admin.read("res.company", company, *names)
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"'
        ' xmlns:xlink="http://www.w3.org/1999/xlink"><style>@import'
        f' "{listener.url}/logo.css";</style><image width="9" height="9"'
        f' xlink:href="{listener.url}/logo"/></svg>'
    )
    text = "".join(asking(listener))
    values = dict.fromkeys(names[:3], text) | {"logo": encode(svg.encode())}
    admin.call("res.company", "write", [company], {**values, "website": listener.url})
    try:
        yield
    finally:
        admin.call("res.company", "write", [company], before)


def test_printing_fetches_nothing(factory, people, admin, company, database, listener):
    """Neither of what is refused when it is written, should it be stored all the same."""
    user = people["own"]
    contract_id = factory.draft(user)
    line = user.search("crm.contract.line", [("contract_id", "=", contract_id)])[0]
    markup = f'<img src="{listener.url}/text"/>'
    user.call("crm.contract.line", "write", [line], {"scope": markup, "name": markup})
    user.call("crm.contract", "write", [contract_id], {"name": f"Title {markup}"})
    user.create(
        DOCUMENT,
        {"contract_id": contract_id, "name": f"{markup}.txt", "file": encode(b"One")},
    )
    text = f"<p>Before</p>{''.join(asking(listener))}<p>After</p>"
    for table, column, key in (
        ("crm_contract", "preamble", "id"),
        ("crm_contract_clause", "body", "contract_id"),
    ):
        query = f"UPDATE {table} SET {column} = %s WHERE {key} = %s"
        database.rows(query, text, contract_id)
    with company_that_asks(admin, company, listener):
        for path in REPORTS:
            answer = user.get(f"{path}/{contract_id}")
            assert answer.status_code == 200, answer.text[:300]
    time.sleep(0.5)
    assert not listener.asked


def test_what_is_frozen_fetches_nothing(factory, people, listener):
    user = people["own"]
    contract_id = factory.draft(user)
    taken = []
    for text in asking(listener):
        # A text may be refused; what is taken goes into the contract.
        with contextlib.suppress(RpcError):
            values = {"preamble": f"<p>A</p>{text}"}
            user.call("crm.contract", "write", [contract_id], values)
            taken.append(text)
    assert len(taken) > len(FETCHING) / 2
    body = f"<p>A</p>{''.join(taken)}"
    clause = user.search("crm.contract.clause", [("contract_id", "=", contract_id)])[0]
    user.call("crm.contract.clause", "write", [clause], {"body": body})
    user.call("crm.contract", "write", [contract_id], {"preamble": body})
    user.call("crm.contract", "action_submit", [contract_id])
    for path in REPORTS:
        assert user.get(f"{path}/{contract_id}").status_code == 200
    time.sleep(0.5)
    assert not listener.asked


def test_pictures_that_fill_the_memory_are_refused(factory, people):
    """A picture of some kilobytes that takes gigabytes to print."""
    user = people["own"]
    contract_id = factory.draft(user)
    rows = zlib.compress(bytes(20_000 // 8 + 1) * 20_000, 9)
    chunks = (b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)), (
        b"IDAT", rows), (b"IEND", b"")  # fmt: skip
    picture = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data
        + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )  # fmt: skip
    body = f'<p>A<img src="data:image/png;base64,{encode(picture)}"/></p>'
    assert len(body) < 200_000
    for model, record, name in (
        ("crm.contract", contract_id, "preamble"),
        (
            "crm.contract.clause",
            user.search("crm.contract.clause", [("contract_id", "=", contract_id)])[0],
            "body",
        ),
    ):
        with refused("odoo.exceptions.ValidationError"):
            user.call(model, "write", [record], {name: body})


def check_words(call):
    """Call; what is refused is refused with words for people. Return the answer."""
    try:
        return call()
    except RpcError as error:
        assert error.kind in REFUSALS, str(error)[:500]
        assert not [word for word in RAW if word in error.message], error.message
        return None


def send_raw(user, model, method, args):
    """Call with JSON that other libraries would not write, such as NaN."""
    body = {"jsonrpc": "2.0", "method": "call", "id": 1,
            "params": {"model": model, "method": method, "args": args, "kwargs": {}}}  # fmt: skip
    answer = user.session.post(
        f"{user.url}/web/dataset/call_kw/{model}/{method}",
        data=json.dumps(body, allow_nan=True),
        headers={"Content-Type": "application/json"},
        timeout=60,
    ).json()
    if "error" in answer:
        data = answer["error"]["data"]
        raise RpcError(data["name"], data["message"])
    return answer.get("result")


ABSURD = {
    "crm.contract": {
        "date_start": ("9999-12-31", "0001-01-01", "10000-01-01", "1969-12-31", "x", 7),
        "date_end": ("9999-12-31", "2201-01-01", "2026-02-30", [1]),
        "duration": (10**9, 2**31, 2**63, -1, "x", float("inf"), 36525),
        "notice_period": (10**9, 2**40, -1, "x"),
        "name": ("a\x00b", "\ud800", "a" * 11_000),
        "dispute_place": ("a\x00b", "a" * 100000),
        "preamble": ("a\x00b", "<p>" * 2000, "a" * 6_000_000),
        "partner_id": (2**31, 2**63, -1, 10**8),
        "line_ids": ([[9]], [[0, 0]], [[1, 2**40, {}]], [[6, 0, [2**63]]]),
    },
    "crm.contract.line": {
        "price_unit": (float("nan"), float("inf"), 1e300, 1e14, "x", "nan", -1e300),
        "quantity": (float("nan"), float("inf"), 1e300, 0, -1),
        "discount": (float("nan"), 101, -1, 1e300),
        "recurrence_interval": (0, -1, 2**31, 10**6, "x"),
        "free_periods": (-1, 2**31, 10**6),
        "date_end": ("9999-12-31", "0001-01-01", "x"),
        "date_anchor": ("9999-12-31", "0001-01-01"),
        "sequence": (2**31, 2**63, "x"),
        "scope": ("a\x00b", "a" * 600_000),
        "product_id": (2**63, -5),
    },
    "crm.contract.installment": {
        "days": (2**31, 10**9, "x"),
        "percentage": (float("nan"), float("inf"), 1e300, -1),
        "amount_fixed": (float("nan"), float("inf"), 1e300),
        "date": ("9999-12-31", "x"),
    },
    "crm.contract.milestone": {"date_deadline": ("9999-12-31", "0001-01-01", "x")},
}


@pytest.mark.parametrize("model", ABSURD)
@pytest.mark.parametrize("role", ["own", "administrator"])
def test_absurd_values(role, model, people, factory):
    user = people[role]
    contract_id = factory.draft(user)
    record = contract_id
    if model != "crm.contract":
        domain = [("contract_id", "=", contract_id)]
        found = user.search(model, domain, limit=1)
        vals = {"contract_id": contract_id, "name": "M"}
        record = found[0] if found else user.create(model, vals)
    for name, values in ABSURD[model].items():
        for value in values:
            vals = {"is_recurring": True, name: value}
            vals = vals if model == "crm.contract.line" else {name: value}
            spec = {name: {}, "display_name": {}}
            check_words(lambda v=vals: send_raw(user, model, "write", [[record], v]))
            check_words(
                lambda v=vals, s=spec: send_raw(
                    user, model, "web_save", [[record], v, s]
                )
            )
            check_words(
                lambda v=vals, s=spec, n=name: send_raw(
                    user, model, "onchange", [[record], v, [n], s]
                )
            )
    assert user.read(model, record, "display_name")


@pytest.mark.parametrize("role", ["own", "administrator"])
def test_a_daily_line_of_ages_is_refused_at_once(role, people, factory):
    """Every period of it would be gone through, by each who opens the form."""
    user = people[role]
    contract_id = factory.draft(user, is_open_ended=True)
    line = user.search(
        "crm.contract.line",
        [("contract_id", "=", contract_id), ("display_type", "=", False)],
    )[0]
    values = {"is_recurring": True, "recurrence_unit": "day"}
    for end in ("9999-12-31", "2200-12-31"):
        with refused():
            user.call("crm.contract.line", "write", [line], {**values, "date_end": end})
        with refused():
            commands = {"line_ids": [(1, line, {**values, "date_end": end})]}
            user.call("crm.contract", "web_save", [contract_id], commands, {})


def test_chosen_records_of_a_wrong_kind(people):
    dialogs = ("sign", "end", "renew", "amend", "decide", "decide.renewal", "take.over",
               "bill", "submit", "plan", "interest", "reopen")  # fmt: skip
    for role in ("own", "administrator"):
        user = people[role]
        for dialog in dialogs:
            model = f"crm.contract.{dialog}"
            for chosen in ("abc", ["abc"], [2**40], [2**63], {"a": 1}, [[1]], 1.5, -1):
                context = {"active_model": "crm.contract", "active_ids": chosen}
                for call in (
                    ("default_get", ["contract_id", "contract_ids", "line_ids"]),
                    ("create", [{}]),
                ):
                    check_words(
                        lambda u=user, m=model, c=call, k=context: u.call(
                            m, *c, context=k
                        )
                    )


def test_exports_are_no_formulas(people, factory):
    user = people["administrator"]
    names = ["=1+1", "{=1+1}", "@SUM(1+1)", "+1+1", "-1+1", "=cmd|' /C calc'!A0"]
    ids = [factory.draft(user, name=name) for name in names]
    data = {
        "model": "crm.contract",
        "fields": [{"name": "name", "label": "Title", "type": "char"}],
        "ids": ids,
        "domain": [],
        "groupby": [],
        "import_compat": False,
        "context": {},
    }
    answer = user.post_form("/web/export/csv", {"data": json.dumps(data)})
    assert answer.status_code == 200
    for line in answer.text.splitlines()[1:]:
        assert line.strip('"')[0] not in "=+-@{", line
    answer = user.post_form("/web/export/xlsx", {"data": json.dumps(data)})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as workbook:
        sheet = workbook.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row") == len(ids) + 1
    assert "<f>" not in sheet and "<f " not in sheet


OWNED = {"state": "running", "number": "X/1", "date_signed": "2020-01-01"}


@pytest.mark.parametrize("role", ["own", "all", "manager", "reader", "accountant"])
def test_automation_is_not_for_low_roles(role, people, admin, factory, database):
    """Nobody below the administrator makes what runs with more rights than his own."""
    user = people[role]
    contract_id = factory.submitted(people["own"])
    model_id = admin.search("ir.model", [("model", "=", "crm.contract")])[0]
    code = "record.sudo().write({'state': 'running'})"
    for model, values in (
        ("ir.actions.server", {"name": "S", "model_id": model_id, "state": "code",
                               "code": code}),
        ("ir.actions.server", {"name": "S", "model_id": model_id,
                               "state": "object_write", "update_path": "state",
                               "value": "running"}),
        ("ir.cron", {"name": "S", "model_id": model_id, "state": "code", "code": code}),
    ):  # fmt: skip
        with refused():
            user.create(model, values)
    # What he may make runs no code, and a template that others wrote writes nothing.
    body = "<t t-out=\"object.sudo().write({'state': 'running'})\"/>"
    template = check_words(
        lambda: user.create(
            "mail.template", {"name": "T", "model_id": model_id, "body_html": body}
        )
    )
    if template:
        check_words(
            lambda: user.call("mail.template", "send_mail", [template], contract_id)
        )
    assert database.value(
        "SELECT state FROM crm_contract WHERE id = %s", contract_id
    ) == ("to_sign")


def test_server_actions_meet_the_lock(people, admin, factory, database):
    """What an administrator automates without sudo is stopped like anybody."""
    contract_id = factory.submitted(people["own"])
    model_id = admin.search("ir.model", [("model", "=", "crm.contract")])[0]
    before = database.contract(contract_id)
    for name, value in {**OWNED, "name": "Other"}.items():
        code = f"records.write({{{name!r}: {value!r}}})"
        action = admin.create(
            "ir.actions.server",
            {"name": "S", "model_id": model_id, "state": "code", "code": code},
        )
        context = {
            "active_model": "crm.contract",
            "active_id": contract_id,
            "active_ids": [contract_id],
        }
        with refused():
            admin.call("ir.actions.server", "run", [action], context=context)
        admin.call("ir.actions.server", "unlink", [action])
    assert database.contract(contract_id) == before


def make_update(admin, model, path, **values):
    """An action without code that updates a field, as an administrator makes it."""
    return admin.create(
        "ir.actions.server",
        {
            "name": f"Update {path}",
            "model_id": admin.search("ir.model", [("model", "=", model)])[0],
            "state": "object_write",
            "evaluation_type": "value",
            "update_path": path,
            **values,
        },
    )


@pytest.mark.parametrize("role", ["own", "administrator"])
def test_actions_without_code_set_nothing_owned(role, people, admin, factory, database):
    """Odoo runs them as superuser, for whoever may write the record."""
    contract_id = factory.submitted(people["own"])
    [running] = admin.search(
        "ir.model.fields.selection",
        [("field_id.model", "=", "crm.contract"), ("field_id.name", "=", "state"),
         ("value", "=", "running")],
    )  # fmt: skip
    before = database.contract(contract_id)
    hash_before = admin.read("crm.contract", contract_id, "content_hash")

    def run(action):
        context = {"active_model": "crm.contract", "active_id": contract_id}
        context["active_ids"] = [contract_id]
        people[role].post_json(
            "/web/action/run", {"action_id": action, "context": context}
        )

    for path, values in (
        ("state", {"selection_value": running}),
        ("number", {"value": "X/1"}),
        ("date_signed", {"value": "2020-01-01"}),
        ("amount_total", {"value": "1"}),
        ("version_id.content", {"value": "{}"}),
        ("version_id.content_hash", {"value": "x"}),
        ("installment_ids.state", {"value": "paid"}),
        ("name", {"value": "Other"}),
        ("line_ids.name", {"value": "Other"}),
    ):
        with contextlib.suppress(RpcError):
            action = make_update(admin, "crm.contract", path, **values)
            with refused():
                run(action)
    model_id = admin.search("ir.model", [("model", "=", "crm.contract")])[0]
    for kind, model, values in (
        ("object_create", "crm.contract", {"link_field_id": "origin_id"}),
        ("object_copy", "crm.contract", {"link_field_id": "origin_id"}),
        ("object_create", "crm.contract.version", {}),
    ):
        link = [
            ("model", "=", "crm.contract"),
            ("name", "=", values.get("link_field_id")),
        ]
        vals = {"name": "A", "model_id": model_id, "state": kind, "value": "Made"}
        vals["crud_model_id"] = admin.search("ir.model", [("model", "=", model)])[0]
        vals["resource_ref"] = f"{model},{contract_id}"
        vals["link_field_id"] = (admin.search("ir.model.fields", link) or [False])[0]
        action = admin.create("ir.actions.server", vals)
        with refused():
            run(action)
    assert database.contract(contract_id) == before
    assert admin.read("crm.contract", contract_id, "content_hash") == hash_before
    # What a person may write, an action may.
    run(make_update(admin, "crm.contract", "user_id",
                    resource_ref=f"res.users,{admin.uid}"))  # fmt: skip
    assert admin.read("crm.contract", contract_id, "user_id") == admin.uid
