from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class CrmContractHealth(models.AbstractModel):
    """Change over time: reminders, amendments, renewals, ends, recurring revenue."""

    _inherit = "crm.contract.health"

    @api.model
    def _get_checks(self):
        return [
            *super()._get_checks(),
            *self._get_reminder_checks(),
            *self._get_late_checks(),
            *self._get_renewal_checks(),
        ]

    @api.model
    def _get_reminder_checks(self):
        contracts = "crm.contract"
        return [
            self._check(
                "reminders_nobody",
                self.env._("Contracts whose deadline nobody was reminded of"),
                self.env._(
                    "A reminder counts as sent, and nobody has it. Tell who is in charge"
                    " of the contract, and decide what follows the term."
                ),
                contracts,
            ),
            self._check(
                "reminders_late",
                self.env._("Contracts whose reminder was due and not sent"),
                self.env._(
                    "The job that reminds did not come to them. See whether it runs, and "
                    "what it set aside."
                ),
                contracts,
            ),
        ]

    @api.model
    def _get_late_checks(self):
        contracts = "crm.contract"
        advice = self.env._(
            "See on the contract what keeps it, and below whether the daily job runs."
        )
        return [
            self._check(
                "amendments_late",
                self.env._("Signed amendments past their day that are not in force"),
                advice,
                contracts,
            ),
            self._check(
                "terminations_late",
                self.env._(
                    "Contracts that go on after the day they were terminated to"
                ),
                advice,
                contracts,
            ),
            self._check(
                "renewals_late",
                self.env._("Renewals that have begun and not taken over"),
                advice,
                contracts,
            ),
            self._check(
                "automatic_late",
                self.env._("Contracts that should have renewed by themselves"),
                self.env._(
                    "Renew them before their last day, or they end. What kept the job "
                    "from it is on the contract."
                ),
                contracts,
            ),
        ]

    @api.model
    def _get_renewal_checks(self):
        contracts = "crm.contract"
        return [
            self._check(
                "renewal_days",
                self.env._("Renewals that don't begin the day after their predecessor"),
                self.env._(
                    "Days are billed twice, or by nobody. If that is not what was agreed,"
                    " amend one of the two."
                ),
                contracts,
            ),
            self._check(
                "mrr_log",
                self.env._("Contracts whose recurring revenue is not that of the log"),
                self.env._(
                    "MRR, churn and uplift of the reports are wrong with it. Report it."
                ),
                contracts,
            ),
        ]

    @api.model
    def _get_performing_sql(self):
        return SQL("%s AND c.kind != 'amendment'", super()._get_performing_sql())

    @api.model
    def _get_early_end_sql(self):
        return SQL("COALESCE(%s, c.date_termination)", super()._get_early_end_sql())

    @api.model
    def _select_late(self, domain, name):
        """Return the query of contracts that a job had to do by the day before.

        :param domain: what the job has to do today
        :param name: field with the day from which it has to
        """
        day = self._get_day(1)
        return self._select("crm.contract", domain & Domain(name, "<", day))

    @api.model
    def _query_amendments_late(self):
        return self._select_late(
            self.env["crm.contract.incorporation"]._get_due_domain(),
            "date_effective",
        )

    @api.model
    def _query_terminations_late(self):
        return self._select_late(
            self.env["crm.contract.termination"]._get_due_domain(),
            "date_termination",
        )

    @api.model
    def _query_renewals_late(self):
        return self._select_late(
            self.env["crm.contract.renewal"]._get_supersede_domain(),
            "date_start",
        )

    @api.model
    def _query_automatic_late(self):
        return self._select_late(
            self.env["crm.contract.renewal.automatic"]._get_due_domain(), "date_notice"
        )

    @api.model
    def _query_reminders_nobody(self):
        """What was sent to the customer alone reached somebody, too."""
        query = self.env["crm.contract"]._search(
            self.env["crm.contract"]._get_deadline_domain()
        )
        return SQL(
            """
            SELECT DISTINCT c.id, c.company_id
            FROM crm_contract_rung_fired f
            JOIN crm_contract c ON c.id = f.contract_id AND c.date_deadline = f.term
            JOIN crm_contract_rung g ON g.id = f.rung_id
            WHERE f.outcome = 'fired' AND g.recipient != 'customer' AND c.id IN %s
                AND NOT EXISTS (
                    SELECT FROM crm_contract_rung_fired_mail_activity_rel x
                    WHERE x.crm_contract_rung_fired_id = f.id
                )
            """,
            query.subselect(),
        )

    @api.model
    def _query_reminders_late(self):
        domain = self.env["crm.contract"]._get_deadline_domain()
        return self._select_late(domain, "date_next_rung")

    @api.model
    def _query_renewal_days(self):
        return SQL(
            """
            SELECT c.id, c.company_id
            FROM crm_contract c JOIN crm_contract o ON o.id = c.origin_id
            WHERE c.kind = 'renewal' AND c.state IN ('signed', 'running', 'suspended')
                AND c.date_start
                    != COALESCE(o.date_ended, o.date_termination, o.date_end) + 1
            """
        )

    @api.model
    def _query_mrr_log(self):
        """By family: what recurs moves from a contract to its renewal.

        Found are the contracts that run. What changes today is logged by a job to come.
        """
        return SQL(
            """
            WITH family AS (
                SELECT COALESCE(c.root_id, c.id) AS root_id, k.currency_id,
                    sum(c.amount_mrr / COALESCE(NULLIF(c.currency_rate, 0), 1))
                        FILTER (WHERE c.state IN ('running', 'suspended')) AS level,
                    array_agg(c.id) FILTER (WHERE c.state IN ('running', 'suspended'))
                        AS running
                FROM crm_contract c JOIN res_company k ON k.id = c.company_id
                WHERE c.kind != 'amendment'
                GROUP BY COALESCE(c.root_id, c.id), k.currency_id
                HAVING bool_and(c.date_mrr_logged IS NOT NULL)
                    FILTER (WHERE c.state IN ('running', 'suspended'))
                    AND COALESCE(min(c.date_mrr_change) > %(today)s, true)
            ), log AS (
                SELECT root_id, sum(amount_mrr) AS level
                FROM crm_contract_mrr_movement WHERE date <= %(today)s
                GROUP BY root_id
            )
            SELECT c.id, c.company_id
            FROM family f
            JOIN res_currency u ON u.id = f.currency_id
            LEFT JOIN log ON log.root_id = f.root_id
            JOIN crm_contract c ON c.id = ANY(f.running)
            WHERE abs(f.level - COALESCE(log.level, 0))
                > u.rounding * (1 + cardinality(f.running))
            """,
            today=fields.Date.context_today(self),
        )
