from odoo import api, fields, models


class CrmContractRenew(models.TransientModel):
    """Renew contracts: what sales makes of the renewals."""

    _inherit = "crm.contract.renew"

    make_opportunity = fields.Boolean(
        string="Opportunity", help="With the value of the renewal as expected revenue."
    )
    make_quotation = fields.Boolean(
        string="Quotation",
        help="A draft order with the lines of the renewal. The renewal bills them, "
        "whether the order is confirmed or not.",
    )
    can_quote = fields.Boolean(compute="_compute_can_quote")

    @api.depends_context("uid")
    def _compute_can_quote(self):
        self.can_quote = self.env["sale.order"].has_access("create")

    @api.depends("make_quotation")
    def _compute_line_ids(self):
        return super()._compute_line_ids()

    def _get_refusal(self, contract):
        refusal = super()._get_refusal(contract)
        if not refusal and self.make_quotation:
            return contract._get_quotation_refusal()
        return refusal

    def _offer(self, successors):
        super()._offer(successors)
        if self.make_opportunity:
            successors._make_opportunities()
        if self.make_quotation:
            successors._make_quotations()
