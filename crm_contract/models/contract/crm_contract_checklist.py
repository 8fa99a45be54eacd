from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...tools.rates import rates
from ...tools.reading import reading
from .crm_contract_parties import PARTY_FIELDS
from .crm_contract_placeholder import placeholder

# Placeholders that have no value before the submission gives them one.
_SET_BY_SUBMISSION = ("number", "date_number", "date_submitted", "submitted_by_id")
# Field of a contact that each entry of a party's legal data comes from.
_SOURCES = {
    "legal_name": "name",
    "registry": "company_registry",
    "vat": "vat",
    "representative": "legal_representative",
    "address": "street",
}
_LEGAL_DATA = (
    "customer_registry",
    "customer_representative",
    "company_registry_number",
    "company_representative",
)
_LATE_PAYMENT = "crm_contract.crm_contract_clause_category_late_payment"
_SIGNATORIES = ("customer_signatory_id", "company_signatory_id")


class Missing(NamedTuple):
    """What speaks against submitting a contract, and where that is mended.

    Without `refuses`, people are told and may submit nevertheless: that is kept with what
    they submit, by its `kind` and `key`, see `crm.contract.finding`.
    """

    message: str  # a sentence
    record: models.BaseModel  # the contract, or another record
    field: str = ""  # of the record
    refuses: bool = True
    kind: str = ""  # key of `FINDING_KINDS`; "" for what a draft simply lacks
    key: str = ""  # the same for the same thing, whenever and in what words it is told
    quote: str = ""  # the words of the contract that it is about
    advice: str = ""  # why it matters, and what to do


class CrmContractChecklist(models.AbstractModel):
    """What drafts lack before they can be submitted.

    Forms show it while somebody drafts; the submission refuses with the same words.
    """

    _name = "crm.contract.checklist"
    _description = "Checklist of drafts"

    @api.model
    def get_items(self, contract_id):
        """Return what speaks against submitting a draft, for those who may submit it.

        Of what waits to be approved or signed, what was known when it was submitted.

        :param contract_id: id of a contract (int)
        :return: list of dicts: `message` (a sentence), `refuses` (whether it keeps the
            draft from being submitted), `quote` and `advice` (str, may be empty), and
            where it is mended: `model`, `id`, `field` (its name, may be empty), `label`
            (of the field or record)
        :raise AccessError: if the contract may not be read
        """
        arguments = self.env["crm.contract.arguments"]
        contract = arguments._read_record("contract_id", contract_id, "crm.contract")
        arguments._read_one(contract)
        if not contract.has_access("write"):
            return []
        if contract.state in ("review", "to_sign"):
            return self.env["crm.contract.finding"]._get_items(contract)
        try:
            items = self._get_problems(contract).get(contract, [])
        except UserError as error:
            # What can't even be looked at is a reason as well; the form opens anyway.
            items = [*self._get_missing(contract), Missing(str(error), contract)]
        return [self._describe(item) for item in sorted(items, key=_by_weight)]

    @api.model
    def _describe(self, item):
        field = item.record._fields.get(item.field)
        return {
            "message": item.message,
            "refuses": item.refuses,
            "quote": item.quote,
            "advice": item.advice,
            "model": item.record._name,
            "id": item.record.id,
            "field": item.field,
            # sudo: the name of what stands in the way
            "label": field._description_string(self.env)
            if field
            else item.record.sudo().display_name,
        }

    @api.model
    def _check(self, contracts):
        """Raise UserError that names all that drafts lack, at once.

        :return: what nevertheless speaks against them: {contract: list of `Missing`}
        """
        lines, told = [], {}
        for contract, found in self._get_problems(contracts).items():
            refusals = [item for item in found if item.refuses]
            told[contract] = [item for item in found if not item.refuses]
            if refusals:
                lines.append(f"{contract.display_name}:")
                lines += [f"- {item.message}" for item in refusals]
        if lines:
            raise UserError("\n".join(lines))
        return told

    @api.model
    def _get_problems(self, contracts):
        """Return what speaks against submitting drafts: {contract: list of `Missing`}.

        Extended by satellites that look at all contracts at once.
        """
        drafts = contracts.filtered(lambda contract: contract.state == "draft")
        findings = self._get_findings(drafts)
        return {
            contract: [*self._get_missing(contract), *findings[contract]]
            for contract in drafts
        }

    @api.model
    def _get_findings(self, contracts):
        """Return what is found of contracts before they are signed, whatever their state.

        That is what others know and a draft does not show: about its customer, about who
        may sign it, about what the company agrees to. A constant number of queries.
        Extended by what looks at it.

        :return: {contract: list of `Missing`}
        """
        return {contract: [] for contract in contracts}

    @api.model
    def _get_missing(self, contract):
        """Return what keeps a contract from being submitted (list of `Missing`).

        Extended by satellites with requirements of their own.
        """
        checks = (
            self._get_missing_parties,
            self._get_missing_content,
            self._get_missing_fees,
            self._get_missing_term,
            self._get_missing_clauses,
            self._get_missing_texts,
            self._get_wrong_rates,
        )
        missing = [item for check in checks for item in check(contract)]
        documents = contract.document_ids._get_missing()
        return missing + self._at(contract, "document_ids", *documents)

    @api.model
    def _at(self, record, field, *messages):
        """Return one `Missing` per message, mended in a field of a record (list)."""
        return [Missing(message, record, field) for message in messages]

    @api.model
    def _get_missing_parties(self, contract):
        missing = []
        if not contract.partner_id.active:
            message = self.env._("The customer is archived.")
            missing += self._at(contract.partner_id, "active", message)
        if not contract.customer_address:
            message = self.env._("The customer has no address.")
            missing += self._at(contract.commercial_partner_id, "street", message)
        if contract.type_id.require_signatories:
            missing += self._get_missing_signatories(contract)
        if contract.type_id.require_registration:
            missing += self._get_missing_legal_data(contract)
        return missing

    @api.model
    def _get_missing_signatories(self, contract):
        messages = {
            "customer_signatory_id": self.env._("The customer's signatory is missing."),
            "company_signatory_id": self.env._("Our signatory is missing."),
        }
        return [
            Missing(messages[name], contract, name)
            for name in _SIGNATORIES
            if not contract[name]
        ]

    @api.model
    def _get_missing_legal_data(self, contract):
        missing = []
        for name in _LEGAL_DATA:
            if not contract[name]:
                partner, source = self._locate(contract, [name])
                # sudo: name and labels of a party that the contract names anyway
                message = self.env._(
                    "%(party)s has no %(what)s.",
                    party=partner.sudo().display_name,
                    what=self._get_label(partner.sudo(), source),
                )
                missing.append(Missing(message, partner, source))
        return missing

    @api.model
    def _locate(self, contract, names):
        """Return where the value is entered that names of fields lead to.

        :param names: of a placeholder, from the contract on
        :return: a record and the name of its field
        """
        record = contract
        for position, name in enumerate(names):
            party, entry = record is contract and PARTY_FIELDS.get(name) or (None, None)
            if entry in _SOURCES:
                side = "partner_id" if party == "customer" else "company_partner_id"
                return contract[side].commercial_partner_id, _SOURCES[entry]
            if entry:
                return contract, f"{party}_bank_id"
            if position == len(names) - 1 or not record[name]:
                break
            record = record[name]
        return record, name

    @api.model
    def _get_label(self, partner, name):
        """Return what a field of a contact is called there: it depends on the country."""
        if name == "company_registry" and partner.company_registry_label:
            return partner.company_registry_label
        return partner._fields[name]._description_string(self.env)

    @api.model
    def _get_missing_content(self, contract):
        lines = contract.line_ids.filtered(lambda line: not line.display_type)
        if not lines and not contract.is_framework:
            message = self.env._("The service content is empty.")
            return self._at(contract, "line_ids", message)
        missing = self._at(contract, "line_ids", *self._get_billed_beyond(contract))
        if not contract.type_id.require_service_standard:
            return missing
        messages = [
            self.env._(
                "The line “%s” has no scope or no service standard.",
                line.name.partition("\n")[0],
            )
            for line in lines
            if not (line.scope and line.service_standard)
        ]
        return missing + self._at(contract, "line_ids", *messages)

    @api.model
    def _get_billed_beyond(self, contract):
        """Return lines of a contract that came from elsewhere, billed beyond its end.

        An amendment may end a line before the day up to which it was billed.
        """
        if contract.origin_id:
            return []
        messages = []
        for line in contract.line_ids.filtered("billed_until"):
            end = min(filter(None, (line.date_end, contract.date_end)), default=None)
            if end and line.billed_until > end:
                messages.append(
                    self.env._(
                        "The line “%(line)s” is billed until %(day)s, after its end on "
                        "%(end)s.",
                        line=line.name.partition("\n")[0],
                        day=format_date(self.env, line.billed_until),
                        end=format_date(self.env, end),
                    )
                )
        return messages

    @api.model
    def _get_missing_fees(self, contract):
        currency, missing = contract.currency_id, []
        if not currency._has_rate_of(contract.company_id):
            message = self.env._("The currency %s has no exchange rate.", currency.name)
            missing += self._at(contract, "currency_id", message)
        if not currency.active:
            message = self.env._("The currency %s is archived.", currency.name)
            missing += self._at(contract, "currency_id", message)
        if contract.is_framework:
            messages = self.env["crm.contract.ceiling"]._get_missing(contract)
            return missing + self._at(contract, "amount_ceiling", *messages)
        if self._is_worth_nothing(contract):
            message = self.env._("The contract value is zero.")
            missing += self._at(contract, "line_ids", message)
        messages = self._get_missing_plan(contract)
        return missing + self._at(contract, "installment_ids", *messages)

    @api.model
    def _is_worth_nothing(self, contract):
        """Whether there is a plan and no price; a full discount is meant to be."""
        return (
            not contract.amount_total
            and contract.installment_ids._filter_plan()
            and not contract.line_ids.filtered("price_unit")
        )

    @api.model
    def _get_missing_plan(self, contract):
        """Return what is wrong with the payment plan (list of str)."""
        plan = contract.installment_ids._filter_plan()
        messages = [message for row in plan for message in row._get_missing()]
        needed = contract.amount_one_off or not contract.amount_recurring
        if not plan:
            if contract.type_id.require_plan and needed:
                messages.append(self.env._("The payment plan is empty."))
            return messages
        if contract.plan_difference:
            messages.append(
                self.env._(
                    "The payment plan does not add up to the contract value: the "
                    "difference is %s.",
                    contract.currency_id.format(contract.plan_difference),
                )
            )
        lines = contract.line_ids
        if self._is_worth_nothing(contract):
            return messages
        if all(line.is_recurring or line.display_type for line in lines):
            messages.append(
                self.env._(
                    "The payment plan covers lines that don't recur, and there are "
                    "none. Remove its rows."
                )
            )
        return messages

    @api.model
    def _get_missing_term(self, contract):
        """Return what the term lacks, or has too much (list of `Missing`).

        Extended by satellites with terms of their own.
        """
        missing = []
        if not contract.date_start:
            message = self.env._("The start date is missing.")
            missing += self._at(contract, "date_start", message)
        if not contract.date_end and not contract.is_open_ended:
            message = self.env._("Give an end date or mark the contract as open-ended.")
            missing += self._at(contract, "date_end", message)
        if contract.type_id.require_end_date and contract.is_open_ended:
            message = self.env._("Contracts of this type have a fixed end date.")
            missing += self._at(contract, "is_open_ended", message)
        return missing

    @api.model
    def _get_missing_clauses(self, contract):
        missing = []
        if contract.type_id.require_dispute and not contract.dispute_method:
            message = self.env._("The way of dispute resolution is missing.")
            missing += self._at(contract, "dispute_method", message)
        categories = (
            contract.type_id.required_category_ids - contract.clause_ids.category_id
        )
        for category in categories:
            message = self.env._(
                "A clause of the category “%s” is missing.", category.name
            )
            name = f"{category.part}_clause_ids"
            missing += self._at(contract, name, message)
        for clause in self.env["crm.contract.clause"]._get_missing_mandatory(contract):
            message = self.env._("The mandatory clause “%s” is missing.", clause.name)
            name = f"{clause.category_id.part}_clause_ids"
            missing += self._at(contract, name, message)
        return missing

    @api.model
    def _get_missing_texts(self, contract):
        """Return what keeps the texts from being printed and frozen."""
        lang = contract.lang_id
        hidden = self.env["crm.contract.reading"]._get_hidden(contract)
        missing = self._at(contract, "clause_ids", *hidden)
        if not lang:
            message = self.env._("The language of the contract is missing.")
            return missing + self._at(contract, "lang_id", message)
        if not lang.active:
            message = self.env._("The language %s is not activated.", lang.name)
            return missing + self._at(contract, "lang_id", message)
        return missing + self._get_unresolved(contract)

    @api.model
    def _get_wrong_rates(self, contract):
        """Return clauses on late payment that name a rate which isn't the contract's.

        What follows a signed contract keeps the text of that.
        """
        category = self.env.ref(_LATE_PAYMENT, raise_if_not_found=False)
        if not category or contract.origin_id:
            return []
        charged = {round(contract.late_rate, 4), round(contract.late_cap, 2)}
        messages = [
            self.env._(
                "“%(clause)s” says %(rate)s, and the overdue interest of the contract is"
                " %(charged)g %%. Change one of them, or write the rate as "
                "%(placeholder)s.",
                clause=clause.name,
                rate=rate.words,
                charged=contract.late_rate,
                placeholder=placeholder("object.late_rate"),
            )
            for clause in contract.clause_ids
            if clause.category_id == category
            for rate in rates(reading(clause.body or ""))
            if rate.percent not in charged
        ]
        return self._at(contract, "late_rate", *messages)

    @api.model
    def _get_unresolved(self, contract):
        """Return the placeholders without value, at the field that they stand for."""
        missing = []
        placeholders = self.env["crm.contract.placeholder"]
        for where, expression in placeholders._get_unresolved(contract):
            names = placeholders._get_path(expression)
            if names and names[0] in _SET_BY_SUBMISSION:
                continue
            [message] = placeholders._describe([(where, expression)])
            place = self._locate(contract, names) if names else (contract, "clause_ids")
            missing.append(Missing(message, *place))
        return missing


def _by_weight(item):
    return not item.refuses
