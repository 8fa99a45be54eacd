"""Canonical content: equal contents have equal bytes, and they read back."""

import json
import unicodedata
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.crm_contract.tools.canonical import canonical_json, content_hash

TEXTS = st.text(max_size=20).map(
    lambda text: unicodedata.normalize("NFC", text.replace("\r", "\n"))
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
    ),
    max_leaves=15,
)


def reordered(value):
    """Return an equal value whose dictionaries were filled in reverse order."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    if isinstance(value, list):
        return tuple(map(reordered, value))
    return value


@given(PLAIN)
def test_key_order_does_not_matter(value):
    assert canonical_json(value) == canonical_json(reordered(value))
    assert content_hash(value) == content_hash(reordered(value))


@given(PLAIN)
def test_json_reads_back(value):
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@given(st.decimals(-(10**9), 10**9, places=4))
def test_number_types_agree(number):
    text = canonical_json(number)
    assert canonical_json(float(number)) == text
    assert Decimal(text.decode()) == number
    assert b"E" not in text.upper()


@given(st.text())
def test_texts_are_normalised(text):
    normal_text = json.loads(canonical_json(text))
    assert unicodedata.is_normalized("NFC", normal_text)
    assert "\r" not in normal_text
    decomposed = unicodedata.normalize("NFD", text)
    assert canonical_json(decomposed) == canonical_json(text)
