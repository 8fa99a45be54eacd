from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.crm_contract.tools.records import one

from ..models.renewal.crm_contract_renewal_decision import DECISIONS

OUTCOMES = [
    ("open", "Undecided"),
    ("renewing", "To be renewed"),
    ("leaving", "Will expire"),
    ("renewed", "Renewed"),
    ("expired", "Expired"),
    ("completed", "Completed"),
    ("terminated", "Terminated"),
]
# Measures that are shares of sums: (what is counted, of what, in percent less this).
_SHARES = {
    "value_rate": ("amount_renewed", "amount_decided", 0),
    "uplift": ("amount_after", "amount_before", 100),
}


class CrmContractRenewalReport(models.Model):
    """What became of each term: a row per signed contract that has an end."""

    _name = "crm.contract.renewal.report"
    _description = "Analysis of renewals"
    _auto = False
    _rec_name = "contract_id"
    _order = "date_end, id"
    _depends = {
        "crm.contract": [
            "amount_arr_end",
            "amount_arr_start",
            "amount_company",
            "amount_recurring",
            "commercial_partner_id",
            "company_id",
            "date_end",
            "date_ended",
            "date_signed",
            "date_start",
            "end_reason",
            "kind",
            "origin_id",
            "renewal_decision",
            "renewal_decision_id",
            "state",
            "team_id",
            "type_id",
            "user_id",
        ],
        "crm.contract.renewal.decision": ["competitor", "date_decided", "reason"],
        "crm.contract.rung.fired": ["contract_id", "date", "outcome"],
        "res.company": ["currency_id"],
    }

    contract_id = fields.Many2one("crm.contract", readonly=True)
    renewal_id = fields.Many2one("crm.contract", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(
        "res.currency", string="Company currency", readonly=True
    )
    type_id = fields.Many2one("crm.contract.type", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    team_id = fields.Many2one("crm.team", string="Sales team", readonly=True)
    is_recurring = fields.Boolean(string="With recurring fees", readonly=True)
    date_end = fields.Date(
        string="End of the term",
        readonly=True,
        help="Last day: the day on which it was ended, or else is to end.",
    )
    outcome = fields.Selection(OUTCOMES, readonly=True)
    renewal_decision = fields.Selection(DECISIONS, string="Decision", readonly=True)
    renewal_reason = fields.Text(string="Reason of the decision", readonly=True)
    renewal_competitor = fields.Char(string="Lost to", readonly=True)
    date_decided = fields.Date(string="Decided on", readonly=True)
    lead_days = fields.Float(
        string="Lead time (days)",
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="From the first reminder that was sent to the decision.",
    )
    amount_expiring = fields.Monetary(
        string="Expiring value",
        readonly=True,
        help="Value of the term, in the company's currency.",
    )
    amount_mrr = fields.Monetary(
        string="MRR at the end",
        readonly=True,
        help="Of the last day of the term, in the company's currency.",
    )
    amount_decided = fields.Monetary(
        string="Decided value",
        readonly=True,
        help="Expiring value of the terms that were renewed, or ended without renewal.",
    )
    amount_renewed = fields.Monetary(
        string="Renewed value",
        readonly=True,
        help="Value of the signed renewals, in the company's currency.",
    )
    amount_churned = fields.Monetary(
        string="Churned value",
        readonly=True,
        help="Expiring value of the terms that ended without renewal.",
    )
    amount_before = fields.Monetary(
        string="Yearly before",
        readonly=True,
        help="Of renewed terms: ARR on the last day; without recurring fees on one of "
        "the sides, the value.",
    )
    amount_after = fields.Monetary(
        string="Yearly after",
        readonly=True,
        help="Of renewals: ARR on the first day; without recurring fees on one of the "
        "sides, the value.",
    )
    renewal_rate = fields.Float(
        string="Renewal rate (%)",
        readonly=True,
        aggregator="avg",
        help="Share, by number, of the terms that were renewed among those that were "
        "renewed or ended without renewal.",
    )
    value_rate = fields.Float(
        string="Renewal rate by value (%)",
        readonly=True,
        aggregator="avg",
        help="Renewed value as a share of the decided value: more than 100 % if "
        "renewals are worth more than what they follow.",
    )
    uplift = fields.Float(
        string="Uplift (%)",
        readonly=True,
        aggregator="avg",
        help="By how much renewals are dearer than the terms before, a year; of several, "
        "weighted by what the terms before were worth.",
    )

    def action_view_contract(self):
        """Open the contract of the row."""
        one(self)
        return self.contract_id._get_records_action()

    def _read_group_select(self, aggregate_spec, query):
        """Shares of several rows are shares of their sums, not averages of shares."""
        name, _colon, function = aggregate_spec.partition(":")
        if name not in _SHARES or function != "avg":
            return super()._read_group_select(aggregate_spec, query)
        part, whole, base = _SHARES[name]
        return SQL(
            "100.0 * SUM(%s) / NULLIF(SUM(%s), 0) - %s",
            self._field_to_sql(self._table, part, query),
            self._field_to_sql(self._table, whole, query),
            base,
        )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT term.*,
                   CASE WHEN is_decided THEN amount_expiring END AS amount_decided,
                   CASE WHEN is_decided AND renewal_id IS NULL
                        THEN amount_expiring END AS amount_churned,
                   CASE WHEN renewal_id IS NOT NULL THEN 100.0
                        WHEN is_decided THEN 0.0 END AS renewal_rate,
                   CASE WHEN is_decided
                        THEN 100.0 * amount_renewed / NULLIF(amount_expiring, 0)
                   END AS value_rate,
                   100.0 * amount_after / NULLIF(amount_before, 0) - 100 AS uplift
              FROM (%s %s %s) term
            """,
            self._select(),
            self._from(),
            self._where(),
        )

    @api.model
    def _select(self):
        """Return the columns of a term (SQL); extended by satellites."""
        return SQL(
            """
            SELECT contract.id, contract.id AS contract_id,
                   renewal.id AS renewal_id,
                   contract.company_id,
                   company.currency_id,
                   contract.type_id,
                   contract.commercial_partner_id AS partner_id,
                   contract.user_id,
                   contract.team_id,
                   contract.amount_recurring != 0 AS is_recurring,
                   COALESCE(contract.date_ended, contract.date_end) AS date_end,
                   renewal.id IS NOT NULL OR contract.state = 'ended' AS is_decided,
                   CASE
                       WHEN renewal.id IS NOT NULL THEN 'renewed'
                       WHEN contract.state = 'ended' THEN
                            CASE WHEN contract.end_reason IN ('completed', 'terminated')
                                 THEN contract.end_reason ELSE 'expired' END
                       WHEN contract.renewal_decision = 'expire' THEN 'leaving'
                       WHEN contract.renewal_decision IS NOT NULL THEN 'renewing'
                       ELSE 'open'
                   END AS outcome,
                   contract.renewal_decision,
                   decision.reason AS renewal_reason,
                   decision.competitor AS renewal_competitor,
                   decision.date_decided,
                   decision.date_decided - fired.date AS lead_days,
                   contract.amount_company AS amount_expiring,
                   contract.amount_arr_end / 12 AS amount_mrr,
                   CASE WHEN contract.state = 'ended' OR renewal.id IS NOT NULL
                        THEN COALESCE(renewal.amount_company, 0) END AS amount_renewed,
                   CASE WHEN yearly.is_both THEN contract.amount_arr_end
                        WHEN renewal.id IS NOT NULL THEN contract.amount_company
                   END AS amount_before,
                   CASE WHEN yearly.is_both THEN renewal.amount_arr_start
                        ELSE renewal.amount_company END AS amount_after
            """
        )

    @api.model
    def _from(self):
        """Return the joins (SQL); extended by satellites.

        A term whose end came before its renewal was signed was not renewed: the log of
        recurring revenue says the same.
        """
        return SQL(
            """
              FROM crm_contract contract
              JOIN res_company company ON company.id = contract.company_id
              LEFT JOIN crm_contract renewal
                ON renewal.origin_id = contract.id
               AND renewal.kind = 'renewal'
               AND renewal.state != 'cancelled'
               AND renewal.date_signed IS NOT NULL
               AND (contract.state != 'ended' OR contract.end_reason = 'superseded')
               AND (renewal.date_ended >= renewal.date_start) IS NOT FALSE
              LEFT JOIN crm_contract_renewal_decision decision
                ON decision.id = contract.renewal_decision_id
              LEFT JOIN (SELECT contract_id, MIN(date) AS date
                           FROM crm_contract_rung_fired
                          WHERE outcome = 'fired'
                          GROUP BY contract_id) fired
                ON fired.contract_id = contract.id
             CROSS JOIN LATERAL (
                   SELECT contract.amount_arr_end > 0
                      AND renewal.amount_arr_start > 0 AS is_both) yearly
            """
        )

    @api.model
    def _where(self):
        """Return the condition (SQL): signed terms that have an end.

        What was ended before it began is no term, and no renewal.
        """
        return SQL(
            """
             WHERE contract.kind IN ('contract', 'renewal')
               AND contract.date_signed IS NOT NULL
               AND COALESCE(contract.date_ended, contract.date_end) IS NOT NULL
               AND (contract.date_ended >= contract.date_start) IS NOT FALSE
            """
        )
