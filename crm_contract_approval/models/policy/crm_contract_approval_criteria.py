from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import formatLang


class Criterion(NamedTuple):
    """One condition of a step, looked at for one contract.

    `why` says what holds, `avoid` what would have to be different (both str).
    """

    holds: bool
    why: str
    avoid: str


class CrmContractApprovalStep(models.Model):
    """Conditions: on which contracts a step is needed."""

    _inherit = "crm.contract.approval.step"

    condition_mode = fields.Selection(
        [
            ("always", "Always"),
            ("any", "If one of the conditions holds"),
            ("all", "If all conditions hold"),
        ],
        string="Needed",
        required=True,
        default="always",
    )
    amount_from = fields.Monetary(
        string="Value from",
        help="Exposure, taxes included, in the currency of the company, from which the "
        "step is needed.",
    )
    amount_below = fields.Monetary(
        string="Value below",
        help="Exposure, taxes included, in the currency of the company, below which the "
        "step is needed.",
    )
    amount_basis = fields.Selection(
        [
            ("value", "At the agreed prices"),
            ("gross", "Before discounts and rebates"),
        ],
        string="Value",
        required=True,
        default="value",
        help="What is compared. Neither is lowered by free periods.",
    )
    discount_from = fields.Float(
        string="Discount from (%)",
        help="Highest discount of a line, or of all together. Free periods and rebates "
        "count as discounts.",
    )
    margin_below = fields.Float(
        string="Margin below (%)",
        help="A margin that is not known, for want of a product's costs, counts as below.",
    )
    clause_condition = fields.Selection(
        [
            ("deviating", "Clauses deviate from the library"),
            ("missing", "Mandatory clauses are missing"),
            ("both", "Clauses deviate or mandatory ones are missing"),
        ],
        string="Wording",
    )
    domain = fields.Char(string="Other condition", default="[]")
    condition_summary = fields.Char(compute="_compute_condition_summary", string="When")

    _amounts_not_negative = models.Constraint(
        "CHECK (amount_from >= 0 AND amount_below >= 0)",
        "Amounts of a condition can't be negative.",
    )

    @api.depends("condition_mode", "amount_from", "discount_from", "clause_condition")
    def _compute_condition_summary(self):
        modes = dict(self._fields["condition_mode"]._description_selection(self.env))
        for step in self:
            parts = [modes.get(step.condition_mode)]
            if step.condition_mode != "always":
                parts += step._describe_conditions()
            step.condition_summary = ": ".join(
                filter(None, (parts[0], "; ".join(parts[1:])))
            )

    def _describe_conditions(self):
        """Return the conditions as short texts (list of str)."""
        self.ensure_one()
        clauses = dict(
            self._fields["clause_condition"]._description_selection(self.env)
        )
        texts = []
        if self.amount_from:
            texts.append(self.env._("value from %s", self._format(self.amount_from)))
        if self.amount_below:
            texts.append(self.env._("value below %s", self._format(self.amount_below)))
        if self.discount_from:
            texts.append(self.env._("discount from %s %%", self.discount_from))
        if self.margin_below:
            texts.append(self.env._("margin below %s %%", self.margin_below))
        if self.clause_condition:
            texts.append(clauses[self.clause_condition])
        if (self.domain or "[]") != "[]":
            texts.append(self.env._("other condition"))
        return texts

    @api.constrains("domain")
    def _check_domain(self):
        for step in self:
            step.policy_id._evaluate_domain(step.domain, step.name)

    @api.constrains("condition_mode", "domain", *(
        "amount_from", "amount_below", "discount_from", "margin_below",
        "clause_condition",
    ))  # fmt: skip
    def _check_conditions(self):
        for step in self:
            if step.condition_mode != "always" and not step._describe_conditions():
                raise ValidationError(
                    self.env._(
                        "“%s” is to be needed under conditions, but has none.",
                        step.name,
                    )
                )
            if 0 < step.amount_below <= step.amount_from:
                raise ValidationError(
                    self.env._(
                        "“%(step)s”: no value is at least %(low)s and below %(high)s.",
                        step=step.name,
                        low=step._format(step.amount_from),
                        high=step._format(step.amount_below),
                    )
                    if step.condition_mode == "all"
                    else self.env._(
                        "“%(step)s”: the values from %(low)s on and those below "
                        "%(high)s are all there are.",
                        step=step.name,
                        low=step._format(step.amount_from),
                        high=step._format(step.amount_below),
                    )
                )

    def _evaluate(self, contract):
        """Return why a contract needs the step.

        :return: None if it does not, else `(why, avoid)`: lists of str; `avoid` says
            which changes, all of them or one of them, would make the step needless
        """
        self.ensure_one()
        if self.condition_mode == "always":
            return [self.env._("Always needed")], []
        criteria = list(filter(None, self._get_criteria(contract)))
        held = [criterion for criterion in criteria if criterion.holds]
        needed = len(held) == len(criteria) if self.condition_mode == "all" else held
        if not needed:
            return None
        return [c.why for c in held], [c.avoid for c in held if c.avoid]

    def _get_criteria(self, contract):
        """Return the conditions for a contract: iterable of Criterion or None."""
        return (
            self._get_amount_from(contract),
            self._get_amount_below(contract),
            self._get_discount(contract),
            self._get_margin(contract),
            self._get_clauses(contract),
            self._get_other(contract),
        )

    def _get_amount_from(self, contract):
        if not self.amount_from:
            return None
        limit = self._format(self.amount_from)
        return Criterion(
            self._compare(contract, self.amount_from) >= 0,
            self._describe_value(contract, self.env._("%s or more", limit)),
            self.env._("a value below %s", limit),
        )

    def _get_amount_below(self, contract):
        if not self.amount_below:
            return None
        limit = self._format(self.amount_below)
        return Criterion(
            self._compare(contract, self.amount_below) < 0,
            self._describe_value(contract, self.env._("below %s", limit)),
            "",
        )

    def _get_discount(self, contract):
        if not self.discount_from:
            return None
        discount = self._get_exposure(contract).discount
        return Criterion(
            discount >= self.discount_from,
            self.env._("A discount of %s %% is given", round(discount, 2)),
            self.env._("discounts below %s %%", self.discount_from),
        )

    def _get_margin(self, contract):
        if not self.margin_below:
            return None
        avoid = self.env._("a margin of %s %% or more", self.margin_below)
        margin = self.env["crm.contract.exposure"]._get_margin(contract)
        if margin is None:
            return Criterion(True, self.env._("The margin is not known"), avoid)
        return Criterion(
            margin < self.margin_below,
            self.env._("The margin is %s %%", round(margin, 1)),
            avoid,
        )

    def _get_clauses(self, contract):
        if not self.clause_condition:
            return None
        missing, deviating = contract.clause_ids.template_id.browse(), []
        if self.clause_condition in ("missing", "both"):
            missing = self.env["crm.contract.clause"]._get_missing_mandatory(contract)
        if self.clause_condition in ("deviating", "both"):
            deviating = self.env["crm.contract.reading"]._get_deviations(contract)
        names = [clause.name for clause in (*deviating, *missing)]
        return Criterion(
            bool(names),
            self.env._("Clauses deviate or are missing: %s", ", ".join(names)),
            self.env._("the wording of the library"),
        )

    def _get_other(self, contract):
        if (self.domain or "[]") == "[]":
            return None
        return Criterion(
            bool(contract._filter_by_condition(self.domain)),
            self.env._("The condition of the step holds"),
            "",
        )

    def _get_exposure(self, contract):
        return self.env["crm.contract.exposure"]._reckon(
            contract, self.policy_id.exposure_months
        )

    def _get_value(self, contract):
        """Return what the amounts of the step are compared with, of today's rate."""
        exposures = self.env["crm.contract.exposure"]
        return exposures._convert(
            contract, getattr(self._get_exposure(contract), self.amount_basis)
        )

    def _compare(self, contract, amount):
        currency = contract.company_id.currency_id
        return currency.compare_amounts(self._get_value(contract), amount)

    def _describe_value(self, contract, limit):
        return self.env._(
            "The value over %(months)s months or the term is %(value)s, %(limit)s",
            months=self.policy_id.exposure_months,
            value=self._format(self._get_value(contract)),
            limit=limit,
        )

    def _format(self, amount):
        return formatLang(self.env, amount, currency_obj=self.currency_id)
