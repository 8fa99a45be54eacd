from odoo import api, models
from odoo.exceptions import UserError

from ...tools.difference import content_difference
from ...tools.version import shared_content


class CrmContractVerification(models.AbstractModel):
    """Whether what was submitted is as it was stored, and the record still says it."""

    _name = "crm.contract.verification"
    _description = "Verification of contracts"

    @api.model
    def _get_problems(self, contract):
        """Return what does not match the frozen state (list of str)."""
        if not contract.version_id:
            return [self.env._("The contract was not submitted yet.")]
        return self._get_broken_proofs(contract) or self._describe_departures(contract)

    @api.model
    def _check_unchanged(self, contracts):
        """Raise UserError if records or files are not what was submitted."""
        changed = contracts.filtered(
            lambda contract: (
                not contract.version_id
                or self._get_broken_proofs(contract)
                or self._get_departures(contract)
            )
        )
        if changed:
            raise UserError(
                self.env._(
                    "The content of %(contracts)s changed after it was submitted. Recall"
                    " it to draft and submit it again.",
                    contracts=", ".join(changed.mapped("display_name")),
                )
            )

    @api.model
    def _get_broken_proofs(self, contract):
        """Return which versions and files are not as they were stored (list of str)."""
        contract.ensure_one()
        problems = [
            self.env._("The stored content of %s was changed.", version.display_name)
            for version in contract.version_ids
            if not version._is_intact()
        ]
        problems += [
            self.env._("The file %s is not the one that was stored.", document.name)
            for document in contract.document_ids
            if not document._is_intact()
        ]
        if not problems and not contract.version_id._names_number():
            problems.append(self.env._("The number is not the one that was submitted."))
        return problems

    @api.model
    def _get_departures(self, contract):
        """Return where the record says something else than what is frozen.

        What a later release added to the content is not compared. Extended by satellites
        in which the record goes on where what is frozen stands still.

        :return: list of `Change`, from what is frozen to what the record says
        """
        contract.ensure_one()
        frozen = contract._get_frozen_content()
        if frozen is None:
            return []
        # sudo: the whole content, parts included
        content = contract.sudo()._get_content()
        return content_difference(*shared_content(frozen, content))

    @api.model
    def _describe_departures(self, contract):
        """Return what the record says otherwise than what was agreed (list of str)."""
        changes = self.env["crm.contract.changes"]
        return [
            self.env._(
                "The record is not the one that was submitted. %(label)s: “%(old)s” was "
                "submitted, “%(new)s” is there now.",
                **changes._describe_one(contract, change),
            )
            for change in self._get_departures(contract)
        ]
