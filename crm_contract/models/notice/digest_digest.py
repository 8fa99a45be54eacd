from odoo import fields, models
from odoo.exceptions import AccessError


class DigestDigest(models.Model):
    """What happened to contracts, in the mail that Odoo sends each day, week or month.

    Figures are those of the contracts that its reader may see.
    """

    _inherit = "digest.digest"

    kpi_contract_signed = fields.Boolean("Contracts signed")
    kpi_contract_signed_value = fields.Integer(
        compute="_compute_kpi_contract_signed_value"
    )
    kpi_contract_amount = fields.Boolean("Value of signed contracts")
    kpi_contract_amount_value = fields.Monetary(
        compute="_compute_kpi_contract_amount_value"
    )
    kpi_contract_ended = fields.Boolean("Contracts ended")
    kpi_contract_ended_value = fields.Integer(
        compute="_compute_kpi_contract_ended_value"
    )
    kpi_contract_overdue = fields.Boolean("Contract payments that became overdue")
    kpi_contract_overdue_value = fields.Monetary(
        compute="_compute_kpi_contract_overdue_value"
    )

    def _compute_kpi_contract_signed_value(self):
        self._check_contract_kpi()
        self._calculate_company_based_kpi(
            "crm.contract.report", "kpi_contract_signed_value", date_field="date_signed"
        )

    def _compute_kpi_contract_amount_value(self):
        self._check_contract_kpi()
        self._calculate_company_based_kpi(
            "crm.contract.report",
            "kpi_contract_amount_value",
            date_field="date_signed",
            sum_field="amount_signed",
        )

    def _compute_kpi_contract_ended_value(self):
        self._check_contract_kpi()
        self._calculate_company_based_kpi(
            "crm.contract.report",
            "kpi_contract_ended_value",
            date_field="date_end",
            additional_domain=[
                ("state", "=", "ended"),
                ("end_reason", "!=", "superseded"),
            ],
        )

    def _compute_kpi_contract_overdue_value(self):
        self._check_contract_kpi()
        self._calculate_company_based_kpi(
            "crm.contract.ageing",
            "kpi_contract_overdue_value",
            date_field="date_payment",
            additional_domain=[("days_overdue", ">", 0)],
            sum_field="amount_company",
        )

    def _check_contract_kpi(self):
        """Keep figures of contracts from who may not read contracts (Odoo skips them)."""
        if not self.env["crm.contract.report"].has_access("read"):
            raise AccessError(
                self.env._("Figures of contracts are for those who may read contracts.")
            )

    def _compute_kpis_actions(self, company, user):
        """Return where each figure leads to: `{field: action}`, with ours."""
        actions = super()._compute_kpis_actions(company, user)
        menu = f"?menu_id={self.env.ref('crm_contract.crm_contract_menu_root').id}"
        for name in ("signed", "amount", "ended"):
            actions[f"kpi_contract_{name}"] = (
                f"crm_contract.crm_contract_report_action{menu}"
            )
        actions["kpi_contract_overdue"] = (
            f"crm_contract.crm_contract_ageing_action{menu}"
        )
        return actions
