from datetime import date
from decimal import Decimal
from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.crm_contract.tools.period import shift

from ...tools.uplift import UNCHANGED, Uplift, factor_of, index_percent

UPLIFTS = [
    ("none", "Prices stay"),
    ("percent", "By percent"),
    ("amount", "By an amount per unit"),
    ("index", "By an index"),
    ("agreed", "As agreed in each contract"),
]


class UpliftTerms(NamedTuple):
    """How prices are to rise: a key of `UPLIFTS`, and what it takes."""

    kind: str
    percent: float = 0.0
    amount: float = 0.0
    index: models.Model | None = None
    date_base: date | None = None
    date_index: date | None = None
    months_before: int = 0
    cap: float | None = None
    floor: float | None = None
    rounding: float = 0.01


class CrmContractUplift(models.AbstractModel):
    """By how much prices rise with a renewal, and how that is told.

    Each way returns (`Uplift`, how it was computed, in the language of the contract).
    """

    _name = "crm.contract.uplift"
    _description = "Uplift of prices with a renewal"

    @api.model
    def _get_by(self, contract, terms):
        """Return the uplift of a contract by what somebody chose (`UpliftTerms`).

        :raise UserError: if a value of the index is missing
        """
        if terms.kind == "percent":
            return self._get_percent(contract, terms.percent, terms.rounding)
        if terms.kind == "amount":
            return self._get_amount(contract, terms.amount, terms.rounding)
        if terms.kind == "agreed":
            return self._get_agreed(contract)
        if terms.kind != "index":
            return UNCHANGED, ""
        if not terms.index:
            raise UserError(self.env._("Choose the index that prices follow."))
        base_day, day = self._get_index_days(contract, terms.months_before)
        return self._get_index(
            contract,
            terms.index,
            terms.date_base or base_day,
            terms.date_index or day,
            cap=terms.cap,
            floor=terms.floor,
            rounding=terms.rounding,
        )

    @api.model
    def _get_agreed(self, contract):
        """Return the uplift that is agreed on for the next term of a contract.

        :raise UserError: if a value of the index is missing
        """
        agreed = self._get_agreed_version(contract)
        rounding = agreed.adjustment_rounding
        if agreed.adjustment == "percent":
            return self._get_percent(contract, agreed.adjustment_percent, rounding)
        if agreed.adjustment == "index":
            return self._get_index(
                contract,
                agreed.adjustment_index_id,
                *self._get_index_days(contract, agreed.adjustment_months),
                cap=agreed.adjustment_cap if agreed.adjustment_use_cap else None,
                floor=agreed.adjustment_floor if agreed.adjustment_use_floor else None,
                rounding=rounding,
            )
        return UNCHANGED, ""

    @api.model
    def _get_agreed_version(self, contract):
        """Return the record with what was signed last, an amendment may be."""
        # sudo: what both sides agreed on is renewed, see `crm.contract.renewal`
        return contract._get_present_version().sudo()

    @api.model
    def _get_index_days(self, contract, months):
        """Return days in the months that count for the present and the next term.

        :param months: how many months before a term begins
        """
        start, _number, _unit = self.env["crm.contract.renewal"]._get_term(contract)
        days = (contract.date_start, start)
        return tuple(shift(day, -months, "month") for day in days)

    @api.model
    def _get_percent(self, contract, percent, rounding):
        """Return the uplift by percent."""
        text = _in_print_lang(contract)._(
            "Prices of the term before, plus %s %%.", f"{percent:g}"
        )
        return Uplift(factor_of(percent), rounding=_get_step(rounding)), text

    @api.model
    def _get_amount(self, contract, amount, rounding):
        """Return the uplift by an amount per unit."""
        text = _in_print_lang(contract)._(
            "Prices of the term before, plus %s a unit.", f"{amount:g}"
        )
        amount = Decimal(str(amount))
        return Uplift(amount=amount, rounding=_get_step(rounding)), text

    @api.model
    def _get_index(
        self, contract, index, base_day, day, cap=None, floor=None, rounding=0.01
    ):
        """Return the uplift with an index.

        :param base_day: day in the month that the present prices stand on
        :param day: day in the month whose value counts now
        :raise UserError: if a value is missing, or the floor is above the cap
        """
        base, value = index._get_value(base_day), index._get_value(day)
        try:
            percent = index_percent(base, value, cap=cap, floor=floor)
        except ValueError as error:
            raise UserError(
                self.env._("The least rise must not be above the most.")
            ) from error
        text = _in_print_lang(contract)._(
            "%(index)s: %(base)s in %(base_month)s, %(value)s in %(month)s; prices of "
            "the term before, plus %(percent)s %%.",
            index=index.name,
            base=f"{base:g}",
            value=f"{value:g}",
            base_month=f"{base_day:%Y-%m}",
            month=f"{day:%Y-%m}",
            percent=percent,
        )
        return Uplift(factor_of(percent), rounding=_get_step(rounding)), text

    @api.model
    def _prepare_agreed_defaults(self, contracts):
        """Return what the renewal dialog proposes for the prices of contracts.

        It is what they all agreed on, or to take what each of them did.
        """
        versions = [self._get_agreed_version(contract) for contract in contracts]
        terms = {_get_terms(version) for version in versions}
        if terms <= {()}:
            return {}
        if len(terms) > 1:
            return {"uplift": "agreed"}
        first = versions[0]
        defaults = {
            "uplift": first.adjustment,
            "rounding": first.adjustment_rounding,
        }
        if first.adjustment == "percent":
            return {**defaults, "percent": first.adjustment_percent}
        return {
            **defaults,
            "index_id": first.adjustment_index_id.id,
            "date_base": False,
            "date_index": False,
            "months_before": first.adjustment_months,
            "use_cap": first.adjustment_use_cap,
            "cap": first.adjustment_cap,
            "use_floor": first.adjustment_use_floor,
            "floor": first.adjustment_floor,
        }


def _get_terms(version):
    """Return what is agreed as a value that can be compared (tuple)."""
    return tuple((name, version[name]) for name in version._get_adjustment_names())


def _in_print_lang(contract):
    return contract.with_context(lang=contract._get_print_lang()).env


def _get_step(rounding):
    # A field that was just emptied in a form
    return Decimal(str(rounding or 0.01))
