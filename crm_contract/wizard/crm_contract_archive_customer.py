from odoo import api, fields, models

from ..tools.records import one


class CrmContractArchiveCustomer(models.TransientModel):
    """Asks before customers are archived whose contracts are in force."""

    _name = "crm.contract.archive.customer"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Archive customers with contracts in force"

    partner_ids = fields.Many2many("res.partner", string="Customers", required=True)
    question = fields.Text(compute="_compute_question")

    @api.depends("partner_ids")
    def _compute_question(self):
        for wizard in self:
            contracts = wizard.partner_ids._get_contracts_in_force()
            wizard.question = self.env._(
                "%(number)s contracts with %(customers)s are in force. They go on and "
                "are billed; but nothing can be submitted any more for who is archived: "
                "no amendment, no renewal.",
                number=len(contracts),
                customers=", ".join(wizard.partner_ids.mapped("display_name")),
            )

    def action_confirm(self):
        """Archive the customers all the same."""
        one(self).partner_ids.write({"active": False})
        return {"type": "ir.actions.act_window_close"}
