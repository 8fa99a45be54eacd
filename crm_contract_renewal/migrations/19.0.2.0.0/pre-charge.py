from odoo.tools import SQL


def migrate(cr, version):
    """Let lines say whether a renewal charges them again: fees do, one-off lines don't.

    In the database, as there are many; what was signed before is not touched.
    """
    for name in ("crm_contract_line", "crm_contract_template_line"):
        table = SQL.identifier(name)
        cr.execute(SQL("ALTER TABLE %s ADD COLUMN IF NOT EXISTS charge varchar", table))
        cr.execute(
            SQL(
                """
                UPDATE %s
                   SET charge = CASE WHEN is_recurring THEN 'term' ELSE 'once' END
                 WHERE display_type IS NULL AND charge IS NULL
                """,
                table,
            )
        )
