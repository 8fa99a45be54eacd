from odoo import fields, models


class DigestDigest(models.Model):
    _inherit = "digest.digest"

    kpi_contract_decided = fields.Boolean("Decisions on contracts")
    kpi_contract_decided_value = fields.Integer(
        compute="_compute_kpi_contract_decided_value"
    )

    def _compute_kpi_contract_decided_value(self):
        self._check_contract_kpi()
        self._calculate_company_based_kpi(
            "crm.contract.approval.report",
            "kpi_contract_decided_value",
            date_field="date",
            additional_domain=[("row_type", "=", "decision")],
        )

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("crm_contract.crm_contract_menu_root").id
        actions["kpi_contract_decided"] = (
            f"crm_contract_approval.crm_contract_approval_report_action?menu_id={menu}"
        )
        return actions
