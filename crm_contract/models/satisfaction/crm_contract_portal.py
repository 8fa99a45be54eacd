from datetime import timedelta

from odoo import api, models

from .crm_contract_survey import DAYS


class CrmContractPortal(models.AbstractModel):
    """Whoever is asked how content he is finds the question on the page as well."""

    _inherit = "crm.contract.portal"

    @api.model
    def _get_page(self, visit):
        return {**super()._get_page(visit), "survey_path": self._get_survey_path(visit)}

    @api.model
    def _get_survey_path(self, visit):
        """Return where the visitor answers what he was asked, empty without (str)."""
        if not visit.can_write or not visit.partner:
            return ""
        contract = visit.contract
        since = contract.company_id._get_today() - timedelta(days=DAYS)
        # sudo: the key of a question to the visitor himself
        rows = self.env["crm.contract.survey"].sudo()
        row = rows.search(
            [
                ("contract_id", "=", contract.id),
                ("person_id", "=", visit.partner.id),
                ("state", "=", "asked"),
                ("date_asked", ">=", since),
            ],
            limit=1,
        )
        return f"/contract/survey/{row.access_token}" if row else ""
