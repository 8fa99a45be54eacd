"""Rows of the ledger are billed by lines: what rows named as their invoice is linked.

Invoices of older releases, and those that were linked by hand to several rows, have
lines that name none.
"""

from odoo import SUPERUSER_ID, api
from odoo.tools.sql import column_exists

CHUNK = 1000
BOOKS = (
    "amount_invoiced",
    "amount_credited",
    "amount_paid",
    "amount_open",
    "amount_overdue",
    "amount_rest",
    "date_maturity",
    "is_billed",
    "is_posted",
    "is_elsewhere",
    "is_overdue",
    "has_difference",
    "state",
)
FIGURES = (
    "amount_later",
    "amount_invoiced",
    "amount_paid",
    "amount_extra",
    "amount_remaining",
    "amount_overdue",
    "date_next_billing",
)


def migrate(cr, version):
    if not column_exists(cr, "crm_contract_installment", "invoice_id"):
        return
    env = api.Environment(cr, SUPERUSER_ID, {"active_test": False})
    _link_invoices(env)
    _link_credit_notes(env)
    _shorten(env)
    _decide(env)
    env.flush_all()
    _recompute(env, "crm.contract.installment", BOOKS)
    _recompute(env, "crm.contract", FIGURES)
    cr.execute("ALTER TABLE crm_contract_installment DROP COLUMN invoice_id")


def _link_invoices(env):
    env.cr.execute(
        """
        SELECT row.invoice_id, array_agg(row.id ORDER BY row.sequence, row.id)
          FROM crm_contract_installment row
         WHERE row.invoice_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM account_move_line line
                            WHERE line.move_id = row.invoice_id
                              AND line.installment_id = row.id)
      GROUP BY row.invoice_id ORDER BY row.invoice_id
        """
    )
    for move_id, row_ids in env.cr.fetchall():
        rows = env["crm.contract.installment"].browse(row_ids)
        lines = env["account.move"].browse(move_id)._get_loose_lines()
        if len(rows) == 1:
            lines.installment_id = rows
        else:
            amounts = {row: row.amount for row in rows}
            lines._share_out(amounts, sum(amounts.values()))
    env.flush_all()


def _link_credit_notes(env):
    env.cr.execute(
        """
        SELECT note.id
          FROM account_move note
          JOIN account_move invoice ON invoice.id = note.reversed_entry_id
         WHERE note.move_type = 'out_refund'
           AND note.state != 'cancel'
           AND note.contract_id IS NOT NULL
           AND invoice.contract_id IS NOT NULL
      ORDER BY note.id
        """
    )
    for (move_id,) in env.cr.fetchall():
        env["account.move"].browse(move_id)._link_loose_credits()
    env.flush_all()


def _shorten(env):
    """Rows whose credited days became rows of their own are worth what is left."""
    rows = env["crm.contract.installment"].search(
        [("trigger", "=", "period"), ("credit_line_ids", "!=", False)]
    )
    for row in rows.filtered(lambda row: row.line_id and row.days_full):
        untaxed, total = row.line_id._get_period_amounts(
            row.quantity, row.price_unit, row.days_billed, row.days_full
        )
        if row.currency_id.compare_amounts(abs(total), abs(row.amount)) < 0:
            row.write({"amount_fixed": total, "amount_untaxed": untaxed})
            notes = row._get_credit_moves()
            notes.contract_credit = "end"


def _decide(env):
    """Credit notes tell what was done with what they credit: nothing was ever asked."""
    notes = env["account.move"].search(
        [
            ("move_type", "=", "out_refund"),
            ("contract_id", "!=", False),
            ("contract_credit", "=", False),
            ("state", "!=", "cancel"),
        ]
    )
    for note in notes:
        credited = note._get_parts().credited
        rows = env["crm.contract.installment"].browse(credited)
        if not rows:
            continue
        invoice = note.reversed_entry_id
        if all(row.is_beyond_end for row in rows):
            note.contract_credit = "end"
        elif note.state == "posted":
            partly = any(row._filter_left(invoice) for row in rows)
            note.contract_credit = "keep" if partly else "again"


def _recompute(env, model, names):
    ids = env[model].search([]).ids
    for start in range(0, len(ids), CHUNK):
        records = env[model].browse(ids[start : start + CHUNK])
        for name in names:
            env.add_to_compute(records._fields[name], records)
        env.flush_all()
        env.invalidate_all()
