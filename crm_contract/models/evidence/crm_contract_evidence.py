import json
import re
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from odoo import api, fields, models
from odoo.tools.misc import file_open

from ...evidence import verify_contract
from .crm_contract_event_head import Link

SCRIPT = "crm_contract/evidence/verify_contract.py"
# What of an event is listed beside its content, and where the content says it.
LISTED = ("kind", "actor", "number")


class CrmContractEvidence(models.AbstractModel):
    """What proves a contract: its chain of events, the texts and the files they name.

    What is handed out is judged by `evidence/verify_contract.py`, here as outside.
    """

    _name = "crm.contract.evidence"
    _description = "Evidence of contracts"

    @api.model
    def _get_events(self, contracts):
        """Return the events of contracts in their order (sudo): `{contract: events}`.

        Called for whoever may read the contracts.
        """
        # sudo: the chain is told whole to whoever may read the contract
        events = self.env["crm.contract.event"].sudo()
        events = events.search(
            [("contract_id", "in", contracts.ids)], order="contract_id, number"
        )
        events.fetch(["content"])
        by_contract = events.grouped("contract_id")
        return {
            contract: by_contract.get(contract, events[:0]) for contract in contracts
        }

    @api.model
    def _get_heads(self, contracts):
        """Return the newest event of each, as kept beside it: `{contract id: Link}`.

        Whoever has noted its hash can tell later whether the chain was made anew.
        """
        return self.env["crm.contract.event.head"]._get(contracts)

    @api.model
    def _get_evidence(self, contract, events, head):
        """Return the evidence of a contract as the verifier reads it (dict).

        :param events: as of `_get_events`
        :param head: `Link` to the newest event, as kept beside the chain
        """
        # sudo: as the events; versions of amendments that the chain names among them
        contract = contract.sudo()
        versions = events.version_id | contract.version_ids
        return {
            "format": verify_contract.FORMAT,
            "contract": {
                "key": contract.content_key,
                "number": contract.number or None,
            },
            "count": head.number,
            "head": head.content_hash,
            "events": [
                {"content": event.content, "content_hash": event.content_hash}
                for event in events
            ],
            "versions": [
                {
                    "name": version.display_name,
                    "content": version.content,
                    "content_hash": version.content_hash,
                }
                for version in versions.sorted("id")
            ],
            "documents": [
                {
                    "name": document.name,
                    "kind": document.kind,
                    "sha256": document.sha256,
                    "file": f"files/{position} {_plain(document.name)}",
                }
                for position, document in enumerate(self._get_files(contract), 1)
            ],
        }

    @api.model
    def _get_files(self, contract):
        """Return the documents that are evidence: annexes of a draft still change."""
        documents = contract.document_ids.sorted("id")
        if contract.state == "draft":
            return documents.filtered(lambda document: document.kind != "annex")
        return documents

    @api.model
    def _export(self, contract):
        """Return the evidence of a contract as it is downloaded (dict)."""
        events = self._get_events(contract)[contract]
        head = self._get_heads(contract).get(contract.id, Link())
        return {
            **self._get_evidence(contract, events, head),
            "name": contract.display_name,
            "company": contract.sudo().company_id.name,
            "exported": f"{fields.Datetime.now().isoformat()}Z",
        }

    @api.model
    def _export_archive(self, contract):
        """Return the evidence, all files and the verifier (bytes of a ZIP archive)."""
        evidence, result = self._export(contract), BytesIO()
        with ZipFile(result, "w", ZIP_DEFLATED) as archive:
            text = json.dumps(evidence, ensure_ascii=False, indent=1)
            archive.writestr("evidence.json", text)
            archive.writestr("verify_contract.py", self._get_script())
            # sudo: as the evidence
            documents = self._get_files(contract.sudo())
            for row, document in zip(evidence["documents"], documents, strict=True):
                archive.writestr(row["file"], document._get_file())
        return result.getvalue()

    @api.model
    def _get_script(self):
        with file_open(SCRIPT, "rb") as script:
            return script.read()

    @api.model
    def _get_problems(self, contracts):
        """Return what is wrong with the chains of contracts: `{contract: [Problem]}`."""
        chains, heads = self._get_events(contracts), self._get_heads(contracts)
        # sudo: as the events
        versions = contracts.sudo().version_ids.union(
            *(events.version_id for events in chains.values())
        )
        versions.fetch(["contract_id", "number", "content", "content_hash"])
        return {
            contract: self._judge(contract, events, heads.get(contract.id, Link()))
            for contract, events in chains.items()
        }

    @api.model
    def _get_broken(self, contracts):
        """Return the same without what is odd but not wrong, such as a clock put back."""
        return {
            contract: [p for p in problems if p.code not in verify_contract.NOTES]
            for contract, problems in self._get_problems(contracts).items()
        }

    @api.model
    def _judge(self, contract, events, head):
        if not events and not (contract.number or contract.sudo().version_ids):
            return []
        evidence = self._get_evidence(contract, events, head)
        problems = verify_contract.get_problems(evidence)
        problems += [
            verify_contract.Problem("event_listed", event.number)
            for event in events
            if not _is_listed_as_written(event)
        ]
        state = self._get_told_state(contract, events)
        if state and state != contract.state:
            problems.append(verify_contract.Problem("state", state))
        return problems

    @api.model
    def _get_told_state(self, contract, events):
        """Return the state that the chain tells of a contract, None if it does not."""
        known = dict(contract._fields["state"]._description_selection(self.env))
        for event in reversed(events):
            state = event._get_facts().get("state")
            if state in known:
                return state
        return None

    @api.model
    def _describe(self, contract, problems):
        """Return problems as people read them (list of str)."""
        states = dict(contract._fields["state"]._description_selection(self.env))
        texts = self._get_texts()
        return [
            texts[problem.code]
            % {
                "about": states.get(problem.about, problem.about),
                "state": states.get(contract.state),
            }
            for problem in problems
        ]

    @api.model
    def _get_texts(self):
        """Return the words for each problem, with a place for what it is about."""
        return {
            **self._get_chain_texts(),
            **self._get_event_texts(),
            **self._get_file_texts(),
        }

    @api.model
    def _get_chain_texts(self):
        return {
            "format": self.env._(
                "The evidence is in a format that is not known: %(about)s."
            ),
            "no_event": self.env._(
                "Contract %(about)s has no events: its chain is gone."
            ),
            "head": self.env._(
                "The last event of the chain is not the one that was written last."
            ),
            "count": self.env._(
                "By what is kept beside it, the chain has %(about)s events: some at its "
                "end were taken away, or added."
            ),
            "state": self.env._(
                "By the chain the contract is in the state “%(about)s”, by the record in "
                "“%(state)s”: an event is missing, or the record was changed."
            ),
        }

    @api.model
    def _get_event_texts(self):
        return {
            "event_bytes": self.env._("Event %(about)s of the chain was changed."),
            "event_format": self.env._("Event %(about)s of the chain can't be read."),
            "event_number": self.env._(
                "At event %(about)s of the chain, events are missing, doubled or in "
                "another order."
            ),
            "event_previous": self.env._(
                "Event %(about)s of the chain does not follow the one before it: "
                "something was removed, added or moved."
            ),
            "event_contract": self.env._(
                "Event %(about)s of the chain belongs to another contract."
            ),
            "event_listed": self.env._(
                "Event %(about)s is listed otherwise than it was written."
            ),
            "clock": self.env._(
                "Event %(about)s has a date before the event that it follows: the clock "
                "of the server was put back. The numbers tell the order."
            ),
        }

    @api.model
    def _get_file_texts(self):
        return {
            "version_bytes": self.env._("The stored content of %(about)s was changed."),
            "version_unnamed": self.env._("No event names %(about)s."),
            "version_missing": self.env._(
                "Event %(about)s names a text that is not there."
            ),
            "version_contract": self.env._(
                "%(about)s is the text of another contract."
            ),
            "file_unnamed": self.env._(
                "The file %(about)s is named by no event and no text: it is not the one "
                "that was stored, or belongs to another contract."
            ),
        }


def _plain(name):
    """Return a file name that no archive takes for a path."""
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "-", name)


def _is_listed_as_written(event):
    said = event._read_content()
    date = f"{event.date.isoformat()}Z"
    return (
        said.get("date") == date
        and said.get("version") == (event.version_id.content_hash or None)
        and all(said.get(name) == event[name] for name in LISTED)
    )
