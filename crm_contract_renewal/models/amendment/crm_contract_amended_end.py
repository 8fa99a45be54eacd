from odoo import api, fields, models


class CrmContractAmendmentCheck(models.AbstractModel):
    """An amendment that moves the end of a term looks at its renewal."""

    _inherit = "crm.contract.amendment.check"

    @api.model
    def _get_wrong_date(self, amendment, contract):
        problems = super()._get_wrong_date(amendment, contract)
        if amendment.date_end == contract._get_present_version().date_end:
            return problems
        refusal = self.env["crm.contract.linked"]._get_refusal(
            contract, amendment.date_end
        )
        return [*problems, refusal] if refusal else problems


class CrmContractIncorporation(models.AbstractModel):
    _inherit = "crm.contract.incorporation"

    @api.model
    def _follow_signature(self, amendments):
        """Let the drafts of renewals move along with the end of their predecessors."""
        super()._follow_signature(amendments)
        for amendment in amendments:
            # sudo: the text that it was drafted on
            base = amendment.sudo().base_version_id._get_content()["fields"]
            end = fields.Date.to_string(amendment.date_end) or None
            if end != base.get("date_end"):
                self.env["crm.contract.linked"]._follow(amendment.origin_id)
