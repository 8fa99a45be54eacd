from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class CrmContractHealth(models.AbstractModel):
    """The ledger by itself: what is due, covered twice, left out, missing."""

    _inherit = "crm.contract.health"

    @api.model
    def _get_due_checks(self):
        rows, days = "crm.contract.installment", self._get_days()
        return [
            self._check(
                "due_not_billed",
                self.env._("Rows that are due and not billed for %s days", days),
                self.env._(
                    "Look at the contract for what the billing run says, and bill the "
                    "rows under Billing → To invoice."
                ),
                rows,
            ),
            self._check(
                "fall_due",
                self.env._("Rows that should have fallen due"),
                self.env._(
                    "The daily job did not come to them. See below whether it runs, and "
                    "what it set aside."
                ),
                rows,
            ),
            self._check(
                "after_end",
                self.env._("Rows still to be billed for days after the end"),
                self.env._(
                    "The daily job takes them out of the ledger; see below whether it "
                    "runs, and what it set aside."
                ),
                rows,
            ),
        ]

    @api.model
    def _get_period_checks(self):
        rows = "crm.contract.installment"
        return [
            self._check(
                "days_twice",
                self.env._("Periods whose days another row covers already"),
                self.env._(
                    "Credit what was billed twice. If nothing is billed yet, suspend and"
                    " resume the contract: its ledger is made anew."
                ),
                rows,
            ),
            self._check(
                "days_left_out",
                self.env._("Periods after which days are left out"),
                self.env._(
                    "The days between this period and the next one are billed by nothing"
                    ". Bill them by an amendment with a one-off line, or waive them."
                ),
                rows,
            ),
            self._check(
                "rows_foreign",
                self.env._("Rows of the ledger whose line is of another contract"),
                self.env._("The row bills the wrong customer. Report it."),
                rows,
            ),
        ]

    @api.model
    def _get_missing_checks(self):
        return [
            self._check(
                "horizon",
                self.env._("Contracts whose ledger ends too early"),
                self.env._(
                    "The daily job did not add the coming periods. See below whether it "
                    "runs, and what it set aside."
                ),
                "crm.contract",
            ),
            self._check(
                "periods_missing",
                self.env._("Recurring lines without rows up to where the ledger goes"),
                self.env._(
                    "Periods are missing and would never be billed. Suspend and resume "
                    "the contract: its ledger is made anew."
                ),
                "crm.contract.line",
            ),
            self._check(
                "plan_sum",
                self.env._("Payment plans that don't add up to the one-off value"),
                self.env._(
                    "Something is billed too much, or never. Amend the plan of the "
                    "contract."
                ),
                "crm.contract",
            ),
        ]

    @api.model
    def _get_day(self, days=1):
        """Return the day that lies so many days back."""
        return fields.Date.add(fields.Date.context_today(self), days=-days)

    @api.model
    def _query_due_not_billed(self):
        domain = self.env["crm.contract.billing"]._get_bill_domain(
            self._get_day(self._get_days() + 1)
        )
        return self._select("crm.contract.installment", domain)

    @api.model
    def _query_fall_due(self):
        rows = self.env["crm.contract.installment"]
        domain = rows._get_fall_due_domain() & Domain("date_due", "<", self._get_day())
        return self._select("crm.contract.installment", domain)

    @api.model
    def _query_after_end(self):
        rows = self.env["crm.contract.installment"]
        domain = rows._get_overrun_domain() & Domain("period_end", "<", self._get_day())
        ended = Domain("contract_id.date_ended", "<", self._get_day())
        return self._select(
            "crm.contract.installment", rows._get_overrun_domain() & ended | domain
        )

    @api.model
    def _query_plan_sum(self):
        return SQL(
            """
            SELECT c.id, c.company_id
            FROM crm_contract c
            JOIN res_currency u ON u.id = c.currency_id
            JOIN (
                SELECT contract_id, sum(amount) AS amount
                FROM crm_contract_installment
                WHERE trigger NOT IN %s AND state != 'cancelled'
                GROUP BY contract_id
            ) plan ON plan.contract_id = c.id
            WHERE c.state IN ('to_sign', 'signed', 'running', 'suspended')
                AND abs(plan.amount - COALESCE(c.amount_one_off, 0)) > u.rounding / 2
            """,
            self._get_ledger_triggers(),
        )

    @api.model
    def _get_ledger_triggers(self):
        """Return the triggers of rows that are not part of the plan (tuple)."""
        field = self.env["crm.contract.installment"]._fields["trigger"]
        plan = ("date", "signature", "milestone")
        return tuple(set(field.get_values(self.env)).difference(plan)) or ("",)

    @api.model
    def _query_days_twice(self):
        """PostgreSQL keeps days from it, unless its constraint could not be added."""
        return SQL(
            """
            SELECT id, company_id FROM (
                SELECT id, company_id, period_start, max(period_end) OVER (
                    PARTITION BY chain ORDER BY period_start, id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ) AS covered
                FROM crm_contract_installment
                WHERE trigger = 'period' AND state != 'cancelled'
            ) r
            WHERE period_start <= covered AND NOT EXISTS (
                SELECT FROM pg_constraint
                WHERE conname = 'crm_contract_installment_days_once' AND convalidated
            )
            """
        )

    @api.model
    def _query_days_left_out(self):
        """Days that were suspended are left out rightly, unless they are billed.

        Rows are put in order only of chains whose days are not as many as they span.
        """
        return SQL(
            """
            SELECT r.id, r.company_id FROM (
                SELECT id, company_id, contract_id, line_id, period_end, lead(
                    period_start
                ) OVER (PARTITION BY chain ORDER BY period_start) AS following
                FROM crm_contract_installment
                WHERE trigger = 'period' AND chain IN (
                    SELECT chain FROM crm_contract_installment
                    WHERE trigger = 'period'
                    GROUP BY chain
                    HAVING sum(period_end - period_start + 1)
                        != max(period_end) - min(period_start) + 1
                        OR bool_or(state = 'cancelled')
                )
            ) r
            JOIN crm_contract c ON c.id = r.contract_id
            JOIN crm_contract_type t ON t.id = c.type_id
            JOIN crm_contract_line l ON l.id = r.line_id
            WHERE r.following > r.period_end + 1
                AND l.price_subtotal != 0
                AND NOT EXISTS (
                    SELECT FROM crm_contract_line_step s
                    WHERE s.line_id = r.line_id AND s.price_unit = 0
                )
                AND r.following - r.period_end - 1 > (
                    SELECT COALESCE(sum(
                        LEAST(p.date_end, r.following - 1)
                        - GREATEST(p.date_start, r.period_end + 1) + 1
                    ), 0)
                    FROM crm_contract_suspension p
                    WHERE p.contract_id = r.contract_id
                        AND NOT COALESCE(t.bill_suspended, false)
                        AND p.date_start < r.following
                        AND (p.date_end IS NULL OR p.date_end > r.period_end)
                )
            """
        )

    @api.model
    def _query_horizon(self):
        """The job extends a ledger a month ahead of time, and had a day for it."""
        return SQL(
            """
            SELECT c.id, c.company_id
            FROM crm_contract c JOIN res_company k ON k.id = c.company_id
            WHERE c.state IN ('signed', 'running') AND k.active
                AND c.date_ledger < %s + make_interval(months => k.contract_horizon - 1)
            """,
            self._get_day(),
        )

    @api.model
    def _query_periods_missing(self):
        """The last row of a line reaches as far as the ledger, or as the line."""
        return SQL(
            """
            SELECT l.id, l.company_id
            FROM crm_contract c
            JOIN crm_contract_line l ON l.contract_id = c.id
            LEFT JOIN LATERAL (
                SELECT max(period_end) AS period_end FROM crm_contract_installment r
                WHERE r.line_id = l.id AND trigger = 'period'
            ) r ON true
            WHERE c.state IN ('signed', 'running') AND %(performs)s
                AND l.is_recurring AND l.price_subtotal != 0
                AND c.date_ledger IS NOT NULL
                AND COALESCE(
                    r.period_end, l.billed_until,
                    GREATEST(l.date_start, c.date_start, l.valid_from) - 1
                ) < LEAST(
                    c.date_ledger, l.date_end, l.valid_until, c.date_end, %(end)s
                )
                AND (r.period_end IS NOT NULL OR COALESCE(l.free_periods, 0) = 0)
                AND NOT EXISTS (
                    SELECT FROM crm_contract_line_step s
                    WHERE s.line_id = l.id AND s.price_unit = 0
                )
            """,
            performs=self._get_performing_sql(),
            end=self._get_early_end_sql(),
        )

    @api.model
    def _get_performing_sql(self):
        """Return the condition (SQL over `c`, crm_contract) that a contract performs.

        Extended by satellites, as `_get_performing_domain` of contracts.
        """
        return SQL("true")

    @api.model
    def _get_early_end_sql(self):
        """Return the early end of `c` (SQL of a date, null without one).

        Extended by satellites, as `_get_early_end` of contracts.
        """
        return SQL("c.date_ended")

    @api.model
    def _query_rows_foreign(self):
        return SQL(
            """
            SELECT r.id, r.company_id
            FROM crm_contract_installment r
            JOIN crm_contract_line l ON l.id = r.line_id
            JOIN crm_contract c ON c.id = r.contract_id
            WHERE l.contract_id != r.contract_id OR c.company_id != r.company_id
            """
        )
