from odoo import api, models
from odoo.tools import SQL

# Days of delay after which an obligation that nobody closed is stuck.
STUCK = 90


class CrmContractHealth(models.AbstractModel):
    """Obligations that are late and nobody's, or that nobody seems to look at."""

    _inherit = "crm.contract.health"

    @api.model
    def _get_checks(self):
        return [*super()._get_checks(), *self._get_obligation_checks()]

    @api.model
    def _get_obligation_checks(self):
        return [
            self._check(
                "obligation_nobody",
                self.env._("Obligations that are late, and of nobody who is there"),
                self.env._("Choose who is responsible, or a team."),
                "crm.contract.obligation",
            ),
            self._check(
                "obligation_stuck",
                self.env._("Obligations that are late for more than %s days", STUCK),
                self.env._("Close them, waive them, or amend what is agreed."),
                "crm.contract.obligation",
            ),
        ]

    @api.model
    def _query_obligation_nobody(self):
        return SQL(
            """
            SELECT o.id, o.company_id
              FROM crm_contract_obligation o
              LEFT JOIN res_users u ON u.id = o.user_id
              LEFT JOIN crm_team t ON t.id = o.team_id
              LEFT JOIN res_users l ON l.id = t.user_id
             WHERE o.state = 'open' AND o.date_due < CURRENT_DATE
               AND u.active IS NOT TRUE AND l.active IS NOT TRUE
            """
        )

    @api.model
    def _query_obligation_stuck(self):
        return SQL(
            """
            SELECT id, company_id FROM crm_contract_obligation
             WHERE state IN ('waiting', 'open') AND date_due < CURRENT_DATE - %s
            """,
            STUCK,
        )
