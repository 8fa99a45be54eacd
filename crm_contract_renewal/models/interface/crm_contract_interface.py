from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..amendment.crm_contract_amendment import REQUESTERS
from ..price.crm_contract_uplift import UPLIFTS, UpliftTerms
from ..renewal.crm_contract_renewal_decision import DECISIONS
from ..termination.crm_contract_termination import TERMINATORS

_NUMBERS = ("percent", "amount", "cap", "floor", "rounding")
_DATES = ("date_base", "date_index")
_FLAGS = ("refresh_clauses", "make_opportunity", "make_quotation")
_TERMS = (*_NUMBERS, *_DATES, *_FLAGS, "months_before", "index_id")
_PENALTY = ("amount", "owed_by", "clause_id", "tax_ids")


class CrmContractInterface(models.AbstractModel):
    """Termination, amendment, renewal and the decision on it."""

    _inherit = "crm.contract.interface"

    @api.model
    def _can_end_later(self, reason):
        return super()._can_end_later(reason) or reason == "terminated"

    @api.model
    def _get_end_details(self):
        """Add who gave notice when, and the contract penalty.

        `terminated_by` is "us", "customer" or "mutual"; `date_notice_given` a day;
        `penalty` is {"amount", "owed_by": "customer" or "us", "clause_id", "tax_ids"}.
        """
        details = ("terminated_by", "date_notice_given", "penalty")
        return (*super()._get_end_details(), *details)

    @api.model
    def _do_end(self, contract, reason, day, note, settle, details):
        model = self.env["crm.contract.termination"]
        if reason == "completed":
            termination = model._complete(contract, day, note, settle=settle)
        else:
            notice = self._read_date(
                "date_notice_given", details.get("date_notice_given"), False
            )
            termination = model._terminate(
                contract,
                day,
                self._read_choice(
                    "terminated_by",
                    details.get("terminated_by"),
                    TERMINATORS,
                    required=False,
                ),
                notice,
                note,
                settle=settle,
                penalty=self._read_penalty(details.get("penalty")),
            )
        # sudo: who may see them is asked before they are opened
        return termination.sudo().settlement_move_ids.sudo(False)

    @api.model
    def _read_penalty(self, value):
        """Return the values of a penalty that go on record, None for none."""
        if value is None or value is False:
            return None
        if not isinstance(value, dict) or not set(value) <= set(_PENALTY):
            raise UserError(
                self.env._(
                    "%(name)s: give an object with %(keys)s.",
                    name="penalty",
                    keys=", ".join(_PENALTY),
                )
            )
        clause = self._read_record(
            "clause_id", value.get("clause_id"), "crm.contract.clause"
        )
        taxes = self._read_records("tax_ids", value.get("tax_ids"), "account.tax")
        owed_by = [("customer", "The customer"), ("us", "Us")]
        return {
            "amount_penalty": self._read_number("amount", value.get("amount"), 0.0),
            "penalty_owed_by": self._read_choice(
                "owed_by", value.get("owed_by"), owed_by, required=False
            ),
            "penalty_clause_id": clause.id,
            "penalty_tax_ids": [Command.set(taxes.ids)],
        }

    @api.model
    def _open_amend(self, contract):
        """Return the action that opens the dialog of an amendment."""
        self._read_one(contract)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_contract_renewal.crm_contract_amend_action"
        )
        return dict(action, context={"default_contract_id": contract.id})

    @api.model
    def _amend(self, contract, date_effective, reason, requested_by):
        """Draft an amendment, see `crm.contract.action_amend`."""
        return self._read_one(contract)._amend(
            self._read_date("date_effective", date_effective),
            self._read_text("reason", reason, required=True),
            self._read_choice("requested_by", requested_by, REQUESTERS, required=False),
        )

    @api.model
    def _renew(self, contracts, uplift, values):
        """Draft renewals, see `crm.contract.action_renew`.

        :param values: named arguments as they came
        """
        contracts = self._read_some(contracts)
        contracts.check_access("write")
        terms = self._read_uplift(uplift, values)
        flags = {
            name: self._read_flag(name, values.get(name, False)) for name in _FLAGS
        }
        offer = self.env["crm.contract.offer"]
        if flags["make_quotation"]:
            for contract in contracts:
                refusal = offer._get_quotation_refusal(contract)
                if refusal:
                    raise UserError(refusal)
        for contract in contracts:
            refusal = self.env["crm.contract.renewal"]._get_refusal(contract)
            if refusal:
                raise UserError(refusal)
        model = self.env["crm.contract.uplift"]
        uplifts = {contract: model._get_by(contract, terms) for contract in contracts}
        successors = contracts._renew(uplifts, refresh=flags["refresh_clauses"])
        contracts.filtered(lambda c: not c.renewal_decision)._decide_renewal("renew")
        if flags["make_opportunity"]:
            offer._make_opportunities(successors)
        if flags["make_quotation"]:
            offer._make_quotations(successors)
        return successors

    @api.model
    def _read_uplift(self, uplift, values):
        """Return by how much prices rise (`UpliftTerms`)."""
        unknown = sorted(set(values) - set(_TERMS))
        if unknown:
            raise UserError(
                self.env._("There is no argument %s.", ", ".join(map(str, unknown)))
            )
        numbers = {name: self._read_number(name, values.get(name)) for name in _NUMBERS}
        dates = {
            name: self._read_date(name, values.get(name), False) for name in _DATES
        }
        rounding = numbers.pop("rounding")
        if rounding is not None and rounding <= 0:
            raise UserError(self.env._("The rounding must be above zero."))
        return UpliftTerms(
            self._read_choice("uplift", uplift, UPLIFTS),
            percent=numbers["percent"] or 0.0,
            amount=numbers["amount"] or 0.0,
            index=self._read_record(
                "index_id", values.get("index_id"), "crm.contract.index"
            ),
            months_before=self._read_integer(
                "months_before", values.get("months_before"), range(121), 0
            ),
            cap=numbers["cap"],
            floor=numbers["floor"],
            rounding=rounding or 0.01,
            **dates,
        )

    @api.model
    def _decide_renewal(self, contracts, decision, reason, competitor):
        """Record a decision, see `crm.contract.action_decide_renewal`."""
        decision = self._read_choice("decision", decision, DECISIONS)
        reason = self._read_text("reason", reason)
        if decision == "expire" and not reason:
            raise UserError(self.env._("Say why the contract is to expire."))
        self._read_some(contracts)._decide_renewal(
            decision, reason, self._read_text("competitor", competitor)
        )
