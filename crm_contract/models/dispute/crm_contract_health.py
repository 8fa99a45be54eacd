from odoo import api, models
from odoo.tools import SQL


class CrmContractHealth(models.AbstractModel):
    """Disputes that nobody sees to, or whose claim is barred."""

    _inherit = "crm.contract.health"

    @api.model
    def _get_checks(self):
        return [*super()._get_checks(), *self._get_dispute_checks()]

    @api.model
    def _get_dispute_checks(self):
        return [
            self._check(
                "dispute_nobody",
                self.env._("Open disputes of nobody who is there"),
                self.env._("Choose who is responsible."),
                "crm.contract.dispute",
            ),
            self._check(
                "dispute_barred",
                self.env._("Open disputes whose claim is barred"),
                self.env._("Withdraw or settle them; no court will hear the claim."),
                "crm.contract.dispute",
            ),
            self._check(
                "dispute_marks",
                self.env._("Rows of the ledger whose mark of a dispute is wrong"),
                self.env._("Open the dispute and save its rows again."),
                "crm.contract.installment",
            ),
        ]

    @api.model
    def _query_dispute_nobody(self):
        return SQL(
            """
            SELECT d.id, d.company_id
              FROM crm_contract_dispute d LEFT JOIN res_users u ON u.id = d.user_id
             WHERE d.is_open AND u.active IS NOT TRUE
            """
        )

    @api.model
    def _query_dispute_barred(self):
        return SQL(
            """
            SELECT id, company_id FROM crm_contract_dispute
             WHERE is_open AND date_limitation < CURRENT_DATE
            """
        )

    @api.model
    def _query_dispute_marks(self):
        """Return rows that an open dispute names unmarked, or none at all marked."""
        return SQL(
            """
            SELECT r.id, r.company_id
              FROM crm_contract_dispute d
              JOIN crm_contract_dispute_installment_rel l ON l.dispute_id = d.id
              JOIN crm_contract_installment r ON r.id = l.installment_id
             WHERE d.is_open AND r.is_disputed IS NOT TRUE
         UNION
            SELECT r.id, r.company_id
              FROM crm_contract_installment r
             WHERE r.is_disputed AND NOT EXISTS (
                   SELECT 1 FROM crm_contract_dispute_installment_rel l
                    WHERE l.installment_id = r.id)
            """
        )
