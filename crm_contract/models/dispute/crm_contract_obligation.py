from odoo import fields, models
from odoo.exceptions import UserError


class CrmContractObligation(models.Model):
    """What is in dispute is not waived beside it."""

    _inherit = "crm.contract.obligation"

    dispute_ids = fields.Many2many(
        "crm.contract.dispute",
        "crm_contract_dispute_obligation_rel",
        "obligation_id",
        "dispute_id",
        string="Disputes",
        readonly=True,
        copy=False,
        owned=True,
    )

    def _check_can_waive(self):
        super()._check_can_waive()
        # sudo: that there is one, whoever waives
        disputes = self.sudo().dispute_ids.filtered("is_open")
        if disputes:
            raise UserError(
                self.env._(
                    "%s is about it: settle or withdraw the dispute first.",
                    ", ".join(disputes.mapped("display_name")),
                )
            )
