from datetime import date

from odoo import api, models


class CrmContractEvent(models.Model):
    """The events that the life cycle writes by itself."""

    _inherit = "crm.contract.event"

    @api.model
    def _get_step_kinds(self):
        """Return which event a step of the life cycles is: `{transition: kind}`.

        Extended by satellites with steps of their own. A submission is written once its
        text is stored.
        """
        return {
            "approve": "approved",
            "reject": "rejected",
            "recall": "recalled",
            "withdraw": "withdrawn",
            "cancel": "cancelled",
            "sign": "completed",
            "start": "started",
            "suspend": "suspended",
            "resume": "resumed",
            "end": "ended",
            "reopen": "reopened",
        }

    @api.model
    def _follow(self, contracts, name, vals):
        """Write what a step of the life cycle did; the contracts are in its state.

        :param vals: owned fields that were written along
        """
        kind = self._get_step_kinds().get(name)
        if not kind:
            return
        told = {
            key: value
            for key, value in vals.items()
            if value and isinstance(value, (str, date))
        }
        self._add_many(
            [
                (contract, kind, {**told, "state": contract.state}, None, None)
                for contract in contracts
            ]
        )

    @api.model
    def _add_submitted(self, contracts, texts):
        """Write the submission of contracts, with the file of each printed text."""
        self._add_many(
            [
                (
                    contract,
                    "submitted",
                    {"state": contract.state, "sha256": text.sha256},
                    None,
                    None,
                )
                for contract, text in zip(contracts, texts, strict=True)
            ]
        )

    @api.model
    def _add_imported(self, contracts):
        """Begin the chains of contracts that are older than it, with what is known.

        From then on nobody can change or take away their versions and files unnoticed.
        """
        # sudo: called by upgrades
        versions = self.env["crm.contract.version"].sudo()
        documents = self.env["crm.contract.document"].sudo()
        hashes, files = (
            dict(
                model._read_group(
                    [("contract_id", "in", contracts.ids), *domain],
                    ["contract_id"],
                    [f"{name}:array_agg"],
                )
            )
            for model, name, domain in (
                (versions, "content_hash", [("kind", "=", "submission")]),
                (documents, "sha256", [("sha256", "!=", False)]),
            )
        )
        self._add_many(
            [
                (
                    contract,
                    "imported",
                    {
                        "versions": sorted(hashes.get(contract, [])),
                        "sha256": sorted(files.get(contract, [])),
                    },
                    None,
                    None,
                )
                for contract in contracts
            ]
        )
