from odoo import api, models


class CrmContractSignatureEvidence(models.AbstractModel):
    """Writes what happens to signature requests into the chains of their contracts."""

    _name = "crm.contract.signature.evidence"
    _description = "Evidence of signatures"

    @api.model
    def _add_many(self, rows):
        """Write events.

        :param rows: list of (request, kind, facts, who acted or None)
        """
        self.env["crm.contract.event"]._add_many(
            [
                (request.contract_id, kind, facts, request.version_id, actor)
                for request, kind, facts, actor in rows
            ]
        )
