from odoo import api, models


class CrmContractInterface(models.AbstractModel):
    _inherit = "crm.contract.interface"

    @api.model
    def _sign(self, contract, *args):
        """Take signatures on paper of those alone who may sign for us."""
        with self.env.cr.savepoint():
            result = super()._sign(contract, *args)
            self.env["crm.contract.authority"]._prove_paper(contract)
        return result
