from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.records import one


class CrmContractSignedCopy(models.TransientModel):
    """Adds the paper that both sides signed, where it came after the signature."""

    _name = "crm.contract.signed.copy"
    _inherit = "crm.contract.dialog.mixin"
    _description = "Add the signed copy"

    contract_id = fields.Many2one(
        "crm.contract", required=True, readonly=True, ondelete="cascade"
    )
    file = fields.Binary(string="Signed copy", attachment=True)
    filename = fields.Char()

    def action_add(self):
        """Store the file with the contract, for good; it can't be changed after.

        :raise UserError: unless the contract is signed and has no signed copy yet
        """
        one(self)
        # Another one may add a copy at this moment.
        self.contract_id.check_access("write")
        self.contract_id._serialise()
        self._check_contract()
        interface = self.env["crm.contract.interface"]
        content = interface._read_file("file", self.file)
        if not content:
            raise UserError(self.env._("Choose the file of the signed copy."))
        name = interface._read_text("filename", self.filename)
        name = name or self.env._("Signed copy")
        documents = self.env["crm.contract.document"]
        documents._store(self.contract_id, "signed", name, content)
        self.contract_id.message_post(
            body=self.env._("The signed copy was added: %s", name)
        )
        interface._register_signed_copy(self.contract_id)
        return {"type": "ir.actions.act_window_close"}

    @api.model
    def _get_signed_domain(self, contract):
        return [("contract_id", "=", contract.id), ("kind", "=", "signed")]

    def _check_contract(self):
        contract = self.contract_id
        if not contract.date_signed or contract.state == "cancelled":
            raise UserError(self.env._("%s is not signed yet.", contract.display_name))
        documents = self.env["crm.contract.document"]
        if documents.search_count(self._get_signed_domain(contract), limit=1):
            raise UserError(
                self.env._("%s has its signed copy already.", contract.display_name)
            )
