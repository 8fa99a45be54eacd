"""Amendments: what they were drafted on becomes a version, as do their texts."""

from odoo.tools.sql import column_exists

from odoo.addons.crm_contract.tools.canonical import canonical_json, file_hash


def migrate(cr, version):
    if not column_exists(cr, "crm_contract", "base_content"):
        return
    cr.execute(
        """
        SELECT a.id, a.origin_id, a.base_id, a.base_content, o.number, a.company_id,
               a.create_uid, a.create_date
          FROM crm_contract a JOIN crm_contract o ON o.id = a.origin_id
         WHERE a.kind = 'amendment' ORDER BY a.origin_id, a.id
        """
    )
    amendments = cr.fetchall()
    for amendment in amendments:
        _make_base(cr, *amendment)
    _order_signatures(cr, {row[0]: row[2] for row in amendments})
    # What is in effect says so; with the contract, or before its day, it was over.
    cr.execute(
        """
        UPDATE crm_contract a SET end_reason = NULL, date_ended = NULL,
               state = CASE WHEN a.end_reason = 'incorporated' AND o.state != 'ended'
                            THEN 'in_force' ELSE 'superseded' END
          FROM crm_contract o
         WHERE o.id = a.origin_id AND a.kind = 'amendment' AND a.state = 'ended'
        """
    )


def _make_base(cr, amendment_id, origin_id, base_id, content, number, *made):
    """Keep what an amendment was drafted on as a version of its contract."""
    text = canonical_json({"content": content, "number": number}).decode()
    company_id, user_id, date = made
    cr.execute(
        """
        INSERT INTO crm_contract_version
               (contract_id, agreement_id, company_id, number, kind, state, format,
                content, content_hash, base_id, user_id, date,
                create_uid, create_date, write_uid, write_date)
        SELECT %(origin)s, %(origin)s, %(company)s,
               (SELECT COALESCE(max(number), 0) + 1 FROM crm_contract_version
                 WHERE contract_id = %(origin)s),
               'base', 'base', 1, %(text)s, %(hash)s,
               (SELECT version_id FROM crm_contract WHERE id = %(base)s),
               %(user)s, %(date)s, 1, now() AT TIME ZONE 'UTC', 1,
               now() AT TIME ZONE 'UTC'
        RETURNING id
        """,
        {
            "origin": origin_id,
            "company": company_id,
            "text": text,
            "hash": file_hash(text.encode()),
            "base": base_id or origin_id,
            "user": user_id or 1,
            "date": date,
        },
    )
    [version_id] = cr.fetchone()
    cr.execute(
        "UPDATE crm_contract SET base_version_id = %s WHERE id = %s",
        [version_id, amendment_id],
    )
    cr.execute(
        """
        UPDATE crm_contract_version SET base_id = %s, agreement_id = %s,
               position = NULL
         WHERE contract_id = %s
        """,
        [version_id, origin_id, amendment_id],
    )


def _order_signatures(cr, bases):
    """Number the signatures of each contract: each amendment builds on the one before."""
    cr.execute(
        """
        SELECT v.id, a.id, a.origin_id, a.date_signed, a.date_effective, a.end_reason,
               a.date_ended
          FROM crm_contract_version v JOIN crm_contract a ON a.version_id = v.id
         WHERE a.kind = 'amendment' AND a.date_signed IS NOT NULL
        """
    )

    def depth(amendment_id):
        base = bases.get(amendment_id)
        return 1 + depth(base) if base else 1

    rows = sorted(
        cr.fetchall(), key=lambda row: (row[2], depth(row[1]), row[3], row[1])
    )
    positions = {}
    for version_id, _id, origin_id, _signed, effective, reason, ended in rows:
        positions[origin_id] = positions.get(origin_id, 1) + 1
        overtaken = reason == "superseded"
        cr.execute(
            """
            UPDATE crm_contract_version SET position = %s, date_effective = %s,
                   date_withdrawn = %s, state = %s
             WHERE id = %s
            """,
            [
                positions[origin_id],
                effective,
                ended if overtaken else None,
                "withdrawn" if overtaken else "signed",
                version_id,
            ],
        )
