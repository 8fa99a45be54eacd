from collections.abc import Callable
from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .crm_contract_health import Check

# Days between two looks of the daily job: a late look is no reason for a later one.
WEEK = 6
DAY = 1


class Scan(NamedTuple):
    """What has to be looked at record by record, such as files: in batches.

    :param name: unique among scans and checks
    :param label: what is wrong with the records it finds, as people read it
    :param advice: what to do about them
    :param model: name of the model whose records are looked at, in the order of ids
    :param domain: function that returns the domain of the records
    :param judge: function of a record that returns what is wrong (str, empty if nothing)
    :param days: between two looks of the job
    :param judge_all: in place of it, function of records that returns `{record: str}`
        for those with which something is wrong
    """

    name: str
    label: str
    advice: str
    model: str
    domain: Callable
    judge: Callable | None
    days: int = WEEK
    judge_all: Callable | None = None


class CrmContractHealth(models.AbstractModel):
    _inherit = "crm.contract.health"

    @api.model
    def _get_scan_checks(self):
        findings = self.env["crm.contract.health.finding"]
        return [
            Check(
                scan.name,
                scan.label,
                scan.advice,
                findings._name,
                lambda scan=scan: findings._select(scan.name, scan.model),
            )
            for scan in self._get_scans()
        ]

    @api.model
    def _get_days_between(self, name):
        """Return the days between two looks of the job at a check (int)."""
        scans = {scan.name: scan.days for scan in self._get_scans()}
        return scans.get(name, WEEK)

    @api.model
    def _get_scans(self):
        """Return what is looked at record by record (list of `Scan`).

        Extended by satellites with scans of their own. Called in superuser mode.
        """
        return [*self._get_stored_scans(), *self._get_contract_scans()]

    @api.model
    def _get_stored_scans(self):
        """Return the scans of what is stored for good: texts, files, seals."""
        return [
            Scan(
                "version_bytes",
                self.env._("Submitted texts whose stored content was changed"),
                self.env._(
                    "What was signed can't be proven with them any more. Restore the "
                    "version from a backup of before the change, and find out who has "
                    "access to the database."
                ),
                "crm.contract.version",
                lambda: Domain.TRUE,
                self._judge_version,
            ),
            Scan(
                "document_files",
                self.env._("Files of contracts that are missing or were changed"),
                self.env._(
                    "Restore the file store from a backup: the hash says which file is "
                    "the right one."
                ),
                "crm.contract.document",
                lambda: Domain("sha256", "!=", False),
                None,
                DAY,
                self._judge_documents,
            ),
            Scan(
                "seals",
                self.env._("Signed files whose seal, or text, is not what it was"),
                self.env._(
                    "Open the contract and choose Verify: it names what was done to the "
                    "file. Restore it from a backup: the chain of events says which "
                    "SHA-256 it has to have."
                ),
                "crm.contract.document",
                lambda: Domain("seal_ids", "!=", False),
                self._judge_seal,
                DAY,
            ),
        ]

    @api.model
    def _get_contract_scans(self):
        """Return the scans of contracts: their chains, and what they say today."""
        return [
            Scan(
                "events",
                self.env._("Contracts whose chain of events is broken"),
                self.env._(
                    "Open the contract and choose Verify: it names what does not match. "
                    "Restore what is missing from a backup, and find out who has access "
                    "to the database."
                ),
                "crm.contract",
                lambda: Domain("number", "!=", False),
                None,
                DAY,
                self._judge_events,
            ),
            Scan(
                "content",
                self.env._("Contracts that say something else than what was signed"),
                self.env._(
                    "Open the contract and choose Verify: it names the differences. What "
                    "was signed holds; put the contract right by an amendment, or have "
                    "an administrator find out who changed it."
                ),
                "crm.contract",
                self._get_content_scan_domain,
                self._judge_content,
            ),
        ]

    @api.model
    def _get_content_scan_domain(self):
        """Contracts that run by what was signed; those that are over change no more."""
        return Domain("state", "in", ("to_sign", "signed", "running", "suspended"))

    @api.model
    def _judge_version(self, version):
        if version._is_intact():
            return ""
        return self.env._("The stored content has another hash than when it was made.")

    @api.model
    def _judge_documents(self, documents):
        digests = documents._get_digests()
        return {
            document: self.env._("The file has another hash than when it was stored.")
            if digests.get(document)
            else self.env._("The file is missing, or empty.")
            for document in documents
            if digests.get(document) != document.sha256
        }

    @api.model
    def _judge_seal(self, document):
        # One file at a time is in memory.
        alone = document.with_prefetch()
        problems = self.env["crm.contract.seal"]._get_problems(alone)
        files = alone | alone.version_id.document_ids
        files.invalidate_recordset(["file"], flush=False)
        return "\n".join(problems)

    @api.model
    def _judge_events(self, contracts):
        evidence = self.env["crm.contract.evidence"]
        found = evidence._get_broken(contracts)
        return {
            contract: "\n".join(evidence._describe(contract, problems))
            for contract, problems in found.items()
            if problems
        }

    @api.model
    def _judge_content(self, contract):
        departures = self.env["crm.contract.verification"]._get_departures(contract)
        changes = self.env["crm.contract.changes"]._describe(contract, departures)
        return "\n".join(
            f"{change['label']}: {change['old']} → {change['new']}"
            for change in changes
        )

    @api.model
    def _scan(self, scan, records):
        """Look at records of a scan, and remember how far it came.

        :return: `{record: reason}` of those that are wrong
        """
        reasons = self._judge(scan, records)
        self.env["crm.contract.health.finding"]._note(scan.name, records, reasons)
        return reasons

    @api.model
    def _judge(self, scan, records):
        """Return what is wrong with records of a scan: `{record: reason}`."""
        try:
            if scan.judge_all:
                return scan.judge_all(records)
            reasons = {record: scan.judge(record) for record in records}
        except (OSError, ValueError, KeyError, UserError) as error:
            if len(records) > 1:
                found = {}
                for record in records:
                    found.update(self._judge(scan, record))
                return found
            # A key that is missing is one finding a record, no job that failed.
            return {records: self.env._("It can't be read: %s", error)}
        return {record: reason for record, reason in reasons.items() if reason}
