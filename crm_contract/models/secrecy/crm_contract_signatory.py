from odoo import api, models

from ...tools.secret import Secret
from .secret_fields import SecretChar, find_by


class CrmContractSignatory(models.Model):
    _name = "crm.contract.signatory"
    _inherit = ["crm.contract.signatory", "crm.contract.secret.mixin"]

    id_number = SecretChar(string="ID number", copy=False)
    private_phone = SecretChar(string="Private phone", copy=False)

    _id_number_idx = models.Index(find_by("id_number"))
    _private_phone_idx = models.Index(find_by("private_phone"))

    @api.model
    def _get_new_secret_company(self, vals):
        requests = self.env["crm.contract.signature.request"]
        # sudo: whose request it is
        return requests.sudo().browse(vals.get("request_id")).company_id.id or 0

    def _get_secret_company(self):
        return self.request_id.company_id.id or 0

    def _get_secret_companies(self):
        # sudo: whose request it is
        return {row.id: row._get_secret_company() for row in self.sudo()}

    def _prepare_again(self):
        # Into another request: protected there anew
        vals = super()._prepare_again()
        for name in ("id_number", "private_phone"):
            text = self._get_secret(name)
            vals[name] = Secret(text) if text else False
        return vals
