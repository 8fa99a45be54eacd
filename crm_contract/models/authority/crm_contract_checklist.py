from odoo import api, models

from ..contract.crm_contract_checklist import Missing


class CrmContractChecklist(models.AbstractModel):
    """Whether somebody may sign for us what is drafted."""

    _inherit = "crm.contract.checklist"

    @api.model
    def _get_findings(self, contracts):
        findings = super()._get_findings(contracts)
        authorities = self.env["crm.contract.authority"]
        guarded = authorities._filter_guarded(contracts)
        register = authorities._get_register(guarded.company_id)
        for contract in guarded:
            rows = register[contract.company_id]
            findings[contract] += self._get_authority_findings(contract, rows)
        return findings

    @api.model
    def _get_authority_findings(self, contract, rows):
        """Return what the register says of the signatory that a contract names, or needs.

        :param rows: the register of the company
        """
        signatory, today = (
            contract.company_signatory_id,
            contract.company_id._get_today(),
        )
        if signatory:
            own = rows._filter_person(signatory)
            if own._choose(contract, today):
                return []
            # sudo: a name that the contract shows
            message = own._explain(contract, signatory.sudo().name, today)
        elif rows._choose(contract, today):
            return []
        else:
            message = self.env._(
                "Nobody in the register may sign this contract for us. Ask a contract "
                "manager to enter the authority."
            )
        return [
            Missing(
                message,
                contract,
                "company_signatory_id",
                kind="authority",
                key="authority",
            )
        ]

    @api.model
    def _get_missing_signatories(self, contract):
        """Ask for nobody whom the submission names by itself, from the register."""
        missing = super()._get_missing_signatories(contract)
        if self.env["crm.contract.authority"]._filter_guarded(contract):
            return [item for item in missing if item.field != "company_signatory_id"]
        return missing
