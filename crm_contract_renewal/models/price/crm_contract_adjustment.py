from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crm_contract.tools.period import shift

from ...tools.uplift import UNCHANGED, Uplift, factor_of, index_percent
from .crm_contract_adjustment_mixin import (
    ADJUSTMENT_FIELDS,
    INDEX_FIELDS,
    PERCENT_FIELDS,
)

# They come together: from the type, or from what is agreed in the contract.
FROM_TYPE = {
    "compute": "_compute_adjustment",
    "store": True,
    "readonly": False,
    "precompute": True,
}


class CrmContract(models.Model):
    """The price adjustment that is agreed on for renewals."""

    _name = "crm.contract"
    _inherit = ["crm.contract", "crm.contract.adjustment.mixin"]

    adjustment = fields.Selection(**FROM_TYPE)
    adjustment_percent = fields.Float(**FROM_TYPE)
    adjustment_index_id = fields.Many2one(**FROM_TYPE)
    adjustment_months = fields.Integer(**FROM_TYPE)
    adjustment_use_cap = fields.Boolean(**FROM_TYPE)
    adjustment_cap = fields.Float(**FROM_TYPE)
    adjustment_use_floor = fields.Boolean(**FROM_TYPE)
    adjustment_floor = fields.Float(**FROM_TYPE)
    adjustment_rounding = fields.Float(**FROM_TYPE)

    @api.depends("type_id")
    def _compute_adjustment(self):
        for contract in self:
            source = contract.type_id
            is_own = contract.adjustment and not source.adjustment
            for name in ADJUSTMENT_FIELDS:
                own = is_own and contract[name]
                contract[name] = own or source[name]

    @api.model
    def _get_content_fields(self):
        return (*super()._get_content_fields(), *ADJUSTMENT_FIELDS)

    def _get_content_value(self, name):
        # Empty as on contracts that are older than the add-on.
        if name in ADJUSTMENT_FIELDS and name not in self._get_adjustment_names():
            return None
        return super()._get_content_value(name)

    def _get_adjustment_names(self):
        """Return the names of the fields that say something here (tuple)."""
        self.ensure_one()
        if not self.adjustment:
            return ()
        if self.adjustment == "percent":
            return ("adjustment", *PERCENT_FIELDS, "adjustment_rounding")
        idle = set()
        if not self.adjustment_use_cap:
            idle.add("adjustment_cap")
        if not self.adjustment_use_floor:
            idle.add("adjustment_floor")
        names = ("adjustment", *INDEX_FIELDS, "adjustment_rounding")
        return tuple(name for name in names if name not in idle)

    def _get_agreed_terms(self):
        """Return what is agreed as a value that can be compared (tuple)."""
        agreed = self._get_agreed_version()
        return tuple((name, agreed[name]) for name in agreed._get_adjustment_names())

    def _get_agreed_version(self):
        """Return the record with what was signed last, an amendment may be."""
        # sudo: what both sides agreed on is renewed, see `_renew`
        return self._get_present_version().sudo()

    def _get_agreed_uplift(self):
        """Return (Uplift, how it was computed) as agreed for the next term.

        :raise UserError: if a value of the index is missing
        """
        agreed = self._get_agreed_version()
        rounding = agreed.adjustment_rounding
        if agreed.adjustment == "percent":
            return self._get_percent_uplift(agreed.adjustment_percent, rounding)
        if agreed.adjustment == "index":
            return self._get_index_uplift(
                agreed.adjustment_index_id,
                *self._get_index_days(agreed.adjustment_months),
                cap=agreed.adjustment_cap if agreed.adjustment_use_cap else None,
                floor=agreed.adjustment_floor if agreed.adjustment_use_floor else None,
                rounding=rounding,
            )
        return UNCHANGED, ""

    def _get_index_days(self, months):
        """Return days in the months that count for the present and the next term.

        :param months: how many months before a term begins
        """
        self.ensure_one()
        start, _number, _unit = self._get_renewal_term()
        return tuple(shift(day, -months, "month") for day in (self.date_start, start))

    def _get_percent_uplift(self, percent, rounding):
        """Return (Uplift, how it was computed) of a rise by percent."""
        text = self._in_print_lang()._(
            "Prices of the term before, plus %s %%.", f"{percent:g}"
        )
        return Uplift(factor_of(percent), rounding=_get_step(rounding)), text

    def _get_amount_uplift(self, amount, rounding):
        """Return (Uplift, how it was computed) of a rise by an amount per unit."""
        text = self._in_print_lang()._(
            "Prices of the term before, plus %s a unit.", f"{amount:g}"
        )
        amount = Decimal(str(amount))
        return Uplift(amount=amount, rounding=_get_step(rounding)), text

    def _get_index_uplift(
        self, index, base_day, day, cap=None, floor=None, rounding=0.01
    ):
        """Return (Uplift, how it was computed) of a rise with an index.

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
        text = self._in_print_lang()._(
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

    def _in_print_lang(self):
        return self.with_context(lang=self._get_print_lang()).env

    def _get_adjustment_text(self):
        """Return what is agreed in words, in the language of the context (str)."""
        self.ensure_one()
        if not self.adjustment:
            return ""
        if self.adjustment == "percent":
            percent = f"{self.adjustment_percent:g}"
            parts = [self.env._("With each renewal, prices rise by %s %%.", percent)]
        else:
            parts = self._get_index_sentences()
        step = f"{self.adjustment_rounding:g}"
        parts.append(self.env._("New prices are rounded to multiples of %s.", step))
        return " ".join(parts)

    def _get_index_sentences(self):
        index, months = self.adjustment_index_id.name, self.adjustment_months
        printer = self.env["crm.contract.print"]
        if months:
            sentence = self.env._(
                "With each renewal, prices change as the index “%(index)s” did from one "
                "term to the next; its value for the month that lies %(months)s before "
                "a term begins counts.",
                index=index,
                months=printer._get_period_text(months, "month"),
            )
        else:
            sentence = self.env._(
                "With each renewal, prices change as the index “%s” did from one term to "
                "the next; its value for the month in which a term begins counts.",
                index,
            )
        parts = [sentence]
        if self.adjustment_use_cap:
            cap = f"{self.adjustment_cap:g}"
            parts.append(self.env._("Prices rise by %s %% at most.", cap))
        if self.adjustment_use_floor:
            floor = f"{self.adjustment_floor:g}"
            parts.append(self.env._("Prices rise by %s %% at least.", floor))
        return parts

    def _prepare_agreed_defaults(self):
        """Return what the renewal dialog proposes for the prices of the contracts.

        It is what they all agreed on, or to take what each of them did.
        """
        terms = {contract._get_agreed_terms() for contract in self}
        if terms <= {()}:
            return {}
        if len(terms) > 1:
            return {"uplift": "agreed"}
        first = self[0]._get_agreed_version()
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


def _get_step(rounding):
    # A field that was just emptied in a form
    return Decimal(str(rounding or 0.01))
