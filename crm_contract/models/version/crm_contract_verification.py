from odoo import api, fields, models
from odoo.exceptions import UserError

from ...evidence.verify_contract import NOTES
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
        broken = self._get_broken_proofs(contract) + self._get_broken_chain(contract)
        # What both look at is told once.
        return list(dict.fromkeys(broken)) or self._describe_departures(contract)

    @api.model
    def _get_broken_chain(self, contract):
        """Return what is wrong with the chain of events (list of str).

        Not looked at before a signature: what was broken can't be mended, and what both
        sides agree on goes on.
        """
        evidence = self.env["crm.contract.evidence"]
        return evidence._describe(contract, evidence._get_broken(contract)[contract])

    @api.model
    def _get_notes(self, contract):
        """Return what is odd about the chain without being wrong (list of str)."""
        evidence = self.env["crm.contract.evidence"]
        problems = evidence._get_problems(contract)[contract]
        return evidence._describe(
            contract, [problem for problem in problems if problem.code in NOTES]
        )

    @api.model
    def _note_result(self, contract, problems):
        """Write the event that somebody verified a contract: once a day, and person.

        What was never submitted is not verified.
        """
        if not contract.version_id:
            return
        facts = {"problems": len(problems)}
        events = self.env["crm.contract.event"]
        # sudo: whether it was told already
        last = events.sudo().search(
            [("contract_id", "=", contract.id)], order="number desc", limit=1
        )
        is_told = (
            (last.kind, last.user_id) == ("verified", self.env.user)
            and last.date.date() == fields.Date.today()
            and last._get_facts() == facts
        )
        if not is_told:
            events._add(contract, "verified", facts)

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
        digests = contract.document_ids._get_digests()
        problems += [
            self.env._("The file %s is not the one that was stored.", document.name)
            for document in contract.document_ids
            if digests.get(document) != document.sha256
        ]
        seals = self.env["crm.contract.seal"]
        for document in contract.document_ids:
            problems += seals._get_problems(document)
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
