from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.crm_contract.tools.version import field_name

from .crm_contract_approval_step import CONCERNS

# What belongs to each concern of a step; a change of anything else asks again.
_FIELDS_OF = {
    "amount": {
        "amount_ceiling",
        "amount_tax",
        "amount_total",
        "amount_untaxed",
        "currency_id",
        "fiscal_position_id",
        "installment_ids",
        "is_framework",
        "payment_term_id",
    },
    "term": {
        "date_start",
        "date_end",
        "is_open_ended",
        "duration",
        "duration_unit",
        "notice_period",
        "notice_unit",
    },
    "clauses": {
        "clause_ids",
        "preamble",
        "dispute_method",
        "dispute_institution",
        "dispute_place",
    },
    "lines": {"line_ids"},
}


class PlannedStep(NamedTuple):
    """A step that a contract needs, for the preview and the submission.

    `why` and `avoid` are lists of str, `problem` says why nobody can decide (str),
    `note` who of those named is not asked (str), `kept` is the step of an earlier submission whose decision stays valid.
    """

    step: models.Model
    users: models.Model
    why: list
    avoid: list
    problem: str
    note: str
    kept: models.Model


class CrmContractApprovalPolicy(models.Model):
    """Who will have to approve, and why: the policy applied to a contract."""

    _inherit = "crm.contract.approval.policy"

    @api.model
    def _plan(self, contracts):
        """Return the steps of the policies that fit: {contract: [PlannedStep, ...]}.

        :raise UserError: if a value can't be compared for want of a currency rate
        """
        # sudo: policies and who edited; whoever submits need not see them
        contracts = contracts.sudo()
        policies = self.sudo()._match(contracts)
        return {
            contract.sudo(self.env.su): policies[contract]._plan_steps(contract)
            if contract in policies
            else []
            for contract in contracts
        }

    @api.model
    def _plan_in_languages(self, contracts):
        """Return the plans in the other languages of the database: {code: plans}.

        Those who decide read other languages than who submits.
        """
        codes = {code for code, _name in self.env["res.lang"].get_installed()}
        return {
            code: self.with_context(lang=code)._plan(contracts.with_context(lang=code))
            for code in sorted(codes - {self.env.lang or "en_US"})
        }

    def _plan_steps(self, contract):
        """Return the steps of the policy that a contract needs (list of PlannedStep)."""
        self.ensure_one()
        self._check_has_rate(contract)
        excluded = contract._get_excluded_users() | self._get_excluded_submitter()
        plan = []
        for step in self.step_ids:
            reasons = step._evaluate(contract)
            if reasons is None:
                continue
            kept = step._get_kept_task(contract, excluded)
            found = step.user_ids.browse(), "", ""
            if not kept:
                found = step._get_approvers(contract, excluded)
            users, problem, note = found
            plan.append(PlannedStep(step, users, *reasons, problem, note, kept))
        return plan

    def _get_excluded_submitter(self):
        """Return who is about to submit, and who stands in for him."""
        user = self.env.user
        return user | self.env["crm.contract.approval.delegation"]._get_deputies(user)

    def _check_has_rate(self, contract):
        """Raise UserError if a step compares the value and it can't be converted."""
        currency = contract.currency_id
        compared = self.step_ids.filtered(lambda s: s.amount_from or s.amount_below)
        if compared and not currency._has_rate_of(contract.company_id):
            raise UserError(
                self.env._(
                    "“%(step)s” depends on the value of %(contract)s, but %(currency)s "
                    "has no rate. Enter a rate of the currency first.",
                    step=compared[0].name,
                    contract=contract.display_name,
                    currency=currency.name,
                )
            )


class CrmContractApprovalStep(models.Model):
    """Which earlier decisions on a step are still valid, and how long it takes."""

    _inherit = "crm.contract.approval.step"

    def _get_kept_task(self, contract, excluded):
        """Return the earlier decision on the step that is still valid, if there is one."""
        task = contract.approval_task_ids.filtered(
            lambda row: row.step_id == self and row.state in ("approved", "kept")
        ).sorted("round")[-1:]
        if (
            not task
            or self.reapproval == "always"
            or task.round != contract.approval_round
            or task.policy_version != self.policy_id.version
            or task.decided_ids & excluded
            or contract.condition_ids.filtered(
                lambda row: not row.is_met and row.task_id.step_id == self
            )
        ):
            return task.browse()
        if self._is_news(contract, task):
            return task.browse()
        changed = _get_changed_concerns(contract, task.version_id)
        return task.browse() if changed - self._get_ignored_concerns() else task

    def _is_news(self, contract, task):
        """Return whether something is found that was not known to an earlier decision.

        Whoever is asked of every contract looks at all that is found.
        """
        kind = self.finding_condition or (self.condition_mode == "always" and "any")
        if not kind:
            return False
        known = self.env["crm.contract.finding"]._get_rows(task.version_id)
        found = {item.key for item in self._find(contract, kind)}
        return not found <= set(known.mapped("key"))

    def _get_ignored_concerns(self):
        """Return what of the content the step does not care about (set of keys)."""
        return set(CONCERNS) - set(self._get_concerns())

    def _get_usual_hours(self):
        """Return the usual time to decide: {step: average hours of its decisions}."""
        # sudo: an average over all contracts
        return dict(
            self.env["crm.contract.approval.task"]
            .sudo()
            ._read_group(
                [("step_id", "in", self.ids), ("state", "=", "approved")],
                ["step_id"],
                ["hours:avg"],
            )
        )


def _get_changed_concerns(contract, version):
    """Return what changed since a version was submitted (set of keys of concerns).

    All that a version covers is compared, what people read included. "other" stands
    for what belongs to no concern.
    """
    if not version:
        return {"other"}
    envelope = contract._prepare_version_vals()["envelope"]
    if version._is_framed_otherwise(envelope):
        return {"other"}
    changes = version._get_differences(envelope["content"])
    names = {field_name(change.path[0]) for change in changes}
    concern_of = {name: key for key, names in _FIELDS_OF.items() for name in names}
    changed = {concern_of.get(name, "other") for name in names}
    # The value follows from the lines.
    return changed | ({"amount"} if "lines" in changed else set())
