from odoo import models


class CrmContractVersion(models.Model):
    """What becomes of the paper when a text is withdrawn or signed."""

    _inherit = "crm.contract.version"

    def _withdraw(self):
        super()._withdraw()
        self.env["crm.contract.sealing"]._void(self)

    def _sign(self, date, date_effective):
        super()._sign(date, date_effective)
        self.env["crm.contract.archive"]._open(self.contract_id)
