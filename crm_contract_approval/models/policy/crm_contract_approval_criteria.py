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
    finding_condition = fields.Selection(
        selection="_select_findings",
        string="Findings",
        help="Something of this is found of the contract. Each version is looked at anew: "
        "what was not known to an earlier decision asks again.",
    )
    domain = fields.Char(string="Other condition", default="[]")
    condition_summary = fields.Char(compute="_compute_condition_summary", string="When")

    _amounts_not_negative = models.Constraint(
        "CHECK (amount_from >= 0 AND amount_below >= 0)",
        "Amounts of a condition can't be negative.",
    )

    @api.model
    def _select_findings(self):
        kinds = self.env["crm.contract.finding"]._fields["kind"]
        return [
            ("any", self.env._("Anything")),
            *kinds._description_selection(self.env),
        ]

    @api.depends(
        "condition_mode",
        "amount_from",
        "discount_from",
        "clause_condition",
        "finding_condition",
    )
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
        if self.finding_condition:
            kinds = dict(self._select_findings())
            texts.append(self.env._("found: %s", kinds[self.finding_condition]))
        if (self.domain or "[]") != "[]":
            texts.append(self.env._("other condition"))
        return texts

    @api.constrains("domain")
    def _check_domain(self):
        for step in self:
            step.policy_id._evaluate_domain(step.domain, step.name)

    @api.constrains("condition_mode", "domain", *(
        "amount_from", "amount_below", "discount_from", "margin_below",
        "clause_condition", "finding_condition",
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
            self._get_found(contract),
            self._get_other(contract),
        )

    def _get_amount_from(self, contract):
        if not self.amount_from:
            return None
        limit = self._format(self.amount_from)
        return Criterion(
            self._compare(contract, self.amount_from) >= 0,
            self._describe_value(
                contract, self.amount_from, self.env._("%s or more", limit)
            ),
            self.env._("a value below %s", limit),
        )

    def _get_amount_below(self, contract):
        if not self.amount_below:
            return None
        limit = self._format(self.amount_below)
        return Criterion(
            self._compare(contract, self.amount_below) < 0,
            self._describe_value(
                contract, self.amount_below, self.env._("below %s", limit)
            ),
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

    def _get_found(self, contract):
        if not self.finding_condition:
            return None
        found = self._find(contract, self.finding_condition)
        messages = [item.message for item in found]
        return Criterion(
            bool(messages),
            " ".join(messages),
            self.env._("nothing that is found of it"),
        )

    @api.model
    def _find(self, contract, kind):
        """Return what is found of a contract (list of `Missing`).

        :param kind: key of `_select_findings`
        """
        findings = self.env["crm.contract.checklist"]._get_findings(contract)
        return [item for item in findings[contract] if kind in ("any", item.kind)]

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
        """Return the value of a contract that the step compares, of today's rate."""
        exposures = self.env["crm.contract.exposure"]
        return exposures._convert(
            contract, getattr(self._get_exposure(contract), self.amount_basis)
        )

    def _get_values_beside(self, contract):
        """Return the values of what is added up with a contract: {contract: value}.

        Drafts are added up once they are submitted.
        """
        if not self.policy_id.adds_up:
            return {}
        split = self.env["crm.contract.split"]
        others = split._get_groups(contract)[contract]
        others = others.filtered(lambda other: other.state != "draft")
        return {other: self._get_value(other) for other in others}

    def _get_sum(self, contract, limit):
        """Return what a contract comes to with those that stay below a limit alone.

        :return: the amount, and what was added to the contract
        """
        currency = contract.company_id.currency_id
        beside = {
            other: value
            for other, value in self._get_values_beside(contract).items()
            if currency.compare_amounts(value, limit) < 0
        }
        return self._get_value(contract) + sum(beside.values()), list(beside)

    def _compare(self, contract, amount):
        currency = contract.company_id.currency_id
        return currency.compare_amounts(self._get_sum(contract, amount)[0], amount)

    def _describe_value(self, contract, amount, limit):
        value, beside = self._get_sum(contract, amount)
        if beside:
            return self.env._(
                "With %(others)s, the value over %(months)s months or the term is "
                "%(value)s, %(limit)s",
                others=self.env["crm.contract.split"]._list(beside),
                months=self.policy_id.exposure_months,
                value=self._format(value),
                limit=limit,
            )
        return self.env._(
            "The value over %(months)s months or the term is %(value)s, %(limit)s",
            months=self.policy_id.exposure_months,
            value=self._format(value),
            limit=limit,
        )

    def _format(self, amount):
        return formatLang(self.env, amount, currency_obj=self.currency_id)
