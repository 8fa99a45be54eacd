from odoo import api, models

from ..contract.crm_contract_checklist import Missing


class CrmContractChecklist(models.AbstractModel):
    """Whoever signs with a customer again is told what is in dispute with him."""

    _inherit = "crm.contract.checklist"

    @api.model
    def _get_findings(self, contracts):
        findings = super()._get_findings(contracts)
        disputes = self.env["crm.contract.dispute"]._get_of_customers(contracts)
        for contract in contracts:
            rows = disputes.get((contract.commercial_partner_id, contract.company_id))
            if rows:
                message = self.env._(
                    "Disputes with %(customer)s are open: %(disputes)s.",
                    customer=contract.commercial_partner_id.display_name,
                    disputes=", ".join(rows.mapped("number")),
                )
                key = "disputes:" + ",".join(map(str, rows.ids))
                findings[contract].append(
                    Missing(
                        message, contract, refuses=False, kind="counterparty", key=key
                    )
                )
        return findings


class CrmContractDispute(models.Model):
    _inherit = "crm.contract.dispute"

    @api.model
    def _get_of_customers(self, contracts):
        """Return the open disputes with customers: `{(customer, company): disputes}`.

        Of all contracts with their commercial entities; in sudo.
        """
        # sudo: that there are some, told to whoever may read a contract with them
        rows = self.sudo().search(
            [
                ("contract_id.commercial_partner_id", "in",
                 contracts.sudo().commercial_partner_id.ids),
                ("company_id", "in", contracts.sudo().company_id.ids),
                ("is_open", "=", True),
            ],
            order="id",
        )  # fmt: skip
        return rows.grouped(
            lambda row: (row.contract_id.commercial_partner_id, row.company_id)
        )
