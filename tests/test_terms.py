"""The Chinese of the add-ons: complete, and one word for one thing."""

import collections
import re
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[1]
ADDONS = ("crm_contract", "crm_contract_approval", "crm_contract_renewal")
TABLE = ROOT / "crm_contract/readme/TERMS.md"
# Words that were used beside the one of the table
AVOIDED = ("出账", "末日", "大户")
# Two things that English calls by one word
TWO_THINGS = {
    "Accept",
    "Accepted",
    "Approved",
    "Before",
    "Decide",
    "Decline",
    "Declined",
    "For",
    "Hand over",
    "Handed over",
    "Open",
    "Requested by",
    "Step",
    "Steps",
    "Task",
    "When",
    "Who",
}


@pytest.fixture(scope="module")
def entries():
    """What is translated: [(add-on, entry)]."""
    return [
        (addon, entry)
        for addon in ADDONS
        for entry in polib.pofile(str(ROOT / addon / "i18n/zh_CN.po"))
        if not entry.obsolete
    ]


def read_table():
    rows = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|$", TABLE.read_text(), re.MULTILINE)
    return dict(rows[1:])


def test_everything_is_translated(entries):
    assert len(entries) > 2000
    assert not [
        (addon, entry.msgid)
        for addon, entry in entries
        if not entry.msgstr or "fuzzy" in entry.flags
    ]


def test_terms_of_the_table(entries):
    terms = {english.lower(): chinese for english, chinese in read_table().items()}
    found = {entry.msgid.lower() for _addon, entry in entries}
    assert len(terms) > 15 and terms.keys() <= found, terms.keys() - found
    assert not [
        (addon, entry.msgid, entry.msgstr)
        for addon, entry in entries
        if terms.get(entry.msgid.lower(), entry.msgstr) != entry.msgstr
    ]


def test_one_text_has_one_translation(entries):
    texts = collections.defaultdict(set)
    for _addon, entry in entries:
        texts[entry.msgid].add(entry.msgstr)
    assert not {
        english: chinese
        for english, chinese in texts.items()
        if len(chinese) > 1 and english not in TWO_THINGS
    }


def test_words_that_are_not_used(entries):
    assert not [
        (addon, entry.msgid, entry.msgstr)
        for addon, entry in entries
        if any(word in entry.msgstr for word in AVOIDED)
    ]


def test_placeholders_are_kept(entries):
    placeholder = re.compile(r"%(?:\(\w+\))?[sd]")
    assert not [
        (addon, entry.msgid, entry.msgstr)
        for addon, entry in entries
        if sorted(placeholder.findall(entry.msgid))
        != sorted(placeholder.findall(entry.msgstr))
    ]
