from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_contract_health import SUSPENDED, SUSPENDED_PARAMETER


class CrmContractHealth(models.AbstractModel):
    """Contracts and their versions: states that no path leads to, days that passed."""

    _inherit = "crm.contract.health"

    @api.model
    def _get_path_checks(self):
        contracts = "crm.contract"
        advice = self.env._(
            "Something changed the database around Odoo, or a program failed in between."
            " Report it; don't go on with the contract before."
        )
        return [
            self._check(
                "state_version",
                self.env._("Contracts whose state doesn't go with their version"),
                advice,
                contracts,
            ),
            self._check(
                "state_dates",
                self.env._("Contracts whose state doesn't go with their dates"),
                advice,
                contracts,
            ),
            self._check(
                "state_suspension",
                self.env._("Contracts whose state doesn't go with their suspensions"),
                advice,
                contracts,
            ),
        ]

    @api.model
    def _get_passed_checks(self):
        contracts, number = "crm.contract", self._get_suspended_days()
        return [
            self._check(
                "not_started",
                self.env._("Signed contracts that should have started"),
                self.env._(
                    "The daily job did not come to them. See below whether it runs, and "
                    "what it set aside."
                ),
                contracts,
            ),
            self._check(
                "past_end",
                self.env._("Contracts that run on after their last day"),
                self.env._(
                    "Renew or end them. If the daily job set them aside, the reason is "
                    "on the contract."
                ),
                contracts,
            ),
            self._check(
                "suspended_long",
                self.env._("Contracts suspended for more than %s days", number),
                self.env._("Resume them, or end them."),
                contracts,
            ),
        ]

    @api.model
    def _get_version_checks(self):
        return [
            self._check(
                "version_gaps",
                self.env._("Versions before which one is missing"),
                self.env._(
                    "A version was deleted around Odoo. Restore it from a backup: with "
                    "it goes the proof of what was submitted."
                ),
                "crm.contract.version",
            ),
            self._check(
                "number_gaps",
                self.env._("Contracts before whose number one is missing"),
                self.env._(
                    "A numbered contract was deleted around Odoo. Restore it from a "
                    "backup, or note for the auditor why the number is missing."
                ),
                "crm.contract",
            ),
        ]

    @api.model
    def _get_suspended_days(self):
        return self._get_number(SUSPENDED_PARAMETER, SUSPENDED)

    @api.model
    def _query_state_version(self):
        """A draft has no version, what waits one that was not withdrawn, others a signed
        one; and it is one of the contract itself.
        """
        return SQL(
            """
            SELECT c.id, c.company_id
            FROM crm_contract c
            LEFT JOIN crm_contract_version v ON v.id = c.version_id
            WHERE v.contract_id != c.id OR CASE c.state
                WHEN 'draft' THEN v.id IS NOT NULL
                WHEN 'review' THEN v.state IS DISTINCT FROM 'submitted'
                WHEN 'to_sign' THEN v.state IS DISTINCT FROM 'submitted'
                WHEN 'cancelled' THEN v.state IN ('submitted', 'signed')
                ELSE v.state IS DISTINCT FROM 'signed'
            END
            """
        )

    @api.model
    def _query_state_dates(self):
        return SQL(
            """
            SELECT c.id, c.company_id
            FROM crm_contract c
            WHERE (c.state = 'ended')
                    != (c.date_ended IS NOT NULL AND c.end_reason IS NOT NULL)
                OR c.state NOT IN ('draft', 'cancelled') AND (
                    c.number IS NULL OR c.date_submitted IS NULL
                )
                OR c.state IN ('draft', 'review', 'to_sign', 'cancelled')
                    != (c.date_signed IS NULL)
                OR c.state NOT IN %s
            """,
            tuple(self.env["crm.contract"]._fields["state"].get_values(self.env)),
        )

    @api.model
    def _query_state_suspension(self):
        return SQL(
            """
            SELECT c.id, c.company_id
            FROM crm_contract c
            WHERE (c.state = 'suspended') != EXISTS (
                SELECT FROM crm_contract_suspension p
                WHERE p.contract_id = c.id AND p.date_end IS NULL
            )
            """
        )

    @api.model
    def _query_not_started(self):
        domain = self.env["crm.contract"]._get_start_due_domain()
        return self._select(
            "crm.contract", domain & Domain("date_start", "<", self._get_day())
        )

    @api.model
    def _query_past_end(self):
        domain = self.env["crm.contract.schedule"]._get_expire_due_domain()
        return self._select(
            "crm.contract", domain & Domain("date_end", "<", self._get_day())
        )

    @api.model
    def _query_suspended_long(self):
        return SQL(
            """
            SELECT c.id, c.company_id
            FROM crm_contract c JOIN crm_contract_suspension p ON p.contract_id = c.id
            WHERE c.state = 'suspended' AND p.date_end IS NULL AND p.date_start < %s
            """,
            self._get_day(self._get_suspended_days()),
        )

    @api.model
    def _query_version_gaps(self):
        """Numbers of a contract's versions, and places of an agreement's signed ones."""
        return SQL(
            """
            SELECT id, company_id FROM (
                SELECT id, company_id, position,
                    number - lag(number, 1, 0) OVER (
                        PARTITION BY contract_id ORDER BY number
                    ) AS step,
                    position - lag(position, 1, 0) OVER (
                        PARTITION BY agreement_id, position > 0 ORDER BY position
                    ) AS place
                FROM crm_contract_version
            ) v
            WHERE step != 1 OR position > 0 AND place != 1
            """
        )

    @api.model
    def _query_number_gaps(self):
        return SQL(
            """
            SELECT id, company_id FROM (
                SELECT id, company_id, sequence_number - lag(
                    sequence_number, 1, 0
                ) OVER (
                    PARTITION BY company_id, sequence_prefix ORDER BY sequence_number
                ) AS step
                FROM crm_contract
                WHERE number IS NOT NULL
            ) c
            WHERE step > 1
            """
        )
