from odoo import api, models
from odoo.fields import Domain

from odoo.addons.crm_contract.tools.in_force import PENDING
from odoo.addons.crm_contract.tools.version import write_version


class CrmContractVersion(models.Model):
    """Versions of a contract that is amended: what is agreed, and what is drafted on."""

    _inherit = "crm.contract.version"

    @api.model
    def _get_agreed_domain(self, contracts):
        """Return the domain of the signed versions that make up what is agreed."""
        return Domain([("agreement_id", "in", contracts.ids), ("state", "=", "signed")])

    @api.model
    def _get_agreed_so_far(self, contract, amendments):
        """Return what is agreed of a contract that amendments changed (list of `Agreed`).

        Others are known, because those that were signed after them build on them, but
        wait to take effect.
        """
        # sudo: versions of amendments that the user may not see
        contract = contract.sudo()
        begun = (contract | amendments.sudo()).version_id
        waiting = contract._get_pending_amendments().version_id - begun
        return [
            *begun._get_agreed(),
            *(text._replace(day=PENDING) for text in waiting._get_agreed()),
        ]

    @api.model
    def _get_last_signed(self, contract):
        """Return the version of a contract that was signed last, amendments included."""
        # sudo: versions of amendments that the user may not see
        domain = self._get_agreed_domain(contract)
        return self.sudo().search(domain, order="position desc", limit=1)

    @api.model
    def _keep_base(self, contract):
        """Return the version that holds the text an amendment starts from.

        It is made anew unless nothing changed since it was made last.
        """
        last = self._get_last_signed(contract)
        envelope = {
            "number": contract.number,
            "kind": contract.kind,
            "lang": contract._get_print_lang(),
            "content": self.env["crm.contract.amendment"]._get_amendable_content(
                contract
            ),
        }
        # sudo: versions are made by code alone
        versions = self.sudo()
        kept = versions.search(
            [
                ("contract_id", "=", contract.id),
                ("kind", "=", "base"),
                ("base_id", "=", last.id),
                ("content_hash", "=", write_version(envelope)[1]),
            ],
            limit=1,
        )
        return kept or versions._add(
            [
                {
                    "contract_id": contract.id,
                    "company_id": contract.company_id.id,
                    "agreement_id": contract.id,
                    "kind": "base",
                    "base_id": last.id,
                    "envelope": envelope,
                }
            ]
        )
