"""Steps, reviews and conditions name the version that they are about."""

from odoo.tools import SQL
from odoo.tools.sql import column_exists

TABLES = ("crm_contract_approval_task", "crm_contract_approval_review")


def migrate(cr, version):
    for table in TABLES:
        if not column_exists(cr, table, "content_hash"):
            continue
        # Of submissions with the same content, the last one is at hand.
        cr.execute(
            SQL(
                """
                UPDATE %s t SET version_id = v.id
                  FROM (SELECT contract_id, content_hash, max(id) AS id
                          FROM crm_contract_version WHERE kind = 'submission'
                      GROUP BY contract_id, content_hash) v
                 WHERE v.contract_id = t.contract_id AND v.content_hash = t.content_hash
                """,
                SQL.identifier(table),
            )
        )
        cr.execute(
            SQL("ALTER TABLE %s DROP COLUMN content_hash", SQL.identifier(table))
        )
    cr.execute(
        """
        UPDATE crm_contract_approval_condition c SET version_id = t.version_id
          FROM crm_contract_approval_task t WHERE t.id = c.task_id
        """
    )
