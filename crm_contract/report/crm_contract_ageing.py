from odoo import api, fields, models
from odoo.tools import SQL

# Keys are the first day overdue, so that they sort in their order.
BUCKETS = [
    ("000", "Not due"),
    ("001", "1–30 days"),
    ("031", "31–60 days"),
    ("061", "61–90 days"),
    ("091", "91–180 days"),
    ("181", "Over 180 days"),
    ("900", "Disputed"),
]


class CrmContractAgeing(models.Model):
    """What customers owe for contracts, by the days that it is overdue."""

    _name = "crm.contract.ageing"
    _description = "Ageing of contract receivables"
    _auto = False
    _rec_name = "installment_id"
    _order = "days_overdue desc, id"
    _depends = {
        "crm.contract.installment": [
            "contract_id",
            "company_id",
            "currency_id",
            "is_retention",
            "is_disputed",
            "state",
            "amount_open",
        ],
        "crm.contract.installment.share": [
            "installment_id",
            "move_line_id",
            "is_credit",
            "fraction",
        ],
        "crm.contract": ["type_id", "commercial_partner_id", "user_id", "team_id"],
        "account.move": [
            "state",
            "invoice_date",
            "amount_total",
            "amount_total_signed",
        ],
        "account.move.line": [
            "installment_id",
            "price_total",
            "parent_state",
            "display_type",
            "date_maturity",
            "amount_residual_currency",
        ],
        "res.company": ["currency_id"],
    }

    installment_id = fields.Many2one("crm.contract.installment", readonly=True)
    contract_id = fields.Many2one("crm.contract", readonly=True)
    type_id = fields.Many2one("crm.contract.type", readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        readonly=True,
        help="Company that owes the amount, whoever of it is the contact.",
    )
    company_id = fields.Many2one("res.company", readonly=True)
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    team_id = fields.Many2one("crm.team", string="Sales team", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_currency_id = fields.Many2one(
        "res.currency", string="Company currency", readonly=True
    )
    invoice_id = fields.Many2one("account.move", readonly=True)
    invoice_date = fields.Date(readonly=True)
    date_payment = fields.Date(string="Payment due", readonly=True)
    is_retention = fields.Boolean(string="Retention money", readonly=True)
    is_disputed = fields.Boolean(string="Disputed", readonly=True)
    amount_open = fields.Monetary(string="In its currency", readonly=True)
    amount_company = fields.Monetary(
        string="Unpaid",
        currency_field="company_currency_id",
        readonly=True,
        help="In the company's currency, at the rate of the invoice.",
    )
    days_overdue = fields.Integer(
        string="Days overdue", readonly=True, aggregator="max"
    )
    bucket = fields.Selection(BUCKETS, string="Overdue by", readonly=True)

    def action_view_invoice(self):
        """Open the invoice of the row."""
        return self.installment_id.action_view_invoice()

    @property
    def _table_query(self):
        return SQL("%s %s %s", self._select(), self._from(), self._where())

    @api.model
    def _select(self):
        """Return the columns (SQL); extended by satellites."""
        return SQL(
            """
            SELECT due.id::bigint * 1000 + due.part AS id,
                   row.id AS installment_id,
                   row.contract_id,
                   contract.type_id,
                   contract.commercial_partner_id AS partner_id,
                   row.company_id,
                   contract.user_id,
                   contract.team_id,
                   row.currency_id,
                   company.currency_id AS company_currency_id,
                   due.move_id AS invoice_id,
                   move.invoice_date,
                   due.date_maturity AS date_payment,
                   row.is_retention,
                   row.amount_open * due.share AS amount_open,
                   row.amount_open * due.share * move.amount_total_signed
                       / NULLIF(move.amount_total, 0) AS amount_company,
                   row.is_disputed,
                   CASE
                       WHEN row.is_disputed THEN 0
                       ELSE GREATEST(today.date - due.date_maturity, 0)
                   END AS days_overdue,
                   CASE
                       WHEN row.is_disputed THEN '900'
                       WHEN today.date - due.date_maturity > 180 THEN '181'
                       WHEN today.date - due.date_maturity > 90 THEN '091'
                       WHEN today.date - due.date_maturity > 60 THEN '061'
                       WHEN today.date - due.date_maturity > 30 THEN '031'
                       WHEN today.date - due.date_maturity > 0 THEN '001'
                       ELSE '000'
                   END AS bucket
            """
        )

    @api.model
    def _from(self):
        """Return the joins (SQL); extended by satellites."""
        return SQL(
            """
              FROM crm_contract_installment row
              JOIN crm_contract contract ON contract.id = row.contract_id
              JOIN res_company company ON company.id = row.company_id
              LEFT JOIN resource_calendar calendar
                     ON calendar.id = company.resource_calendar_id
              CROSS JOIN LATERAL (
                   SELECT (NOW() AT TIME ZONE COALESCE(calendar.tz, 'UTC'))::date
              ) AS today (date)
              JOIN (%s) due ON due.id = row.id
              JOIN account_move move ON move.id = due.move_id
            """,
            self._get_parts(),
        )

    @api.model
    def _get_parts(self):
        """Return what of each row is to be paid when (SQL): id, part, share …

        The open amount of a row is that of its invoices' payment terms, by what of an
        invoice is the row's, and what of each term is open.
        """
        return SQL(
            """
            SELECT billed.id,
                   billed.move_id,
                   term.date_maturity,
                   row_number() OVER (PARTITION BY billed.id ORDER BY term.id) AS part,
                   (billed.amount * term.amount_residual_currency)
                       / NULLIF(SUM(billed.amount * term.amount_residual_currency)
                                OVER (PARTITION BY billed.id), 0) AS share
              FROM (
                    SELECT id, move_id, SUM(amount) AS amount
                      FROM (
                            SELECT line.installment_id AS id, line.move_id,
                                   line.price_total AS amount
                              FROM account_move_line line
                             WHERE line.installment_id IS NOT NULL
                               AND line.parent_state = 'posted'
                         UNION ALL
                            SELECT share.installment_id, line.move_id,
                                   line.price_total * share.fraction
                              FROM crm_contract_installment_share share
                              JOIN account_move_line line
                                ON line.id = share.move_line_id
                             WHERE share.is_credit IS NOT TRUE
                               AND line.parent_state = 'posted'
                           ) part
                  GROUP BY id, move_id
                   ) billed
              JOIN account_move_line term
                ON term.move_id = billed.move_id
               AND term.display_type = 'payment_term'
               AND term.amount_residual_currency > 0
            """
        )

    @api.model
    def _where(self):
        """Return the condition (SQL): invoiced, posted and not paid in full."""
        return SQL(
            """
             WHERE row.state = 'invoiced'
               AND row.amount_open > 0
               AND due.share > 0
            """
        )
