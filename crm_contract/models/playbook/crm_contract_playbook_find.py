from odoo import api, models
from odoo.fields import Domain

from ...tools.canonical import file_hash
from ..contract.crm_contract_checklist import Missing
from .crm_contract_playbook_rule import NUMERIC

# Where a subject is changed on the form of a contract
_FIELDS = {
    "payment_days": "payment_term_id",
    "notice_days": "notice_period",
    "term_months": "duration",
    "late_rate": "late_rate",
    "late_cap": "late_cap",
    "discount": "line_ids",
    "currency": "currency_id",
    "payment_term": "payment_term_id",
    "dispute_method": "dispute_method",
    "dispute_institution": "dispute_institution",
    "dispute_place": "dispute_place",
}


class CrmContractPlaybookRule(models.Model):
    """Which rules contracts break, and with which words."""

    _inherit = "crm.contract.playbook.rule"

    @api.model
    def _find(self, contracts):
        """Return what contracts break: {contract: list of `Missing`}.

        What a contract took over from one that was signed is told and refuses nothing: it
        was agreed on.
        """
        # sudo: rules and texts, told to whoever may read the contract
        rules = self.sudo().search(
            Domain("company_id", "in", [False, *contracts.sudo().company_id.ids])
            if contracts
            else Domain.FALSE
        )
        found = {}
        for contract in contracts:
            broken = rules._find_in(contract.sudo(), contract)
            origin = contract.sudo().origin_id
            if origin and any(item.refuses for item in broken):
                agreed = {item.key for item in rules._find_in(origin, contract)}
                broken = [
                    item._replace(refuses=item.refuses and item.key not in agreed)
                    for item in broken
                ]
            found[contract] = broken
        return found

    def _find_in(self, contract, record):
        """Return what a contract breaks of the rules (list of `Missing`).

        :param record: where it is mended
        """
        rules = self.filtered(lambda rule: rule._is_for(contract))
        reads = rules.filtered(
            lambda rule: rule.subject == "text" and rule.check != "steps"
        )
        passages = self._get_passages(contract) if reads else []
        return [
            rule._tell(record, message, quote, field)
            for rule in rules
            for message, quote, field in rule._judge(contract, passages)
        ]

    def _is_for(self, contract):
        return (
            self.company_id in (contract.company_id, self.env["res.company"])
            and (not self.type_ids or contract.type_id in self.type_ids)
            and self.lang_id in (contract.lang_id, self.env["res.lang"])
        )

    def _judge(self, contract, passages):
        """Return what breaks the rule: list of (message, quotation, field).

        The field is "" for what stands nowhere.
        """
        self.ensure_one()
        if self.check == "steps":
            return self._judge_steps(contract)
        if self.subject == "text":
            return self._judge_text(passages)
        if self.check in NUMERIC:
            number = self._get_number(contract)
            if number is None or not self._is_beyond(number):
                return []
            return [(self._describe_number(round(number, 4)), "", "")]
        chosen = self._get_choice(contract)
        possible = {phrase.casefold() for phrase in self._get_phrases()}
        if any(name.casefold() in possible for name in chosen if name):
            return []
        return [(self._describe_missing(self._get_phrases()), "", "")]

    def _tell(self, record, message, quote, field):
        return Missing(
            self.env._("%(rule)s: %(message)s", rule=self.name, message=message),
            record,
            field or self._get_place(),
            refuses=self.severity == "refuse",
            kind="playbook",
            key=f"rule:{self.id}:{file_hash(quote.encode())[:8]}"
            if quote
            else f"rule:{self.id}",
            quote=quote,
            advice="\n".join(filter(None, (self.reason, self.remedy))),
        )

    def _get_place(self):
        """Return the field of contracts in which the rule is kept (str)."""
        part = self.category_ids[:1].part or "other"
        return _FIELDS.get(self.subject, f"{part}_clause_ids")


class CrmContractChecklist(models.AbstractModel):
    """What a draft breaks of the playbook."""

    _inherit = "crm.contract.checklist"

    @api.model
    def _get_findings(self, contracts):
        findings = super()._get_findings(contracts)
        rules = self.env["crm.contract.playbook.rule"]
        for contract, found in rules._find(contracts).items():
            findings[contract] += found
        return findings
