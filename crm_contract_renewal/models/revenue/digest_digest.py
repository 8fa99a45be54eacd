from odoo import fields, models


class DigestDigest(models.Model):
    _inherit = "digest.digest"

    kpi_contract_mrr = fields.Boolean("Change of recurring revenue (MRR)")
    kpi_contract_mrr_value = fields.Monetary(compute="_compute_kpi_contract_mrr_value")

    def _compute_kpi_contract_mrr_value(self):
        self._check_contract_kpi()
        self._calculate_company_based_kpi(
            "crm.contract.mrr.movement",
            "kpi_contract_mrr_value",
            date_field="date",
            sum_field="amount_mrr",
        )

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("crm_contract.crm_contract_menu_root").id
        actions["kpi_contract_mrr"] = (
            f"crm_contract_renewal.crm_contract_mrr_movement_action?menu_id={menu}"
        )
        return actions
