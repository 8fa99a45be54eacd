from odoo import api, fields, models
from odoo.tools import SQL

from ..models.contract.crm_contract_lifecycle import END_REASONS, STATES
from ..tools.records import one

# Measures that are shares of sums: (what is counted, of what), in percent.
SHARES = {
    "percent_invoiced": ("amount_invoiced", "amount_measured"),
    "percent_paid": ("amount_paid", "amount_measured"),
    "percent_margin": ("amount_margin", "amount_costed"),
    "percent_plan": ("plan_billed", "plan_rows"),
}
# Measures that are counted from other rows, not stored (beginnings of their names).
COUNTED = ("days_", "plan_", "percent_", "amount_margin", "amount_costed")
# States in which a contract may stay for some time, each a measure in days.
STAYS = ("draft", "review", "to_sign", "signed", "running", "suspended")


class CrmContractReport(models.Model):
    """Figures of contracts: a row for each that is performed, in company currency.

    Sums are stored with the contracts, and are converted at the rate that is kept with
    each. What nobody looks at costs nothing: the database leaves out joins of which no
    column is asked for.
    """

    _name = "crm.contract.report"
    _description = "Analysis of contracts"
    _auto = False
    _rec_name = "contract_id"
    _order = "date desc, id desc"
    _depends = {
        "crm.contract": [
            "amount_invoiced",
            "amount_mrr",
            "amount_overdue",
            "amount_paid",
            "amount_remaining",
            "amount_total",
            "amount_untaxed",
            "active",
            "commercial_partner_id",
            "company_id",
            "create_date",
            "currency_id",
            "currency_rate",
            "date_end",
            "date_ended",
            "date_signed",
            "date_start",
            "date_submitted",
            "deviating_count",
            "end_reason",
            "is_framework",
            "is_open_ended",
            "kind",
            "state",
            "team_id",
            "type_id",
            "user_id",
        ],
        "crm.contract.event": ["contract_id", "date", "kind", "number"],
        "crm.contract.installment": ["contract_id", "state", "trigger"],
        "crm.contract.line": [
            "contract_id",
            "display_type",
            "price_subtotal",
            "product_id",
            "product_uom_id",
            "quantity",
        ],
        "product.product": ["product_tmpl_id", "standard_price"],
        "product.template": ["uom_id"],
        "res.company": ["currency_id", "parent_path"],
        "res.currency.rate": ["company_id", "currency_id"],
        "uom.uom": ["factor"],
    }

    contract_id = fields.Many2one("crm.contract", readonly=True)
    active = fields.Boolean(readonly=True)
    kind = fields.Selection(
        "_get_kinds",
        readonly=True,
    )
    state = fields.Selection(STATES, readonly=True)
    end_reason = fields.Selection(END_REASONS, readonly=True)
    type_id = fields.Many2one("crm.contract.type", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    team_id = fields.Many2one("crm.team", string="Sales team", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(
        "res.currency", string="Company currency", readonly=True
    )
    contract_currency_id = fields.Many2one(
        "res.currency", string="Currency of the contract", readonly=True
    )
    currency_rate = fields.Float(
        string="Rate",
        readonly=True,
        digits=0,
        aggregator=None,
        help="Units of the contract's currency for one of the company's: on the first day "
        "of the contract, or when it was written if it begins later.",
    )
    is_without_rate = fields.Boolean(
        string="Without exchange rate",
        readonly=True,
        help="The currency has no rate in the company: what the contract is worth in the "
        "company's currency is not known, and is not in any sum.",
    )
    date = fields.Date(
        readonly=True, help="Day of the signature; of what is not signed, of creation."
    )
    date_signed = fields.Date(string="Signed on", readonly=True)
    date_submitted = fields.Datetime(string="Submitted on", readonly=True)
    date_start = fields.Date(readonly=True)
    date_end = fields.Date(
        string="Last day",
        readonly=True,
        help="Day on which it ended, or else is to end. Empty: open-ended, or not agreed.",
    )
    amount_signed = fields.Monetary(
        string="Value as signed",
        readonly=True,
        help="Taxes included; of a framework contract, its ceiling.",
    )
    amount_total = fields.Monetary(
        string="Value",
        readonly=True,
        help="With what was amended, taxes included; of a framework contract, its "
        "ceiling; of what recurs without an end, twelve months.",
    )
    amount_untaxed = fields.Monetary(string="Untaxed value", readonly=True)
    amount_mrr = fields.Monetary(string="MRR", readonly=True)
    amount_invoiced = fields.Monetary(string="Invoiced", readonly=True)
    amount_paid = fields.Monetary(string="Received", readonly=True)
    amount_overdue = fields.Monetary(string="Overdue", readonly=True)
    amount_remaining = fields.Monetary(string="To invoice", readonly=True)
    percent_invoiced = fields.Float(
        string="Invoiced (%)",
        readonly=True,
        aggregator="avg",
        help="Of the value; not of frameworks, nor of what has no end.",
    )
    percent_paid = fields.Float(
        string="Received (%)",
        readonly=True,
        aggregator="avg",
        help="Of the value; not of frameworks, nor of what has no end.",
    )
    plan_rows = fields.Integer(string="Installments", readonly=True)
    plan_billed = fields.Integer(
        string="Installments billed",
        readonly=True,
        help="Invoiced, paid, free or waived.",
    )
    plan_progress = fields.Char(
        string="Plan",
        compute="_compute_plan_progress",
        help="Billed / all installments.",
    )
    percent_plan = fields.Float(string="Plan (%)", readonly=True, aggregator="avg")
    amount_margin = fields.Monetary(
        string="Expected margin",
        readonly=True,
        help="Untaxed value less what its products cost today, where all of them have "
        "costs.",
    )
    percent_margin = fields.Float(
        string="Expected margin (%)", readonly=True, aggregator="avg"
    )
    deviating_count = fields.Integer(string="Deviating clauses", readonly=True)
    # Of what shares are taken
    amount_measured = fields.Monetary(string="Value with an end", readonly=True)
    amount_costed = fields.Monetary(string="Untaxed value with costs", readonly=True)
    days_draft = fields.Float(
        string="Days in draft",
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="By the events of the contract, all times together; of what is older than "
        "they are, nothing is known.",
    )
    days_review = fields.Float(
        string="Days in review", readonly=True, aggregator="avg", digits=(16, 1)
    )
    days_to_sign = fields.Float(
        string="Days to be signed", readonly=True, aggregator="avg", digits=(16, 1)
    )
    days_signed = fields.Float(
        string="Days until the start",
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="Signed, and waiting for the first day.",
    )
    days_running = fields.Float(
        string="Days running", readonly=True, aggregator="avg", digits=(16, 1)
    )
    days_suspended = fields.Float(
        string="Days suspended", readonly=True, aggregator="avg", digits=(16, 1)
    )
    days_cycle = fields.Float(
        string="Days from draft to signature",
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="Of signed contracts whose events go back to the draft.",
    )
    days_in_state = fields.Float(
        string="Days in this state",
        readonly=True,
        aggregator="max",
        digits=(16, 1),
        help="Since the last step, by the events of the contract.",
    )

    @api.depends("plan_billed", "plan_rows")
    def _compute_plan_progress(self):
        for row in self:
            row.plan_progress = (
                f"{row.plan_billed} / {row.plan_rows}" if row.plan_rows else ""
            )

    @api.model
    def _get_kinds(self):
        return self.env["crm.contract"]._fields["kind"]._description_selection(self.env)

    def action_view_contract(self):
        """Open the contract of the row."""
        one(self)
        return self.contract_id._get_records_action()

    def _search(self, *args, **kwargs):
        self._do_without_compiling()
        return super()._search(*args, **kwargs)

    def _do_without_compiling(self):
        """Keep the database from compiling: that takes longer than counting rows.

        Once a request: a job that commits in between is only slower.
        """
        if not self.env.cr.cache.get("contract_without_jit"):
            self.env.cr.execute("SET LOCAL jit = off")
            self.env.cr.cache["contract_without_jit"] = True

    def _read_group_select(self, aggregate_spec, query):
        """Shares of several rows are shares of their sums, not averages of shares."""
        name, _colon, function = aggregate_spec.partition(":")
        if name.startswith(COUNTED):
            self._do_without_compiling()
        if name not in SHARES or function != "avg":
            return super()._read_group_select(aggregate_spec, query)
        part, whole = (
            self._field_to_sql(self._table, part, query) for part in SHARES[name]
        )
        return SQL(
            "100.0 * SUM(%s) FILTER (WHERE %s IS NOT NULL) / NULLIF(SUM(%s), 0)",
            part,
            whole,
            whole,
        )

    @property
    def _table_query(self):
        columns = self._get_columns()
        return SQL(
            "SELECT %s FROM crm_contract contract %s WHERE %s",
            SQL(", ").join(
                SQL("%s AS %s", column, SQL.identifier(name))
                for name, column in columns.items()
            ),
            SQL(" ").join(self._get_joins()),
            self._get_condition(),
        )

    @api.model
    def _get_columns(self):
        """Return the columns of a row: `{field: SQL}`; extended by satellites.

        They may use `contract`, `company`, `money.rate` (NULL where there is none: divide
        by it), and what `_get_joins` joins.
        """
        return {
            **self._get_plain_columns(),
            **self._get_money_columns(),
            **self._get_share_columns(),
            **self._get_stay_columns(),
        }

    @api.model
    def _get_joins(self):
        """Return the joins (list of SQL); extended by satellites.

        A join for a column that is not always asked for is a LEFT JOIN that brings one row
        at most, by a unique key or an aggregate: the database skips it then.
        """
        return [
            SQL("JOIN res_company company ON company.id = contract.company_id"),
            self._join_money(),
            self._join_plan(),
            self._join_costs(),
            self._join_stays(),
        ]

    @api.model
    def _get_condition(self):
        """Return which contracts have a row (SQL): those that are performed.

        Texts that only change another contract are in the figures of that; extended by
        satellites with such texts.
        """
        return SQL("TRUE")

    @api.model
    def _get_event_states(self):
        """Return in which state each kind of event leaves a contract: `{kind: state}`.

        Extended by satellites with steps of their own.
        """
        return {
            "submitted": "review",
            "approved": "to_sign",
            "rejected": "draft",
            "recalled": "draft",
            "withdrawn": "draft",
            "cancelled": "cancelled",
            "completed": "signed",
            "started": "running",
            "suspended": "suspended",
            "resumed": "running",
            "ended": "ended",
            "reopened": "running",
        }

    def _get_plain_columns(self):
        names = (
            "id active kind state end_reason type_id user_id team_id company_id "
            "currency_rate date_signed date_submitted date_start deviating_count"
        )
        return {
            **{
                name: SQL("contract.%s", SQL.identifier(name)) for name in names.split()
            },
            "contract_id": SQL("contract.id"),
            "partner_id": SQL("contract.commercial_partner_id"),
            "currency_id": SQL("company.currency_id"),
            "contract_currency_id": SQL("contract.currency_id"),
            "is_without_rate": SQL("money.rate IS NULL"),
            "date": SQL("COALESCE(contract.date_signed, contract.create_date::date)"),
            "date_end": SQL("COALESCE(contract.date_ended, contract.date_end)"),
        }

    def _get_money_columns(self):
        names = ["total", "untaxed", "mrr", "invoiced", "paid", "overdue", "remaining"]
        return {
            **{
                f"amount_{name}": SQL(
                    "contract.%s / money.rate", SQL.identifier(f"amount_{name}")
                )
                for name in names
            },
            "amount_signed": SQL("contract.amount_total / money.rate"),
            "amount_measured": SQL(
                "CASE WHEN contract.is_framework IS NOT TRUE"
                " AND contract.is_open_ended IS NOT TRUE"
                " THEN contract.amount_total / money.rate END"
            ),
            "amount_costed": SQL(
                "CASE WHEN costs.share IS NOT NULL"
                " THEN contract.amount_untaxed / money.rate END"
            ),
            "amount_margin": SQL("contract.amount_untaxed / money.rate * costs.share"),
        }

    def _get_share_columns(self):
        measured = SQL(
            "CASE WHEN contract.is_framework IS NOT TRUE"
            " AND contract.is_open_ended IS NOT TRUE"
            " THEN NULLIF(contract.amount_total, 0) END"
        )
        return {
            "percent_invoiced": SQL("100 * contract.amount_invoiced / %s", measured),
            "percent_paid": SQL("100 * contract.amount_paid / %s", measured),
            "percent_margin": SQL("100 * costs.share"),
            "percent_plan": SQL("100.0 * plan.billed / NULLIF(plan.rows, 0)"),
            "plan_rows": SQL("plan.rows"),
            "plan_billed": SQL("plan.billed"),
        }

    def _get_stay_columns(self):
        return {
            **{
                f"days_{state}": SQL("stays.%s", SQL.identifier(state))
                for state in STAYS
            },
            "days_cycle": SQL("stays.cycle"),
            "days_in_state": SQL("stays.last"),
        }

    def _join_money(self):
        # Without a rate, Odoo reckons with 1: that is told apart here. Once for all rows:
        # a query per row, even if it is never done, would make the database compile.
        return SQL(
            """
            LEFT JOIN (
                SELECT currency_id, BOOL_OR(company_id IS NULL) AS anywhere,
                       ARRAY_AGG(DISTINCT company_id) AS companies
                  FROM res_currency_rate
                 GROUP BY currency_id
            ) rated ON rated.currency_id = contract.currency_id
            CROSS JOIN LATERAL (
                SELECT CASE
                    WHEN contract.currency_id = company.currency_id THEN 1.0
                    WHEN rated.anywhere
                      OR SPLIT_PART(company.parent_path, '/', 1)::int
                         = ANY(rated.companies)
                    THEN NULLIF(contract.currency_rate, 0) END AS rate
            ) money
            """
        )

    def _join_plan(self):
        return SQL(
            """
            LEFT JOIN LATERAL (
                SELECT COUNT(*) AS rows,
                       COUNT(*) FILTER (
                           WHERE row.state IN ('invoiced', 'paid', 'free', 'waived')
                       ) AS billed
                  FROM crm_contract_installment row
                 WHERE row.contract_id = contract.id
                   AND row.state != 'cancelled'
                   AND row.trigger NOT IN %s
            ) plan ON TRUE
            """,
            tuple(self.env["crm.contract.billing"]._get_triggers_on_request()),
        )

    def _join_costs(self):
        return SQL(
            """
            LEFT JOIN LATERAL (
                SELECT CASE WHEN BOOL_AND(cost.price > 0) THEN
                       1 - SUM(line.quantity * cost.price * contract.currency_rate)
                           / NULLIF(SUM(line.price_subtotal), 0) END AS share
                  FROM crm_contract_line line
                  LEFT JOIN product_product product ON product.id = line.product_id
                  LEFT JOIN product_template template
                         ON template.id = product.product_tmpl_id
                  LEFT JOIN uom_uom sold ON sold.id = line.product_uom_id
                  LEFT JOIN uom_uom kept ON kept.id = template.uom_id
                 CROSS JOIN LATERAL (
                       SELECT COALESCE(
                           (product.standard_price ->> contract.company_id::text)::numeric
                           * COALESCE(sold.factor / NULLIF(kept.factor, 0), 1), 0)
                 ) cost (price)
                 WHERE line.contract_id = contract.id
                   AND line.display_type IS NULL
            ) costs ON TRUE
            """
        )

    def _join_stays(self):
        """Return the join of how long a contract was in each state, by its events.

        It begins as a draft with its record; where the first event says that it was taken
        over, what was before is not known, nor is the state until the next step.
        """
        sums = [
            SQL(
                "SUM(stay.days) FILTER (WHERE stay.state = %s) AS %s",
                state,
                SQL.identifier(state),
            )
            for state in STAYS
        ]
        return SQL(
            """
            LEFT JOIN LATERAL (
                SELECT %(sums)s,
                       SUM(stay.days) FILTER (WHERE stay.is_last) AS last,
                       CASE WHEN contract.date_signed IS NOT NULL
                             AND BOOL_AND(stay.state IS NOT NULL) THEN
                           SUM(stay.days) FILTER (
                               WHERE stay.state IN ('draft', 'review', 'to_sign'))
                       END AS cycle
                  FROM (
                    SELECT COALESCE(step.state, CASE WHEN LEAD(step.number) OVER steps
                               IS NULL THEN contract.state END) AS state,
                           LEAD(step.number) OVER steps IS NULL AS is_last,
                           EXTRACT(EPOCH FROM COALESCE(LEAD(step.date) OVER steps,
                               NOW() AT TIME ZONE 'UTC') - step.date) / 86400 AS days
                      FROM (
                        SELECT 0 AS number, contract.create_date AS date,
                               'draft' AS state
                         WHERE NOT EXISTS (
                               SELECT FROM crm_contract_event taken
                                WHERE taken.contract_id = contract.id
                                  AND taken.kind = 'imported')
                     UNION ALL
                        SELECT event.number, event.date, after.state
                          FROM crm_contract_event event
                          JOIN (VALUES %(after)s, ('imported', NULL))
                               AS after (kind, state) ON after.kind = event.kind
                         WHERE event.contract_id = contract.id
                           ) step
                    WINDOW steps AS (ORDER BY step.number)
                       ) stay
            ) stays ON TRUE
            """,
            sums=SQL(", ").join(sums),
            after=SQL(", ").join(
                SQL("%s", pair) for pair in self._get_event_states().items()
            ),
        )


class CrmContractEvent(models.Model):
    _inherit = "crm.contract.event"

    # How long contracts were in which state is read from here, without their rows.
    _steps_idx = models.Index("(contract_id, number) INCLUDE (kind, date)")
