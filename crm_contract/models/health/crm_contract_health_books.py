from odoo import api, models
from odoo.tools import SQL

# What the invoice lines say of each row: billed and credited amounts of what is not
# cancelled, and on how many invoices. A credit note that is a draft takes nothing back
# yet; what reverses one bills again at once. A line may bill shares of several rows.
BOOKS = """
    SELECT row_id, sum(billed) AS billed, sum(credited) AS credited,
        count(DISTINCT move_id) FILTER (WHERE billed != 0) AS moves,
        min(currency_id) AS currency_id,
        bool_and(state = 'posted') FILTER (WHERE billed != 0) AS is_posted,
        bool_and(payment_state = 'not_paid') FILTER (WHERE billed != 0) AS is_unpaid,
        bool_and(payment_state = 'paid') FILTER (WHERE billed != 0) AS is_paid
    FROM (
        SELECT l.row_id, m.id AS move_id, m.currency_id, m.state, m.payment_state,
            CASE WHEN l.is_credit THEN 0 WHEN m.move_type = 'out_refund' THEN -l.amount
                ELSE l.amount END AS billed,
            CASE WHEN NOT l.is_credit THEN 0 WHEN m.move_type = 'out_refund' THEN l.amount
                ELSE -l.amount END AS credited
        FROM (
            SELECT move_id, installment_id AS row_id, false AS is_credit,
                price_total AS amount
            FROM account_move_line WHERE installment_id IS NOT NULL
            UNION ALL
            SELECT move_id, credited_installment_id, true, price_total
            FROM account_move_line
            WHERE credited_installment_id IS NOT NULL AND installment_id IS NULL
            UNION ALL
            SELECT l.move_id, s.installment_id, COALESCE(s.is_credit, false),
                l.price_total * s.fraction
            FROM crm_contract_installment_share s
            JOIN account_move_line l ON l.id = s.move_line_id
        ) l
        JOIN account_move m ON m.id = l.move_id
        WHERE m.state = 'posted' OR m.state = 'draft' AND (
            NOT l.is_credit OR m.move_type = 'out_invoice'
        )
    ) line
    GROUP BY row_id
"""
# Steps of rounding that a line may differ by, because a whole invoice is rounded.
STEPS = 1.5


class CrmContractHealth(models.AbstractModel):
    """The ledger against the books: what the invoice lines say of its rows."""

    _inherit = "crm.contract.health"

    @api.model
    def _get_books_checks(self):
        rows = "crm.contract.installment"
        return [
            self._check(
                "books_amount",
                self.env._("Rows that say another amount than their invoices"),
                self.env._(
                    "Open the row and its invoices: the invoice lines are right. Report "
                    "it, since figures of the contract and the customer are wrong with "
                    "it."
                ),
                rows,
            ),
            self._check(
                "books_difference",
                self.env._("Rows that were invoiced at another amount than theirs"),
                self.env._(
                    "Somebody changed the invoice. Open the contract, and bill the rest "
                    "or waive it."
                ),
                rows,
            ),
            self._check(
                "books_twice",
                self.env._("Rows that are billed by more than one invoice"),
                self.env._("Cancel one of the invoices, or draft its credit note."),
                rows,
            ),
            self._check(
                "books_paid",
                self.env._("Rows that are paid otherwise than their invoices"),
                self.env._(
                    "Look at the payments of the invoices; what is open of the contract "
                    "and of the customer is wrong with it. Report it."
                ),
                rows,
            ),
        ]

    @api.model
    def _get_invoice_checks(self):
        rows = "crm.contract.installment"
        return [
            self._check(
                "books_foreign",
                self.env._("Rows that are billed to somebody else, or elsewhere"),
                self.env._(
                    "The invoice is of another customer, company or currency than the "
                    "contract. Credit it, and bill the row again."
                ),
                rows,
            ),
            self._check(
                "books_unsigned",
                self.env._("Rows that are billed though nobody signed"),
                self.env._(
                    "Cancel or credit the invoice, or have the contract signed."
                ),
                rows,
            ),
            self._check(
                "books_unlinked",
                self.env._("Contracts with invoices that bill no row"),
                self.env._(
                    "Open the invoices of the contract. If one stands for rows of the "
                    "ledger, link it to them, or they are billed again; otherwise it is "
                    "of no consequence for the contract."
                ),
                "crm.contract",
            ),
        ]

    @api.model
    def _select_rows(self, condition, join="JOIN"):
        """Return the query of the rows whose invoice lines say so.

        :param condition: SQL over `r` (the row), `b` (what its lines say) and `little`
            (what rounding may make of an amount)
        :param join: LEFT JOIN for rows without lines as well
        """
        return SQL(
            "SELECT r.id, r.company_id FROM crm_contract_installment r"
            " JOIN (SELECT id, rounding * %s AS little FROM res_currency) u"
            " ON u.id = r.currency_id %s (%s) b ON b.row_id = r.id"
            " WHERE NOT COALESCE(r.billed_before, false) AND %s",
            STEPS,
            SQL(join),
            SQL(BOOKS),
            SQL(condition),
        )

    @api.model
    def _query_books_amount(self):
        """Most rows are planned, and neither side says anything of them."""
        return self._select_rows(
            "(b.row_id IS NOT NULL OR r.amount_invoiced != 0)"
            " AND COALESCE(b.currency_id, r.currency_id) = r.currency_id"
            " AND abs(COALESCE(r.amount_invoiced, 0) - COALESCE(b.billed, 0)"
            " + COALESCE(b.credited, 0)) > little",
            join="LEFT JOIN",
        )

    @api.model
    def _query_books_difference(self):
        return self._select("crm.contract.installment", [("has_difference", "=", True)])

    @api.model
    def _query_books_twice(self):
        return self._select_rows(
            "b.moves > 1 AND abs(b.billed - b.credited) > abs(r.amount) + little"
        )

    @api.model
    def _query_books_paid(self):
        return self._select_rows(
            "b.is_posted AND b.credited = 0"
            " AND (b.is_unpaid AND abs(r.amount_paid) > little"
            " OR b.is_paid AND abs(r.amount_open) > little)"
        )

    @api.model
    def _query_books_foreign(self):
        return SQL(
            """
            SELECT DISTINCT r.id, r.company_id
            FROM account_move_line l
            JOIN account_move m ON m.id = l.move_id
            JOIN crm_contract_installment r ON r.id = l.installment_id
            JOIN crm_contract c ON c.id = r.contract_id
            LEFT JOIN res_partner p ON p.id = c.partner_id
            LEFT JOIN res_partner i ON i.id = c.partner_invoice_id
            WHERE m.state != 'cancel' AND (
                m.company_id != r.company_id OR m.currency_id != r.currency_id
                OR m.commercial_partner_id NOT IN (
                    p.commercial_partner_id,
                    COALESCE(i.commercial_partner_id, p.commercial_partner_id)
                )
            )
            """
        )

    @api.model
    def _query_books_unsigned(self):
        return SQL(
            """
            SELECT r.id, r.company_id
            FROM crm_contract_installment r JOIN crm_contract c ON c.id = r.contract_id
            WHERE c.state IN ('draft', 'review', 'to_sign', 'cancelled') AND EXISTS (
                SELECT FROM account_move_line l JOIN account_move m ON m.id = l.move_id
                WHERE l.installment_id = r.id AND m.state != 'cancel'
            )
            """
        )

    @api.model
    def _query_books_unlinked(self):
        return SQL(
            """
            SELECT DISTINCT c.id, c.company_id
            FROM account_move m JOIN crm_contract c ON c.id = m.contract_id
            WHERE m.state != 'cancel' AND m.move_type = 'out_invoice' AND NOT EXISTS (
                SELECT FROM account_move_line l WHERE l.move_id = m.id
                AND (l.installment_id IS NOT NULL
                    OR l.credited_installment_id IS NOT NULL
                    OR EXISTS (
                        SELECT FROM crm_contract_installment_share s
                        WHERE s.move_line_id = l.id
                    ))
            )
            """
        )
