"""The content of a version: its bytes in each released format, and how it is read.

A format is the way in which a submitted content became bytes. Bytes are never written
anew: whoever changes what they hold adds a format here, a reader for it, a version of
the add-on and a dump of the old format to the tests of upgrades.
"""

import json
from collections.abc import Mapping
from typing import Any

from .canonical import canonical_json, file_hash

FORMAT = 2
# A value as people read it, beside the value itself: the resolved text of a clause, the
# name of a tax, an amount that follows from others.
READ = ":read"

# What contents of format 1 left out when it was empty; other fields that they don't
# have came later.
_FORMAT_1_FIELDS = {
    "": ("template_id", "partner_shipping_id", "partner_invoice_id", "lang_id",
         "customer_signatory_id", "company_signatory_id", "customer_bank_id",
         "company_bank_id", "fiscal_position_id", "payment_term_id", "date_end",
         "preamble", "dispute_method", "dispute_institution", "dispute_place"),
    "line_ids": ("display_type", "product_id", "scope", "service_standard",
                    "product_uom_id"),
    "milestone_ids": ("description", "date_deadline"),
    "installment_ids": ("date", "milestone_id"),
    "clause_ids": ("template_id", "body"),
}  # fmt: skip
# What contents leave out where nothing is agreed on it, whatever their format: so does
# one that is older than these fields.
_LEFT_OUT = {
    "milestone_ids": (
        "trigger", "trigger_days", "days_kind", "recurrence_interval",
        "recurrence_unit", "evidence", "needs_acceptance", "weight", "penalty_kind",
        "penalty_amount", "penalty_percent", "penalty_cap", "after_keys", "clause_key",
    ),
}  # fmt: skip
_FORMAT_1_PARTIES = {
    ("customer", "legal_name"): "customer_legal_name",
    ("customer", "registry"): "customer_registry",
    ("customer", "vat"): "customer_vat",
    ("customer", "representative"): "customer_representative",
    ("customer", "address"): "customer_address",
    ("customer", "bank_account"): "customer_bank_account",
    ("company", "legal_name"): "company_legal_name",
    ("company", "registry"): "company_registry_number",
    ("company", "vat"): "company_vat_number",
    ("company", "representative"): "company_representative",
    ("company", "address"): "company_address",
    ("company", "bank_account"): "company_bank_account",
}


def read_name(name: str) -> str:
    """Return under which name a content holds a field's value as people read it.

    >>> read_name("body")
    'body:read'
    """
    return name + READ


def field_name(name: str) -> str:
    """Return the field that an entry of a content is about.

    >>> field_name("body:read"), field_name("body")
    ('body', 'body')
    """
    return name.removesuffix(READ)


def write_version(envelope: Mapping[str, Any]) -> tuple[str, str]:
    """Return (text, hash) of a version in the present format.

    The text is stored in UTF-8, as it is; the hash is the SHA-256 of these bytes.

    >>> text, digest = write_version({"number": "C/1", "content": {"fields": {}}})
    >>> text
    '{"content":{"fields":{}},"format":2,"number":"C/1"}'
    >>> is_intact(text, digest), is_intact(text + " ", digest)
    (True, False)

    :param envelope: `content` as of `content_difference`, and what else is agreed
    """
    content = _map_rows(envelope["content"], _leave_out)
    data = canonical_json({**envelope, "content": content, "format": FORMAT})
    return data.decode(), file_hash(data)


def is_intact(text: str, digest: str) -> bool:
    """Return whether the text of a version still has the hash that it was stored with."""
    return file_hash((text or "").encode()) == digest


def read_version(form: int, text: str) -> dict[str, Any]:
    """Return the content of a version, whatever its format, as the present one has it.

    :param form: number of the format that the text was written in
    :return: `{"fields": {...}, "children": {...}}`, see `content_difference`
    :raise ValueError: a format that is newer than this code
    """
    if form > FORMAT:
        raise ValueError(f"Format {form} of a contract version is newer than {FORMAT}")
    envelope = json.loads(text)
    content = envelope["content"] if form > 1 else _read_format_1(envelope)
    return _map_rows(content, _fill_in)


def values_of(content: dict) -> dict:
    """Return a content without what people read beside its values.

    >>> values_of({"fields": {"body": "a", "body:read": "b"}})
    {'fields': {'body': 'a'}, 'children': {}}
    """
    return {
        **{key: content[key] for key in content if key == "key"},
        "fields": {
            name: value
            for name, value in content["fields"].items()
            if not name.endswith(READ)
        },
        "children": {
            name: [values_of(row) for row in rows]
            for name, rows in content.get("children", {}).items()
        },
    }


def shared_content(stored: dict, live: dict) -> tuple[dict, dict]:
    """Return both contents without the entries that only one of them can have.

    A later release adds fields, and an add-on that is uninstalled takes its own away:
    neither changes what was agreed. A row that one side lacks is a difference.

    >>> old = {"fields": {"name": "A"}, "children": {}}
    >>> shared_content(old, {"fields": {"name": "A", "new": 1}, "children": {}})[1]
    {'fields': {'name': 'A'}, 'children': {}}
    """
    pairs = {
        name: _shared_rows(stored["children"][name], live["children"][name])
        for name in stored.get("children", {})
        if name in live.get("children", {})
    }
    names = stored["fields"].keys() & live["fields"].keys()
    return tuple(
        {
            **{key: side[key] for key in side if key == "key"},
            "fields": {name: side["fields"][name] for name in names},
            "children": {name: pair[position] for name, pair in pairs.items()},
        }
        for position, side in enumerate((stored, live))
    )


def _shared_rows(stored, live):
    others = {row["key"]: row for row in live}
    left, right = [], []
    for row in stored:
        other = others.pop(row["key"], None)
        if other is None:
            left.append(row)
        else:
            for side, part in zip(
                (left, right), shared_content(row, other), strict=True
            ):
                side.append(part)
    return left, [*right, *others.values()]


def _map_rows(content, change):
    """Return a content whose rows have what `change` makes of their fields."""
    children = content.get("children", {})
    changed = {
        name: [
            {**row, "fields": change(row["fields"], names)} for row in children[name]
        ]
        for name, names in _LEFT_OUT.items()
        if name in children
    }
    return {**content, "children": {**children, **changed}} if changed else content


def _leave_out(values, names):
    return {
        name: value
        for name, value in values.items()
        if name not in names or value is not None
    }


def _fill_in(values, names):
    return {**dict.fromkeys(names), **values}


def _read_format_1(envelope):
    content = envelope["content"]
    fields = {**dict.fromkeys(_FORMAT_1_FIELDS[""]), **content["fields"]}
    parties = envelope.get("parties") or {}
    for (party, entry), name in _FORMAT_1_PARTIES.items():
        if party in parties:
            fields[read_name(name)] = parties[party].get(entry)
    if "preamble" in envelope:
        fields[read_name("preamble")] = envelope["preamble"]
    children = {
        name: [_complete_row(name, row) for row in rows]
        for name, rows in content.get("children", {}).items()
    }
    texts = envelope.get("clauses")
    if texts is not None:
        for row, body in zip(children.get("clause_ids", ()), texts, strict=True):
            row["fields"][read_name("body")] = body
    return {"fields": fields, "children": children}


def _complete_row(name, row):
    empty = dict.fromkeys(_FORMAT_1_FIELDS.get(name, ()))
    return {**row, "fields": {**empty, **row["fields"]}}
