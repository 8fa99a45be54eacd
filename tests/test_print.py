"""Real PDFs, fetched as a browser does."""

import base64
import hashlib
import importlib.util
import io
import re
import unicodedata
from pathlib import Path

import pypdf
import pytest

CONTRACT = "/report/pdf/crm_contract.report_contract"
SUMMARY = "/report/pdf/crm_contract.report_contract_summary"
CHINESE = "crm_contract.crm_contract_template_service_zh"
WATERMARK = "not approved"
FILE_TEXT = Path(__file__).parents[1] / "crm_contract/tools/file_text.py"
DIGITS = "零壹贰叁肆伍陆柒捌玖拾佰仟万"


def fetch(user, path, *contract_ids):
    answer = user.get(f"{path}/{','.join(map(str, contract_ids))}")
    assert answer.status_code == 200, answer.text[:500]
    assert answer.headers["content-type"] == "application/pdf", answer.text[:500]
    return answer.content


def texts(data):
    """The text of each page, slanted text included, without the breaks of its lines."""
    pages = []
    for page in pypdf.PdfReader(io.BytesIO(data)).pages:
        pieces = []
        page.extract_text(
            visitor_text=lambda text, *_, found=pieces: found.append(text)
        )
        # Some fonts map characters to their doubles of another block.
        text = unicodedata.normalize("NFKC", "".join(pieces))
        pages.append(re.sub(r"\s+", " ", text))
    return pages


def packed(text):
    """Without spaces, which a PDF may put anywhere between Chinese characters."""
    return re.sub(r"\s", "", text)


def footers(pages):
    """The page numbers that the pages carry, as (page, of pages)."""
    pattern = r"(?:Page|第)(\d+)(?:of|.,共)(\d+)"
    return [
        tuple(map(int, re.search(pattern, packed(page)).groups())) for page in pages
    ]


@pytest.fixture(scope="module")
def english(factory, people):
    return factory.draft(people["own"])


@pytest.fixture(scope="module")
def chinese(admin, factory, people):
    return factory.draft(people["own"], template_id=admin.ref(CHINESE))


def test_draft_in_english(english, people, admin):
    data = fetch(people["own"], CONTRACT, english)
    pages = texts(data)
    text = " ".join(pages)
    assert len(pages) >= 3
    assert footers(pages) == [(n, len(pages)) for n in range(1, len(pages) + 1)]
    for page in pages:
        assert packed(WATERMARK) in packed(page)
    for words in (
        "Nordlicht Werke GmbH",
        "HRB 815",
        "Okke Janssen",
        "Frieda Kaufmann",
        "Analysis and design",
        "concept with work plan",
        "41,055.00",
        "Forty-One Thousand",
        "Down payment after signature",
        "Force majeure",
        admin.read("crm.contract", english, "name"),
    ):
        assert packed(words).lower() in packed(text).lower(), words
    assert "{{" not in text


def check_search_text(data):
    """The search reads a print: words as people type them, whatever signs it has."""
    spec = importlib.util.spec_from_file_location("file_text", FILE_TEXT)
    file_text = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(file_text)
    kind, text = file_text.read_file_text(data, "application/pdf")
    assert kind == "read"
    for words in ("甲方", "需求分析与方案设计", "不可抗力"):
        assert words in text, words


def test_draft_in_chinese(chinese, people):
    data = fetch(people["own"], CONTRACT, chinese)
    check_search_text(data)
    pages = [packed(page) for page in texts(data)]
    text = "".join(pages)
    assert footers(pages) == [(n, len(pages)) for n in range(1, len(pages) + 1)]
    for words in (
        "服务",
        "甲方",
        "乙方",
        "需求分析与方案设计",
        "不可抗力",
        "肆万壹仟零伍拾伍",
    ):
        assert words in text, words
    assert re.search(f"[{DIGITS}]{{4,}}元整", text)
    for page in pages:
        assert "草稿" in page
    assert "{{" not in text
    # None of the English frame is left.
    for words in ("Servicecontent", "Contractno", "Legalname", "Page"):
        assert words not in text, words


def test_a_client_cannot_drop_the_watermark(english, people):
    for query in (
        "?is_final=1",
        '?options={"is_final":true}',
        '?context={"is_final":1}',
    ):
        answer = people["own"].get(f"{CONTRACT}/{english}{query}")
        if answer.headers["content-type"] == "application/pdf":
            assert packed(WATERMARK) in packed(texts(answer.content)[0])


def test_from_to_sign_on_the_stored_file_is_printed(factory, people, admin, verify):
    contract_id = factory.submitted(people["own"])
    contract = admin.read("crm.contract", contract_id, "number", "content_hash")
    document = admin.search(
        "crm.contract.document", [("contract_id", "=", contract_id)]
    )
    stored = admin.read("crm.contract.document", document[0], "file", "sha256")
    data = base64.b64decode(stored["file"])
    assert hashlib.sha256(data).hexdigest() == stored["sha256"]
    pages = texts(data)
    assert footers(pages) == [(n, len(pages)) for n in range(1, len(pages) + 1)]
    for page in pages:
        assert contract["number"] in page
        assert contract["content_hash"][:12] in page
        assert packed(WATERMARK) not in packed(page)
    for role in ("own", "reader", "accountant", "administrator"):
        assert fetch(people[role], CONTRACT, contract_id) == data
    factory.sign(contract_id, people["own"])
    admin.call("crm.contract", "write", [contract_id], {"note": "<p>Internal</p>"})
    partner = admin.read("crm.contract", contract_id, "partner_id")
    admin.call("res.partner", "write", [partner], {"street": "Elsewhere 1"})
    assert fetch(people["own"], CONTRACT, contract_id) == data
    admin.call("res.partner", "write", [partner], {"street": "Deichweg 7"})
    assert verify(contract_id)[0]


def test_the_text_of_chinese_contracts_is_frozen_in_chinese(admin, factory, people):
    contract_id = factory.submitted(people["own"], template_id=admin.ref(CHINESE))
    pages = [packed(p) for p in texts(fetch(people["reader"], CONTRACT, contract_id))]
    assert "甲方" in pages[0] and "草稿" not in "".join(pages)
    number = admin.read("crm.contract", contract_id, "number")
    assert all(number in page for page in pages)


def test_several_contracts_in_one_file(english, chinese, people):
    user = people["own"]
    single = [texts(fetch(user, CONTRACT, row)) for row in (english, chinese)]
    both = texts(fetch(user, CONTRACT, english, chinese))
    assert len(both) == len(single[0]) + len(single[1])


def test_frozen_contracts_in_one_file(factory, people):
    user = people["own"]
    rows = [factory.submitted(user) for _number in range(2)]
    single = [texts(fetch(user, CONTRACT, row)) for row in rows]
    assert texts(fetch(user, CONTRACT, *rows)) == single[0] + single[1]


def test_summary(factory, people, admin):
    contract_id = factory.signed(people["own"])
    row = factory.rows(contract_id)[0]
    people["own"].call("crm.contract.installment", "action_create_invoice", [row])
    text = " ".join(texts(fetch(people["reader"], SUMMARY, contract_id)))
    number = admin.read("crm.contract", contract_id, "number")
    for words in (number, "Nordlicht Werke GmbH", "41,055.00", "1,552.50", "Invoiced"):
        assert words in text, words


def test_changed_and_submitted_again(factory, people, admin):
    """Each text keeps the number, has a hash of its own, and none is lost."""
    user = people["own"]
    contract_id = factory.submitted(user)
    first = fetch(user, CONTRACT, contract_id)
    number = admin.read("crm.contract", contract_id, "number")
    user.call("crm.contract", "action_withdraw", [contract_id])
    assert packed(WATERMARK) in packed(texts(fetch(user, CONTRACT, contract_id))[0])
    user.call(
        "crm.contract", "write", [contract_id], {"dispute_place": "Emden harbour"}
    )
    user.call("crm.contract", "action_submit", [contract_id])
    second = fetch(user, CONTRACT, contract_id)
    assert admin.read("crm.contract", contract_id, "number") == number
    assert "Emden harbour" in " ".join(texts(second)) and second != first
    documents = admin.call(
        "crm.contract.document",
        "search_read",
        [("contract_id", "=", contract_id)],
        ["file", "content_hash"],
        order="id",
    )
    files = [base64.b64decode(document["file"]) for document in documents]
    assert files == [first, second]
    assert len({document["content_hash"] for document in documents}) == 2
