from odoo import fields, models
from odoo.exceptions import UserError

from ..models.paper.crm_contract_scan import SIDES
from ..tools.records import one


class CrmContractScanUpload(models.TransientModel):
    """Adds the scan of a paper that one side, or both, signed."""

    _name = "crm.contract.scan.upload"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Add a scan"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="cascade"
    )
    side = fields.Selection(
        SIDES, string="Signed by", required=True, default="customer"
    )
    file = fields.Binary(string="Scan", attachment=True)
    filename = fields.Char()

    def action_add(self):
        """Store the scan with the contract, for good, and tell where it differs."""
        one(self)
        interface = self.env["crm.contract.interface"]
        data = interface._read_file("file", self.file)
        if not data:
            raise UserError(self.env._("Choose the file of the scan."))
        name = interface._read_text("filename", self.filename) or self.env._("Scan")
        scan = self.env["crm.contract.scan"]._add(
            self.contract_id, self.side, name, data
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Scan"),
            "res_model": scan._name,
            "res_id": scan.id,
            "views": [(False, "form")],
            "target": "new",
        }
