from odoo import api, models
from odoo.exceptions import UserError

from ...tools.records import some


class CrmContract(models.Model):
    _inherit = "crm.contract"

    def action_request_signatures(self):
        """Prepare signature requests for the contracts, and open them.

        What is prepared or sent already is opened as it is.

        :return: action (dict)
        """
        contracts = some(self)
        requests = self.env["crm.contract.signature.request"]
        found = requests.search(
            [("contract_id", "in", contracts.ids), ("state", "in", ("draft", "open"))]
        )
        found |= requests.create(
            [{"contract_id": row.id} for row in contracts - found.contract_id]
        )
        return found._get_records_action(name=self.env._("Signatures"))


class CrmContractInterface(models.AbstractModel):
    _inherit = "crm.contract.interface"

    @api.model
    def _sign(self, contract, content_hash, date, names, signed_copy, filename):
        """Refuse signatures on paper while others are asked for online."""
        self._read_one(contract).check_access("write")
        requests = self.env["crm.contract.signature.request"]
        if requests.search_count(
            [("contract_id", "=", contract.id), ("state", "=", "open")], limit=1
        ):
            raise UserError(
                self.env._(
                    "%s is being signed by a signature request. Withdraw the request "
                    "before you register signatures on paper.",
                    contract.display_name,
                )
            )
        return super()._sign(contract, content_hash, date, names, signed_copy, filename)
