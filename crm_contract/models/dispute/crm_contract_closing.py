from odoo import api, models

from ..obligation.crm_contract_obligation import OPEN
from ..paper.crm_contract_closing import Point


class CrmContractClosing(models.AbstractModel):
    _inherit = "crm.contract.closing"

    @api.model
    def _get_points(self, contracts):
        points = super()._get_points(contracts)
        disputed = self._find(
            "crm.contract.dispute", contracts, [("is_open", "=", True)]
        )
        for contract, lines in points.items():
            label = self.env._("No dispute is open")
            lines.append(Point("disputes", label, contract not in disputed))
        return points


class CrmContractArchive(models.Model):
    """Originals are kept as long as something is argued about, or owed."""

    _inherit = "crm.contract.archive"

    def _get_obstacles(self):
        found = super()._get_obstacles()
        closing = self.env["crm.contract.closing"]
        # sudo: whether there is something open, whoever may read the file
        contracts = self._origin.sudo().contract_id
        disputed = closing._find(
            "crm.contract.dispute", contracts, [("is_open", "=", True)]
        )
        owing = closing._find(
            "crm.contract.obligation", contracts, [("state", "in", OPEN)]
        )
        for row in self._origin:
            contract = row.sudo().contract_id
            if contract in disputed:
                found[row].append(self.env._("A dispute is open."))
            if contract in owing:
                found[row].append(self.env._("Obligations are open."))
        return found
