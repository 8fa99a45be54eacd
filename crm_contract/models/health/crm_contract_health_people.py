from odoo import api, models
from odoo.tools import SQL


class CrmContractHealth(models.AbstractModel):
    """People: who was archived and still has something to do."""

    _inherit = "crm.contract.health"

    @api.model
    def _get_people_checks(self):
        return [
            self._check(
                "activities_archived",
                self.env._("Activities of people who are archived"),
                self.env._("Give them to somebody who is there."),
                "mail.activity",
            ),
            self._check(
                "salesperson_archived",
                self.env._("Contracts in force without a salesperson who is there"),
                self.env._("Choose another salesperson."),
                "crm.contract",
            ),
            self._check(
                "customer_archived",
                self.env._("Contracts in force whose customer is archived"),
                self.env._(
                    "Restore the customer, or end the contract: nobody gets its invoices."
                ),
                "crm.contract",
            ),
        ]

    @api.model
    def _query_activities_archived(self):
        return SQL(
            """
            SELECT a.id, c.company_id
            FROM mail_activity a
            JOIN res_users u ON u.id = a.user_id
            LEFT JOIN crm_contract c ON a.res_model = 'crm.contract' AND c.id = a.res_id
            WHERE a.active AND NOT u.active AND a.res_model LIKE %s
            """,
            "crm.contract%",
        )

    @api.model
    def _query_salesperson_archived(self):
        return SQL(
            """
            SELECT c.id, c.company_id
            FROM crm_contract c LEFT JOIN res_users u ON u.id = c.user_id
            WHERE %s AND u.active IS NOT TRUE
            """,
            self._get_in_force_sql(),
        )

    @api.model
    def _query_customer_archived(self):
        return SQL(
            """
            SELECT c.id, c.company_id
            FROM crm_contract c JOIN res_partner p ON p.id = c.partner_id
            WHERE %s AND NOT p.active
            """,
            self._get_in_force_sql(),
        )

    @api.model
    def _get_in_force_sql(self):
        return SQL(
            "c.state IN ('signed', 'running', 'suspended') AND %s",
            self._get_performing_sql(),
        )
