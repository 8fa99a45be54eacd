from odoo import api, fields, models
from odoo.tools import SQL


class CrmContractHealth(models.AbstractModel):
    """Jobs, and what has to be set up before contracts can be billed."""

    _inherit = "crm.contract.health"

    @api.model
    def _get_job_checks(self):
        return [
            self._check(
                "jobs_failed",
                self.env._("What the jobs set aside"),
                self.env._(
                    "Each has its reason. Mend that, and try again; the job tries each "
                    "day."
                ),
                "crm.contract.job.failure",
            ),
            self._check(
                "jobs_late",
                self.env._("Jobs that did not run"),
                self.env._(
                    "Settings → Technical → Scheduled actions: activate the job, and see "
                    "in the server's log why it fails or that no worker runs jobs."
                ),
                "ir.cron",
            ),
        ]

    @api.model
    def _get_setup_checks(self):
        return [
            self._check(
                "currency_rates",
                self.env._("Contracts in force in a currency without a rate"),
                self.env._(
                    "Enter the rate under Accounting → Currencies: without one, amounts "
                    "would count 1 : 1."
                ),
                "crm.contract",
            ),
            self._check(
                "companies_without_journal",
                self.env._("Contracts in force whose company has no sales journal"),
                self.env._("Create a sales journal, or nothing can be invoiced."),
                "crm.contract",
            ),
            self._check(
                "sequences",
                self.env._("Contracts whose number the next one would repeat or skip"),
                self.env._(
                    "The parts of the number that the next one is counted from are not "
                    "those of the number. Report it before the next submission."
                ),
                "crm.contract",
            ),
        ]

    @api.model
    def _query_jobs_failed(self):
        return self._select("crm.contract.job.failure", [])

    @api.model
    def _query_jobs_late(self):
        """A job that is off, that failed the last time, or that waits for a day."""
        return SQL(
            """
            SELECT j.id, NULL::integer AS company_id
            FROM ir_cron j
            JOIN ir_act_server s ON s.id = j.ir_actions_server_id
            JOIN ir_model m ON m.id = s.model_id
            WHERE m.model LIKE %s
                AND (NOT j.active OR j.failure_count > 0 OR j.nextcall < %s)
            """,
            "crm.contract%",
            fields.Datetime.subtract(fields.Datetime.now(), days=1),
        )

    @api.model
    def _query_currency_rates(self):
        return SQL(
            """
            SELECT c.id, c.company_id
            FROM crm_contract c JOIN res_company k ON k.id = c.company_id
            WHERE %s AND c.currency_id != k.currency_id AND NOT EXISTS (
                SELECT FROM res_currency_rate x
                WHERE x.currency_id = c.currency_id
                    AND (x.company_id IS NULL OR x.company_id = split_part(
                        k.parent_path, '/', 1
                    )::integer)
            )
            """,
            self._get_in_force_sql(),
        )

    @api.model
    def _query_companies_without_journal(self):
        return SQL(
            """
            SELECT c.id, c.company_id
            FROM crm_contract c JOIN res_company k ON k.id = c.company_id
            WHERE %s AND NOT EXISTS (
                SELECT FROM account_journal j
                WHERE j.type = 'sale' AND j.active AND j.company_id = ANY (
                    string_to_array(trim(k.parent_path, '/'), '/')::integer[]
                )
            )
            """,
            self._get_in_force_sql(),
        )

    @api.model
    def _query_sequences(self):
        return SQL(
            """
            SELECT c.id, c.company_id
            FROM crm_contract c
            WHERE c.number IS NOT NULL AND (
                c.sequence_prefix IS NULL OR c.sequence_number IS NULL
                OR left(c.number, length(c.sequence_prefix)) != c.sequence_prefix
                OR substring(
                    substr(c.number, length(c.sequence_prefix) + 1) FROM '^[0-9]+'
                )::numeric IS DISTINCT FROM c.sequence_number
            )
            """
        )
