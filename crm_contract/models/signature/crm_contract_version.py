from odoo import models


class CrmContractVersion(models.Model):
    """What asks to sign a version ends when it is not offered any more."""

    _inherit = "crm.contract.version"

    def _withdraw(self):
        result = super()._withdraw()
        self.env["crm.contract.signature.request"]._void(
            self, self.env._("The contract was withdrawn.")
        )
        return result

    def _sign(self, date, date_effective):
        result = super()._sign(date, date_effective)
        # The request that signs it is done by now.
        self.env["crm.contract.signature.request"]._void(
            self, self.env._("The contract was signed otherwise.")
        )
        return result
