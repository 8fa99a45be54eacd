from odoo import api, models
from odoo.fields import Domain

from .crm_contract_health_scan import Scan


class CrmContractHealth(models.AbstractModel):
    """What was known on a submission is still what the chain has the hash of."""

    _inherit = "crm.contract.health"

    @api.model
    def _get_scans(self):
        return [
            *super()._get_scans(),
            Scan(
                "finding_hash",
                self.env._("Submissions whose findings were changed"),
                self.env._(
                    "The chain of events has another hash of them. Restore the findings "
                    "from a backup, and find out who has access to the database."
                ),
                "crm.contract.version",
                self._get_told_domain,
                self._judge_findings,
            ),
        ]

    @api.model
    def _get_told_domain(self):
        """Return the domain of versions with findings, or an event that there were."""
        told = self.env["crm.contract.event"]._search([("kind", "=", "found")])
        kept = self.env["crm.contract.finding"]._search([])
        return Domain("id", "in", told.select("version_id")) | Domain(
            "id", "in", kept.select("version_id")
        )

    @api.model
    def _judge_findings(self, version):
        """Return what is wrong with the findings of a version (str)."""
        events = self.env["crm.contract.event"].search(
            [
                ("contract_id", "=", version.contract_id.id),
                ("version_id", "=", version.id),
                ("kind", "=", "found"),
            ]
        )
        rows = self.env["crm.contract.finding"]._get_rows(version)
        hashes = {event._get_facts().get("hash") for event in events}
        if rows._hash() not in hashes:
            return self.env._("They are not what the chain of events says.")
        return ""
