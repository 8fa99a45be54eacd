from typing import NamedTuple

from odoo import api, models

from ...tools.playbook import find
from ...tools.reading import reading
from .crm_contract_playbook_rule import NUMERIC


class Passage(NamedTuple):
    """A part of the text of a contract as people read it: the preamble, or a clause."""

    category: models.BaseModel
    text: str

    def get_field(self):
        """Return the field of contracts that has the text."""
        return f"{self.category.part}_clause_ids" if self.category else "preamble"


class CrmContractPlaybookRule(models.Model):
    """What rules find in the text of a contract, as it will be printed."""

    _inherit = "crm.contract.playbook.rule"

    @api.model
    def _get_passages(self, contract):
        """Return the text of a contract, placeholders resolved (list of `Passage`)."""
        none = self.env["crm.contract.clause.category"]
        passages = [
            Passage(none, self._read(contract, "", contract.preamble)),
            *(
                Passage(
                    clause.category_id, self._read(contract, clause.name, clause.body)
                )
                for clause in contract.clause_ids.sorted()
            ),
        ]
        return [passage for passage in passages if passage.text]

    @api.model
    def _read(self, contract, heading, body):
        """Return a heading and a text with its placeholders resolved, as read (str)."""
        text, _missing = self.env["crm.contract.placeholder"]._resolve(contract, body)
        return f"{heading}\n{reading(text, breaks=True)}".strip()

    def _judge_text(self, passages):
        """Return what breaks a rule in a text: list of (message, quotation, field)."""
        wanted = self.category_ids
        passages = [row for row in passages if not wanted or row.category in wanted]
        hits = {
            phrase: [(hit, row) for row in passages for hit in find(row.text, phrase)]
            for phrase in self._get_phrases()
        }
        if self.check in NUMERIC:
            return [
                (self._describe_number(hit.number), hit.quote, row.get_field())
                for found in hits.values()
                for hit, row in found
                if self._is_beyond(hit.number)
            ]
        if self.check == "absent":
            return [
                (self.env._("“%s” is there.", phrase), hit.quote, row.get_field())
                for phrase, found in hits.items()
                for hit, row in found
            ]
        missing = [phrase for phrase, found in hits.items() if not found]
        if self.check == "one_of" and len(missing) < len(hits):
            missing = []
        return [(self._describe_missing(missing), "", "")] if missing else []

    def _is_beyond(self, number):
        if self.check == "at_most":
            return number > self.limit
        return number < self.limit

    def _describe_number(self, number):
        return self.env._(
            "%(number)g, and %(check)s %(limit)g is agreed to.",
            number=number,
            check=self._get_word(),
            limit=self.limit,
        )

    def _get_word(self):
        at_most = self.check == "at_most"
        return self.env._("at most") if at_most else self.env._("at least")

    def _describe_missing(self, phrases):
        listed = ", ".join(f"“{phrase}”" for phrase in phrases)
        if self.check == "one_of":
            return self.env._("None of %s is there.", listed)
        return self.env._("%s is missing.", listed)
