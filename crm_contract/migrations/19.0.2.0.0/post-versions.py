"""Submitted contents become versions: format 1, byte for byte what was hashed then."""

from odoo.tools import SQL
from odoo.tools.sql import column_exists

from odoo.addons.crm_contract.tools.canonical import canonical_json, file_hash

CHUNK = 200
UNUSED = (
    ("crm_contract", "content_hash"),
    ("crm_contract", "preamble_frozen"),
    ("crm_contract_clause", "body_frozen"),
    ("crm_contract_document", "content_hash"),
)


def migrate(cr, version):
    if not column_exists(cr, "crm_contract_document", "content"):
        return
    cr.execute(
        """
        SELECT d.contract_id, array_agg(d.id ORDER BY d.id)
          FROM crm_contract_document d
         WHERE d.kind = 'text' AND d.content IS NOT NULL
      GROUP BY d.contract_id ORDER BY d.contract_id
        """
    )
    contracts = cr.fetchall()
    for start in range(0, len(contracts), CHUNK):
        for contract_id, document_ids in contracts[start : start + CHUNK]:
            _make_versions(cr, contract_id, document_ids)
    _link_signed_copies(cr)
    # Fields that are not stored any more; the others are dropped with their fields.
    for table, column in UNUSED:
        cr.execute(
            SQL(
                "ALTER TABLE %s DROP COLUMN IF EXISTS %s",
                SQL.identifier(table),
                SQL.identifier(column),
            )
        )


def _make_versions(cr, contract_id, document_ids):
    cr.execute(
        """
        SELECT company_id, content_hash, state, date_signed, date_start,
               submitted_by_id, date_submitted, write_date
          FROM crm_contract WHERE id = %s
        """,
        [contract_id],
    )
    company_id, current, state, signed, start, user, submitted, changed = cr.fetchone()
    cr.execute(
        """
        SELECT id, content, content_hash, create_uid, create_date
          FROM crm_contract_document WHERE id = ANY(%s) ORDER BY id
        """,
        [document_ids],
    )
    rows = cr.fetchall()
    for number, (document_id, content, digest, author, date) in enumerate(rows, 1):
        is_last = number == len(rows)
        holds = is_last and current and state != "cancelled"
        is_signed = holds and signed
        text = canonical_json(content).decode()
        vals = {
            "contract_id": contract_id,
            "agreement_id": contract_id,
            "company_id": company_id,
            "number": number,
            "kind": "submission",
            "format": 1,
            "content": text,
            "content_hash": digest or file_hash(text.encode()),
            "user_id": (is_last and user) or author or 1,
            "date": (is_last and submitted) or date,
            "date_withdrawn": None
            if holds
            else (changed if is_last else rows[number][4]),
            "date_signed": signed if is_signed else None,
            "date_effective": (start or signed) if is_signed else None,
            "position": 1 if is_signed else None,
            "state": "signed" if is_signed else ("submitted" if holds else "withdrawn"),
        }
        version_id = _insert(cr, vals)
        cr.execute(
            "UPDATE crm_contract_document SET version_id = %s WHERE id = %s",
            [version_id, document_id],
        )
        if is_last and current:
            cr.execute(
                "UPDATE crm_contract SET version_id = %s WHERE id = %s",
                [version_id, contract_id],
            )


def _insert(cr, vals):
    columns = ", ".join(f'"{name}"' for name in vals)
    places = ", ".join(["%s"] * len(vals))
    cr.execute(
        f"INSERT INTO crm_contract_version ({columns}, create_uid, create_date,"
        f" write_uid, write_date) VALUES ({places}, 1, now() AT TIME ZONE 'UTC', 1,"
        " now() AT TIME ZONE 'UTC') RETURNING id",
        list(vals.values()),
    )
    return cr.fetchone()[0]


def _link_signed_copies(cr):
    cr.execute(
        """
        UPDATE crm_contract_document d SET version_id = c.version_id
          FROM crm_contract c
         WHERE d.contract_id = c.id AND d.kind = 'signed'
        """
    )
